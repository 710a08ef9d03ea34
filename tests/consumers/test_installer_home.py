"""install.sh and what is there already: other people's files, damage, other versions, full disks, folders of others."""

import hashlib
import os
import shutil
import stat
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from tests.consumers import installing
from tests.consumers.installing import NEW, OLD, SHELLS, Done, Home, Site

from iterate.install.document import Archive, Document
from iterate.install.network import Door
from iterate.install.replace import replace
from iterate.settings import Surroundings

pytestmark = pytest.mark.consumer("dash", "bash", "zsh", "busybox", "mksh", "curl")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site with two versions of latest and one of dev."""
    with installing.site(tmp_path_factory.mktemp("site")) as site:
        yield site


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A new user."""
    return Home(folder=tmp_path)


def foreign_file(home: Home) -> None:
    (home.bin / "iterate").write_text("#!/bin/sh\necho mine\n")


def foreign_link(home: Home) -> None:
    (home.bin / "iterate").symlink_to("/usr/bin/env")


def foreign_dangling_link(home: Home) -> None:
    (home.bin / "iterate").symlink_to("../share/iterate/iterate")


def foreign_folder(home: Home) -> None:
    (home.bin / "iterate").mkdir()


def foreign_settings(home: Home) -> None:
    home.hold.mkdir()
    (home.hold / "settings").write_text("mine")


@pytest.mark.parametrize(
    "put",
    [foreign_file, foreign_link, foreign_dangling_link, foreign_folder, foreign_settings],
    ids=lambda put: put.__name__,
)
@pytest.mark.parametrize("words", [[], ["--dry-run"]])
def test_what_somebody_else_put_there_stays(site: Site, home: Home, put: object, words: list[str]) -> None:
    home.bin.mkdir(parents=True)
    assert callable(put)
    put(home)
    before = sorted((path, path.lstat().st_mtime_ns) for path in home.bin.rglob("*"))
    done = home.run(site.script(NEW), *words)
    assert done.code == 53
    assert "--install-dir" in done.err
    assert sorted((path, path.lstat().st_mtime_ns) for path in home.bin.rglob("*")) == before


def test_a_damaged_version_is_repaired_in_place(site: Site, home: Home) -> None:
    assert home.run(site.script(OLD)).code == 0
    inner = home.hold / OLD / "iterate" / "iterate"
    whole = {path: path.read_bytes() for path in sorted(home.hold.rglob("*")) if path.is_file()}
    for damage in (
        (inner / "library.so").unlink,
        lambda: (inner / "library.so").write_text("other"),
        lambda: (inner / "more.so").write_text("more"),
        lambda: (inner / "iterate").write_text("#!/bin/sh\nexit 1\n"),
        lambda: (inner / "iterate").chmod(0o644),
        lambda: shutil.rmtree(inner),
        (home.hold / OLD / "sums").unlink,
        (inner / "install-receipt.json").unlink,
    ):
        damage()
        done = home.run(site.script(OLD))
        assert (done.code, done.err) == (0, "")
        found = {path: path.read_bytes() for path in sorted(home.hold.rglob("*")) if path.is_file()}
        assert found == whole
        assert (home.version(), home.litter()) == (OLD, [])


def test_the_root_of_trust_is_the_script_s_and_what_an_archive_brought_is_kept(site: Site, home: Home) -> None:
    inner, script = home.hold / OLD / "iterate" / "iterate", home.folder / "install.sh"
    text = ""
    for text in ('{\n "a": "\'"\n}', '{\n "b": 1\n}'):
        quoted = text.replace("'", "'\\''")
        script.write_text(site.script(OLD).read_text().replace("\nROOT=''\n", f"\nROOT='{quoted}'\n"))
        assert home.run(script).code == 0
        assert (inner / "update-root.json").read_text() == f"{text}\n"
        assert not (home.hold / OLD / "update-root.json").exists()
    # The same, out of an archive that has one.
    brought = script.read_text().replace(
        "    brought=", '    echo theirs >"$NEW/tree/$NAME/$NAME/$ROOT_FILE"\n    brought='
    )
    script.write_text(brought)
    other = Home(folder=home.folder / "other")
    assert other.run(script).code == 0
    assert (other.hold / OLD / "update-root.json").read_text() == "theirs\n"
    assert (other.hold / OLD / "iterate" / "iterate" / "update-root.json").read_text() == f"{text}\n"
    assert "already there and whole" in other.run(script).out


