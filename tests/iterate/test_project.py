"""What files of a project and of a person say: instructions, agents, commands, skills; and files that say it badly."""

import os
from pathlib import Path

import pytest
from tests.iterate.test_config_layers import Place, written

from iterate.config.trust import Trust
from iterate.permissions.judge import judge
from iterate.permissions.need import Deed, Need
from iterate.permissions.rules import Rule
from iterate.project import project
from iterate.project.agents import Mode
from iterate.project.project import Project
from iterate.project.rules import rules


class Home(Place):
    """A person's home with one project in it."""

    @property
    def folder(self) -> Path:
        """The person's folder of settings."""
        return self.home / ".config" / "iterate"

    def write(self, name: str, text: str) -> Path:
        return written(self.project / name, text)

    def write_own(self, name: str, text: str) -> Path:
        return written(self.folder / name, text)

    def trust(self, file: Path) -> None:
        Trust(self.settings.trusted).add({file: file.read_bytes()})

    def read(self, folder: str = ".") -> Project:
        (self.project / folder).mkdir(parents=True, exist_ok=True)
        return project.read(self.settings, str(self.project / folder), self.variables)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def texts(found: Project) -> list[str]:
    return [each.text for each in found.instructions]


def test_a_folder_without_files_has_the_built_in_agents_and_nothing_else(home: Home) -> None:
    found = home.read()
    assert list(found.agents) == ["build", "plan", "general", "explore"]
    assert (found.instructions, found.commands, found.skills, found.problems, found.hooks) == ((), {}, {}, (), ())
    assert (found.root, found.directory) == (home.project, home.project)


def test_all_instructions_are_read_the_nearest_last(home: Home) -> None:
    home.write_own("AGENTS.md", "person")
    home.write("AGENTS.md", "root")
    home.write("a/AGENTS.md", "middle")
    home.write("a/b/AGENTS.md", "inner")
    home.write("a/b/c/AGENTS.md", "further in")
    written(home.home / "work" / "AGENTS.md", "above the project")
    assert texts(home.read("a/b")) == ["person", "root", "middle", "inner"]


def test_those_further_in_are_told_when_something_there_is_read_each_once(home: Home) -> None:
    home.write("AGENTS.md", "root")
    first = home.write("a/AGENTS.md", "middle")
    second = home.write("a/b/AGENTS.md", "inner")
    found = home.read()
    inner = found.inner(home.project / "a" / "b" / "file.py", frozenset())
    assert [(each.file, each.text) for each in inner] == [(first, "middle"), (second, "inner")]
    assert [each.file for each in found.inner(home.project / "a" / "b" / "file.py", frozenset({first}))] == [second]
    assert found.inner(home.project / "file.py", frozenset()) == ()
    assert found.inner(home.home / "elsewhere.py", frozenset()) == ()
    assert found.inner(home.project / "a" / ".." / ".." / "x", frozenset()) == ()


def test_settings_name_more_instructions_by_path_and_pattern(home: Home) -> None:
    home.user('instructions = ["~/mine.md", "docs/*.md", "none.md"]\n')
    written(home.home / "mine.md", "mine")
    home.write("docs/b.md", "b")
    home.write("docs/a.md", "a")
    home.write("AGENTS.md", "root")
    found = home.read()
    assert texts(found) == ["mine", "a", "b", "root"]
    assert found.problems == ("instructions: none.md names no file",)
    home.write("docs/c.md", "c")
    assert texts(home.read()) == ["mine", "a", "b", "c", "root"]


@pytest.mark.parametrize("pattern", ["~/secret.txt", "../../secret.txt", "{home}/secret.txt", "link.md", "../../*"])
def test_a_stranger_s_settings_bring_no_file_from_outside_the_project(home: Home, pattern: str) -> None:
    secret = written(home.home / "secret.txt", "password")
    (home.project / "link.md").symlink_to(secret)
    file = home.own(f'instructions = ["{pattern.replace("{home}", str(home.home))}"]\n')
    found = home.read()
    assert texts(found) == []
    assert "out of" in found.problems[0]
    home.trust(file)
    assert texts(home.read()) == ["password"]


