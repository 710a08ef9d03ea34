"""A self-upgrade on disks that are full, read-only or of others, in the order in which it writes, and from nginx."""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
from tests.consumers import stage
from tests.consumers.stage import NOBODY
from tests.iterate import installed, signed
from tests.iterate.installed import TARGET, Built, install, offered, said
from tests.iterate.signed import Repository, Served

from iterate.errors import NotReplaceable, NotWritten, SiteUnreachable

UPGRADER = Path(__file__).parents[1] / "iterate" / "upgrader.py"
AS_ROOT = os.geteuid() == 0


@pytest.fixture(scope="module")
def builds(tmp_path_factory: pytest.TempPathFactory) -> tuple[Built, Built]:
    folder = tmp_path_factory.mktemp("builds")
    old, new = (installed.build(folder, version) for version in ("1.0.0", "1.1.0"))
    return old, new


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that every user may enter; pytest's own are for one user."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def words(folder: Path, document: Path) -> list[str]:
    """The command line of one upgrade."""
    return [sys.executable, str(UPGRADER), str(folder / "iterate"), TARGET, str(document)]


def run(command: list[str], **others: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **others}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)


@contextmanager
def offer(folder: Path, new: Built, *old: Built) -> Iterator[tuple[Path, Served]]:
    with signed.served({}) as site:
        document = folder / "document.json"
        document.write_bytes(msgspec.json.encode(offered(site, new, *old)))
        yield document, site


def inside(script: str) -> list[str]:
    """A script in which disks may be mounted."""
    alone = ["unshare", "--mount", *([] if AS_ROOT else ["--user", "--map-root-user"])]
    if run([*alone, "true"]).returncode != 0:
        stage.lacking("namespaces of mounts")
    return [*alone, "sh", "-euc", script]


@pytest.mark.consumer("unshare", "mount")
def test_a_full_disk_keeps_the_old_program_and_leaves_nothing(place: Path, builds: tuple[Built, Built]) -> None:
    old, new = builds
    disk = place / "disk"
    disk.mkdir()
    install(place / "bin", old)
    with offer(place, new) as (document, _):
        # Room for the installed version (about 300 kB) and for a part of the new one.
        script = (
            f"mount -t tmpfs -o size=640k tmpfs {disk}; cp -a {place}/bin {disk}; "
            f"code=0; {' '.join(words(disk / 'bin', document))} || code=$?; "
            f'echo "$code"; {disk}/bin/iterate --version; ls -A {disk}/bin {disk}/bin/.iterate'
        )
        done = run(inside(script))
    code, version, *names = done.stdout.split()
    assert (code, version) == (str(NotWritten.exit_code), "1.0.0"), done.stdout + done.stderr
    assert "no room" in done.stderr
    assert [each for each in names if each.startswith((".new", "lock.d", "1.1"))] == []


@pytest.mark.consumer("unshare", "mount")
def test_a_read_only_disk_is_told_before_anything_is_downloaded(place: Path, builds: tuple[Built, Built]) -> None:
    old, new = builds
    install(place / "bin", old)
    with offer(place, new) as (document, site):
        script = (
            f"mount --bind {place}/bin {place}/bin; mount -o remount,bind,ro {place}/bin; "
            f"exec {' '.join(words(place / 'bin', document))}"
        )
        done = run(inside(script))
        assert done.returncode == NotReplaceable.exit_code, done.stderr
        assert site.asked == []
    assert said(place / "bin") == "1.0.0"


def test_a_folder_of_root_is_told_to_others_before_anything_is_downloaded(
    place: Path, builds: tuple[Built, Built]
) -> None:
    old, new = builds
    install(place / "bin", old)
    # Who is not root has a folder that is not writable instead of one of root.
    (place / "bin" / ".iterate").chmod(0o755 if AS_ROOT else 0o555)
    with offer(place, new) as (document, site):
        done = run([*words(place / "bin", document), *([str(NOBODY)] if AS_ROOT else [])])
        assert done.returncode == NotReplaceable.exit_code, done.stderr
        assert site.asked == []
    (place / "bin" / ".iterate").chmod(0o755)
    assert said(place / "bin") == "1.0.0"


@pytest.mark.skipif(not AS_ROOT, reason="only root can be two users")
def test_root_does_not_upgrade_a_folder_of_another_user(place: Path, builds: tuple[Built, Built]) -> None:
    old, new = builds
    install(place / "bin", old)
    for each in (place / "bin", *(place / "bin").rglob("*")):
        os.chown(each, NOBODY, NOBODY, follow_symlinks=False)
    with offer(place, new) as (document, site):
        done = run(words(place / "bin", document))
        assert done.returncode == NotReplaceable.exit_code, done.stderr
        assert "without sudo" in done.stderr
        assert site.asked == []