def test_a_version_that_runs_is_not_removed_and_others_that_nothing_leads_to_are(site: Site, home: Home) -> None:
    for version in (OLD, NEW):
        assert home.run(site.script(version)).code == 0
    program = home.hold / OLD / "iterate" / "iterate" / "running"
    shutil.copy(shutil.which("sleep") or "", program)
    with subprocess.Popen([program, "20"]) as running:
        try:
            assert home.run(site.script(NEW), "--channel", "dev").code == 0
            assert (home.hold / OLD).is_dir()
        finally:
            running.kill()
    assert home.run(site.script(NEW), "--channel", "dev").code == 0
    assert sorted(path.name for path in home.hold.iterdir()) == [installing.DEV, NEW, "lock", "previous"]


def test_a_second_folder_of_a_version_that_an_upgrade_made_is_known_as_that_version(site: Site, home: Home) -> None:
    assert home.run(site.script(OLD)).code == 0
    (home.hold / OLD).rename(home.hold / f"{OLD}~1")
    (home.bin / "iterate").unlink()
    (home.bin / "iterate").symlink_to(f".iterate/{OLD}~1/iterate/iterate/iterate")
    done = home.run(site.script(OLD))
    assert "already there and whole" in done.out
    assert sorted(path.name for path in home.hold.iterdir()) == [f"{OLD}~1", "lock"]


def archived(site: Site, version: str, taken: str = "") -> Archive:
    """What a signed site would say about an archive of a version: the one of that SHA-256, or any."""
    found = (site.served.folder / "a" / f"v{version}").glob("*-linux-*.tar.gz")
    digests = {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in found}
    packed = min(path for path, digest in digests.items() if digest == taken or not taken)
    return Archive(
        target="this",
        file=packed.name,
        urls=(f"{site.served.base}/a/v{version}/{packed.name}",),
        size=packed.stat().st_size,
        sha256=digests[packed],
    )