def test_a_long_file_is_cut_at_a_line_and_that_is_told(home: Home) -> None:
    file = home.write("AGENTS.md", "äöü and so on\n" * 10_000)
    (found,) = home.read().instructions
    assert found.is_cut
    assert found.text.splitlines()[-1] == "äöü and so on"
    assert len(found.text.encode()) <= 64 << 10
    assert home.read().problems == (f"{file} is larger than 65536 bytes; only its beginning counts",)


def test_of_too_many_the_nearest_stay(home: Home) -> None:
    for number in range(1, 7):
        home.write("a/" * number + "AGENTS.md", f"{number}" * 60_000)
    found = home.read("a/" * 6)
    assert [each.text[0] for each in found.instructions] == ["3", "4", "5", "6"]
    assert len(found.problems) == 2
    assert "left out" in found.problems[0]


def test_what_is_no_text_is_replaced_and_told(home: Home) -> None:
    home.write("AGENTS.md", "").write_bytes(b"\xef\xbb\xbfgood\r\nbad \xff\r\n")
    found = home.read()
    assert texts(found) == ["good\nbad \N{REPLACEMENT CHARACTER}"]
    assert "is not UTF-8 text" in found.problems[0]


@pytest.mark.systems("linux", "darwin")
def test_pipes_folders_and_links_to_nowhere_are_told_or_passed_over_and_nobody_waits(home: Home) -> None:
    os.mkfifo(home.project / "AGENTS.md")
    (home.project / ".iterate" / "agents" / "folder.md").mkdir(parents=True)
    (home.project / ".iterate" / "commands").write_text("no folder")
    (home.project / ".iterate" / "skills").symlink_to("nowhere")
    found = home.read()
    assert texts(found) == []
    assert [problem.partition(" cannot be read")[0] for problem in found.problems] == [
        str(home.project / ".iterate" / "agents" / "folder.md"),
        str(home.project / "AGENTS.md"),
    ]


@pytest.mark.systems("linux", "darwin")
def test_links_inside_the_project_count_and_links_out_of_it_do_not(home: Home) -> None:
    home.write("docs/rules.md", "rules")
    (home.project / "AGENTS.md").symlink_to("docs/rules.md")
    outside = home.home / "outside"
    written(outside / "agents" / "evil.md", "evil")
    written(outside / "skills" / "evil" / "SKILL.md", "---\ndescription: x\n---\nevil\n")
    (home.project / ".iterate").symlink_to(outside)
    found = home.read()
    assert texts(found) == ["rules"]
    assert "evil" not in found.agents
    assert found.skills == {}
    assert all("leads out of" in problem for problem in found.problems)


AGENT = """---
description: Looks for faults.
mode: sub
model: a/large
tools: [read, "grep", "!bash"]
permission:
  edit: deny
  bash: {"git *": allow, "rm *": deny}
steps: 7
effort: high
---

You look for faults.
"""


def test_an_agent_of_the_person_s_is_a_file(home: Home) -> None:
    file = home.write_own("agents/review.md", AGENT)
    agent = home.read().agents["review"]
    assert (agent.description, agent.mode, agent.model) == ("Looks for faults.", Mode.SUB, "a/large")
    assert (agent.prompt, agent.steps, agent.effort, agent.file) == ("You look for faults.", 7, "high", file)
    assert agent.permission == {"edit": "deny", "bash": {"git *": "allow", "rm *": "deny"}}
    assert [name for name in ("read", "grep", "bash", "edit") if agent.has(name)] == ["read", "grep"]


def test_a_stranger_s_agent_has_no_model_and_no_rule_that_allows_until_it_is_trusted(home: Home) -> None:
    file = home.write(".iterate/agents/review.md", AGENT)
    found = home.read()
    agent = found.agents["review"]
    assert (agent.model, agent.permission) == (None, {"edit": {"*": "deny"}, "bash": {"rm *": "deny"}})
    assert {(each.file, each.key) for each in found.left_out} == {(file, "model"), (file, "permission.bash")}
    home.trust(file)
    found = home.read()
    assert (found.agents["review"].model, found.left_out) == ("a/large", ())
    file.write_text(AGENT.replace("large", "small"))
    assert home.read().agents["review"].model is None


