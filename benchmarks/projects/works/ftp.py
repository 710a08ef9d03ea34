"""A server of files."""

import ftplib
import io

from benchmarks.projects.place import SECONDS, Place, free_port, must


def pyftpdlib(place: Place) -> dict[str, str]:
    """A login, a wrong one, a listing, a file there and back."""
    files = place.work / "files"
    files.mkdir()
    (files / "otters.txt").write_text("Ann\nBob\n")
    port = free_port()
    words = ("-i", "127.0.0.1", "-p", str(port), "-w", "-d", str(files), "-u", "ann", "-P", "secret")
    said: dict[str, str] = {}
    with place.serving(port, "pyftpdlib", *words):
        with ftplib.FTP(timeout=SECONDS) as client:  # noqa: S321
            said["welcome"] = client.connect("127.0.0.1", port)
            said["login"] = must(client.login("ann", "secret"), "230")
            said["listing"] = must("\n".join(client.nlst()), "otters.txt")
            listed: list[str] = []
            client.retrlines("LIST", listed.append)
            said["long listing"] = "\n".join(" ".join(line.split()[:1] + line.split()[-1:]) for line in listed)
            said["stored"] = client.storbinary("STOR badgers.txt", io.BytesIO(b"Cid\n"))
            got: list[str] = []
            client.retrlines("RETR badgers.txt", got.append)
            said["read back"] = "\n".join(got)
        with ftplib.FTP(timeout=SECONDS) as client:  # noqa: S321
            client.connect("127.0.0.1", port)
            try:
                client.login("ann", "wrong")
            except ftplib.error_perm as refused:
                said["a wrong password"] = str(refused)
    must((files / "badgers.txt").read_text(), "Cid")
    return {name: place.alike(text) for name, text in said.items()}
