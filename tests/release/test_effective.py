"""What the tool takes a release.toml for, whole: a file that means the same, with the defaults marked."""

import json
import tomllib
from pathlib import Path

import pytest
from tests.release import project
from tests.repository import ROOT

from release import config, effective


def of(folder: Path) -> effective.Effective:
    return effective.of(folder / "release.toml")


def test_what_is_printed_is_a_release_toml_that_means_the_same(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    before, text = project.product(folder), of(folder).as_toml()
    (folder / "release.toml").write_text(text, encoding="utf-8")
    assert project.product(folder) == before
    assert of(folder).defaults == ()


def test_our_own_file_comes_back_whole() -> None:
    found = effective.of(ROOT / "release.toml")
    assert tomllib.loads(found.as_toml()) == found.values
    written = config.written(ROOT / "release.toml")
    assert {name: found.values[name] for name in written if name != "channel"}.keys() == written.keys() - {"channel"}
    assert max(map(len, found.as_toml().splitlines())) < 120


def test_a_default_is_marked_and_what_the_file_says_is_not(tmp_path: Path) -> None:
    lines = of(project.make(tmp_path)).as_toml().splitlines()
    marked = {line.partition(" ")[0] for line in lines if line.endswith(effective.MARK)}
    plain = {line.partition(" ")[0] for line in lines if not line.endswith(effective.MARK)}
    assert {"bytecode", "glibc", "completions"} <= marked
    assert {"name", "summary", "tap", "serve"} <= plain


def test_a_key_that_says_the_same_as_its_default_is_no_default(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    path = folder / "release.toml"
    assert "build.glibc" in of(folder).defaults
    path.write_text(path.read_text().replace('scripts = ["otter"]', 'scripts = ["otter"]\nglibc = ""'))
    assert "build.glibc" not in of(folder).defaults


def test_the_table_of_an_outlet_that_the_file_leaves_out_is_there_with_its_defaults(tmp_path: Path) -> None:
    found = of(project.make(tmp_path))
    assert "npm" in found.values
    assert "npm" in found.defaults
    assert any(line.startswith("[npm]") and line.endswith(effective.MARK) for line in found.as_toml().splitlines())


def test_words_with_quotes_and_tables_with_dots_survive(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    path = folder / "release.toml"
    said = r"Says \"fish\\chips\" often"
    text = path.read_text().replace("Swims on its back", said)
    text = text.replace("[[command_tests]]", '[build.only]\n"a.b" = ["c"]\n"d\\u007f" = []\n\n[[command_tests]]', 1)
    path.write_text(text, encoding="utf-8")
    assert tomllib.loads(of(folder).as_toml()) == of(folder).values
    assert project.product(folder).build.only == {"a.b": ("c",), "d\x7f": ()}


@pytest.mark.processes
def test_a_command_shows_it_as_text_and_as_json(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    shown = project.command(folder, "config", "show")
    assert shown.returncode == 0, shown.stderr
    assert tomllib.loads(shown.stdout)["name"] == "otter"
    told = json.loads(project.command(folder, "config", "show", "--json").stdout)
    assert told["values"]["build"]["scripts"] == ["otter"]
    assert "build.glibc" in told["defaults"]
