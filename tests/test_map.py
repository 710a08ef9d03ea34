"""The repository against its own map: what CONTRIBUTING.md and the docs promise is there, and nothing hides.

Each failure says what to write, and where.
"""

import ast
import inspect
import json
import re
import subprocess
import sysconfig
import tomllib
import typing
from pathlib import Path

import msgspec
import pytest
from benchmarks import keys
from tests.repository import ROOT, SOURCES, environment_names, named, read, rows, sections, texts, tracked, trees

from iterate.config import schema
from iterate.config.sections import Config
from iterate.errors import AlreadyRunning
from iterate.project.agents import AgentFront
from iterate.project.commands import CommandFront
from release import check, config, errors, product
from release import schema as release_schema
from release.check.finding import Stage
from release.packagers import FLEET
from release.packagers.templates import SHIPPED

# Outlets that render themselves, from data alone, and have no page of their own.
WITHOUT_TEMPLATES = {"archives", "channel"}
MAP = "CONTRIBUTING.md"


def test_every_packager_has_templates_goldens_and_a_page_and_every_folder_a_packager() -> None:
    names = {packager.name for packager in FLEET} - WITHOUT_TEMPLATES
    folders = {path.name for path in SHIPPED.iterdir() if path.is_dir()}
    pages = {path.stem for path in (ROOT / "docs" / "outlets").glob("*.md")}
    assert folders == names, "each outlet of FLEET has a folder of templates, or a line in WITHOUT_TEMPLATES here"
    assert pages == names, "each outlet of FLEET has a page docs/outlets/NAME.md, and each page an outlet"
    for name in {packager.name for packager in FLEET} - {"archives"}:
        golden = ROOT / "tests" / "golden" / name
        assert golden.is_dir(), f"{name} has no goldens: make golden, and read them"
        held = {path.name for path in golden.iterdir()}
        assert held == {*product.Channel, "several"}, f"{golden}: one folder a channel, one of several commands"


def test_every_page_of_an_outlet_says_how_to_get_it_keep_it_and_get_rid_of_it() -> None:
    for path in sorted((ROOT / "docs" / "outlets").glob("*.md")):
        page = sections(path.read_text(encoding="utf-8"))
        typed = page.get("What people type", "").lower()
        for deed in ("install", "upgrade", "channel", "pin", "uninstall"):
            assert re.search(rf"^\|[^|]*\b{deed}", typed, re.MULTILINE), f"{path}, What people type: a row for {deed}"
        assert "What is checked" in page, f"{path}: a section ## What is checked"
        assert {"Tested, and not", "What was never run"} & set(page), f"{path}: say what was never run"


def test_every_list_of_outlets_is_the_fleet() -> None:
    names = {packager.name for packager in FLEET}
    pages = set(re.findall(r"\(docs/outlets/(\w+)\.md\)", read("README.md")))
    assert pages == names - WITHOUT_TEMPLATES, "README.md, Install: a row for each outlet that has a page"
    section = read("docs/release.toml.md").partition("The outlets are ")[2].partition("\n\n")[0]
    assert set(named(section)) == names, "docs/release.toml.md, places: name every outlet"
    profiles = config.read(ROOT / "release.toml").profiles
    assert set(profiles["local"].places) == names, "release.toml, [profiles.local.places]: a line for each outlet"


def test_every_page_that_a_page_names_is_there() -> None:
    for name, text in texts(".md"):
        for target in re.findall(r"\]\(([^)#:]+?)(?:#[^)]*)?\)", text):
            assert (ROOT / name).parent.joinpath(target).exists(), f"{name} names {target}, which is not there"


def test_every_page_is_named_by_another() -> None:
    everything = "\n".join(text for _, text in texts(".md", ".py", ".yml", ".sh", "run"))
    for name in tracked():
        if name.startswith("docs/") and "/decisions/" not in name:
            assert Path(name).name in everything.replace(f"# {name}", ""), f"nobody names {name}: link it in README.md"


def test_every_top_level_folder_is_a_room_of_the_map() -> None:
    for folder in {name.split("/")[0] for name in tracked() if "/" in name}:
        assert f"`{folder}" in read(MAP), f"{MAP}, Folders: add a row for {folder}"