def test_a_version_that_the_program_put_there_itself_is_known_as_whole(site: Site, home: Home) -> None:
    assert home.run(site.script(OLD)).code == 0
    taken = (home.hold / OLD / "sums").read_text().split("\n")[0]
    document = Document(
        schema=2, name="iterate", channel="latest", stream="latest", version=NEW, artifacts=(archived(site, NEW),)
    )
    with closing(Door(Surroundings())) as door:
        program = (home.bin / "iterate").resolve()
        replace(program, document, door=door, root=b"{}", target="this", try_out=lambda *_: None)
        kept = msgspec.structs.replace(document, version=OLD, artifacts=(archived(site, OLD, taken),))
        program = (home.bin / "iterate").resolve()
        # What install.sh has put there is known as whole, too.
        assert replace(program, kept, door=door, root=b"{}", target="this", try_out=lambda *_: None).received == 0
        program = (home.bin / "iterate").resolve()
        assert replace(program, document, door=door, root=b"{}", target="this", try_out=lambda *_: None).received == 0
    assert (home.current(), home.version()) == (NEW, NEW)
    assert "already there and whole" in home.run(site.script(NEW)).out
    (home.hold / NEW / "iterate" / "iterate" / "library.so").write_text("damaged")
    assert "repaired" in home.run(site.script(NEW)).out


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount")
@pytest.mark.parametrize("shell", SHELLS)
def test_a_full_disk_is_told_and_leaves_the_old_version(site: Site, home: Home, shell: str) -> None:
    home.bin.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "none", str(home.bin)], check=True)
    try:
        assert home.run(site.script(OLD), shell=shell).code == 0
        for left in (0, 4096, 12288, 24576):
            with (home.bin / "filling").open("wb") as filling:
                try:
                    while True:
                        filling.write(bytes(4096))
                        filling.flush()
                except OSError:
                    pass
            os.truncate(home.bin / "filling", (home.bin / "filling").stat().st_size - left)
            done = home.run(site.script(NEW), shell=shell)
            assert done.code in {61, 0} if left else done.code == 61, (left, done)
            assert home.litter() == []
            (home.bin / "filling").unlink()
            if done.code:
                assert home.version() == OLD
        assert home.run(site.script(NEW), shell=shell).code == 0
        assert home.version() == NEW
    finally:
        subprocess.run(["umount", str(home.bin)], check=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
def test_a_folder_of_somebody_else_is_told_before_anything_is_downloaded(site: Site) -> None:
    # Below a folder that everybody may enter.
    work = Path(subprocess.run(["mktemp", "-d"], capture_output=True, text=True, check=True).stdout.strip())
    try:
        work.chmod(0o755)
        home = Home(folder=work / "home", path="/usr/bin:/bin")
        home.folder.mkdir()
        os.chown(home.folder, 65534, 65534)
        (work / "bin").mkdir(mode=0o755)
        (work / "install.sh").write_text(site.script(NEW).read_text())
        site.served.asked.clear()
        for words, code in ((["--install-dir", str(work / "bin")], 52), ([], 0)):
            done = as_nobody(home, work / "install.sh", *words)
            assert done.code == code, done
            assert (site.served.asked == []) is (code == 52)
        assert (home.bin / "iterate").lstat().st_uid == 65534
        # What root installed, a user cannot replace.
        subprocess.run(["chown", "-R", "root", str(home.bin)], check=True)
        assert as_nobody(home, work / "install.sh").code == 52
    finally:
        shutil.rmtree(work)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
@pytest.mark.parametrize("told", ["SUDO_UID", "PKEXEC_UID", "DOAS_USER"])
def test_root_puts_nothing_into_the_home_of_the_user_who_called_it(site: Site, home: Home, told: str) -> None:
    home.folder.joinpath("tmp").mkdir()
    os.chown(home.folder, 65534, 65534)
    caller = {told: "nobody" if told == "DOAS_USER" else "65534"}
    site.served.asked.clear()
    done = home.run(site.script(NEW), more=caller)
    assert (done.code, "without sudo" in done.err, site.served.asked) == (52, True, [])
    assert not (home.folder / ".local").exists()
    # What is root's own may be so, and a job in a container may be root in anybody's home.
    (home.folder / "own").mkdir()
    assert home.run(site.script(NEW), "--install-dir", str(home.folder / "own"), more=caller).code == 0
    assert home.run(site.script(NEW)).code == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
@pytest.mark.parametrize("shell", SHELLS)
def test_a_umask_that_takes_from_the_user_leaves_nothing_unusable(site: Site, shell: str) -> None:
    work = Path(subprocess.run(["mktemp", "-d"], capture_output=True, text=True, check=True).stdout.strip())
    try:
        work.chmod(0o755)
        home = Home(folder=work / "home", path="/usr/bin:/bin")
        home.folder.mkdir()
        os.chown(home.folder, 65534, 65534)
        (work / "install.sh").write_text(site.script(NEW).read_text())
        assert as_nobody(home, work / "install.sh", shell=shell, umask=0o777).code == 0
        assert stat.S_IMODE(home.hold.stat().st_mode) == 0o700
        assert as_nobody(home, work / "install.sh", shell=shell).code == 0
    finally:
        shutil.rmtree(work)


def as_nobody(home: Home, script: Path, *words: str, shell: str = "dash", umask: int = -1) -> Done:
    """Run an installer as an unprivileged user."""
    done = subprocess.run(
        [*shell.split(), str(script), *words],
        env={**home.environment(), "TMPDIR": "/tmp"},  # noqa: S108  # everybody's
        cwd="/",
        user=65534,
        group=65534,
        extra_groups=[],
        umask=umask,
        capture_output=True,
        text=True,
        check=False,
    )
    return Done(code=done.returncode, out=done.stdout, err=done.stderr)


def test_a_program_that_does_not_start_is_not_installed(site: Site, home: Home) -> None:
    assert home.run(site.script(OLD)).code == 0
    script = home.folder / "install.sh"
    text = site.script(NEW).read_text()
    for said, wrong in ((f"VERSION='{NEW}'", "VERSION='9.9.9'"), ("tag='v'$1", f"tag='v'{NEW}")):
        assert text.count(said) == 1
        text = text.replace(said, wrong)
    script.write_text(text)
    done = home.run(script)
    assert done.code == 59
    assert "does not start" in done.err
    assert (home.version(), home.litter()) == (OLD, [])
