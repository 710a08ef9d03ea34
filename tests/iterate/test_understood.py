"""What a permission says: in plain words, each reason, path and command once."""

from pathlib import Path

import pytest
from tests.iterate.fakeprogram import heard
from tests.iterate.test_tui_asking import DIFF, NEEDS, Stage, permission

from iterate.heard import Heard

LOST = "it removes {} (cannot be undone: not in any snapshot), asked every time"


def removing(*paths: str, command: str) -> Heard:
    """What a command asks for that removes what lies outside."""
    found: list[dict[str, object]] = [
        {"deed": deed, "subject": path, "command": command, "action": "ask", "why": LOST.format(path)}
        for path in paths
        for deed in ("outside", "edit")
    ]
    found.append({"deed": "bash", "subject": command, "command": command, "action": "ask", "why": found[-1]["why"]})
    return permission(needs=found, why=found[0]["why"], preview=command, patterns=[])


def test_the_same_reason_of_several_paths_is_said_once_and_so_are_the_paths_and_the_command() -> None:
    stage = Stage(removing("/srv/other", "/etc/x", command="rm -rf ../other /etc/x"))
    assert stage.program.seen(100) == [
        "Run this command? It would change /srv/other and /etc/x, outside the project.",
        "  rm -rf ../other /etc/x",
        "  it removes them (cannot be undone: not in any snapshot), asked every time",
        "> 1 y  yes, this once",
        "  2 n  no, with a reason  Esc denies",
    ]
    many = Stage(removing(*(f"/srv/{number}" for number in range(6)), command="rm -rf /srv/?"))
    assert "change /srv/0, /srv/1, /srv/2 and 3 more, outside" in many.program.seen(100)[0]
    four = Stage(removing("/a", "/b", "/c", "/d", command="rm -rf /?"))
    assert "change /a, /b, /c and /d, outside" in four.program.seen(100)[0]


def test_a_short_command_takes_few_rows_and_its_rule_is_said_once() -> None:
    rule = "built-in rule: bash * = ask"
    need = {"deed": "bash", "subject": "python3 x.py", "command": "python3 x.py", "action": "ask", "why": rule}
    stage = Stage(permission(needs=[need], why=rule, preview="python3 x.py", patterns=["bash python3 x.py"]))
    rows = stage.program.seen()
    assert len(rows) == 7
    assert rows[:2] == [f"Run this command?  {rule}", "  python3 x.py"]
    shown = "\n".join(rows)
    assert (shown.count(rule), shown.count("bash asks")) == (1, 0)


@pytest.mark.parametrize(
    ("page", "event"),
    [
        (
            "first-session",
            permission(
                needs=[
                    {
                        "deed": "bash",
                        "subject": "python3 fizzbuzz.py",
                        "action": "ask",
                        "why": "built-in rule: bash * = ask",
                    }
                ],
                why="built-in rule: bash * = ask",
                preview="python3 fizzbuzz.py",
                patterns=["bash python3 fizzbuzz.py"],
            ),
        ),
        ("beside", permission(needs=NEEDS, preview="ls; git push origin")),
    ],
)
def test_the_pages_show_what_the_program_shows(page: str, event: Heard) -> None:
    text = (Path(__file__).parents[2] / "docs" / f"{page}.md").read_text("utf-8")
    assert "```\n" + "\n".join(Stage(event).program.seen(120)) + "\n```" in text


def test_different_reasons_stand_each_with_what_they_are_about() -> None:
    both = removing("/srv/other", command="rm -rf /srv/other; git push")
    needs = both.fields["needs"]
    assert isinstance(needs, list)
    push = {
        "deed": "bash",
        "subject": "git push",
        "command": "git push",
        "action": "ask",
        "why": "user rule: bash git push * = ask",
    }
    rows = Stage(heard("permission.asked", **{**both.fields, "needs": [*needs, push]})).program.seen(120)
    assert rows[:4] == [
        "Run this command?",
        "  rm -rf /srv/other; git push",
        f"  change /srv/other, outside the project: {LOST.format('it')}",
        "  run git push: user rule: bash git push * = ask",
    ]


@pytest.mark.parametrize(
    ("tool", "deed", "subject", "said"),
    [
        ("edit", "edit", "a.py", "Change a.py?"),
        ("read", "outside", "/etc/passwd", "Reach /etc/passwd, outside the project?"),
        ("fetch", "fetch", "https://x.example", "Fetch https://x.example?"),
        ("task", "task", "explore", "Begin the agent explore?"),
        ("github_issue", "mcp", "github issue", "Call github issue?"),
        ("skill", "skill", "writing", "Load the skill writing?"),
        ("read", "read", "a, b\nc", 'Read "a, b\N{DOWNWARDS ARROW WITH CORNER LEFTWARDS}c"?'),
    ],
)
def test_what_other_tools_ask_is_said_in_words(tool: str, deed: str, subject: str, said: str) -> None:
    need = {"deed": deed, "subject": subject, "action": "ask", "why": "it is odd"}
    stage = Stage(permission(tool=tool, needs=[need], why="it is odd", preview=DIFF))
    assert stage.program.seen()[0] == said
    assert "it is odd" in "\n".join(stage.program.seen())


def test_a_name_that_says_what_a_reason_says_hides_nothing_of_it() -> None:
    rows = Stage(removing("cannot be undone", command="rm x")).program.seen(120)
    assert "  it removes it (cannot be undone: not in any snapshot), asked every time" in rows
    rule = "user rule: edit /etc/x = ask"
    need = {"deed": "edit", "subject": "/etc/x", "action": "ask", "why": rule}
    assert rule in Stage(permission(tool="edit", needs=[need], why=rule, preview=DIFF)).program.seen()[0]
