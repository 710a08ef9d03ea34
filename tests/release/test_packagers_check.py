"""What a plan says before anything is compiled: all that rendering would fail with, for the outlets that take part."""

from pathlib import Path

import pytest
from msgspec.structs import replace as changed
from tests.release import project, world

from release import packagers, plan, targets
from release.errors import ConfigInvalidError, ReleaseError, TemplateError
from release.model import Plan
from release.packagers.scoop import INSIDE, LONGEST_PATH
from release.product import Channel, Product, Profile
from release.version import of_commit

LINUX = (targets.named("linux-x64-baseline"),)
WINDOWS = (targets.named("windows-arm64"),)
LONG = "w" * 40


def objection(product: Product, planned: Plan | None = None) -> ReleaseError:
    with pytest.raises(ReleaseError) as refused:
        packagers.check(product, planned or world.plan())
    return refused.value


def with_places(product: Product, *outlets: str) -> Product:
    places = {name: address for name, address in world.local().places.items() if name in outlets}
    return changed(product, profiles={"local": changed(world.local(), places=places)})


def rendering_fails(product: Product, planned: Plan, profile: Profile) -> bool:
    try:
        packagers.bundles(product, profile, world.release(product, planned))
    except ReleaseError:
        return True
    return False


@pytest.mark.parametrize("channel", Channel)
def test_nothing_is_said_about_what_renders(channel: Channel) -> None:
    for product in (world.product(), world.minimal()):
        packagers.check(product, world.plan(channel))


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("summary", "A coding agent.", "no Homebrew description"),
        ("summary", "Hello  world", "single spaces"),
        ("summary", "x" * 300, "does not fit into a PKGBUILD"),
        ("license", "MTI", "no SPDX expression"),
        ("license", "GPL", "no SPDX expression"),
        ("license", "MIT OR Apache", "no SPDX expression"),
        ("license", "GPL-2.0", "GPL-2.0-only"),
        ("name", "7zip", "7zip"),
        ("name", "Tool", "Tool"),
        ("name", "con", "device"),
        ("name", "lpt1", "device"),
        ("homepage", "example.org", "no address of the web"),
        ("homepage", "https://", "no address of the web"),
        ("homepage", "https://example.org/a\nb", "no address of the web"),
        ("committer", "Somebody\n <a@b.example>", "committer"),
    ],
)
def test_what_rendering_would_fail_with_is_said_before(key: str, value: str, said: str) -> None:
    product = changed(world.product(), **{key: value})
    failure = objection(product)
    assert said in f"{failure} {failure.hint}"
    assert rendering_fails(product, world.plan(), world.local())


def test_everything_is_said_at_once_and_nothing_twice() -> None:
    product = changed(world.product(), summary="A coding agent.", license="MTI", homepage="here")
    text = str(objection(product))
    assert text.startswith("3 things have to be changed\n")
    for said in ("no Homebrew description", "no SPDX expression", "no address of the web"):
        assert text.count(said) == 1
    assert text.count("hint: ") == 3


def test_an_outlet_has_a_say_only_where_it_takes_part_and_has_something_to_publish() -> None:
    product = changed(world.product(), summary="A coding agent.")
    packagers.check(with_places(product, "archives", "scoop", "channel"), world.plan())
    packagers.check(with_places(product, "homebrew"), world.plan(planned=WINDOWS))
    assert "Homebrew" in str(objection(with_places(product, "homebrew"), world.plan(planned=LINUX)))


def test_a_folder_too_long_for_windows_is_an_error_where_there_is_something_for_windows() -> None:
    product = changed(world.product(), name=LONG)
    snapshot = world.plan(Channel.SNAPSHOT)
    long_branch = Plan(
        channel=Channel.SNAPSHOT,
        version=of_commit(Channel.SNAPSHOT, world.COMMITTED_AT, "x" * 40),
        tag=snapshot.tag,
        commit=snapshot.commit,
        committed_at=snapshot.committed_at,
        branch="x" * 40,
        dirty=False,
        targets=snapshot.targets,
    )
    assert "--branch" in objection(product, long_branch).hint
    packagers.check(with_places(product, "homebrew", "aur"), long_branch)
    # Every branch name has room with our own product.
    packagers.check(world.product(), long_branch)
    assert LONGEST_PATH == 259
    assert INSIDE >= 60


def test_a_template_that_is_missing_or_prints_an_unquoted_value_is_said_before(tmp_path: Path) -> None:
    template = project.eject(tmp_path, "homebrew/formula.rb")
    template.write_text(template.read_text().replace("{{ summary | ruby }}", '"{{ summary }}"'))
    project.eject(tmp_path, "aur/service").write_text("{% include 'unit.j2' %}")
    failure = objection(world.product(tmp_path))
    assert isinstance(failure, TemplateError)
    assert "without a filter" in str(failure)
    assert "unit.j2 is missing" in str(failure)


def test_the_verb_plan_says_it(tmp_path: Path) -> None:
    folder = project.make(tmp_path / "otter")
    config = folder / "release.toml"
    config.write_text(config.read_text().replace('license = "MIT"', 'license = "MTI"'))
    project.commit(folder, "a slip")
    with pytest.raises(ConfigInvalidError, match="no SPDX expression"):
        plan.plan(project.product(folder), channel=Channel.DEV)
    done = project.command(folder, "plan", "--channel", "dev")
    assert done.returncode == ConfigInvalidError.exit_code
    assert "MTI" in done.stderr
    assert "MIT" in done.stderr


def test_two_outlets_that_write_one_file_of_one_place_are_told() -> None:
    places = {**world.local().places, "scoop": world.local().places["homebrew"]}
    product = changed(world.product(), profiles={"local": changed(world.local(), places=places)})
    said = str(objection(product))
    assert "homebrew and scoop both write" in said
    assert places["scoop"] in said
