"""What each package manager is told, word by word, for every kind of upgrade."""

from pathlib import Path

import pytest
from tests.iterate.copies import ANYBODY, DEV, HERE, MACHINE, NEW, OLD, SHELF, SNAPSHOT, Shelf, copy

from iterate.errors import Failure, NotReplaceable, OwnerUnknown, VersionUnknown
from iterate.install import outlook, ways
from iterate.install.methods import Method
from iterate.install.outlook import Request
from iterate.install.ways import Machine, Way

MANAGERS = tuple(each for each in Method if each.value in copy(Method.BREW).packages)
PARU = Machine(helper="paru", can_ask=True)


def way(method: Method, request: Request = Request(), machine: Machine = MACHINE, stream: str = "latest") -> Way:  # noqa: B008  # a value
    found = outlook.look(copy(method, stream), request, SHELF, machine, ANYBODY).way
    assert found is not None
    return found


def lines(found: Way) -> list[str]:
    return [" ".join(step.words) for step in found.all_steps]


@pytest.mark.parametrize(
    ("method", "machine", "commands"),
    [
        (Method.BREW, MACHINE, ["brew update", "brew upgrade acme/tap/iterate"]),
        (Method.SCOOP, MACHINE, ["scoop update", "scoop update iterate"]),
        (Method.AUR, Machine(helper="paru", can_ask=True), ["paru -S iterate-bin"]),
        (Method.AUR, Machine(helper="yay"), ["yay -S --noconfirm iterate-bin"]),
        (Method.AUR, Machine(helper="pikaur"), ["pikaur -S --noconfirm iterate-bin"]),
        (
            Method.AUR,
            Machine(can_ask=True, work=Path("w")),
            [f"git clone --depth=1 {ways.AUR}/iterate-bin.git w/iterate-bin", "makepkg --syncdeps --install"],
        ),
        (Method.NPM, MACHINE, ["npm install --global iterate@latest"]),
        (Method.PNPM, MACHINE, ["pnpm add --global iterate@latest"]),
        (Method.YARN, MACHINE, ["yarn global add iterate@latest"]),
        (Method.BUN, MACHINE, ["bun add --global iterate@latest"]),
        (Method.MISE, MACHINE, ["mise upgrade --bump npm:iterate"]),
        (Method.DEB, MACHINE, ["apt-get update", "apt-get install -y --only-upgrade iterate"]),
        (Method.RPM, MACHINE, ["dnf upgrade -y --refresh iterate"]),
        (Method.WINGET, MACHINE, ["winget upgrade --exact --id Acme.Iterate"]),
    ],
)
def test_an_upgrade_names_the_package_in_full(method: Method, machine: Machine, commands: list[str]) -> None:
    assert lines(way(method, machine=machine)) == commands


@pytest.mark.parametrize(
    ("method", "commands"),
    [
        (Method.SCOOP, ["scoop update", f"scoop install acme/iterate@{OLD}"]),
        (Method.NPM, [f"npm install --global iterate@{OLD}"]),
        (Method.PNPM, [f"pnpm add --global iterate@{OLD}"]),
        (Method.YARN, [f"yarn global add iterate@{OLD}"]),
        (Method.BUN, [f"bun add --global iterate@{OLD}"]),
        (Method.MISE, [f"mise use --global npm:iterate@{OLD}"]),
        (Method.DEB, ["apt-get update", f"apt-get install -y --allow-downgrades iterate={OLD}"]),
        (Method.RPM, [f"dnf install -y --refresh iterate-{OLD}"]),
        (Method.WINGET, [f"winget install --exact --id Acme.Iterate --version {OLD} --force"]),
    ],
)
@pytest.mark.parametrize("typed", [OLD, f"v{OLD}"])
def test_a_version_is_asked_for_by_its_name(method: Method, commands: list[str], typed: str) -> None:
    assert lines(way(method, Request(version=typed))) == commands


def test_scoop_goes_back_to_a_version_that_it_still_has() -> None:
    found = way(Method.SCOOP, Request(version=OLD), Machine(kept=(OLD,)))
    assert lines(found) == [f"scoop reset iterate@{OLD}"]


@pytest.mark.parametrize("method", [Method.BREW, Method.AUR])
def test_a_manager_with_one_version_of_a_name_refuses_another_before_anything_runs(method: Method) -> None:
    with pytest.raises(VersionUnknown, match=rf"{method} has one version of a package at a time, and {OLD} is not"):
        way(method, Request(version=OLD), PARU)
    # The one that it has may be named.
    assert "acme/tap/iterate" in lines(way(Method.BREW, Request(version=NEW)))[-1]
    assert lines(way(Method.AUR, Request(version=NEW), PARU)) == ["paru -S iterate-bin"]