@pytest.mark.parametrize(
    ("mode", "is_trusted", "counts"),
    [("plain", False, None), ("keep", False, None), ("show", False, "show"), ("plain", True, "plain")],
)
def test_an_agent_says_what_is_done_with_changes_of_its_commands_a_stranger_s_only_stricter(
    home: Home,
    mode: str,
    is_trusted: bool,  # noqa: FBT001
    counts: str | None,
) -> None:
    file = home.write(".iterate/agents/a.md", f"---\nshell: {mode}\n---\nHello")
    if is_trusted:
        home.trust(file)
    found = home.read()
    assert found.agents["a"].shell == counts
    assert [each.key for each in found.left_out] == ([] if counts else ["shell"])


@pytest.mark.parametrize("name", ["build", "mine"])
def test_a_stranger_s_agent_takes_no_name_that_the_person_knows(home: Home, name: str) -> None:
    home.write_own("agents/mine.md", "mine")
    file = home.write(f".iterate/agents/{name}.md", "evil")
    found = home.read()
    assert found.agents[name].prompt != "evil"
    assert [(each.file, each.key) for each in found.left_out] == [(file, name)]
    home.trust(file)
    assert home.read().agents[name].prompt == "evil"


def test_the_nearest_of_one_name_counts(home: Home) -> None:
    home.write_own("commands/go.md", "person")
    home.write(".iterate/commands/go.md", "root")
    home.write("a/.iterate/commands/go.md", "inner")
    assert home.read().commands["go"].template == "root"
    assert home.read("a").commands["go"].template == "inner"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("---\nmodle: x\n---\nx", "there is no setting modle; did you mean model?"),
        ("---\npermission: {bsh: deny}\n---\nx", "there is no setting permission.bsh; did you mean bash?"),
        ("---\nmode: all\n---\nx", 'mode is one of "primary", "sub", "both", not \'all\''),
        ("---\nsteps: many\n---\nx", "steps is"),
        ("---\n[1, 2]\n---\nx", "no table"),
        ("---\n1: 2\n---\nx", "no table"),
        ("---\ndescription: [\n---\nx", "line 3"),
        ("---\ndescription: x\n", "has no end"),
        ("---\na: &a [1]\nb: [*a, *a]\n---\nx", "repeats a part of itself"),
        ("---\ndescription: !!python/object/apply:os.system [id]\n---\nx", "no YAML"),
        (f"---\nx: {'[' * 8000}\n---\n", "no YAML"),
        (f"---\nx: {'y' * 20_000}\n---\n", "longer than"),
        ("---\n2026-01-01: x\n---\n", "no table"),
        ("---\ndescription: 2026-01-01\n---\n", "description is"),
    ],
)
def test_a_broken_agent_is_named_and_skipped(home: Home, text: str, said: str) -> None:
    file = home.write(".iterate/agents/bad.md", text)
    home.write(".iterate/agents/good.md", "fine")
    found = home.read()
    assert "bad" not in found.agents
    assert "good" in found.agents
    (problem,) = found.problems
    assert problem.startswith(f"{file}: ")
    assert said in problem


@pytest.mark.parametrize("name", ["Big", "with space", "a.b", "-x", "ä", "x" * 65])
def test_a_name_that_nobody_could_type_is_told(home: Home, name: str) -> None:
    home.write(f".iterate/agents/{name}.md", "x")
    found = home.read()
    assert name not in found.agents
    assert "its name is not of" in found.problems[0]


def test_a_description_with_a_colon_is_taken_as_it_is_meant(home: Home) -> None:
    home.write_own("agents/x.md", "---\ndescription: Use it when: you don't know\nsteps: 3\n---\nx")
    agent = home.read().agents["x"]
    assert (agent.description, agent.steps) == ("Use it when: you don't know", 3)


def test_skills_are_found_where_other_agents_look_too_and_their_other_keys_are_passed_over(home: Home) -> None:
    written(home.home / ".agents" / "skills" / "pdf" / "SKILL.md", "---\nname: pdf\ndescription: d1\n---\nperson")
    home.write(
        ".agents/skills/pdf/SKILL.md", "---\nname: pdf\ndescription: d2\nlicense: MIT\nmetadata: {a: b}\n---\nshared"
    )
    assert home.read().skills["pdf"].text == "shared"
    home.write(".iterate/skills/pdf/SKILL.md", "---\ndescription: >\n  two\n  lines\n---\nown")
    skill = home.read().skills["pdf"]
    assert (skill.text, skill.description) == ("own", "two lines")
    assert skill.folder == home.project / ".iterate" / "skills" / "pdf"