def test_every_noun_of_the_map_is_a_class_of_its_program() -> None:
    for program, folder in zip(("iterate", "release"), SOURCES, strict=True):
        classes = set()
        for name, tree in trees(folder):
            # A noun may be a module of functions, or a folder of such.
            classes |= {Path(name).stem.capitalize(), Path(name).parent.name.removesuffix("s").capitalize()}
            for node in ast.walk(tree):
                match node:
                    case ast.ClassDef(name=called) | ast.TypeAlias(name=ast.Name(id=called)):
                        classes.add(called)
                    case _:
                        pass
        table = sections(read(MAP))[f"The nouns of `{program}`"]
        nouns = {noun for row in rows(table) for noun in named(row[0])}
        assert nouns, f"{MAP}: the nouns of {program} are in a table"
        assert nouns <= classes, f"{MAP}: no class of {program} is called {sorted(nouns - classes)}"


def test_the_layers_of_the_map_are_those_that_are_kept() -> None:
    contracts = tomllib.loads(read("pyproject.toml"))["tool"]["importlinter"]["contracts"]
    drawn = re.sub(r"\s+", " ", read(MAP))
    for contract in contracts:
        if contract["type"] == "layers":
            (program,) = contract["containers"]
            # A layer in brackets is one that may be missing, and is.
            layers = " > ".join(re.sub(r" \| \(\w+\)", "", each).replace(" | ", "|") for each in contract["layers"])
            assert f"{program} {layers}" in drawn, f"{MAP}, Who may import whom: draw {program} {layers}"


def test_the_doors_of_the_map_are_those_that_ruff_leaves_open() -> None:
    lint = tomllib.loads(read("pyproject.toml"))["tool"]["ruff"]["lint"]
    drawn = named(read(MAP).partition("Doors, kept by ruff")[2].partition("\n\n")[0])
    for path, rules in lint["per-file-ignores"].items():
        if path.startswith(SOURCES) and {"TID251", "T201"} & set(rules):
            door = (
                path.removesuffix("**")
                .removeprefix("packages/iterate/src/iterate/")
                .removeprefix("release/src/release/")
            )
            assert door in drawn, f"{MAP}, Doors: name {door}, or close it in pyproject.toml"
    for door in re.findall(
        r"[\w/]+(?:\.py|/)", " ".join(rule["msg"] for rule in lint["flake8-tidy-imports"]["banned-api"].values())
    ):
        assert door in drawn, f"pyproject.toml, banned-api: {door} is no door of {MAP}"


def test_every_recipe_of_the_map_is_in_the_makefile() -> None:
    names = [name for row in rows(read(MAP)) for name in named(row[0])]
    recipes = {name.removeprefix("make ") for name in names if name.startswith("make ")}
    there = set(re.findall(r"^([a-z]+):", read("Makefile"), re.MULTILINE))
    assert recipes, f"{MAP} has a table of recipes"
    assert recipes <= there, f"{MAP} names a recipe that the Makefile does not have"


def test_every_error_has_its_own_code_and_a_row() -> None:
    classes = [
        value
        for value in vars(errors).values()
        if inspect.isclass(value) and issubclass(value, errors.ReleaseError) and value is not errors.ReleaseError
    ]
    codes = [each.exit_code for each in classes]
    assert len(set(codes)) == len(codes), "two errors have one exit code: take a free one of docs/errors.md"
    assert not {0, 1, 2} & set(codes), "0 is success, 1 a bug, 2 a mistyped command"
    wanted = [[str(each.exit_code), f"`{each.__name__}`", _summary(each)] for each in classes]
    found = [row for row in rows(read("docs/errors.md")) if row[0].isdigit()]
    assert sorted(found) == sorted(wanted), "docs/errors.md: a row is code, class, first line of its docstring"
    ranges = re.findall(r"^\| (\d+) to (\d+) \|", read("docs/errors.md"), re.MULTILINE)
    homeless = {code for code in codes if not any(int(low) <= code <= int(high) for low, high in ranges)}
    assert not homeless, f"docs/errors.md: no range says whose move {sorted(homeless)} is"


def _summary(value: type) -> str:
    return (inspect.getdoc(value) or "").splitlines()[0]