@pytest.mark.parametrize(
    ("method", "machine", "commands"),
    [
        (Method.AUR, Machine(helper="paru", can_ask=True), ["paru -S iterate-dev-bin"]),
        (Method.AUR, Machine(helper="yay"), ["yay -S --noconfirm --useask iterate-dev-bin"]),
        (Method.AUR, Machine(helper="pikaur", can_ask=True), ["pikaur -S iterate-dev-bin"]),
        (Method.NPM, MACHINE, ["npm install --global iterate@dev"]),
        (Method.PNPM, MACHINE, ["pnpm add --global iterate@dev"]),
        (Method.YARN, MACHINE, ["yarn global add iterate@dev"]),
        (Method.BUN, MACHINE, ["bun add --global iterate@dev"]),
        (Method.MISE, MACHINE, [f"mise use --global npm:iterate@{DEV}"]),
        (Method.DEB, MACHINE, ["apt-get update", "apt-get install -y iterate-dev"]),
        (Method.RPM, MACHINE, ["dnf swap -y iterate iterate-dev"]),
    ],
)
def test_another_channel_comes_in_one_step_where_the_manager_can(
    method: Method, machine: Machine, commands: list[str]
) -> None:
    found = way(method, Request(channel="dev"), machine)
    assert lines(found) == commands
    assert found.last == found.undo == ()


@pytest.mark.parametrize("helper", ["pikaur", ""])
def test_a_helper_that_has_to_ask_is_not_started_where_nobody_can_answer(helper: str) -> None:
    with pytest.raises(NotReplaceable, match="asks whether iterate-bin may be removed for iterate-dev-bin"):
        way(Method.AUR, Request(channel="dev"), Machine(helper=helper))


def test_brew_pours_the_other_channel_first_and_removes_the_old_one_last() -> None:
    found = way(Method.BREW, Request(channel="dev"))
    assert lines(found._replace(last=())) == [
        "brew update",
        "brew install acme/tap/iterate-dev",
        "brew link --overwrite iterate-dev",
    ]
    # Pouring a second formula of one command ends with 1, because it is not linked.
    assert [step.may_fail for step in found.steps] == [False, True, False]
    assert lines(Way((), last=found.last)) == ["brew uninstall acme/tap/iterate"]
    assert lines(Way(found.undo)) == ["brew link --overwrite iterate", "brew uninstall acme/tap/iterate-dev"]


def test_scoop_installs_the_other_channel_first_and_removes_the_old_one_last() -> None:
    found = way(Method.SCOOP, Request(channel="dev"))
    assert lines(found._replace(last=())) == ["scoop update", "scoop install acme/iterate-dev"]
    assert lines(Way((), last=found.last)) == ["scoop uninstall iterate", "scoop reset iterate-dev"]
    assert lines(Way(found.undo)) == ["scoop uninstall iterate-dev", "scoop reset iterate"]


def test_scoop_is_told_to_put_up_with_this_running_command_and_forgets_it_however_it_goes() -> None:
    for request in (Request(), Request(version=OLD), Request(channel="dev")):
        found = way(Method.SCOOP, request, Machine(scoop_minds=True))
        assert lines(found)[0] == "scoop config ignore_running_processes true"
        assert [step.words for step in found.always] == [("scoop", "config", "rm", "ignore_running_processes")]


@pytest.mark.parametrize(
    ("method", "commands"),
    [
        (Method.BREW, ["brew update", "brew install acme/tap/iterate-snapshot-fast-start"]),
        (Method.SCOOP, ["scoop update", "scoop install acme/iterate-snapshot-fast-start"]),
        (Method.NPM, [f"npm install --global iterate@{SNAPSHOT}"]),
        (Method.MISE, [f"mise use --global npm:iterate@{SNAPSHOT}"]),
        (Method.DEB, ["apt-get update", "apt-get install -y iterate-snapshot-fast-start"]),
    ],
)
def test_a_branch_is_called_after_the_releases_or_by_its_version(method: Method, commands: list[str]) -> None:
    assert lines(way(method, Request(channel="snapshot-fast-start")))[: len(commands)] == commands
    assert lines(way(method, Request(version=SNAPSHOT)))[: len(commands)] == commands


@pytest.mark.parametrize(
    ("method", "command"),
    [
        (Method.NPM, "npm install --global iterate@{}"),
        (Method.BUN, "bun add --global iterate@{}"),
        (Method.MISE, "mise use --global npm:iterate@{}"),
        (Method.DEB, "apt-get install -y --allow-downgrades iterate-dev=0.0.0~dev.20260101000000"),
        (Method.RPM, "dnf swap -y iterate iterate-dev-0.0.0~dev.20260101000000"),
    ],
)
def test_an_older_version_of_another_channel_is_named_in_the_move(method: Method, command: str) -> None:
    older = "0.0.0-dev-20260101000000"
    assert lines(way(method, Request(version=older)))[-1] == command.format(older)
    assert f"scoop install acme/iterate-dev@{older}" in lines(way(Method.SCOOP, Request(version=older)))
    with pytest.raises(VersionUnknown):
        way(Method.BREW, Request(version=older))


def test_mise_follows_the_releases_again_by_the_only_tag_that_it_knows() -> None:
    assert lines(way(Method.MISE, Request(channel="latest"), stream="dev")) == ["mise use --global npm:iterate@latest"]


