"""What an upgrade would do: which version is wanted, and who may not have this copy replaced."""

import os
from pathlib import Path

import pytest
from tests.iterate.copies import ANYBODY, DEV, HERE, MACHINE, NEW, OLD, SHELF, SNAPSHOT, Shelf, copy

from iterate.errors import Failure, NotReplaceable, OwnerUnknown, UsageError, VersionUnknown
from iterate.install import outlook, programs
from iterate.install.methods import Method
from iterate.install.outlook import Outlook, Request, State, User
from iterate.install.ways import Machine

ROOT = User(0, lambda _folder: True)
NOBODY = User(1000, lambda _folder: False)


def look(request: Request = Request(), shelf: Shelf = SHELF, stream: str = "latest", version: str = HERE) -> Outlook:  # noqa: B008  # a value
    return outlook.look(copy(Method.BREW, stream, version), request, shelf, MACHINE, ANYBODY)


@pytest.mark.parametrize(
    ("now", "here", "withdrawn", "state"),
    [
        (HERE, HERE, (), State.CURRENT),
        (NEW, HERE, (), State.NEWER),
        ("1.10.0", "1.9.0", (), State.NEWER),
        (OLD, HERE, (), State.AHEAD),
        (OLD, HERE, ("1.1.9",), State.AHEAD),
        (OLD, HERE, (HERE,), State.WITHDRAWN),
        # What was withdrawn and has a newer one after it is an upgrade like others.
        (NEW, HERE, (HERE,), State.NEWER),
        (HERE, HERE, (HERE,), State.CURRENT),
        ("1.2.0-rc.1", HERE, (), State.AHEAD),
        (HERE, "1.2.0-rc.1", (), State.NEWER),
    ],
)
def test_a_channel_moves_a_copy_forward_and_back_only_from_what_was_withdrawn(
    now: str, here: str, withdrawn: tuple[str, ...], state: State
) -> None:
    found = look(shelf=Shelf({"latest": now}, None, *withdrawn), version=here)
    assert (found.state, found.available, found.wanted.version) == (state, now, now)
    assert found.has_work == (found.way is not None) == (state not in {State.CURRENT, State.AHEAD})


def test_another_channel_is_wanted_whatever_its_version_is() -> None:
    found = look(Request(channel="dev"))
    assert (found.state, found.wanted.version, found.stream) == (State.MOVED, DEV, "dev")
    back = look(Request(channel="latest"), stream="dev", version=DEV)
    assert (back.state, back.wanted.version) == (State.MOVED, NEW)
    assert look(Request(channel="latest"), version=NEW).state is State.CURRENT


def test_a_version_of_another_channel_is_taken_from_that_channel() -> None:
    found = look(Request(version=DEV))
    assert (found.state, found.stream, found.wanted.version) == (State.MOVED, "dev", DEV)
    npm = outlook.look(copy(Method.NPM), Request(version=SNAPSHOT), SHELF, MACHINE, ANYBODY)
    assert (npm.stream, npm.wanted.version) == ("snapshot-fast-start", SNAPSHOT)


def test_a_version_may_be_named_with_the_letter_of_its_tag() -> None:
    found = outlook.look(copy(Method.NPM), Request(version=f"v{OLD}"), SHELF, MACHINE, ANYBODY)
    assert (found.state, found.wanted.version, found.wanted.is_named) == (State.NAMED, OLD, True)
    assert look(Request(version=HERE)).state is State.CURRENT


def test_a_branch_follows_itself_and_can_be_named_shortly() -> None:
    found = outlook.look(copy(Method.NPM, "snapshot-fast-start"), Request(channel="snapshot"), SHELF, MACHINE, ANYBODY)
    assert found.stream == "snapshot-fast-start"


@pytest.mark.parametrize(
    "request_",
    [Request(version="0.9.0"), Request(channel="snapshot-gone"), Request(version="0.0.0-dev-20250101000000")],
)
def test_what_the_channel_does_not_have_is_unknown(request_: Request) -> None:
    with pytest.raises(VersionUnknown):
        look(request_)


@pytest.mark.parametrize("words", ["--force", "../../etc", "1.2.3/x", "latest", "1 2", "1.2.3\n"])
def test_what_is_no_version_is_a_usage_error(words: str) -> None:
    with pytest.raises(UsageError, match="is no version"):
        look(Request(version=words))


@pytest.mark.parametrize("channel", ["stable", "snapshot", "snapshot-", "snapshot-../x", "Dev", "latest "])
def test_what_is_no_channel_is_a_usage_error(channel: str) -> None:
    with pytest.raises(UsageError, match="is no channel"):
        look(Request(channel=channel))


def test_the_owner_that_is_named_is_asked_instead() -> None:
    found = outlook.look(copy(Method.NPM), Request(method=Method.BREW), SHELF, MACHINE, ANYBODY)
    assert (found.owner, found.copy.method, found.is_overridden) == (Method.NPM, Method.BREW, True)
    assert found.way is not None
    assert found.way.steps[-1].words == ("brew", "upgrade", "acme/tap/iterate")
    assert not look(Request(method=Method.BREW)).is_overridden


