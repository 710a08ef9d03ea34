"""What install.sh decides on other machines: an old glibc, musl, static programs, another processor.

The roots hold a few packages of Debian, from the mirror that this machine's apt uses: a shell, its C library, and
busybox for everything else. The programs in the archives are shell scripts, which run on all of them.
"""

import os
import re
import shutil
import struct
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.consumers import installing
from tests.consumers.installing import NEW, SHELLS, Done, Home, Site
from tests.release import world

from release.model import Release
from release.packagers import installer

APPLETS = """
    sh cat cksum cmp cp cut date dd env find grep gzip head ln ls mkdir mkfifo mktemp mv od ps readlink rm rmdir sed
    sha256sum sleep sort tail tar tr uname wc wget
"""

pytestmark = pytest.mark.consumer(
    "apt-get", "dpkg-deb", "chroot", "proot", "qemu-aarch64-static", "dash", "bash", "zsh"
)
root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root may change the root")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site with two versions of latest and one of dev."""
    with installing.site(tmp_path_factory.mktemp("site")) as site:
        yield site


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A new user."""
    return Home(folder=tmp_path)


# --- roots -------------------------------------------------------------------------------------------------------


def mirror() -> str:
    """The address of Debian's archive that apt is told to use here."""
    words = ["apt-get", "indextargets", "--format", "$(REPO_URI) $(CODENAME)", "Created-By: Packages", "Origin: Debian"]
    lines = subprocess.run(words, capture_output=True, text=True, check=True).stdout.splitlines()
    for line in sorted(lines):
        uri, _, codename = line.partition(" ")
        if codename in {"bullseye", "bookworm", "trixie"}:
            return uri
    pytest.skip("apt is not told of a Debian mirror here")


def unpacked(folder: Path, suite: str, arch: str, *packages: str) -> Path:
    """Packages of a Debian release, unpacked over each other, with an apt of its own."""
    apt, root = folder / "apt", folder / "root"
    (apt / "lists" / "partial").mkdir(parents=True)
    (apt / "archives" / "partial").mkdir(parents=True)
    (apt / "status").touch()
    keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"
    (apt / "sources.list").write_text(f"deb [signed-by={keyring}] {mirror()} {suite} main\n")
    options = {
        "APT::Architecture": arch,
        "APT::Architectures": arch,
        "APT::Sandbox::User": "root",
        "Acquire::Languages": "none",
        "Dir::Cache": apt,
        "Dir::Etc::sourcelist": apt / "sources.list",
        "Dir::Etc::sourceparts": "-",
        "Dir::State": apt,
        "Dir::State::status": apt / "status",
    }
    words = ["apt-get", "-qq", *(word for key, value in options.items() for word in ("-o", f"{key}={value}"))]
    subprocess.run([*words, "update"], check=True, capture_output=True, timeout=120)
    subprocess.run([*words, "download", *packages], cwd=apt, check=True, capture_output=True, timeout=120)
    for package in apt.glob("*.deb"):
        subprocess.run(["dpkg-deb", "-x", str(package), str(root)], check=True)
    shutil.rmtree(apt)
    for name in ("dev", "proc", "tmp", "root"):
        (root / name).mkdir(exist_ok=True)
    (root / "dev" / "null").touch()
    return root


def applets(root: Path, *but: str) -> None:
    """Give busybox's own name to every program that the script may want."""
    for name in APPLETS.split():
        path = root / "bin" / name
        if name not in but and not path.is_symlink() and not path.exists():
            path.symlink_to("busybox")


