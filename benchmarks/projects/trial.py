"""One project from its sources to its row: released as a person would, installed, put to work, compared, removed."""

import datetime as dt
import difflib
import os
import platform
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
from benchmarks.projects import made, packed
from benchmarks.projects.listing import Project
from benchmarks.projects.outcome import Outcome
from benchmarks.projects.place import WrongError, here
from benchmarks.projects.typed import FailedError, Person
from benchmarks.projects.works import WORKS
from benchmarks.run import medians, quiet

TARGET = "linux-x64-baseline"
ROUNDS = 21
# Texts of one difference that are kept.
SHOWN = 4


class Trial:
    """A project on its way; `outcome` is what is known so far."""

    def __init__(self, project: Project, below: Path, tool: str, tell: Callable[[str], None]) -> None:
        self.project, self._below, self._tell = project, below, tell
        self.outcome = Outcome(
            name=project.name,
            version=project.version,
            tool=tool,
            date=dt.datetime.now(dt.UTC).date().isoformat(),
            python=platform.python_version(),
            ended="fetch",
        )

    def run(self) -> Outcome:
        """All steps; the first that fails ends it, and is told in the outcome."""
        built = self._below / "built.json"
        try:
            if built.exists() and (kept := msgspec.json.decode(built.read_bytes(), type=Outcome)).tool == self._tool:
                self._step("built already")
                source, self.outcome = next((self._below / "source").iterdir()), kept
                plain = self._below / "plain" / "bin"
            else:
                built.unlink(missing_ok=True)
                source, plain = self._sources()
                self._release(source)
                built.write_bytes(msgspec.json.encode(self.outcome))
            self._compare(source, plain)
            self._note(ended="done")
        except (FailedError, WrongError, TimeoutError, OSError, subprocess.SubprocessError, SystemExit) as failure:
            said = "\n".join([str(failure), *getattr(failure, "__notes__", [])])
            self._note(said=self._nameless(said)[-1500:])
        return self.outcome

    @property
    def _tool(self) -> str:
        return self.outcome.tool

    def _sources(self) -> tuple[Path, Path]:
        self._step("fetch")
        sdist = made.fetched(self.project, self._below / "sdist")
        source = made.repository(self.project, sdist, self._below / "source")
        self._step("plain environment")
        return source, made.plain(self.project, sdist, self._below / "plain")

    def _release(self, source: Path) -> None:
        log = self._below / "log.txt"
        log.unlink(missing_ok=True)
        person = Person(source=source, log=log, tell=self._tell)
        self._step("init")
        person.type("release", "init", "--yes")
        changed = [line for line in made.git(source, "status", "--porcelain").splitlines() if not line.startswith("??")]
        if edited := [line for line in changed if not line.endswith(".gitignore")]:
            raise WrongError(f"init changed sources: {', '.join(edited)}")
        self._note(toml_lines=(source / "release.toml").read_text().count("\n"))
        person.type("git", "add", "--all")
        person.type("git", "commit", "-q", "-m", "Describe the release")
        person.type("git", "tag", "--force", self.project.tag)
        self._step("check")
        person.type("release", "check")
        self._note(person_seconds=round(person.waited, 1))
        self._step("build")
        seconds = person.type("release", "run", "--target", TARGET)
        archives = [path for path in (source / "dist" / "artifacts").glob("*.tar.gz") if path.is_file()]
        size = archives[0].stat().st_size if archives else 0
        self._note(typed=person.typed, build_seconds=round(seconds, 1), archive=size)

    def _compare(self, source: Path, plain: Path) -> None:
        self._step("install")
        with packed.installed(source / "dist", self._below) as root:
            commands = root / "usr" / "bin"
            names = sorted(path.name for path in commands.iterdir())
            self._note(commands=len(names))
            self._step("work, plain")
            theirs = self._worked(plain, names)
            self._step("work, compiled")
            ours = self._worked(commands, names)
            self._note(tried=len(theirs), differed=differences(theirs, ours))
            self._step("start-up")
            env = here(commands, self._below).env
            words = self.project.start
            taken = medians(
                ROUNDS,
                plain=quiet(plain / self.project.command, *words, env=env),
                compiled=quiet(commands / self.project.command, *words, env=env),
            )
            self._note(plain_ms=round(taken["plain"], 1), compiled_ms=round(taken["compiled"], 1))
            self._step("remove")

    def _worked(self, commands: Path, names: list[str]) -> dict[str, str]:
        place = here(commands, self._below)
        said = {f"{name} {word}": place.run(name, word) for name in names for word in ("--help", "--version")}
        return said | WORKS[self.project.name](here(commands, self._below))

    def _step(self, name: str) -> None:
        self._note(ended=name)
        self._tell(name)

    def _note(self, **known: object) -> None:
        self.outcome = msgspec.structs.replace(self.outcome, **known)

    def _nameless(self, text: str) -> str:
        """Text without the folders of this machine."""
        return text.replace(str(self._below), "WORK").replace(os.path.expanduser("~"), "HOME")  # noqa: PTH111


def differences(theirs: dict[str, str], ours: dict[str, str]) -> list[str]:
    """What the compiled program said otherwise, a text each."""
    told = []
    for name, text in theirs.items():
        if (other := ours.get(name, "")) != text:
            lines = difflib.unified_diff(text.splitlines(), other.splitlines(), lineterm="", n=0)
            shown = [line for line in lines if line[:1] in "+-" and line[:3] not in {"+++", "---"}][:SHOWN]
            told.append(f"{name}: " + " / ".join(line[:160] for line in shown))
    return told


def cleaned(below: Path) -> None:
    """Forget all that was made for a project, but what was downloaded."""
    for path in below.glob("*"):
        if path.name != "sdist":
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink()


def seconds(since: float) -> str:
    """How long ago that was."""
    past = round(time.monotonic() - since)
    return f"{past // 60}:{past % 60:02}"
