"""The JSON schema of release.toml: what editors complete and refuse is what the tool reads and refuses."""

import copy
import json
import tomllib
from pathlib import Path

import jsonschema
import pytest
from tests.release import project
from tests.repository import ROOT

from release import schema
from release.packagers import FLEET


def errors(text: str) -> list[str]:
    found = jsonschema.Draft7Validator(schema.schema()).iter_errors(tomllib.loads(text))
    return [f"{'.'.join(map(str, each.absolute_path))}: {each.message}" for each in found]


def otter() -> str:
    return project.TOML.replace("TARGETS", '"linux-x64"').replace("PORT", "8642")


def test_the_schema_is_one_by_its_own_dialect() -> None:
    jsonschema.Draft7Validator.check_schema(schema.schema())


def test_our_own_file_and_a_small_one_are_valid() -> None:
    assert errors((ROOT / "release.toml").read_text(encoding="utf-8")) == []
    assert errors(otter()) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('summary = "', 'sumary = "', "'sumary' was unexpected"),
        ('scripts = ["otter"]', 'scripts = ["otter"]\nscritps = ["a"]', "'scritps' was unexpected"),
        ("local = true", "local = true\ncolour = 1", "'colour' was unexpected"),
        ('archives = "file:public/site"', 'archive = "file:public/site"', "'archive' was unexpected"),
        ("[homebrew]", "[homebrw]", "'homebrw' was unexpected"),
        ('tap = "acme/tap"', 'tap = "acme"', "does not match"),
        ('expect = "fish"', 'expects = "fish"', "'expects' was unexpected"),
        ("local = true", 'local = "yes"', "is not of type 'boolean'"),
        ('["linux-x64"]', "[]", "should be non-empty"),
        ('"linux-x64"', '"linux-x46"', "is not one of"),
    ],
)
def test_what_the_tool_refuses_in_any_table_the_schema_refuses_too(old: str, new: str, said: str) -> None:
    assert old in otter()
    assert any(said in each for each in errors(otter().replace(old, new, 1))), errors(otter().replace(old, new, 1))


def test_each_outlet_is_a_key_of_the_places() -> None:
    places = dict(schema.keys(schema.schema()))
    for packager in FLEET:
        assert f"profiles.*.places.{packager.name}" in places


def test_no_pattern_is_written_in_a_way_that_only_python_reads() -> None:
    patterns = [node["pattern"] for _, node in schema.keys(schema.schema()) if "pattern" in node]
    assert patterns
    for pattern in patterns:
        assert isinstance(pattern, str)
        assert "\\A" not in pattern
        assert "\\Z" not in pattern


def test_the_schema_is_made_anew_each_time_so_that_nobody_changes_it_for_others() -> None:
    first = schema.schema()
    kept = copy.deepcopy(first)
    first["properties"] = {}
    assert schema.schema() == kept


@pytest.mark.processes
def test_a_command_prints_the_schema_outside_of_any_project(tmp_path: Path) -> None:
    done = project.command(tmp_path, "config", "schema")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == schema.schema()
