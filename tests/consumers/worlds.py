"""A signed site and a home for tests of upgrades: what the channels have, and how an installed program is run there."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.consumers import launcher
from tests.iterate import signed
from tests.iterate.copies import PACKAGES

OLD, NEW, DEV = "1.2.0", "1.3.0", "0.0.0-dev-20260102030405"
PATIENCE_S = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A home, a site, and a PATH."""

    folder: Path
    repository: signed.Repository
    url: str
    asked: list[str]
    path: list[Path] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def environment(self) -> dict[str, str]:
        path = os.pathsep.join([*map(str, self.path), "/usr/bin", "/bin"])
        return {"HOME": str(self.home), "PATH": path, "LANG": "C.UTF-8", "ITERATE_MODEL": "echo/echo", **self.variables}

    def receipt(self, method: str, stream: str = "latest") -> dict[str, object]:
        """What a package of a channel has beside its program, but for the version."""
        return {
            "schema": 1,
            "name": PACKAGES[method][stream],
            "method": method,
            "channel": stream,
            "stream": stream,
            "packages": PACKAGES,
            "sites": [self.url],
        }

    def payload(self, method: str, version: str, stream: str = "latest") -> Path:
        """The files of a program in a package, in a folder of their own."""
        folder = self.folder / "payloads" / f"{method}-{stream}-{version}"
        if not folder.exists():
            launcher.program(folder, version, self.receipt(method, stream), self.repository.first_root)
        return folder

    def script(self, file: Path, module: str, *words: str | Path) -> Path:
        """A file that runs a module of the tests with these words before those that it is given."""
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(
            f"#!{sys.executable} -P\nimport runpy, sys\nsys.path[:0] = [{str(launcher.ROOT)!r}]\n"
            f"sys.argv[1:1] = {[str(word) for word in words]!r}\n"
            f"runpy.run_module({module!r}, run_name='__main__', alter_sys=False)\n"
        )
        file.chmod(0o755)
        return file

    def run(
        self, *words: str, program: str = "iterate", variables: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a program that is found on PATH to its end."""
        return subprocess.run(
            ["/usr/bin/env", program, *words],
            env=self.environment | dict(variables or {}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_S,
            cwd=self.home,
        )

    def version(self) -> str:
        """What the program on PATH says; empty when there is none."""
        return self.run("--version").stdout.strip()


@contextmanager
def world(folder: Path) -> Iterator[World]:
    """A world whose channels have a newer release and a build of the main branch."""
    repository = signed.Repository()
    repository.release("latest", OLD)
    repository.release("latest", NEW)
    repository.release("dev", DEV)
    (folder / "home").mkdir()
    with signed.served(repository.files) as site:
        yield World(folder=folder, repository=repository, url=site.url, asked=site.asked)
