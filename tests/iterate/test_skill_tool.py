"""The tool that loads skills: what the model sees of them, and what it gets."""

import asyncio
from pathlib import Path

import pytest
from tests.iterate.works import work

from iterate.permissions.need import Need
from iterate.project import skills
from iterate.project.skills import Skill
from iterate.tools import skill
from iterate.tools.tool import Tool, ToolFailed


def known(folder: Path, *names: str) -> dict[str, Skill]:
    return {
        name: Skill(name=name, description=f"Use it for {name}.", text=f"How to {name}.", folder=folder / name)
        for name in names
    }


def offered(folder: Path, *names: str) -> Tool:
    found = skill.offer(known(folder, *names), skills.files)
    assert found is not None
    return found


def test_without_skills_there_is_no_such_tool() -> None:
    assert skill.offer({}, skills.files) is None


def test_the_model_sees_every_skill_in_the_order_of_names(tmp_path: Path) -> None:
    schema = offered(tmp_path, "pdf", "build").schema
    assert schema.description.splitlines()[1:] == ["- build: Use it for build.", "- pdf: Use it for pdf."]
    assert schema.schema["required"] == ["name"]


def test_too_many_descriptions_leave_only_names(tmp_path: Path) -> None:
    many = {
        f"s{number:03}": Skill(name=f"s{number:03}", description="x" * 1000, text="", folder=tmp_path)
        for number in range(300)
    }
    found = skill.offer(many, skills.files)
    assert found is not None
    assert len(found.schema.description) < 16_000
    assert found.schema.description.endswith("- s299")


def test_a_call_gives_the_text_and_names_the_files_beside_it(tmp_path: Path) -> None:
    (tmp_path / "pdf" / "scripts").mkdir(parents=True)
    for name in ("SKILL.md", "scripts/fill.py", "forms.md", ".git"):
        (tmp_path / "pdf" / name).write_text("x")
    tool = offered(tmp_path, "pdf")
    given = tool.decode({"name": "pdf"})
    assert tool.needs(given, work(tmp_path)) == (Need(deed="skill", subject="pdf"),)
    text = asyncio.run(_result(tool, given, tmp_path))
    assert "How to pdf." in text
    assert text.splitlines()[-3:] == [".git", "forms.md", "scripts/fill.py"]


def test_a_name_that_there_is_not_is_told_with_those_there_are(tmp_path: Path) -> None:
    tool = offered(tmp_path, "pdf", "build")
    with pytest.raises(ToolFailed, match="there are: build, pdf"):
        asyncio.run(_result(tool, tool.decode({"name": "x"}), tmp_path))


async def _result(tool: Tool, given: object, folder: Path) -> str:
    return (await tool.run(given, work(folder))).text
