"""Putting another version in the place of a copy, and everything that may be in the way of it."""

import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import psutil
import pytest
from tests.iterate import installed, signed
from tests.iterate.conftest import eventually
from tests.iterate.installed import ROOT, TARGET, Built, install, offered, only_version, said
from tests.iterate.signed import Served

from iterate.errors import (
    NotReplaceable,
    ProgramBroken,
    SiteNotTrusted,
    SiteUnreachable,
    UpgradeRunning,
    VersionUnknown,
)
from iterate.install import replace, trial
from iterate.install.document import Document
from iterate.install.network import Door
from iterate.install.replace import Replaced, roll_back
from iterate.settings import Surroundings

pytestmark = pytest.mark.systems("linux", "darwin")


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return installed.build(tmp_path_factory.mktemp("old"), "1.0.0")


@pytest.fixture(scope="module")
def new(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return installed.build(tmp_path_factory.mktemp("new"), "1.1.0")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "bin"


@pytest.fixture
def program(folder: Path, old: Built) -> Path:
    return install(folder, old)


@pytest.fixture
def site() -> Iterator[Served]:
    with signed.served({}) as made:
        yield made


def upgraded(program: Path, document: Document, *, root: bytes = ROOT, pinned: bool = False) -> Replaced:
    door = Door(Surroundings())
    try:
        return replace.replace(
            program.resolve(), document, door=door, root=root, target=TARGET, pinned=pinned, try_out=only_version
        )
    finally:
        door.close()


def versions(folder: Path) -> list[str]:
    return sorted(each.name for each in (folder / ".iterate").iterdir() if each.is_dir() and not each.is_symlink())


def receipt(folder: Path) -> dict[str, object]:
    content = json.loads((folder / "iterate").resolve().with_name("install-receipt.json").read_bytes())
    assert isinstance(content, dict)
    return content


def test_the_link_leads_to_the_new_version_and_the_old_one_is_kept(
    folder: Path, program: Path, new: Built, site: Served
) -> None:
    done = upgraded(program, offered(site, new))
    assert (done.version, done.file) == ("1.1.0", new.archive.name)
    assert said(folder) == "1.1.0"
    assert (folder / "iterate").readlink() == Path(".iterate/1.1.0/iterate/iterate/iterate")
    assert (folder / ".iterate" / "previous").readlink() == Path("1.0.0")
    assert versions(folder) == ["1.0.0", "1.1.0"]
    assert sorted(each.name for each in folder.iterdir()) == [".iterate", "iterate"]


def test_the_new_copy_has_the_receipt_of_the_old_one_with_its_own_version(
    folder: Path, program: Path, new: Built, site: Served
) -> None:
    before = receipt(folder)
    upgraded(program, offered(site, new, channel="dev"))
    assert receipt(folder) == before | {"version": "1.1.0", "channel": "dev", "stream": "dev"}
    upgraded(folder / "iterate", offered(site, new), pinned=True)
    assert receipt(folder)["pinned"] is True
    upgraded(folder / "iterate", offered(site, new))
    assert "pinned" not in receipt(folder)


@pytest.mark.parametrize(("before", "umask"), [(0o755, 0o077), (0o700, 0o022)])
def test_whoever_may_use_the_old_version_may_use_the_new_one(
    folder: Path, program: Path, new: Built, site: Served, before: int, umask: int
) -> None:
    (folder / ".iterate" / "1.0.0").chmod(before)
    document = offered(site, new)
    old_umask = os.umask(umask)
    try:
        upgraded(program, document)
        roll_back((folder / "iterate").resolve())
        upgraded(program, document)
    finally:
        os.umask(old_umask)
    made = (folder / "iterate").resolve()
    assert {each.stat().st_mode & 0o777 for each in made.parents[:3]} == {before}
    for name in ("install-receipt.json", "update-root.json"):
        assert made.with_name(name).stat().st_mode & 0o777 == 0o644
        assert program.with_name(name).stat().st_mode & 0o044 == 0o044


def test_a_patch_is_taken_where_one_fits_and_gives_the_same_files(
    folder: Path, program: Path, old: Built, new: Built, site: Served
) -> None:
    document = offered(site, new, old)
    done = upgraded(program, document)
    assert done.file == "1.1.0-from-1.0.0.patch"
    assert done.received < new.archive.stat().st_size / 10
    assert said(folder) == "1.1.0"
    assert [path for path in site.asked if path.endswith(".gz")] == []


def test_a_copy_that_came_by_a_patch_can_be_patched_again(
    folder: Path, program: Path, old: Built, new: Built, site: Served, tmp_path: Path
) -> None:
    third = installed.build(tmp_path, "1.2.0")
    upgraded(program, offered(site, new, old), root=b"keys of a later day")
    assert (folder / "iterate").resolve().with_name("update-root.json").read_bytes() == b"keys of a later day"
    done = upgraded(folder / "iterate", offered(site, third, new), root=b"keys of a later day")
    assert done.file == "1.2.0-from-1.1.0.patch"
    assert said(folder) == "1.2.0"


def test_an_archive_without_keys_can_be_patched_too(folder: Path, site: Served, tmp_path: Path) -> None:
    first, second = (installed.build(tmp_path, version, root=None) for version in ("1.0.0", "1.1.0"))
    program = install(folder, first)
    assert upgraded(program, offered(site, second, first)).file == "1.1.0-from-1.0.0.patch"
    assert (folder / "iterate").resolve().with_name("update-root.json").read_bytes() == ROOT


def test_where_a_file_of_the_old_copy_was_changed_the_archive_is_taken(
    folder: Path, program: Path, old: Built, new: Built, site: Served
) -> None:
    program.with_name("large").write_bytes(b"changed")
    assert upgraded(program, offered(site, new, old)).file == new.archive.name
    assert said(folder) == "1.1.0"


@pytest.mark.parametrize("kind", ["socket", "fifo", "folder", "large", "link to itself", "name"])
def test_where_somebody_put_something_into_the_old_copy_the_archive_is_taken(
    folder: Path, program: Path, old: Built, new: Built, site: Served, kind: str
) -> None:
    place = program.with_name("something")
    match kind:
        case "socket":
            # A socket's path may have about a hundred bytes.
            subprocess.run(
                [sys.executable, "-c", "import socket; socket.socket(socket.AF_UNIX).bind('something')"],
                cwd=place.parent,
                check=True,
            )
        case "fifo":
            os.mkfifo(place)
        case "folder":
            place.mkdir()
        case "large":
            place.touch()
            os.truncate(place, 1 << 40)  # Without a block on the disk.
        case "link to itself":
            place.symlink_to(place.name)
        case _:
            os.close(os.open(os.fsencode(place) + b"\xff", os.O_CREAT))
    assert upgraded(program, offered(site, new, old)).file == new.archive.name
    assert said(folder) == "1.1.0"


@pytest.mark.parametrize("content", [b"", b"no patch at all", None])
def test_a_bad_patch_is_passed_over_for_the_archive(
    folder: Path, program: Path, old: Built, new: Built, site: Served, content: bytes | None
) -> None:
    document = offered(site, new, old)
    name = "1.1.0-from-1.0.0.patch"
    if content is None:
        # Signed for, and yet it does not lead to the new version.
        site.files[name] = installed.delta(old, old)
        archive = document.artifacts[0]
        wrong = msgspec.structs.replace(
            archive.patches[0],
            size=len(site.files[name]),
            sha256=hashlib.sha256(site.files[name]).hexdigest(),
        )
        document = msgspec.structs.replace(document, artifacts=(msgspec.structs.replace(archive, patches=(wrong,)),))
    else:
        site.files[name] = content
    assert upgraded(program, document).file == new.archive.name
    assert said(folder) == "1.1.0"


def test_wrong_bytes_and_half_ones_change_nothing(folder: Path, program: Path, new: Built, site: Served) -> None:
    document = offered(site, new)
    content = site.files[new.archive.name]
    for wrong in (content[:-1] + b"x", content[:1000], content + b"x"):
        site.files[new.archive.name] = wrong
        with pytest.raises((SiteNotTrusted, SiteUnreachable)):
            upgraded(program, document)
        assert said(folder) == "1.0.0"
        assert versions(folder) == ["1.0.0"]


def test_the_next_mirror_is_asked_after_wrong_bytes(folder: Path, program: Path, new: Built, site: Served) -> None:
    document = offered(site, new)
    archive = document.artifacts[0]
    site.files["wrong"] = b"x" * archive.size
    site.faults["portal"] = signed.portal
    urls = (f"{site.url}gone", f"{site.url}portal", f"{site.url}wrong", *archive.urls)
    upgraded(program, msgspec.structs.replace(document, artifacts=(msgspec.structs.replace(archive, urls=urls),)))
    assert said(folder) == "1.1.0"


SILENT = """#!/bin/sh
[ "$1" = serve ] || { echo 1.0.0; exit; }
echo $$ >"$HOME/new" && mv "$HOME/new" "$HOME/pid"
exec sleep 600
"""


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGINT])
def test_the_server_of_a_trial_ends_with_who_tries_it(tmp_path: Path, ending: signal.Signals) -> None:
    program = tmp_path / "iterate"
    program.write_text(SILENT)
    program.chmod(0o755)
    code = "import sys; from pathlib import Path as P; from iterate.install.trial import try_out as t; "
    code += "t(P(sys.argv[1]), '1.0.0', P(sys.argv[2]))"
    words = [sys.executable, "-c", code, str(program), str(tmp_path / "trial")]
    with subprocess.Popen(words, stderr=subprocess.DEVNULL) as trying:
        place = tmp_path / "trial" / "pid"
        eventually(place.is_file)
        trying.send_signal(ending)
    server = int(place.read_text())
    eventually(lambda: not psutil.pid_exists(server))


