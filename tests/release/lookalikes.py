"""A small Homebrew and a small Scoop: programs with the words and exit codes of the real ones, on folders of their own.

They know what `verify` asks of them and nothing else. What the real ones print and return is in their sources; nobody
has run `verify` against them. LOOKALIKE_FAILS names a command that breaks in the middle of its work.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

BREW = r"""
tapped = lambda: sorted(path for path in state.glob("Taps/*/homebrew-*"))
name_of = lambda path: f"{path.parent.name}/{path.name.removeprefix('homebrew-')}"

match words:
    case ["--cellar"]:
        print(state / "Cellar")
    case ["--prefix"]:
        print(state)
    case ["--prefix", full]:
        print(state / "opt" / full.rpartition("/")[2])
    case ["tap"]:
        print(*map(name_of, tapped()), sep="\n")
    case ["tap", name, url]:
        owner, _, tap = name.partition("/")
        subprocess.run(["git", "clone", "-q", url, state / "Taps" / owner / f"homebrew-{tap}"], check=True)
        broken("tap")
    case ["install", full]:
        owner, tap, name = full.split("/")
        text = (state / "Taps" / owner / f"homebrew-{tap}" / "Formula" / f"{name}.rb").read_text()
        rows = re.findall(r'url "([^"]+)"\s+sha256 "(\w+)"', text)
        url, digest = next(row for row in rows if "linux" in row[0] and "x64" in row[0])
        keg = unpacked(url, digest, state / "Cellar" / name / "1")
        broken("install")
        program = next(path for path in keg.rglob("otter") if path.is_file())
        for link in (state / "bin" / "otter", state / "opt" / name / "bin" / "otter"):
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(program)
    case ["test", full]:
        broken("test")
    case ["uninstall", "--force", full]:
        broken("uninstall")
        name = full.rpartition("/")[2]
        shutil.rmtree(state / "Cellar" / name)
        shutil.rmtree(state / "opt" / name, ignore_errors=True)
        (state / "bin" / "otter").unlink(missing_ok=True)
    case ["untap", name]:
        broken("untap")
        shutil.rmtree(next(path for path in tapped() if name_of(path) == name))
    case _:
        sys.exit(f"Error: Unknown command: {words}")
"""

SCOOP = r"""
buckets, apps, shims = state / "buckets", state / "apps", state / "shims"
address = lambda folder: subprocess.run(
    ["git", "remote", "get-url", "origin"], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()

match words:
    case ["bucket", "list"]:
        print(*(path.name for path in buckets.glob("*")), sep="\n")
    case ["bucket", "add", name, url]:
        if any(address(path) == url for path in buckets.glob("*")):
            print(f"WARN  Bucket already exists for {url}")
            sys.exit(2)
        subprocess.run(["git", "clone", "-q", url, buckets / name], check=True)
        broken("bucket")
    case ["bucket", "rm", name]:
        if not (buckets / name).exists():
            sys.exit(1)
        shutil.rmtree(buckets / name)
    case ["install", full]:
        bucket, _, name = full.partition("/")
        manifest = json.loads((buckets / bucket / "bucket" / f"{name}.json").read_text())
        build = manifest["architecture"]["64bit"]
        app = unpacked(build["url"], build["hash"], apps / name / "current")
        broken("install")
        (shims / "otter").parent.mkdir(exist_ok=True)
        (shims / "otter").symlink_to(app / manifest["bin"].replace("\\", "/"))
    case ["prefix", name]:
        if not (apps / name).exists():
            sys.exit("Could not find app path for '" + name + "'.")
        print(apps / name / "current")
    case ["which", name]:
        if not (shims / name).is_symlink():
            sys.exit(f"'{name}' not found, not a scoop shim, or a broken shim.")
        print(shims / name)
    case ["uninstall", name]:
        broken("uninstall")
        if (apps / name).exists():
            shutil.rmtree(apps / name)
            (shims / "otter").unlink(missing_ok=True)
    case _:
        sys.exit(f"scoop: {words} isn't a scoop command")
"""

FRAME = r"""#!{python}
import hashlib, io, json, os, pathlib, re, shutil, subprocess, sys, tarfile, urllib.request, zipfile

state, words = pathlib.Path({state!r}), sys.argv[1:]
with (state / "log").open("a") as log:
    print(*words, file=log)


def broken(command):
    if os.environ.get("LOOKALIKE_FAILS") == command:
        sys.exit(f"Error: {{command}} broke")


def unpacked(url, digest, into):
    content = urllib.request.urlopen(url).read()
    if hashlib.sha256(content).hexdigest() != digest:
        sys.exit("Error: SHA256 mismatch")
    if url.endswith(".zip"):
        zipfile.ZipFile(io.BytesIO(content)).extractall(state / "new")
    else:
        tarfile.open(fileobj=io.BytesIO(content)).extractall(state / "new", filter="data")
    into.parent.mkdir(parents=True, exist_ok=True)
    (state / "new").rename(into)
    for program in into.rglob("otter.exe"):
        program.chmod(0o755)
    return into

"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookalike:
    """A package manager on PATH, and the folder of all it has."""

    program: Path
    state: Path

    def calls(self) -> list[str]:
        """What it was asked, in order."""
        log = self.state / "log"
        return log.read_text().splitlines() if log.exists() else []

    def has(self) -> list[str]:
        """Every file of it but its log and git's own."""
        found = (path.relative_to(self.state) for path in self.state.rglob("*") if not path.is_dir())
        return sorted(str(path) for path in found if ".git" not in path.parts and path != Path("log"))


def made(kind: str, bin_folder: Path) -> Lookalike:
    """`brew` or `scoop`, as an executable in a folder of programs."""
    state = bin_folder.with_name(f"{kind}-state")
    state.mkdir()
    program = bin_folder / kind
    text = FRAME.format(python=sys.executable, state=str(state)) + {"brew": BREW, "scoop": SCOOP}[kind]
    program.write_text(text, encoding="utf-8")
    program.chmod(0o755)
    return Lookalike(program=program, state=state)
