"""What commands of a conversation do: lists, pages, deeds; and what is said where they cannot be done."""

import re
from pathlib import Path

import pytest
from tests.iterate.fakeprogram import FakeProgram, press, seen

from iterate.config import bindings
from iterate.errors import CommandUnknown, UsageError
from iterate.heard import Heard
from iterate.tui import changed, commands, helping, turning, welcome
from iterate.tui.listing import Listing

SESSION = {
    "id": "ses_1234567890",
    "title": "mend the parser",
    "prompts": 2,
    "updated_ms": 0,
    "directory": "/work",
    "cost_micro_usd": 1_230_000,
}
OTHER = {**SESSION, "id": "ses_ffff", "title": "write the docs"}
DIFF = (
    "diff --git a/src/a.py b/src/a.py\n--- a/src/a.py\n+++ b/src/a.py\n@@ -1,2 +1,2 @@\n keep\n--- old\n+++ new\n"
    "--- /dev/null\n+++ b/new file.txt\n@@ -0,0 +1 @@\n+hello\n"
)


def given(**answers: object) -> FakeProgram:
    program = FakeProgram({key.replace("_", " ", 1): value for key, value in answers.items()})
    program.session = "ses_1234567890"
    return program


def top(program: FakeProgram, columns: int = 80, lines: int = 30) -> str:
    return "\n".join(seen(program.widgets[-1], columns, lines))


def test_a_path_is_no_command_and_an_unknown_one_is_answered_with_the_nearest() -> None:
    program = FakeProgram({"POST /command/modles": CommandUnknown("no"), "GET /command": {"commands": []}})
    assert not commands.obey(program, "/etc/hosts is broken")
    assert not commands.obey(program, "/")
    assert commands.obey(program, "/modles")
    assert [(str(each), each.hint) for each in program.failures] == [
        ("there is no command /modles", "did you mean /models?")
    ]


def test_the_beginning_that_only_one_command_has_is_that_command() -> None:
    program = FakeProgram(
        {"POST /command/rev": CommandUnknown("no"), "GET /command": {"commands": [{"name": "review"}]}}
        | {f"POST /command/{name}": CommandUnknown("no") for name in ("sess", "se", "ex")}
    )
    commands.obey(program, "/sess")
    assert isinstance(program.widgets[0], Listing)
    for name in ("/se", "/ex", "/rev"):
        commands.obey(program, name)
    assert [each.hint for each in program.failures] == [
        "did you mean /sessions?",
        "did you mean /exit?",
        "did you mean /review?",
    ]


def test_a_command_of_the_project_is_sent_as_the_prompt_that_it_is() -> None:
    expanded = {
        "text": "Review src",
        "model": "a/b",
        "agent": "plan",
        "files": [{"url": "data:,x"}, {"url": "file:///x"}],
    }
    program = FakeProgram({"POST /command/review": expanded})
    assert commands.obey(program, "/review  src ")
    assert program.asked[-1][2] == {"arguments": "src", "workspace": {"directory": "/work", "environment": {}}}
    assert (program.sent, program.chose) == (["Review src"], [("a/b", "plan", ({"url": "data:,x"},))])


@pytest.mark.parametrize("command", [each for each in commands.COMMANDS if each.wants_session])
def test_without_a_session_what_wants_one_says_so(command: commands.Command) -> None:
    program = FakeProgram()
    commands.obey(program, command.name)
    assert [type(each) for each in program.failures] == [UsageError]
    assert program.asked == []


@pytest.mark.parametrize("command", [each for each in commands.COMMANDS if each.waits])
def test_while_an_answer_runs_what_waits_for_it_says_why(command: commands.Command) -> None:
    program = given()
    program.is_answering = True
    commands.obey(program, command.name)
    assert ["waits for the answer" in str(each) for each in program.failures] == [True]
    assert program.asked == []