def test_a_program_that_does_not_start_is_not_put_in_place(
    folder: Path, program: Path, site: Served, tmp_path: Path
) -> None:
    for number, text in enumerate(("#!/bin/sh\nexit 3\n", "#!/bin/sh\necho 9.9.9\n", "no program\n", "#!/nowhere\n")):
        broken = installed.build(tmp_path, f"2.0.{number}", text)
        with pytest.raises(ProgramBroken):
            upgraded(program, offered(site, broken))
        assert said(folder) == "1.0.0"
        assert versions(folder) == ["1.0.0"]


def test_an_archive_for_another_machine_or_a_newer_glibc_is_told_before_it_is_downloaded(
    program: Path, new: Built, site: Served
) -> None:
    document = offered(site, new)
    archive = document.artifacts[0]
    other = msgspec.structs.replace(archive, target="windows-arm64")
    with pytest.raises(VersionUnknown):
        upgraded(program, msgspec.structs.replace(document, artifacts=(other,)))
    if sys.platform == "linux" and "glibc" in (os.confstr("CS_GNU_LIBC_VERSION") or ""):
        newer = msgspec.structs.replace(archive, glibc="99.1")
        with pytest.raises(ProgramBroken, match="needs glibc"):
            upgraded(program, msgspec.structs.replace(document, artifacts=(newer,)))
    assert site.asked == []