@pytest.mark.consumer("unshare", "mount")
def test_a_home_on_another_disk_than_the_copy_does_not_matter(place: Path, builds: tuple[Built, Built]) -> None:
    old, new = builds
    (place / "home").mkdir()
    install(place / "bin", old)
    with offer(place, new, old) as (document, _):
        script = (
            f"mount -t tmpfs tmpfs {place}/home; export HOME={place}/home TMPDIR={place}/home; "
            f"exec {' '.join(words(place / 'bin', document))}"
        )
        done = run(inside(script))
    assert done.returncode == 0, done.stderr
    assert said(place / "bin") == "1.1.0"


def test_a_network_that_goes_in_the_middle_keeps_the_old_program(place: Path, builds: tuple[Built, Built]) -> None:
    old, new = builds
    install(place / "bin", old)
    with offer(place, new) as (document, site):
        site.faults[new.archive.name] = signed.cut
        done = run(words(place / "bin", document))
        assert done.returncode == SiteUnreachable.exit_code, done.stderr
        assert said(place / "bin") == "1.0.0"
        del site.faults[new.archive.name]
        assert run(words(place / "bin", document)).returncode == 0
    assert said(place / "bin") == "1.1.0"


CALL = re.compile(r"^\d+ +(\w+)\((.*)\) += \d+")


@pytest.mark.consumer("strace")
def test_everything_is_on_the_disk_before_a_name_leads_to_it(place: Path, builds: tuple[Built, Built]) -> None:
    old, new = builds
    install(place / "bin", old)
    trace = place / "trace"
    with offer(place, new) as (document, _):
        command = words(place / "bin", document)
        done = run(
            ["strace", "-f", "-y", "-qq", "-o", str(trace), "-e", "trace=fsync,rename,renameat,renameat2", *command]
        )
    assert done.returncode == 0, done.stderr
    calls = [found.groups() for line in trace.read_text().splitlines() if (found := CALL.match(line))]
    store = place.resolve() / "bin" / ".iterate"
    (settled,) = (at for at, (_, words) in enumerate(calls) if "/tree" in words and words.endswith('/1.1.0"'))
    (switched,) = (at for at, (_, words) in enumerate(calls) if words.endswith('/bin/iterate"'))
    synced = [re.sub(r"^\d+<(.*)>$", r"\1", words) for name, words in calls[:settled] if name == "fsync"]
    tree = (store / "1.1.0").resolve()
    # Each file and each folder of the new version, under the name that it had before.
    wanted = {each.relative_to(tree).as_posix() for each in (tree, *tree.rglob("*"))}
    assert wanted <= {each.partition("/tree")[2].lstrip("/") or "." for each in synced if "/tree" in each}
    after = [words for name, words in calls[settled:switched] if name == "fsync"]
    assert any(words.endswith(f"<{store}>") for words in after)
    last = [words for name, words in calls[switched:] if name == "fsync"]
    assert any(words.endswith(f"<{store.parent}>") for words in last)


NGINX = """
daemon off; pid {folder}/pid; error_log {folder}/error; {user}
events {{}}
http {{
    access_log off; types {{ application/json json; }} default_type application/octet-stream;
    client_body_temp_path {folder}/t; proxy_temp_path {folder}/t; fastcgi_temp_path {folder}/t;
    uwsgi_temp_path {folder}/t; scgi_temp_path {folder}/t;
    server {{ listen 127.0.0.1:{port}; root {folder}/site; }}
}}
"""


@contextmanager
def nginx(folder: Path) -> Iterator[str]:
    """A site served by the web server that most use."""
    from release import network

    port = network.free_port()
    (folder / "site").mkdir()
    (folder / "site" / "up").touch()
    user = "user root;" if AS_ROOT else ""
    (folder / "conf").write_text(NGINX.format(folder=folder, port=port, user=user))
    with subprocess.Popen(["nginx", "-c", folder / "conf", "-e", folder / "error"]) as server:
        try:
            assert network.is_up(f"http://127.0.0.1:{port}/up", seconds=10, alive=lambda: server.poll() is None)
            yield f"http://127.0.0.1:{port}/"
        finally:
            server.terminate()


@pytest.mark.consumer("nginx")
def test_a_signed_site_on_nginx_gives_all_that_an_upgrade_needs(
    place: Path, builds: tuple[Built, Built], tmp_path: Path
) -> None:
    old, new = builds
    install(place / "bin", old)
    with nginx(place) as url:
        repository = Repository()
        site = Served(url=url, files=repository.files)
        document = json.loads(msgspec.json.encode(offered(site, new, old)))
        repository.release("latest", "1.1.0", artifacts=document["artifacts"])
        for name, content in repository.files.items():
            file = place / "site" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        with signed.opened(repository, tmp_path, site) as found:
            got = found.document("latest")
        (place / "document.json").write_bytes(msgspec.json.encode(got))
        done = run(words(place / "bin", place / "document.json"))
        assert done.returncode == 0, done.stderr
        assert "1.1.0-from-1.0.0.patch" in done.stdout
    assert said(place / "bin") == "1.1.0"