def inside(command: list[str], root: Path, script: Path, *words: str) -> Done:
    """Run an installer in a root, whose programs find no other."""
    (root / "install.sh").write_text(script.read_text())
    environment = {"HOME": "/root", "PATH": "/bin:/usr/bin", **installing.FAST, "ITERATE_INSTALLER_PATIENCE": "20"}
    done = subprocess.run(
        [shutil.which(command[0]) or "", *command[1:], "/bin/sh", "/install.sh", *words],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return Done(code=done.returncode, out=done.stdout, err=done.stderr)


def script(site: Site, folder: Path, *only: str, glibc: str = "2.34") -> Path:
    """The installer of a release that has only some of the builds of the site, which need some glibc."""
    release = world.pack(site.product, world.plan(text=NEW), folder / "site", *only).release
    needing = [replace(each, glibc=f"GLIBC_{glibc}") if each.glibc else each for each in release.artifacts]
    made = installer.scripts(site.product, site.profile, Release(plan=release.plan, artifacts=tuple(needing)))
    (folder / "install.sh").write_bytes(made["install.sh"])
    return folder / "install.sh"


@pytest.fixture(scope="module")
def bullseye(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root with glibc 2.31, whose loader answers no question."""
    root = unpacked(tmp_path_factory.mktemp("bullseye"), "bullseye", "amd64", "libc6", "dash", "busybox-static")
    (root / "bin" / "sh").unlink(missing_ok=True)
    (root / "bin" / "sh").symlink_to("dash")
    applets(root, "sh")
    return root


@root_only
def test_an_old_glibc_gets_the_build_for_musl(site: Site, bullseye: Path) -> None:
    done = inside(["chroot", str(bullseye)], bullseye, site.script(NEW))
    assert (done.code, done.err) == (0, "")
    assert "glibc 2.31" in done.out
    assert re.search(r"^  build     linux-x64(-baseline)?-musl, ", done.out, re.MULTILINE)
    assert "needs glibc 2.34" in done.out


@root_only
def test_a_glibc_that_is_old_enough_gets_the_build_for_glibc(site: Site, bullseye: Path, tmp_path: Path) -> None:
    done = inside(["chroot", str(bullseye)], bullseye, script(site, tmp_path, glibc="2.31"), "--dry-run")
    assert (done.code, done.err) == (0, "")
    assert "musl" not in done.out


@root_only
def test_an_old_glibc_and_no_build_for_musl_is_told(site: Site, bullseye: Path, tmp_path: Path) -> None:
    done = inside(["chroot", str(bullseye)], bullseye, script(site, tmp_path, "linux-x64", "linux-x64-baseline"))
    assert done.code == 60
    assert "it needs glibc 2.34, and here is 2.31" in done.err


@root_only
def test_a_system_of_static_programs_is_known_by_its_loader(site: Site, tmp_path: Path) -> None:
    root = unpacked(tmp_path, "bookworm", "amd64", "busybox-static", "musl")
    applets(root)
    done = inside(["chroot", str(root)], root, site.script(NEW))
    assert (done.code, done.err) == (0, "")
    assert "musl" in done.out.partition("system")[2].splitlines()[0]
    assert "-musl" in done.out.partition("build")[2].splitlines()[0]
    # A loader of glibc beside it is that of the system: that of musl may be there for others.
    (root / "lib64").mkdir(exist_ok=True)
    (root / "lib64" / "ld-linux-x86-64.so.2").write_text("")
    assert "-musl" not in inside(["chroot", str(root)], root, site.script(NEW), "--dry-run").out


def test_another_processor_gets_its_own_build(site: Site, tmp_path: Path) -> None:
    root = unpacked(tmp_path, "bookworm", "arm64", "libc6", "dash", "busybox-static")
    (root / "bin" / "sh").unlink(missing_ok=True)
    (root / "bin" / "sh").symlink_to("dash")
    applets(root, "sh")
    command = ["proot", "-q", "qemu-aarch64-static", "-r", str(root), "-b", "/dev", "-b", "/proc", "-w", "/"]
    done = inside(command, root, site.script(NEW))
    assert (done.code, done.err) == (0, "")
    assert "Linux on arm64, glibc 2.36" in done.out
    assert "linux-arm64," in done.out
    assert (root / "root" / ".local" / "bin" / ".iterate" / NEW / "iterate" / "iterate" / "iterate").is_file()


# --- the questions by themselves ---------------------------------------------------------------------------------


def elf(interpreter: bytes | None, *, wide: bool = True) -> bytes:
    """The beginning of an ELF program with two headers, the second of which names its interpreter."""
    size, begin = (56, 64) if wide else (32, 52)
    where = begin + 2 * size
    kind = 3 if interpreter is not None else 1
    name = interpreter or b""
    if wide:
        head = (
            b"\x7fELF\2\1\1" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", 3, 62, 1, 0, begin, 0, 0, 64, size, 2, 0, 0, 0)
        )
        rows = [struct.pack("<IIQQQQQQ", each, 4, where, 0, 0, len(name) + 1, 0, 1) for each in (6, kind)]
    else:
        head = (
            b"\x7fELF\1\1\1" + bytes(9) + struct.pack("<HHIIIIIHHHHHH", 3, 3, 1, 0, begin, 0, 0, 52, size, 2, 0, 0, 0)
        )
        rows = [struct.pack("<IIIIIIII", each, where, 0, 0, len(name) + 1, 0, 4, 1) for each in (6, kind)]
    return head + b"".join(rows) + name + b"\0"


def asked(site: Site, shell: str, words: str, folder: Path) -> Done:
    """Run words of a shell after all functions of the script."""
    functions = site.script(NEW).read_text().rpartition("\n{ main")[0]
    (folder / "asked.sh").write_text(f'{functions}\n[ -z "${{ZSH_VERSION:-}}" ] || emulate sh\n{words}\n')
    done = subprocess.run([*shell.split(), str(folder / "asked.sh")], capture_output=True, text=True, check=False)
    return Done(code=done.returncode, out=done.stdout, err=done.stderr)


@pytest.mark.parametrize("shell", SHELLS)
def test_the_interpreter_of_a_program_is_read_out_of_it(site: Site, tmp_path: Path, shell: str) -> None:
    loader = "/lib/ld-musl-x86_64.so.1"
    for name, content, said in (
        ("wide", elf(loader.encode()), loader),
        ("narrow", elf(loader.encode(), wide=False), loader),
        ("static", elf(None), ""),
        ("script", b"#!/bin/sh\n", ""),
        ("empty", b"", ""),
        ("cut", elf(loader.encode())[:60], ""),
    ):
        (tmp_path / name).write_bytes(content)
        done = asked(site, shell, f"interpreter {tmp_path / name}", tmp_path)
        assert (done.out, done.code == 0, done.err) == (said, said != "", ""), name


@pytest.mark.parametrize("shell", SHELLS)
def test_versions_are_compared_as_numbers(site: Site, tmp_path: Path, shell: str) -> None:
    for ours, wanted, enough in (
        ("2.34", "2.34", True),
        ("2.36", "2.34", True),
        ("2.9", "2.34", False),
        ("2.34.9000", "2.34", True),
        ("2.34", "2.34.1", False),
        ("3.0", "2.99", True),
        ("2", "2.0", True),
        ("2.17", "0", True),
    ):
        done = asked(site, shell, f"at_least {ours} {wanted}", tmp_path)
        assert (done.code == 0, done.err) == (enough, ""), (ours, wanted)


def test_a_library_that_says_nothing_is_asked_for_its_symbols(site: Site, tmp_path: Path) -> None:
    (tmp_path / "ld.so").write_text("#!/bin/sh\nexit 127\n")
    (tmp_path / "ld.so").chmod(0o755)
    (tmp_path / "libc.so.6").write_bytes(b"\0GLIBC_2.2.5\0GLIBC_2.28\0GLIBC_2.9\0GLIBC_PRIVATE\0")
    assert asked(site, "dash", f"glibc_version {tmp_path / 'ld.so'}", tmp_path).out == "2.28"
    (tmp_path / "libc.so.6").write_bytes(b"nothing")
    assert asked(site, "dash", f"glibc_version {tmp_path / 'ld.so'}", tmp_path).out == ""
    (tmp_path / "ld.so").write_text(
        '#!/bin/sh\necho "ld.so (Ubuntu GLIBC 2.39-0ubuntu8) stable release version 2.39."\n'
    )
    assert asked(site, "dash", f"glibc_version {tmp_path / 'ld.so'}", tmp_path).out == "2.39"


# --- stand-ins for the programs that say what machine it is --------------------------------------------------------


def pretending(folder: Path, **programs: str) -> Home:
    """A user on another machine: programs that say something else."""
    tools = folder / "tools"
    tools.mkdir()
    for name, text in programs.items():
        (tools / name).write_text(f"#!/bin/sh\n{text}\n")
        (tools / name).chmod(0o755)
    return Home(folder=folder, path=f"{tools}{os.pathsep}{os.environ['PATH']}")


UNAME = 'case "$1" in -s) echo {} ;; -m) echo {} ;; esac'
# What sysctl says on a Mac, by the name that is asked for.
SYSCTL = 'case "$2" in {}) echo 1 ;; *) echo "sysctl: unknown oid" >&2; exit 1 ;; esac'


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("kernel", "machine", "answers", "target"),
    [
        ("Darwin", "arm64", "none", "darwin-arm64"),
        ("Darwin", "x86_64", "sysctl.proc_translated", "darwin-arm64"),
        ("Darwin", "x86_64", "hw.optional.avx2_0", "darwin-x64"),
        ("Darwin", "x86_64", "none", "darwin-x64-baseline"),
        ("Linux", "aarch64", "none", "linux-arm64"),
    ],
)
def test_stand_ins_for_uname_and_sysctl_choose_the_build(
    site: Site, tmp_path: Path, shell: str, kernel: str, machine: str, answers: str, target: str
) -> None:
    other = pretending(tmp_path, uname=UNAME.format(kernel, machine), sysctl=SYSCTL.format(answers))
    done = other.run(site.script(NEW), "--dry-run", shell=shell)
    assert (done.code, done.err) == (0, "")
    assert f"build     {target}\n" in done.out


@pytest.mark.parametrize(
    ("kernel", "machine", "said"),
    [
        ("FreeBSD", "amd64", "no build for FreeBSD"),
        ("Linux", "riscv64", "no build for the processor riscv64"),
        ("Linux", "i686", "no build for the processor i686"),
        ("MINGW64_NT-10.0", "x86_64", "install.ps1 | iex"),
    ],
)
def test_a_machine_that_has_no_build_is_told(site: Site, tmp_path: Path, kernel: str, machine: str, said: str) -> None:
    done = pretending(tmp_path, uname=UNAME.format(kernel, machine)).run(site.script(NEW))
    assert done.code == 60
    assert said in done.err


def test_a_processor_that_lacks_one_instruction_gets_the_baseline_build(site: Site, tmp_path: Path) -> None:
    # The answer about the processor is read by sed, out of a file that a test cannot replace.
    flags = "fpu abm avx bmi1 bmi2 f16c fma movbe xsave"
    for more, target in (("", "linux-x64-baseline"), (" avx2", "linux-x64"), (" avx512", "linux-x64-baseline")):
        folder = tmp_path / f"with{more.strip()}"
        folder.mkdir()
        sed = f'case "$*" in */proc/cpuinfo) echo "{flags}{more}" ;; *) exec {shutil.which("sed")} "$@" ;; esac'
        done = pretending(folder, sed=sed).run(site.script(NEW), "--dry-run")
        assert f"build     {target}\n" in done.out


def test_a_build_that_does_not_start_gives_way_to_the_next(site: Site, home: Home) -> None:
    # The program of one archive ends as on a processor that lacks an instruction.
    text = site.script(NEW).read_text()
    broken = text.replace('    starts "$NEW/tree"\n}', '    [ "$target" != linux-x64 ] && starts "$NEW/tree"\n}')
    assert broken != text
    (home.folder / "install.sh").write_text(broken.replace("LEVELS=x64-baseline\n", "LEVELS='x64 x64-baseline'\n"))
    done = home.run(home.folder / "install.sh")
    assert (done.code, done.err) == (0, "")
    assert "linux-x64-baseline," in done.out