def test_the_same_version_again_repairs_the_copy(folder: Path, program: Path, old: Built, site: Served) -> None:
    program.with_name("library").unlink()
    assert said(folder) != "1.0.0"
    upgraded(program, offered(site, old))
    assert said(folder) == "1.0.0"


def test_versions_that_nobody_runs_are_removed_but_the_one_before(
    folder: Path, program: Path, new: Built, site: Served, tmp_path: Path
) -> None:
    third = installed.build(tmp_path, "1.2.0")
    upgraded(program, offered(site, new))
    upgraded(folder / "iterate", offered(site, third))
    assert versions(folder) == ["1.1.0", "1.2.0"]


@pytest.mark.systems("linux")
def test_a_version_that_still_runs_is_kept(
    folder: Path, program: Path, old: Built, new: Built, site: Served, tmp_path: Path
) -> None:
    # As with a server of an old version, which finishes its answers and may still load something.
    inner = program.parent
    sleeper = inner / "sleeper"
    sleeper.write_bytes(Path("/bin/sleep").resolve().read_bytes())
    sleeper.chmod(0o755)
    with subprocess.Popen([sleeper, "60"]) as running:
        try:
            for version in ("1.1.0", "1.2.0", "1.3.0"):
                built = new if version == new.version else installed.build(tmp_path, version)
                upgraded(folder / "iterate", offered(site, built))
            assert versions(folder) == ["1.0.0", "1.2.0", "1.3.0"]
            # Going back to it by name takes another folder instead of the one that runs.
            upgraded(folder / "iterate", offered(site, old))
            assert sleeper.is_file()
            assert said(folder) == "1.0.0"
        finally:
            running.kill()