@pytest.mark.parametrize(
    "front", ["name: x", "description: ''", "description: 3", "name: Bad_Name\ndescription: x", "- x"]
)
def test_a_skill_that_cannot_be_chosen_is_named(home: Home, front: str) -> None:
    home.write(".iterate/skills/x/SKILL.md", f"---\n{front}\n---\nx")
    found = home.read()
    assert found.skills == {}
    assert "SKILL.md: " in found.problems[0]


def test_nothing_is_read_again_until_something_changes(home: Home) -> None:
    home.write("AGENTS.md", "one")
    first = home.read()
    assert home.read() is first
    home.write("AGENTS.md", "three")
    assert texts(home.read()) == ["three"]
    for name in (".iterate/agents/a.md", ".iterate/commands/c.md"):
        home.write(name, "x")
        assert home.read() is not first
        first = home.read()
        assert home.read() is first
    home.write(".iterate/skills/s/SKILL.md", "---\ndescription: x\n---\n")
    assert "s" in home.read().skills
    (home.project / ".iterate" / "agents" / "a.md").unlink()
    assert "a" not in home.read().agents


def test_a_folder_with_endless_files_is_bounded(home: Home) -> None:
    for number in range(1001):
        home.write(f".iterate/commands/c{number:04}.md", "x")
    found = home.read()
    assert len(found.commands) == 1000
    assert "more than 1000" in found.problems[0]


def test_hooks_of_a_stranger_do_not_run(home: Home) -> None:
    file = home.own('[[hooks]]\non = "before"\ncommand = ["evil"]\n')
    assert home.read().hooks == ()
    home.trust(file)
    assert home.read().hooks[0].command == ("evil",)


def test_what_can_be_trusted_is_named_with_what_it_says(home: Home) -> None:
    own = home.own("\N{BYTE ORDER MARK}model = 'a/1'\n")
    agent = home.write(".iterate/agents/a.md", "x")
    command = home.write(".iterate/commands/c.md", "---\nagent: yolo\n---\ny")
    home.write(".iterate/skills/s/SKILL.md", "---\ndescription: x\n---\n")
    found = project.strangers(home.settings, str(home.project))
    assert list(found) == [own, agent, command]
    assert home.read().commands["c"].agent is None
    Trust(home.settings.trusted).add(found)
    assert (home.read().commands["c"].agent, home.read().config.model) == ("yolo", "a/1")


def actions(home: Home, agent: str, deed: Deed, subject: str, above: tuple[Rule, ...] = ()) -> str:
    found = home.read()
    in_force = rules(found, found.agents[agent], above=above)
    return judge([Need(deed=deed, subject=subject)], in_force, found.root).action


def test_rules_of_settings_and_of_the_agent_are_in_force_with_the_place_they_stand_in(home: Home) -> None:
    assert actions(home, "build", "edit", "a.py") == "allow"
    home.user('[permission]\nedit = "ask"\n')
    assert actions(home, "build", "edit", "a.py") == "ask"
    home.write_own("agents/free.md", "---\npermission: {edit: allow}\n---\nx")
    assert actions(home, "free", "edit", "a.py") == "allow"
    file = home.own('[permission.edit]\n"a*" = "deny"\n')
    assert actions(home, "free", "edit", "a.py") == "deny"
    found = home.read()
    assert rules(found, found.agents["build"])[-1].where == f"{file}:2"


def test_what_the_environment_says_wins_over_a_project_that_asks(home: Home) -> None:
    home.own('[permission]\nedit = "ask"\n')
    assert actions(home, "build", "edit", "a.py") == "ask"
    home.above('[permission]\nedit = "allow"\n')
    assert actions(home, "build", "edit", "a.py") == "allow"


def test_what_an_agent_may_not_do_no_agent_that_it_begins_may_do(home: Home) -> None:
    found = home.read()
    above = rules(found, found.agents["plan"])
    assert actions(home, "general", "edit", "a.py") == "allow"
    assert actions(home, "general", "edit", "a.py", above) == "deny"


@pytest.mark.parametrize("agent", ["plan", "explore"])
def test_agents_that_change_nothing_are_denied_to(home: Home, agent: str) -> None:
    assert actions(home, agent, "edit", "a.py") == "deny"
