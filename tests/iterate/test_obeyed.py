"""Files of a project that hooks and MCP servers start: nobody changes them unasked."""

from pathlib import Path

import pytest
from tests.iterate.test_project import Home

from iterate.permissions.judge import Judgement, judge
from iterate.permissions.need import Need
from iterate.permissions.rules import Rule
from iterate.project.rules import rules

HOOK = '[[hooks]]\non = "before"\ncommand = {}\n'


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def judged(home: Home, path: str, *, agent: str = "build", is_trusting: bool = False, said: str = "") -> Judgement:
    found = home.read()
    allowed = Rule(deed="edit", pattern=said or "**", action="allow", source="session")
    in_force = (*rules(found, found.agents[agent]), allowed)
    return judge([Need(deed="edit", subject=path)], in_force, home.project, is_trusting=is_trusting)


def asks(home: Home, path: str) -> bool:
    return judged(home, path).action == "ask"


@pytest.mark.parametrize(
    "command",
    [
        '["tools/check", "--strict"]',
        '["./tools/check"]',
        '["tools/../tools/check"]',
        '["python3", "tools/check"]',
        '["env", "X=tools/check", "true"]',
        '["sh", "-c", "cd . && exec tools/check --strict"]',
        '["python3", "{root}/tools/check"]',
    ],
)
def test_a_program_that_a_hook_starts_asks_before_it_is_changed_whatever_was_allowed(home: Home, command: str) -> None:
    home.write("tools/check", "#!/bin/sh\n")
    home.user(HOOK.format(command.replace("{root}", str(home.project))))
    # Another folder in the place of the one that it lies in would bring another program.
    assert [asks(home, path) for path in ("tools/check", "TOOLS/check", "tools")] == [True, True, True]
    assert [asks(home, path) for path in ("tools/other", "check", "src/tools/check", "src/a.py")] == [False] * 4


def test_it_asks_also_where_nothing_else_does_and_each_time_and_says_why(home: Home) -> None:
    home.user(HOOK.format('["tools/check"]'))
    # Not there yet: whoever makes it says what runs.
    found = judged(home, "tools/check", is_trusting=True, said="tools/check")
    assert (found.action, found.patterns) == ("ask", ())
    assert found.why == "tools/check is started by hooks of the settings, outside the sandbox"
    assert judged(home, "tools/other", is_trusting=True).action == "allow"
    assert judged(home, "tools/check", agent="plan").action == "deny"


def test_links_to_the_program_and_what_they_lead_to_are_both_it(home: Home) -> None:
    home.write("scripts/real.sh", "#!/bin/sh\n")
    (home.project / "tools").mkdir()
    (home.project / "tools" / "check").symlink_to("../scripts/real.sh")
    (home.project / "bin").symlink_to("tools")
    home.user(HOOK.format('["bin/check"]'))
    assert all(asks(home, path) for path in ("bin", "bin/check", "tools/check", "scripts/real.sh", "scripts"))


def test_folders_among_the_arguments_and_programs_of_the_system_make_nothing_ask(home: Home) -> None:
    home.write("src/a.py", "")
    home.write("ruff", "")
    home.user(HOOK.format('["ruff", "check", "src", ".", "-"]'))
    assert not any(asks(home, path) for path in ("src/a.py", "src", "ruff"))


def test_a_file_beside_the_root_that_is_an_argument_counts_too(home: Home) -> None:
    home.write("check.py", "")
    home.user(HOOK.format('["python3", "check.py"]'))
    assert (asks(home, "check.py"), asks(home, "src/check.py")) == (True, False)


def test_programs_of_mcp_servers_count_while_they_are_on(home: Home) -> None:
    home.write("server.py", "")
    home.user('[mcp.own]\ncommand = ["python3", "server.py"]\n[mcp.off]\ncommand = ["./off.py"]\nenabled = false\n')
    assert (asks(home, "server.py"), asks(home, "off.py")) == (True, False)


def test_a_hook_of_a_stranger_is_not_started_and_makes_nothing_ask_until_it_is_trusted(home: Home) -> None:
    file = home.own(HOOK.format('["./hook.sh"]'))
    assert not asks(home, "hook.sh")
    home.trust(file)
    assert asks(home, "hook.sh")