@pytest.mark.systems("linux")
def test_a_program_that_runs_is_known_by_a_file_that_nobody_may_write(tmp_path: Path) -> None:
    # So it is on Windows for every program, and on Linux for one that is no script.
    sleeper = tmp_path / "sleeper"
    sleeper.write_bytes(Path("/bin/sleep").resolve().read_bytes())
    sleeper.chmod(0o755)
    assert not trial.is_in_use(sleeper)
    with subprocess.Popen([sleeper, "60"]) as running:
        try:
            assert trial.is_in_use(sleeper)
        finally:
            running.kill()
    assert not trial.is_in_use(sleeper)


def test_a_server_of_an_old_version_puts_nothing_over_an_upgrade_that_was_faster(
    folder: Path, program: Path, new: Built, site: Served
) -> None:
    document = offered(site, new)
    upgraded(program, document)
    site.asked.clear()
    # The old one still runs from its own folder.
    assert upgraded(program, document).file == ""
    assert site.asked == []
    assert versions(folder) == ["1.0.0", "1.1.0"]


def test_a_roll_back_leads_to_the_version_before_and_stays(
    folder: Path, program: Path, new: Built, site: Served
) -> None:
    upgraded(program, offered(site, new))
    assert roll_back((folder / "iterate").resolve()) == "1.0.0"
    assert said(folder) == "1.0.0"
    assert receipt(folder)["pinned"] is True
    assert roll_back((folder / "iterate").resolve()) == "1.1.0"
    assert said(folder) == "1.1.0"


def test_without_a_version_before_there_is_nothing_to_roll_back_to(folder: Path, program: Path) -> None:
    with pytest.raises(VersionUnknown, match="was kept"):
        roll_back(program)
    assert said(folder) == "1.0.0"


def test_a_roll_back_to_a_broken_version_is_refused(folder: Path, program: Path, new: Built, site: Served) -> None:
    upgraded(program, offered(site, new))
    (folder / ".iterate" / "1.0.0" / "iterate" / "iterate" / "library").unlink()
    with pytest.raises(ProgramBroken):
        roll_back((folder / "iterate").resolve())
    assert said(folder) == "1.1.0"


def test_two_at_once_are_told_and_the_lock_is_free_afterwards(
    folder: Path, program: Path, new: Built, site: Served
) -> None:
    import fcntl

    document = offered(site, new)
    with (folder / ".iterate" / "lock").open("r+") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(UpgradeRunning):
            upgraded(program, document)
        with pytest.raises(UpgradeRunning):
            roll_back(program)
        assert site.asked == []
    upgraded(program, document)
    assert not (folder / ".iterate" / "lock.d").exists()