@pytest.mark.parametrize("command", [each for each in commands.COMMANDS if each.name not in {"/quit", "/export"}])
def test_each_command_does_something_that_is_seen(command: commands.Command) -> None:
    program = given()
    program.answer = "text"
    commands.obey(program, f"/{command.name[1:]} {'1' if command.words == 'call' else ''}".strip())
    is_seen = program.widgets or program.said or program.told or program.failures or program.sent or program.asked
    assert is_seen or program.is_full
    for widget in program.widgets:
        for columns, lines in ((80, 24), (20, 5), (5, 2)):
            seen(widget, columns, lines)


def test_every_action_of_a_key_that_is_a_command_is_one() -> None:
    bound = bindings.actions("app")
    for action, name in commands.ACTIONS.items():
        assert action in bound
        assert commands.find(name) is not None


def test_sessions_are_listed_renamed_deleted_and_gone_on_with() -> None:
    program = given(**{"GET_/session": {"sessions": [SESSION, OTHER]}})
    program.answers["PATCH /session/ses_ffff"] = {**OTHER, "title": "docs"}
    program.answers["DELETE /session/ses_ffff"] = {"removed": ["ses_ffff"]}
    commands.obey(program, "/sessions")
    assert "\u203a*mend the parser" in top(program)
    assert "2 prompts  $1.23" in top(program, 160)
    listing = program.widgets[-1]
    press(listing, "down", "ctrl+r", "ctrl+u", "docs", "enter")
    assert ("PATCH", "/session/ses_ffff", {"title": "docs"}) in program.asked
    assert "docs" in top(program)
    press(listing, "ctrl+d", "ctrl+d")
    assert ("DELETE", "/session/ses_ffff", None) in program.asked
    assert "docs" not in top(program)
    press(listing, "enter")
    assert program.session == "ses_1234567890"


def test_what_titles_do_not_hold_the_server_looks_for_in_prompts() -> None:
    program = given(**{"GET_/session": {"sessions": [SESSION]}})
    commands.obey(program, "/sessions")
    listing = program.widgets[-1]
    program.answers["GET /session"] = {"sessions": [OTHER]}
    press(listing, "x", "y", "z")
    assert "nothing has these letters" in top(program)
    program.wait()
    assert "write the docs" in top(program)
    assert "search=xyz" in program.asked[-2][1] + program.asked[-1][1]


def test_the_session_that_is_open_is_listed_though_it_is_that_of_a_sub_agent() -> None:
    below = {**SESSION, "id": "ses_2", "title": "look around", "parent": "ses_ffff"}
    program = given(**{"GET_/session": {"sessions": [OTHER]}, "GET_/session/ses_2": {"session": below}})
    program.session = "ses_2"
    commands.obey(program, "/sessions")
    shown = top(program, 100)
    assert "write the docs" in shown
    assert re.search(r"look around .*sub-agent", shown)


def test_models_that_can_be_asked_come_first_with_price_and_window() -> None:
    ready = {"name": "a/big", "ready": True, "window": 200_000, "prices": {"input": 3_000_000, "output": 15_000_000}}
    models = [{"name": "b/none", "ready": False, "why": "no key"}, ready, {"name": "echo/x", "ready": True}]
    program = given(**{"GET_/model": {"models": models}})
    commands.obey(program, "/models")
    rows = seen(program.widgets[-1], 70, 12)
    assert [row.split()[0] for row in rows[2:5]] == ["ready", "\u203a", "not"]
    assert "200k context  $3 in  $15 out" in rows[3]
    press(program.widgets[-1], "enter")
    assert program.model == "a/big"
    commands.obey(program, "/model a/bgi")
    assert program.model == "a/bgi"
    commands.obey(program, "/model big")
    assert program.failures[-1].hint == "did you mean a/big?"


