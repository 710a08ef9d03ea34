"""The templates of the tool and those of a project: whose counts, how they come into it, what they change."""

import json
from pathlib import Path

import pytest
from msgspec import structs
from tests.release import project, world

from release.errors import TemplateError, WriteError
from release.packagers import overrides
from release.packagers.overrides import Whose
from release.packagers.templates import SHIPPED


def counts(folder: Path) -> dict[str, Whose]:
    return {each.name: each.whose for each in overrides.listed(world.product(folder))}


def test_what_is_listed_says_whose_template_counts(tmp_path: Path) -> None:
    assert set(counts(tmp_path).values()) == {Whose.TOOL}
    project.eject(tmp_path, "homebrew/formula.rb")
    project.eject(tmp_path, "aur/PKGBUILD").write_text("# ours\n{% include 'inner.j2' %}\n")
    (tmp_path / "packaging" / "aur" / "inner.j2").write_text("# taken in\n")
    (tmp_path / "packaging" / "aur" / "PKGBUID.j2").write_text("# a slip\n")
    found = counts(tmp_path)
    assert found["homebrew/formula.rb"] is Whose.SAME
    assert found["aur/PKGBUILD"] is Whose.OWN
    assert found["aur/PKGBUID"] is Whose.STRAY
    assert found["scoop/README.md"] is Whose.TOOL
    assert "aur/inner" not in found


def test_an_outlets_templates_are_ejected_and_those_that_are_there_stay(tmp_path: Path) -> None:
    ours = project.eject(tmp_path, "homebrew/formula.rb")
    ours.write_text("# ours\n")
    made = overrides.eject(world.product(tmp_path), "homebrew")
    folder = tmp_path / "packaging" / "homebrew"
    assert {path.name for path in made} == {path.name for path in (SHIPPED / "homebrew").iterdir()} - {ours.name}
    assert {path.name for path in folder.iterdir()} == {path.name for path in (SHIPPED / "homebrew").iterdir()}
    assert ours.read_text() == "# ours\n"
    assert overrides.eject(world.product(tmp_path), "homebrew") == ()


@pytest.mark.parametrize("name", ["homebrew/formula.rb", "homebrew/formula.rb.j2"])
def test_one_template_is_ejected_by_its_name(tmp_path: Path, name: str) -> None:
    (made,) = overrides.eject(world.product(tmp_path), name)
    assert made.read_bytes() == (SHIPPED / "homebrew" / "formula.rb.j2").read_bytes()


def test_a_template_that_the_tool_has_not_names_the_nearest(tmp_path: Path) -> None:
    for name in ("hombrew", "homebrew/formula", "../homebrew", ""):
        with pytest.raises(TemplateError, match="the tool has no template"):
            overrides.eject(world.product(tmp_path), name)
    with pytest.raises(TemplateError) as refused:
        overrides.eject(world.product(tmp_path), "hombrew")
    assert "homebrew" in refused.value.hint
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_ejected_to_outside_the_project(tmp_path: Path) -> None:
    (tmp_path / "inside").mkdir()
    product = structs.replace(world.product(tmp_path / "inside"), templates="../others")
    with pytest.raises(WriteError, match="outside the project"):
        overrides.eject(product, "homebrew")
    (tmp_path / "inside" / "packaging").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(WriteError, match="outside the project"):
        overrides.eject(world.product(tmp_path / "inside"), "homebrew")
    assert [path.name for path in tmp_path.iterdir()] == ["inside"]


def test_the_words_list_eject_and_compare(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    done = project.command(folder, "templates", "eject", "homebrew/formula.rb")
    assert (done.returncode, done.stdout) == (0, "packaging/homebrew/formula.rb.j2\n")
    assert "no template differs" in project.command(folder, "templates", "diff").stdout
    own = folder / "packaging" / "homebrew" / "formula.rb.j2"
    own.write_text(own.read_text().replace("  def install\n", "  # ours\n  def install\n"))
    changed = json.loads(project.command(folder, "templates", "diff", "homebrew", "--json").stdout)
    assert "\n+  # ours\n" in changed["homebrew/formula.rb"]
    rows = json.loads(project.command(folder, "templates", "list", "--json").stdout)
    assert {"template": "homebrew/formula.rb", "whose": "own"} in rows
    assert project.command(folder, "templates", "eject", "brew").returncode == TemplateError.exit_code