def test_an_installer_without_flock_is_waited_for_and_a_dead_one_is_not(
    folder: Path, program: Path, new: Built, site: Served
) -> None:
    document = offered(site, new)
    lock = folder / ".iterate" / "lock.d"
    lock.mkdir()
    (lock / "pid").write_text(f"{os.getppid()}\n")
    with pytest.raises(UpgradeRunning, match=str(os.getppid())):
        upgraded(program, document)
    with subprocess.Popen(["true"]) as dead:
        pass
    for gone in (dead.pid, -1, 0):
        lock.mkdir(exist_ok=True)
        (lock / "pid").write_text(f"{gone}\n")
        upgraded(program, document)
        assert said(folder) == "1.1.0"
        assert not lock.exists()
    # Of those that find the same dead one, the first takes its place, unless it was killed meanwhile, too.
    (lock / f"after-{dead.pid}").mkdir(parents=True)
    (lock / "pid").write_text(f"{dead.pid}\n")
    (lock / f"after-{dead.pid}" / "pid").write_text(f"{os.getppid()}\n")
    with pytest.raises(UpgradeRunning, match=str(os.getppid())):
        upgraded(program, document)
    (lock / f"after-{dead.pid}" / "pid").write_text(f"{dead.pid}\n")
    upgraded(program, document)
    assert not lock.exists()


@pytest.mark.parametrize("number", ["-1", "0", "", "1" * 30])
def test_a_lock_that_names_no_process_holds_up_nobody(
    folder: Path, program: Path, new: Built, site: Served, number: str
) -> None:
    lock = folder / ".iterate" / "lock.d"
    lock.mkdir()
    (lock / "pid").write_text(number)
    upgraded(program, offered(site, new))
    assert said(folder) == "1.1.0"


def test_a_lock_that_cannot_be_opened_is_named_before_anything_is_changed(
    folder: Path, program: Path, new: Built, site: Served
) -> None:
    (folder / ".iterate" / "lock").unlink()
    (folder / ".iterate" / "lock").mkdir()
    with pytest.raises(NotReplaceable, match="lock"):
        upgraded(program, offered(site, new))
    assert (site.asked, said(folder)) == ([], "1.0.0")


def test_what_a_killed_one_left_is_removed(folder: Path, program: Path, new: Built, site: Served) -> None:
    store = folder / ".iterate"
    (store / ".new-dead" / "tree").mkdir(parents=True)
    (store / ".old-dead").mkdir()
    (folder / ".new-link-dead").symlink_to("nowhere")
    upgraded(program, offered(site, new))
    assert sorted(each.name for each in store.iterdir()) == ["1.0.0", "1.1.0", "lock", "previous"]
    assert sorted(each.name for each in folder.iterdir()) == [".iterate", "iterate"]


def test_a_copy_that_lies_otherwise_is_not_replaced(tmp_path: Path, old: Built, new: Built, site: Served) -> None:
    program = install(tmp_path / "bin", old)
    document = offered(site, new)
    (tmp_path / "bin" / "iterate").unlink()
    with pytest.raises(NotReplaceable):
        upgraded(program, document)
    elsewhere = tmp_path / "iterate"
    elsewhere.write_text("a program")
    with pytest.raises(NotReplaceable):
        upgraded(elsewhere, document)
    assert site.asked == []


def test_a_home_on_another_disk_does_not_matter_because_nothing_is_written_there(
    folder: Path, program: Path, new: Built, site: Served
) -> None:
    # Everything that is renamed was made beside its place.
    seen: list[Path] = []

    def look(tried: Path, version: str, room: Path) -> None:
        seen.extend((tried, room))
        only_version(tried, version, room)

    door = Door(Surroundings())
    replace.replace(program, offered(site, new), door=door, root=ROOT, target=TARGET, try_out=look)
    door.close()
    assert all(each.is_relative_to(folder / ".iterate") for each in seen)


def test_progress_ends_with_the_size_of_the_file(program: Path, new: Built, site: Served) -> None:
    told: list[tuple[str, int, int]] = []
    door = Door(Surroundings())
    replace.replace(
        program,
        offered(site, new),
        door=door,
        root=ROOT,
        target=TARGET,
        try_out=only_version,
        progress=lambda *each: told.append(each),
    )
    door.close()
    size = new.archive.stat().st_size
    assert told[-1] == (new.archive.name, size, size)