def _tables() -> dict[str, type[msgspec.Struct]]:
    """Every table of release.toml, by its heading in the docs."""
    found: dict[str, type[msgspec.Struct]] = {"Top level": product.Product}
    for field in msgspec.structs.fields(product.Product):
        for kind in (field.type, *typing.get_args(field.type)):
            if inspect.isclass(kind) and issubclass(kind, product.Table):
                many = typing.get_origin(field.type) is tuple
                heading = f"[[{field.name}]]" if many else f"[{field.name}]"
                found["[profiles.NAME]" if kind is product.Profile else heading] = kind
    # Each outlet's own table.
    found.pop("[[tables]]", None)
    return found | {f"[{packager.name}]": packager.table for packager in FLEET if packager.table}


@pytest.mark.parametrize(("heading", "table"), _tables().items())
def test_every_key_of_release_toml_is_described_in_its_own_table(heading: str, table: type[msgspec.Struct]) -> None:
    page = sections(read("docs/release.toml.md"))
    assert heading in page, f"docs/release.toml.md: add a section ## {heading}"
    described = {name for row in rows(page[heading]) for name in named(row[0]) if re.fullmatch(r"\w+", name)}
    # Tables of the top level have a section each; the others are no keys.
    elsewhere = {re.sub(r"\W|\.NAME", "", each.split(".")[0]) for each in _tables()} | config.NOT_KEYS
    keys = {field.name for field in msgspec.structs.fields(table)}
    if table is product.Product:
        keys -= elsewhere
    assert described == keys, f"docs/release.toml.md, {heading}: one row a key"


def test_the_published_schema_of_release_toml_is_that_of_its_tables() -> None:
    made = json.dumps(release_schema.schema(), indent=2) + "\n"
    assert read("docs/release.schema.json") == made, "type: release config schema > docs/release.schema.json"


def test_every_key_of_release_toml_says_in_the_schema_what_it_means() -> None:
    silent = [path for path, node in release_schema.keys(release_schema.schema()) if not node.get("description")]
    assert not silent, f"say it below 'Attributes:' in the docstring of its table: {silent}"


def test_every_check_has_a_row_on_its_page() -> None:
    names = {"checkout", *(each.name for stage in Stage for each in check.checks(stage))}
    found = {name for row in rows(read("docs/check.md")) for name in named(row[0])}
    assert found == names, "docs/check.md: a row for each check, and no other"


def test_service_managers_know_the_code_of_a_server_that_runs_already() -> None:
    service = tomllib.loads((ROOT / "release.toml").read_text())["service"]
    assert service["already_running"] == AlreadyRunning.exit_code, "change already_running in release.toml"


def test_the_release_tool_knows_no_product() -> None:
    name = tomllib.loads(read("release.toml"))["name"]
    for path, text in texts(".py", ".toml", ".md"):
        if path.startswith("release/"):
            assert name not in text.lower(), f"{path} names the product: it belongs into release.toml"
    for path, text in texts(".j2"):
        assert name not in text.lower(), f"{path} names the product: it belongs into release.toml"


def test_git_is_started_through_its_door_only() -> None:
    for name, text in texts(".py"):
        if name.startswith(("release/src/", "packages/")) and not name.startswith("release/src/release/git/"):
            assert not re.search(r"""\[\s*["']git["']""", text), f"{name} starts git: use release.git"


def test_what_the_pages_tell_to_try_leaves_nothing_beside_the_results() -> None:
    for name, text in texts(".md"):
        for line in re.findall(r"^(?:tar x|unzip ).*dist/.*$", text, re.MULTILINE):
            assert re.search(r"-[Cd] dist\b", line), f"{name}: '{line}' unpacks into the checkout: add -C dist"


# What libraries read for us, and where.
BY_LIBRARIES = {
    "COLUMNS": "shutil.py",
    "COMP_WORDS": "click/shell_completion.py",
    "COMP_CWORD": "click/shell_completion.py",
}


def test_every_variable_and_key_that_iterate_reads_is_documented_and_every_documented_one_is_read() -> None:
    found = {name for _, tree in trees(SOURCES[0]) for name in environment_names(tree)} | set(BY_LIBRARIES)
    # The page says of HOME that this one takes its place on Windows.
    found -= {"USERPROFILE"}
    page = sections(read("docs/settings.md"))
    described = {name for row in rows(page["Environment"]) for name in named(row[0])}
    assert described == found, "docs/settings.md, Environment: one row for each variable that is read, and no other"