def test_a_newer_version_of_brew_that_is_named_is_an_upgrade_all_the_same() -> None:
    assert lines(way(Method.BREW, Request(version=NEW)))[-1] == "brew upgrade acme/tap/iterate"


def test_what_a_channel_is_called_where_no_receipt_says_is_not_guessed() -> None:
    bare = copy(Method.BREW)._replace(packages={})
    with pytest.raises(OwnerUnknown, match="nothing says what the dev channel of iterate is called at brew"):
        outlook.look(bare, Request(channel="dev"), SHELF, MACHINE, ANYBODY)
    with pytest.raises(OwnerUnknown):
        outlook.look(bare, Request(method=Method.SCOOP), SHELF, MACHINE, ANYBODY)


@pytest.mark.parametrize("name", ["--dangerous", "-g", "a\nb", "a&b", "a b", "$(a)"])
def test_a_package_that_a_manager_would_take_for_an_option_is_none(name: str) -> None:
    odd = copy(Method.NPM)._replace(package=name, packages={})
    with pytest.raises(OwnerUnknown):
        outlook.look(odd, Request(), SHELF, MACHINE, ANYBODY)


@pytest.mark.parametrize(
    ("folder", "prefix"),
    [
        ("/opt/node/lib/node_modules", "/opt/node"),
        ("/u/npm/node_modules", "/u/npm"),
    ],
)
def test_npm_is_told_the_prefix_of_this_copy(folder: str, prefix: str) -> None:
    here = copy(Method.NPM)._replace(folder=Path(folder))
    found = outlook.look(here, Request(), SHELF, MACHINE, ANYBODY).way
    assert found is not None
    assert lines(found) == [f"npm install --global --prefix {prefix} iterate@latest"]
    assert " ".join(ways.removal(here, MACHINE)[0].words) == f"npm uninstall --global --prefix {prefix} iterate"


def test_commands_start_in_the_home_folder_where_no_checkout_has_settings() -> None:
    here = Machine(here=Path("/somewhere"), work=Path("w"))
    for method in MANAGERS:
        for step in way(method, machine=here).steps:
            # mise asks whom to trust, and its settings may lie in the folder; makepkg works where the PKGBUILD is.
            own = {"mise": Path("/somewhere"), "makepkg": Path("w/iterate-bin")}
            assert step.folder == own.get(step.words[0])


def test_what_was_withdrawn_goes_back_without_being_called_an_upgrade() -> None:
    shelf = Shelf({"latest": OLD}, {"latest": (HERE,)}, HERE)
    expected = {
        Method.BREW: "brew reinstall acme/tap/iterate",
        Method.SCOOP: f"scoop install acme/iterate@{OLD}",
        Method.AUR: "paru -S iterate-bin",
        Method.NPM: f"npm install --global iterate@{OLD}",
        Method.DEB: f"apt-get install -y --allow-downgrades iterate={OLD}",
        Method.MISE: f"mise use --global npm:iterate@{OLD}",
    }
    for method, command in expected.items():
        found = outlook.look(copy(method), Request(), shelf, PARU, ANYBODY)
        assert found.state is outlook.State.WITHDRAWN
        assert found.way is not None
        assert lines(found.way)[-1] == command


@pytest.mark.parametrize("method", MANAGERS)
def test_every_manager_upgrades_and_removes_and_nobody_else_does(method: Method) -> None:
    assert way(method).steps
    (step,) = ways.removal(copy(method), PARU)
    assert step.words[-1].endswith(("iterate", "iterate-bin", "Acme.Iterate"))


def test_only_what_is_built_has_a_folder_that_is_removed_afterwards() -> None:
    built = {method for method in MANAGERS if way(method, machine=Machine(can_ask=True)).work is not None}
    assert built == {Method.AUR}
    assert way(Method.AUR, machine=PARU).work is None


@pytest.mark.parametrize("method", sorted(set(Method) - set(MANAGERS)))
def test_what_no_manager_owns_has_no_way(method: Method) -> None:
    owned = copy(method)._replace(package="iterate")
    for ask in (
        lambda: ways.way(owned, ways.Wanted(NEW, "latest"), MACHINE),
        lambda: ways.removal(owned, MACHINE),
    ):
        with pytest.raises(Failure):
            ask()


@pytest.mark.parametrize(
    ("version", "spelt"),
    [
        ("1.3.0", "1.3.0"),
        ("1.3.0-rc.1", "1.3.0~rc.1"),
        (DEV, "0.0.0~dev.20260102030405"),
        (SNAPSHOT, "0.0.0~snapshot.fast.start.20260102030405"),
    ],
)
def test_apt_and_dnf_are_asked_for_versions_as_the_release_tool_spells_them(version: str, spelt: str) -> None:
    stream = "latest" if version.startswith("1") else "dev" if "dev" in version else "snapshot-fast-start"
    shelf = Shelf({stream: "9.9.9"}, {stream: (version,)})
    deb = copy(Method.DEB)._replace(stream=stream, package="iterate")
    found = outlook.look(deb, Request(version=version), shelf, MACHINE, ANYBODY).way
    assert found is not None
    assert found.steps[-1].words[-1] == f"iterate={spelt}"
