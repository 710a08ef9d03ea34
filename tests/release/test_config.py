"""release.toml is read strictly: every mistake is named with its key."""

from pathlib import Path

import pytest
from tests.release import project

from release import config
from release.errors import ConfigInvalidError, ConfigMissingError


def changed(tmp_path: Path, old: str, new: str) -> Path:
    folder = project.make(tmp_path)
    path = folder / "release.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    return path


def test_a_whole_file_becomes_a_product(tmp_path: Path) -> None:
    otter = project.product(project.make(tmp_path))
    assert otter.name == "otter"
    assert otter.build.targets == project.SOME
    assert otter.root == tmp_path.resolve()
    assert otter.command_tests[0].args == ("say", "fish")


def test_the_file_is_found_from_a_folder_below(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    assert config.find(folder / "src" / "otter") == folder / "release.toml"


def test_no_file_anywhere_is_a_named_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigMissingError):
        config.find(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('summary = "', 'sumary = "', "unknown key 'sumary'"),
        ('script = "otter"', 'script = "otter"\ncolour = 1', "unknown key 'build.colour'"),
        ("local = true", "local = true\nplace = 1", "unknown key 'profiles.local.place'"),
        ('name = "otter"', "name = 3", "name must be a text"),
        ('packages = ["otter"]', 'packages = "otter"', "build.packages must be a list"),
        ('packages = ["otter"]', "packages = [1]", "build.packages must be"),
        ("local = true", 'local = "yes"', "profiles.local.local must be true or false"),
        ('serve = "public"', 'serve = "public"\n[profiles.far.more]', "unknown key 'profiles.far.more'"),
        ("[build]", "service = 1\n[build]", "service must be"),
        ("[profiles.local]", "[profiles]\nlocal2 = 1\n[profiles.local]", "profiles.local2 must be a table"),
        ('summary = "Swims on its back"\n', "", "the key 'summary' is missing"),
        ('name = "otter"', 'name = "Otter"', "name is 'Otter'"),
        ('name = "otter"', 'name = "otter--two"', "name is 'otter--two'"),
        ('tap = "acme/tap"', 'tap = "acme"', "tap is 'acme'"),
        ('"linux-x64"', '"linux-x46"', "build.targets names 'linux-x46'"),
        ('readme = "README.md"', 'readme = "READ.md"', "'READ.md', which is not a file"),
        ("Otter Release <release@example.invalid>", "Otter Release", "committer is 'Otter Release'"),
        ("[profiles.local]", "[profiles.here]", "there is no [profiles.local]"),
        ('name = "otter"', 'root = "/"\nname = "otter"', "unknown key 'root'"),
        ('name = "otter"', "name = ", "is not TOML"),
    ],
)
def test_a_mistake_is_named_with_its_key(tmp_path: Path, old: str, new: str, said: str) -> None:
    path = changed(tmp_path, old, new)
    with pytest.raises(ConfigInvalidError) as caught:
        config.read(path)
    assert said in str(caught.value)
    assert caught.value.hint


def test_no_targets_at_all_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalidError, match=r"build\.targets"):
        config.read(project.make(tmp_path, targets=()) / "release.toml")


def test_our_own_file_is_valid() -> None:
    assert config.read(project.ROOT / "release.toml").build.targets
