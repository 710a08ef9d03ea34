"""The repository against its own map: what CONTRIBUTING.md and the docs promise is there, and nothing hides."""

import inspect
import re
import subprocess
import tomllib
from pathlib import Path

import msgspec
import pytest

from release import errors, model
from release.packagers import FLEET

ROOT = Path(__file__).parents[1]
# Outlets that render themselves, from data alone.
WITHOUT_TEMPLATES = {"archives", "channel"}


def tracked() -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return [name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def texts(*endings: str) -> list[tuple[str, str]]:
    return [(name, (ROOT / name).read_text(encoding="utf-8")) for name in tracked() if name.endswith(endings)]


def test_every_packager_has_templates_goldens_and_a_page_and_every_folder_a_packager() -> None:
    names = {packager.name for packager in FLEET} - WITHOUT_TEMPLATES
    assert {path.name for path in (ROOT / "packaging").iterdir() if path.is_dir()} == names
    assert names <= {path.name for path in (ROOT / "tests" / "golden").iterdir()}
    assert {path.stem for path in (ROOT / "docs" / "outlets").glob("*.md")} == names
    for name in names:
        channels = {path.name for path in (ROOT / "tests" / "golden" / name).iterdir()}
        assert channels == {str(channel) for channel in model.Channel}


def test_every_page_that_a_page_names_is_there() -> None:
    for name, text in texts(".md"):
        for target in re.findall(r"\]\(([^)#:]+?)(?:#[^)]*)?\)", text):
            assert (ROOT / name).parent.joinpath(target).exists(), f"{name} names {target}"


def test_every_top_level_folder_is_a_room_of_the_map() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text()
    for folder in {name.split("/")[0] for name in tracked() if "/" in name}:
        assert f"`{folder}" in text, f"CONTRIBUTING.md does not mention {folder}"


def test_every_error_has_its_own_code_and_a_row() -> None:
    classes = [
        value
        for value in vars(errors).values()
        if inspect.isclass(value) and issubclass(value, errors.ReleaseError) and value is not errors.ReleaseError
    ]
    codes = [each.exit_code for each in classes]
    assert len(set(codes)) == len(codes)
    assert not {0, 1, 2} & set(codes)
    table = (ROOT / "docs" / "errors.md").read_text()
    for each in classes:
        summary = (inspect.getdoc(each) or "").splitlines()[0]
        assert f"| {each.exit_code} | `{each.__name__}` | {summary} |" in table


@pytest.mark.parametrize(
    ("noun", "hidden"),
    [
        (model.Product, {"root", "outlets", "build", "profiles", "service", "server_test", "command_tests"}),
        (model.Build, set()),
        (model.Service, set()),
        (model.ServerTest, set()),
        (model.CommandTest, set()),
        (model.Profile, set()),
        *((packager.table, set()) for packager in FLEET if packager.table),
    ],
)
def test_every_key_of_release_toml_is_described(noun: type[model.Table], hidden: set[str]) -> None:
    text = (ROOT / "docs" / "release.toml.md").read_text()
    described = {
        name
        for cell in re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", text, re.MULTILINE)
        for name in re.findall(r"\w+", cell)
    }
    missing = {field.name for field in msgspec.structs.fields(noun)} - hidden - described
    assert not missing


def test_the_release_tool_knows_no_product() -> None:
    name = tomllib.loads((ROOT / "release.toml").read_text())["name"]
    for path, text in texts(".py", ".toml", ".md"):
        if path.startswith("release/"):
            assert name not in text.lower(), f"{path} names the product"
    for path, text in texts(".j2"):
        assert name not in text.lower(), f"{path} names the product"


def test_files_and_functions_stay_short() -> None:
    for name, text in texts(".py"):
        assert text.count("\n") <= 500, f"{name} is too long"


def test_no_test_patches_anything() -> None:
    words = re.compile(r"\bmonkeypatc[h]\b|\bmock\.|unittest\.moc[k]|[^a-z]patch[(]")
    for name, text in texts(".py"):
        if name.startswith("tests/"):
            assert not words.search(text), f"{name} patches"


def test_no_file_names_a_registry() -> None:
    hosts = re.compile(r"py[p]i\.org|python[h]osted\.org|registry\.[n]pmjs|deb\.[d]ebian\.org")
    for name in tracked():
        content = (ROOT / name).read_bytes()
        assert not hosts.search(content.decode(errors="replace")), f"{name} names a registry"


def test_every_decision_has_a_number_of_its_own() -> None:
    numbers = [path.name[:4] for path in (ROOT / "docs" / "decisions").glob("*.md")]
    assert len(set(numbers)) == len(numbers)
    assert all(number.isdigit() for number in numbers)


def test_the_makefile_lists_every_recipe() -> None:
    text = (ROOT / "Makefile").read_text()
    recipes = set(re.findall(r"^([a-z]+):", text, re.MULTILINE))
    told = subprocess.run(["make", "-s", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert recipes == set(re.findall(r"make ([a-z]+)", told))