# --- who may -------------------------------------------------------------------------------------------------


def problem(method: Method, user: User = ANYBODY, folder: Path | None = None, **others: object) -> Failure | None:
    here = copy(method)._replace(folder=folder, **others)  # type: ignore[arg-type]  # fields by name
    return outlook.look(here, Request(), SHELF, MACHINE, user).problem


@pytest.mark.parametrize(
    ("method", "kind", "words"),
    [
        (Method.SOURCE, NotReplaceable, "checkout"),
        (Method.DOCKER, NotReplaceable, "container"),
        (Method.ARCHIVE, OwnerUnknown, "nothing says who put"),
        (Method.UNKNOWN, OwnerUnknown, "nothing says who put"),
    ],
)
def test_a_copy_without_an_owner_says_what_to_do_instead(method: Method, kind: type[Failure], words: str) -> None:
    found = problem(method)
    assert isinstance(found, kind)
    assert words in str(found)
    assert found.hint


def test_a_dependency_of_a_project_is_upgraded_in_the_project() -> None:
    found = problem(Method.PNPM, project=Path("/src/web"))
    assert isinstance(found, NotReplaceable)
    assert "the project in /src/web" in str(found)


def test_a_folder_that_this_user_may_not_write_is_told_with_the_command_for_its_owner() -> None:
    found = problem(Method.NPM, NOBODY, Path("/usr/lib/node_modules"))
    assert isinstance(found, NotReplaceable)
    assert "/usr/lib/node_modules is not writable" in str(found)
    assert found.hint.endswith("npm install --global --prefix /usr iterate@latest")
    assert problem(Method.NPM, ANYBODY, Path("/usr/lib/node_modules")) is None
    # Where nothing says which folder it is, the manager says it.
    assert problem(Method.YARN, NOBODY) is None


@pytest.mark.parametrize("method", [Method.DEB, Method.RPM])
def test_a_package_of_the_system_is_replaced_by_root_and_sudo_is_typed_by_a_person(method: Method) -> None:
    found = problem(method)
    assert isinstance(found, NotReplaceable)
    assert found.hint.startswith("run this: sudo ")
    assert problem(method, ROOT) is None


def test_the_second_of_two_commands_for_root_needs_sudo_too() -> None:
    found = problem(Method.DEB)
    assert found is not None
    assert found.hint == "run this: sudo apt-get update && sudo apt-get install -y --only-upgrade iterate"


def test_root_builds_no_package_of_the_aur() -> None:
    here = copy(Method.AUR)
    assert isinstance(outlook.look(here, Request(), SHELF, Machine(helper="yay"), ROOT).problem, NotReplaceable)
    assert outlook.look(here, Request(), SHELF, Machine(helper="yay"), ANYBODY).problem is None


@pytest.mark.skipif(os.geteuid() != 0, reason="gives a folder to another user")
def test_root_leaves_no_files_in_the_folder_of_a_user(tmp_path: Path) -> None:
    os.chown(tmp_path, 1234, 1234)
    found = problem(Method.BREW, ROOT, tmp_path)
    assert isinstance(found, NotReplaceable)
    assert "belongs to user 1234" in str(found)
    os.chown(tmp_path, 0, 0)
    assert problem(Method.BREW, ROOT, tmp_path) is None


def test_a_folder_that_is_not_there_yet_is_judged_by_the_one_above(tmp_path: Path) -> None:
    assert programs.is_writable(tmp_path / "not" / "there")
    if os.geteuid() != 0:
        assert not programs.is_writable(Path("/not/there"))


def test_a_copy_that_knows_no_site_says_how_to_upgrade_by_hand() -> None:
    found = outlook.look(copy(Method.BREW), Request(), None, MACHINE, ANYBODY)
    assert isinstance(found.problem, VersionUnknown)
    assert found.problem.hint == "upgrade it by hand once: brew update && brew upgrade acme/tap/iterate"
    assert found.available == ""
    archive = outlook.look(copy(Method.ARCHIVE), Request(), None, MACHINE, ANYBODY)
    assert isinstance(archive.problem, OwnerUnknown)


@pytest.mark.systems("linux", "darwin")
def test_a_program_that_may_not_replace_itself_is_told_before_anything_is_tried(tmp_path: Path) -> None:
    program = tmp_path / ".iterate" / HERE / "iterate" / "iterate"
    program.parent.mkdir(parents=True)
    program.touch()
    ours = copy(Method.SELF)._replace(program=program)
    elsewhere = outlook.look(ours, Request(), SHELF, MACHINE, ANYBODY)
    assert isinstance(elsewhere.problem, NotReplaceable), "there is no link that could be switched"
    (tmp_path / "iterate").symlink_to(program.relative_to(tmp_path))
    assert outlook.look(ours, Request(), SHELF, MACHINE, ANYBODY).problem is None
    assert outlook.look(copy(Method.NPM), Request(method=Method.SELF), SHELF, MACHINE, ANYBODY).problem is not None
