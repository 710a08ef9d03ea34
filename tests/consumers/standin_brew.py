"""A stand-in for Homebrew, which no registry of ours has: takes words as strictly, and says and exits as it does.

What the real one says was written down from 5.0.16 and 6.0.18. The file that runs this lies in PREFIX/bin. A tap is a
folder of JSON files, one a formula: its version, and a folder with what is to be installed. `update` copies what lies
in PREFIX/remote over it.
"""

import json
import shutil
import sys
from pathlib import Path
from typing import NoReturn, TypedDict

from tests.consumers.launcher import linked

from iterate.semver import is_newer

COMMAND = "iterate"
# What each command takes: options.
TAKES: dict[str, set[str]] = {
    "update": set(),
    "upgrade": set(),
    "install": set(),
    "reinstall": set(),
    "uninstall": set(),
    "link": {"--overwrite"},
    "info": {"--json=v2"},
}


class Formula(TypedDict):
    version: str
    files: str


class Brew:
    """One prefix."""

    def __init__(self, prefix: Path) -> None:
        self.prefix = prefix
        self.taps = prefix / "Library" / "Taps"
        self.cellar = prefix / "Cellar"
        self.link = prefix / "bin" / COMMAND

    def formula(self, name: str) -> Formula:
        """The formula of a full name; a short one is refused, as from a tap that nobody trusted."""
        tap, _, short = name.rpartition("/")
        file = self.taps / tap / f"{short}.json"
        if not tap:
            if any(self.taps.glob(f"*/*/{name}.json")):
                fail(f"Refusing to load formula acme/tap/{name} from untrusted tap acme/tap.")
            fail(f'No available formula with the name "{name}".')
        if not file.is_file():
            fail(f'No available formula with the name "{name}".')
        found: Formula = json.loads(file.read_text())
        return found

    def keg(self, name: str) -> Path | None:
        """The newest keg of a formula."""
        kegs = sorted((self.cellar / name.rpartition("/")[2]).glob("*"))
        return kegs[-1] if kegs else None

    def is_linked(self, keg: Path) -> bool:
        return self.link.is_symlink() and self.link.resolve().is_relative_to(keg.resolve())

    def pour(self, name: str, formula: Formula) -> Path:
        """Unpack a formula's files into a keg."""
        tap, _, short = name.rpartition("/")
        keg = self.cellar / short / formula["version"]
        print(f"==> Pouring {short} {formula['version']}", flush=True)
        if formula["version"].endswith("-broken"):
            fail("SHA256 mismatch")
        shutil.copytree(formula["files"], keg / "libexec" / COMMAND)
        (keg / "INSTALL_RECEIPT.json").write_text(json.dumps({"source": {"tap": tap}}))
        return keg

    def put(self, keg: Path, *, overwrite: bool) -> None:
        """Link a keg's command."""
        if self.link.is_symlink() and not self.is_linked(keg.parent) and not overwrite:
            print("Error: The `brew link` step did not complete successfully", file=sys.stderr)
            print(f"Could not symlink bin/{COMMAND}\nTarget {self.link}\nalready exists.", file=sys.stderr)
            sys.exit(1)
        linked(self.link, keg / "libexec" / COMMAND / COMMAND)

    # --- commands ---

    def update(self, _name: str) -> None:
        print("==> Updating Homebrew...")
        shutil.copytree(self.prefix / "remote", self.taps, dirs_exist_ok=True)

    def upgrade(self, name: str) -> None:
        formula, keg = self.formula(name), self.keg(name)
        if keg is None:
            fail(f"{name} not installed")
        if (self.prefix / "pinned" / keg.parent.name).exists():
            fail(f"Not upgrading 1 pinned package:\n{name} {formula['version']}")
        if not is_newer(formula["version"], keg.name):
            print(f"Warning: {name} {keg.name} already installed", file=sys.stderr)
            return
        print(f"==> Upgrading 1 outdated package:\n{name} {keg.name} -> {formula['version']}")
        self.put(self.pour(name, formula), overwrite=False)
        shutil.rmtree(keg)

    def install(self, name: str) -> None:
        formula, keg = self.formula(name), self.keg(name)
        if keg is not None:
            print(f"Warning: {name} {keg.name} is already installed and up-to-date.", file=sys.stderr)
            return
        self.put(self.pour(name, formula), overwrite=False)

    def reinstall(self, name: str) -> None:
        formula, keg = self.formula(name), self.keg(name)
        if keg is None:
            fail(f"{name} not installed")
        aside = keg.rename(keg.parent.with_name(f"{keg.name}.reinstall"))
        self.put(self.pour(name, formula), overwrite=True)
        shutil.rmtree(aside)

    def uninstall(self, name: str) -> None:
        keg = self.keg(name)
        if keg is None:
            fail(f"No such keg: {self.cellar / name.rpartition('/')[2]}")
        if self.is_linked(keg):
            self.link.unlink()
        shutil.rmtree(keg.parent)
        print(f"Uninstalling {keg}...")

    def link_(self, *words: str) -> None:
        keg = self.keg(words[-1])
        if keg is None:
            fail(f"No such keg: {self.cellar / words[-1]}")
        self.put(keg, overwrite="--overwrite" in words)
        print(f"Linking {keg}... 1 symlinks created.")

    def info(self, *words: str) -> None:
        name = words[-1]
        formula, short = self.formula(name), name.rpartition("/")[2]
        is_pinned = (self.prefix / "pinned" / short).exists()
        facts = {"full_name": name, "versions": {"stable": formula["version"]}, "pinned": is_pinned}
        print(json.dumps({"formulae": [facts], "casks": []}))


def fail(text: str) -> NoReturn:
    print(f"Error: {text}", file=sys.stderr)
    sys.exit(1)


def main(prefix: Path, words: list[str]) -> None:
    """Run one command."""
    with (prefix / "log").open("a") as log:
        print(*words, file=log)
    command, *rest = words or [""]
    if command not in TAKES:
        fail(f"Unknown command: brew {command}")
    options = [word for word in rest if word.startswith("-")]
    if unknown := [word for word in options if word not in TAKES[command]]:
        fail(f"invalid option: {unknown[0]}")
    if len(rest) - len(options) != (0 if command == "update" else 1):
        fail(f"Invalid usage: brew {command} takes one formula here, not {rest}")
    brew = Brew(prefix)
    name = rest[-1] if rest else ""
    match command:
        case "update" | "upgrade" | "install":
            {"update": brew.update, "upgrade": brew.upgrade, "install": brew.install}[command](name)
        case "reinstall" | "uninstall":
            {"reinstall": brew.reinstall, "uninstall": brew.uninstall}[command](name)
        case _:
            {"link": brew.link_, "info": brew.info}[command](*rest)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