@pytest.mark.parametrize(
    ("page", "shape"),
    [("docs/settings.md", Config), ("docs/agents.md", AgentFront), ("docs/agents.md", CommandFront)],
)
def test_every_key_that_people_write_has_its_row_made_from_the_classes(page: str, shape: type[msgspec.Struct]) -> None:
    wanted = "\n".join(schema.table(shape))
    assert wanted in read(page), f"{page} has the rows that config/schema.py makes:\n{wanted}"


@pytest.mark.parametrize(("name", "module"), BY_LIBRARIES.items())
def test_every_variable_that_a_library_reads_is_still_read_there(name: str, module: str) -> None:
    folders = {sysconfig.get_path(each) for each in ("stdlib", "purelib")}
    sources = [path for folder in folders if (path := Path(folder, module)).is_file()]
    assert any(f'"{name}"' in path.read_text() or f"'{name}'" in path.read_text() for path in sources), (
        f"{module} does not read {name} any more: drop it from BY_LIBRARIES here"
    )


def test_every_variable_that_the_release_tool_reads_is_documented_and_every_documented_one_is_read() -> None:
    found = {name for _, tree in trees(SOURCES[1]) for name in environment_names(tree)}
    described = {name for row in rows(read("docs/environment.md")) for name in named(row[0])}
    assert described == found, "docs/environment.md: one row a variable"


def test_every_variable_that_tests_read_is_documented_or_everybodys() -> None:
    found = {name for _, tree in trees("tests/", "benchmarks/") for name in environment_names(tree)}
    found |= {word for _, text in texts(".py") for word in re.findall(r'stage\.given\("(\w+)"\)', text)}
    everybodys = {"CI", "HOME", "PATH", "SYSTEMROOT", "XDG_STATE_HOME"}
    described = {name for row in rows(read("docs/testing.md")) for name in named(row[0]) if name.isupper()}
    assert found - everybodys <= described, "docs/testing.md: one row a variable"


def test_every_decision_has_a_number_of_its_own_and_begins_with_it() -> None:
    pages = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    numbers = [path.name[:4] for path in pages]
    assert len(set(numbers)) == len(numbers), "two decisions have one number: take the next free one"
    for path in pages:
        first = path.read_text(encoding="utf-8").splitlines()[0]
        assert re.match(rf"# 0*{int(path.name[:4])}[.:] ", first), f"{path.name}: begin with its number and its title"


def test_every_fragment_is_of_a_kind_that_the_changelog_has() -> None:
    kinds = {each["directory"] for each in tomllib.loads(read("pyproject.toml"))["tool"]["towncrier"]["type"]}
    for name in tracked():
        if name.startswith("changes/") and name != "changes/README.md":
            kind = name.removesuffix(".md").rpartition(".")[2]
            assert kind in kinds, f"{name}: call it +NAME.KIND.md, with one of {sorted(kinds)}"


@pytest.mark.systems("linux", "darwin")
def test_the_makefile_lists_every_recipe() -> None:
    recipes = set(re.findall(r"^([a-z]+):", read("Makefile"), re.MULTILINE))
    listed = subprocess.run(["make", "-s", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert recipes == set(re.findall(r"make ([a-z]+)", listed)), (
        "Makefile: give each recipe a '## line' for `make help`"
    )


def test_the_index_of_pages_has_every_page_of_this_folder() -> None:
    named_there = set(re.findall(r"\]\(([\w.-]+)\)", read("docs/README.md")))
    there = {Path(name).name for name in tracked() if re.fullmatch(r"docs/[^/]+", name)} | {"outlets", "decisions"}
    assert named_there == there - {"README.md"}, "docs/README.md: a link for each page, in the table of its readers"


def test_the_page_of_commands_has_a_row_for_each() -> None:
    """And says which of them speak JSON."""
    from tests.iterate.test_cli import LEAVES

    wanted = []
    for name, row in LEAVES:
        has_json = any("--json" in option.opts for option in row.load().params)
        wanted.append([f"`iterate {name}`", str(row.short_help).removesuffix("."), "`--json`" if has_json else "-"])
    found = [row for row in rows(read("docs/commands.md")) if row[0].startswith("`iterate ")]
    assert found == wanted, "docs/commands.md: a row is command, first line of its help, and whether it has --json"


def test_the_page_of_keys_and_commands_is_made_of_their_tables() -> None:
    assert read("docs/keys.md") == keys.page(), "type: make keys"
