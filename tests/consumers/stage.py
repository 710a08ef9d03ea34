"""What consumer tests stand on: a loopback web server, and a place where makepkg agrees to work.

makepkg refuses root, so root works as nobody there; pacman wants root, so others work under fakeroot.
"""

import functools
import http.server
import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import pytest

NOBODY = 65534
ROOT = os.geteuid() == 0


def lacking(what: str) -> NoReturn:
    """Skip a test by the name of what it cannot do without; in CI that is a failure."""
    if os.environ.get("CI", "").lower() in {"1", "true"}:
        pytest.fail(f"needs {what}", pytrace=False)
    pytest.skip(f"needs {what}")


def need(path: Path) -> Path:
    """A file that a test cannot do without: skips by name where it is missing; in CI that is a failure."""
    if not path.is_file():
        lacking(str(path))
    return path


def given(variable: str) -> Path:
    """A file or folder of somebody else's, by the name of the environment variable that says where it is.

    Skips by name where the variable is not set, in CI too: such a file can be had from elsewhere only. A variable
    that names nothing is a failure everywhere.
    """
    named = os.environ.get(variable, "")
    if not named:
        pytest.skip(f"needs {variable}; see docs/testing.md")
    path = Path(named)
    assert path.exists(), f"{variable} names {path}, which is not there"
    return path


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's name
        """Say nothing."""


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Serve a folder on loopback; gives the base address."""
    handler = functools.partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """A folder that the builder owns; every package gets a folder of its own in it."""

    folder: Path

    def makepkg(
        self, package: str, files: dict[str, bytes], *words: str, carch: str = "x86_64"
    ) -> subprocess.CompletedProcess[str]:
        """Run makepkg beside these files; dependencies are not looked for, nothing of the system is used."""
        place = self.folder / package
        self._own(place)
        for path, content in files.items():
            (place / path).write_bytes(content)
            self._own(place / path)
        home = self.folder / "home"
        self._own(home)
        done = self._run(place, home, words, carch)
        # makepkg waits for a process that bash may have reaped already, and then ends with 255 and not a
        # word ("wait $! || exit" in its source/file.sh). Rare, and only on a busy machine.
        return done if done.returncode != 255 else self._run(place, home, words, carch)

    def _run(self, place: Path, home: Path, words: tuple[str, ...], carch: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["makepkg", "--nodeps", "--noprogressbar", "--nocolor", *words],
            cwd=place,
            env={"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8", "CARCH": carch},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            user=NOBODY if ROOT else None,
            group=NOBODY if ROOT else None,
            extra_groups=[] if ROOT else None,
        )

    def built(self, package: str) -> dict[str, Path]:
        """The packages that makepkg left, by file name."""
        return {path.name: path for path in (self.folder / package).glob("*.pkg.tar.gz")}

    def _own(self, path: Path) -> None:
        if not path.exists():
            path.mkdir(mode=0o755)
        if ROOT:
            os.chown(path, NOBODY, NOBODY)


@contextmanager
def workshop() -> Iterator[Workshop]:
    """A workshop, removed afterwards. Not below pytest's own folder, which only its owner may enter."""
    folder = Path(tempfile.mkdtemp(prefix="workshop-"))
    folder.chmod(0o755)
    try:
        yield Workshop(folder=folder)
    finally:
        shutil.rmtree(folder)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arch:
    """A private root with a pacman of its own; nothing of this machine is touched."""

    folder: Path

    @property
    def root(self) -> Path:
        """Where packages are installed."""
        return self.folder / "root"

    @property
    def config(self) -> Path:
        """The private root as a pacman.conf, made with its folders when it is first asked for."""
        config = self.folder / "pacman.conf"
        if not config.exists():
            for name in ("root", "db", "cache", "gpg", "hooks"):
                (self.folder / name).mkdir()
            places = {"RootDir": "root", "DBPath": "db", "CacheDir": "cache", "GPGDir": "gpg", "HookDir": "hooks"}
            lines = [f"{key} = {self.folder / name}" for key, name in places.items()]
            lines += [f"LogFile = {self.folder / 'log'}", "Architecture = x86_64"]
            lines += ["SigLevel = Never", "LocalFileSigLevel = Never"]
            config.write_text("[options]\n" + "\n".join(lines) + "\n")
        return config

    @property
    def command(self) -> str:
        """The shell words that run pacman here, before its own."""
        state = self.folder / "fakeroot"
        state.touch()
        fakeroot = "" if ROOT else f"fakeroot -i {state} -s {state} -- "
        return f"{fakeroot}{shutil.which('pacman')} --config {self.config}"

    def pacman(self, *words: str | Path) -> subprocess.CompletedProcess[str]:
        """Run pacman in the private root, as if it had a recent C library and that of the compiler."""
        there = ["--assume-installed", "glibc=2.99", "--assume-installed", "gcc-libs=99"]
        install = there if words[0] in {"-U", "-R"} else []
        return subprocess.run(
            [*self.command.split(), "--noconfirm", *map(str, words), *install],
            env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