def test_the_first_model_ever_is_kept_and_of_another_one_it_is_said_how_long_it_answers(tmp_path: Path) -> None:
    program = given(**{"GET_/model": {"models": [{"name": each, "ready": True} for each in ("a/big", "a/small")]}})
    program.here = program.here._replace(config=tmp_path / "config.toml")
    commands.obey(program, "/model echo/echo")
    assert not (tmp_path / "config.toml").exists()
    program.model = ""
    commands.obey(program, "/model a/big")
    assert (tmp_path / "config.toml").read_text() == 'model = "a/big"\n'
    assert program.said == [f"model is a/big from now on, in {tmp_path / 'config.toml'}"]
    commands.obey(program, "/model a/small")
    assert program.told[-1] == "a/small answers until you leave; iterate config set model a/small keeps it"
    assert program.model == "a/small"
    assert (tmp_path / "config.toml").read_text() == 'model = "a/big"\n'
    program.model, program.is_far = "", True
    commands.obey(program, "/model a/small")
    assert program.told[-1] == "a/small answers until you leave"
    assert (tmp_path / "config.toml").read_text() == 'model = "a/big"\n'


def test_where_no_model_can_be_asked_the_list_asks_vendors_itself_and_once() -> None:
    program = given(**{"GET_/model": {"models": [{"name": "b/none", "ready": False, "why": "no key"}]}})
    commands.obey(program, "/models")
    assert [each[:2] for each in program.asked if each[0] == "POST"] == [("POST", "/provider/refresh")]
    ready = given(**{"GET_/model": {"models": [{"name": "a/big", "ready": True}]}})
    commands.obey(ready, "/models")
    assert [each for each in ready.asked if each[0] == "POST"] == []


def test_a_first_screen_says_in_whole_rows_how_a_model_is_taken() -> None:
    models = [Heard("", "", {"name": "mine/m", "ready": True})]
    assert welcome.ways(models, [], "/model") == [
        "These can be asked now:",
        "  mine/m",
        "",
        "  /model mine/m   takes it, and keeps it in your settings",
    ]
    assert welcome.ways(models, [], "--model")[2:] == [
        "--model mine/m                    takes it for this prompt",
        "iterate config set model mine/m   keeps it in your settings",
    ]
    without = "\n".join(welcome.ways([], [], "/model"))
    assert "iterate models --refresh then asks it what it has" in without
    assert without.endswith("Then /models shows what can be asked.")


def test_a_theme_is_worn_while_the_cursor_is_on_it_and_the_old_one_again_behind_escape() -> None:
    program = given()
    commands.obey(program, "/themes")
    press(program.widgets[-1], "down")
    assert program.theme == "dark"
    press(program.widgets[-1], "escape")
    assert program.theme == "terminal"
    commands.obey(program, "/theme light")
    assert program.theme == "light"


def test_a_diff_is_taken_apart_by_its_files_also_where_lines_look_like_heads() -> None:
    found = changed.files(DIFF)
    assert list(found) == ["src/a.py", "new file.txt"]
    assert "".join(found.values()) == DIFF


def test_changed_files_are_listed_with_their_diffs() -> None:
    program = given(**{"GET_/session/ses_1234567890/diff": {"diff": DIFF}})
    commands.obey(program, "/files")
    assert "new file.txt" in top(program)
    press(program.widgets[-1], "down", "enter")
    assert "hello" in top(program)


def test_the_last_answer_or_one_of_its_blocks_is_copied() -> None:
    program = given()
    program.answer = "Text\n```py\nx = 1\n\n```\n- item\n  ~~~\n  two\n  ```\n  ~~~\n````md\n```\nin\n```\n````\n"
    assert turning.blocks(program.answer) == ["x = 1\n\n", "two\n```\n", "```\nin\n```\n"]
    commands.obey(program, "/copy 1")
    commands.obey(program, "/copy")
    assert program.copied == ["x = 1\n\n", program.answer]
    commands.obey(program, "/copy 9")
    assert "it has 3 blocks" in program.failures[-1].hint


def test_a_session_is_exported_into_a_new_file_alone(tmp_path: Path) -> None:
    program = given(**{"GET_/session/ses_1234567890/markdown": {"markdown": "# Talk\n"}})
    program.directory = str(tmp_path)
    commands.obey(program, "/export talk.md")
    commands.obey(program, "/export talk.md")
    assert (tmp_path / "talk.md").read_text() == "# Talk\n"
    assert "is there already" in str(program.failures[-1])


def test_the_page_of_help_has_every_command_and_key_within_80_columns() -> None:
    program = given(**{"GET_/command": {"commands": [{"name": "review", "description": "looks at it"}]}})
    commands.obey(program, "/help")
    text = "\n".join(seen(program.widgets[-1], 80, 400))
    assert "/review" in text
    for command in commands.COMMANDS:
        assert command.name in text
    for rows in bindings.BINDINGS.values():
        for each in rows:
            assert each.meaning.split()[0] in text


def test_own_keys_are_marked_and_conflicts_told() -> None:
    from iterate.terminal import rows
    from iterate.terminal.keymap import Keymap

    keymap = Keymap({"app": {"models": ["ctrl+r"]}, "list": {"down": ["ctrl+p"]}})
    text = "\n".join(rows.plain(each) for each in helping.bound(keymap, 80))
    assert "conflict: " in text
    assert "(yours)" in text


def test_all_commands_are_listed_and_one_with_words_is_written_into_the_line() -> None:
    program = given()
    assert commands.act(program, "commands")
    listing = program.widgets[-1]
    assert isinstance(listing, Listing)
    press(listing, "/rename", "enter")
    assert program.written == ["/rename "]


def test_a_theme_and_the_keys_of_vi_are_kept_in_the_persons_own_file_and_its_comments_stay(tmp_path: Path) -> None:
    program = given()
    program.here = program.here._replace(config=tmp_path / "config.toml")
    (tmp_path / "config.toml").write_text("# mine\n")
    commands.obey(program, "/theme light")
    commands.obey(program, "/vi vi")
    text = (tmp_path / "config.toml").read_text()
    assert text.startswith("# mine\n")
    assert {'theme = "light"', 'editor = "vi"'} <= set(text.split("\n"))
    assert program.told == ["(learnt)"]


def test_a_rule_that_was_allowed_for_always_is_forgotten_in_its_list_and_others_are_not() -> None:
    rules = [
        {"deed": "bash", "pattern": "*", "action": "ask", "source": "built-in", "file": ""},
        {"deed": "bash", "pattern": "git push *", "action": "allow", "source": "always", "file": "/p/rules"},
    ]
    program = given(GET_rules={}, **{"GET_/permission/rule": {"rules": rules}})
    commands.obey(program, "/permissions")
    assert "git push *" in top(program)
    press(program.widgets[-1], "ctrl+d", "ctrl+d")
    assert not any(method == "DELETE" for method, _, _ in program.asked)
    press(program.widgets[-1], "down", "ctrl+d", "ctrl+d")
    deleted = [path for method, path, _ in program.asked if method == "DELETE"]
    assert deleted == ["/permission/rule?directory=%2Fwork&deed=bash&pattern=git%20push%20%2A"]
    assert program.told[-1] == "forgotten: allow bash git push *"


@pytest.mark.parametrize(
    "answer", [UsageError("it makes it no shorter"), {"summary": "all of it", "tokens_before": 9, "tokens_after": 2}]
)
def test_a_summary_that_is_refused_or_there_is_no_longer_said_to_be_made(answer: object) -> None:
    program = given(**{"POST_/session/ses_1234567890/compact": answer})
    commands.obey(program, "/compact")
    assert program.told == ["the model sums up; Esc ends it", ""]
    assert program.failures == [answer] or program.said == ["all of it", "9 tokens became 2"]


@pytest.mark.parametrize("command", ["/new", "/clear"])
def test_a_line_says_that_a_session_begins(command: str) -> None:
    program = given()
    commands.obey(program, command)
    assert (program.session, program.said[-2:]) == ("", ["a new session begins with the next prompt", ""])
