"""What asks stands in front of a person: one at a time, answered by a key, taken away when somebody else was first."""

import random

import pytest
from tests.iterate.fakeprogram import Onstage, heard, seen

from iterate.errors import AlreadyAnswered, Failure
from iterate.heard import Heard
from iterate.terminal.keymap import Keymap
from iterate.terminal.keys import Key
from iterate.tui.asking import Asking

DIFF = "--- a/x.py\n+++ b/x.py\n@@ -1 +1 @@\n-old\n+new\n"
NEEDS = [
    {"deed": "bash", "subject": "ls", "command": "ls", "action": "allow", "why": "built-in rule: bash <looks> = allow"},
    {
        "deed": "bash",
        "subject": "git push origin",
        "command": "git push origin",
        "program": "git",
        "action": "ask",
        "why": "user rule in /etc/me/config.toml:12: bash git push * = ask",
    },
]


def permission(id_: str = "per_1", **fields: object) -> Heard:
    given = {"id": id_, "call": "c1", "tool": "bash", "why": "user rule", "patterns": ["bash git push *"], **fields}
    return heard("permission.asked", **given)


class Stage:
    """A program with what asks on top, and a clock that is turned by hand."""

    def __init__(self, *events: Heard) -> None:
        self.now = 0.0
        self.program = Onstage()
        self.asking = Asking(self.program, lambda: self.now)
        self.hear(*events)
        self.now += 10

    def hear(self, *events: Heard) -> None:
        for each in events:
            self.asking.take(each)
        self.program.settle()

    @property
    def sent(self) -> list[tuple[str, object]]:
        return [(each.path, each.body) for each in self.program.calls]


def test_what_the_rules_understood_is_shown_with_the_line_of_the_rule_that_asks() -> None:
    stage = Stage(permission(needs=NEEDS, preview="ls; git push origin"))
    rows = stage.program.seen()
    assert rows == [
        "Run this command? It would run git push origin.  user rule in",
        "/etc/me/config.toml:12: bash git push * = ask",
        "  ls; git push origin",
        "  the rest of it is allowed; d shows every part",
        "> 1 y  yes, this once",
        "  2 s  yes, for this session  bash git push *",
        "  3 a  yes, always  bash git push *",
        "  4 e  choose or edit what is remembered",
        "  5 n  no, with a reason  Esc denies",
    ]
    stage.program.keys("d")
    assert stage.program.seen()[4:7] == [
        "  allowed: run ls",
        "  asks: run git push origin",
        "      user rule in /etc/me/config.toml:12: bash git push * = ask",
    ]
    stage.program.keys("d")
    assert stage.program.seen() == rows


@pytest.mark.parametrize(("columns", "lines"), [(19, 3), (39, 8), (19, 4), (30, 3), (79, 5)])
def test_in_a_small_room_every_answer_and_the_command_can_be_reached(columns: int, lines: int) -> None:
    long = "python3 -m http.server --directory /srv/files " * 3
    stage = Stage(permission(needs=NEEDS, preview=long, patterns=["bash python3 *"]))
    rows = stage.program.seen(columns, lines)
    assert len(rows) <= lines
    shown = " ".join(rows)
    for key in ("y", "s", "a", "e", "n", "Esc"):
        assert f" {key}" in f" {shown.replace('>', ' ')}", key
    assert "python3" in rows[0] or "python3" in rows[1] or "python3" in rows[2]
    # Whatever is not seen is scrolled to.
    seen_ = [*rows]
    for _ in range(40):
        stage.program.keys("[pagedown]")
        seen_ += stage.program.seen(columns, lines)
    told = " ".join(seen_)
    assert "allowed" in told
    assert "remembered" in told
    stage.program.keys("[up]", "[enter]", "[enter]")
    assert stage.sent == [("/permission/per_1", {"decision": "deny"})]


@pytest.mark.parametrize(
    ("keys", "body"),
    [
        (["1"], {"decision": "once"}),
        (["Y"], {"decision": "once"}),
        (["2"], {"decision": "session"}),
        (["[down]", "[down]", "[enter]"], {"decision": "always"}),
        (["n", "[enter]"], {"decision": "deny"}),
        (["[up]", "[enter]", "not 1 here", "[enter]"], {"decision": "deny", "message": "not 1 here"}),
        (["n", "y", "[escape]", "y"], {"decision": "once"}),
        (["[escape]"], {"decision": "deny"}),
    ],
)
def test_one_key_answers(keys: list[str], body: object) -> None:
    stage = Stage(permission())
    stage.program.keys(*keys)
    assert stage.sent == [("/permission/per_1", body)]
    assert stage.program.widgets == []


def test_patterns_are_picked_and_written_otherwise() -> None:
    stage = Stage(permission(patterns=["bash git push *", "bash git fetch *"]))
    stage.program.keys("e", "2", "[up]", "e", *(["[backspace]"] * 1), "origin", "[enter]", "a")
    assert stage.sent == [("/permission/per_1", {"decision": "always", "patterns": ["bash git push origin"]})]


def test_a_pattern_of_what_was_not_asked_is_not_kept() -> None:
    stage = Stage(permission())
    stage.program.keys("e", "e", *(["[backspace]"] * 20), "edit *", "[enter]")
    assert "write bash, a space and a pattern" in "\n".join(stage.program.seen())
    stage.program.keys("[escape]", "s")
    assert stage.sent == [("/permission/per_1", {"decision": "session", "patterns": ["bash git push *"]})]


def test_without_patterns_nothing_is_offered_for_longer() -> None:
    stage = Stage(permission(patterns=[]))
    assert [row[4:] for row in stage.program.seen()[-2:]] == ["y  yes, this once", "n  no, with a reason  Esc denies"]
    stage.program.keys("s", "a", "3")
    assert stage.sent == []


def test_what_was_typed_before_it_could_be_read_is_no_answer_and_is_left_to_the_editor() -> None:
    stage = Stage()
    stage.hear(permission())
    for _ in range(4):
        # Read with the keys of the line, so that a letter is a letter.
        assert stage.program.top.context == "editor"
        assert stage.program.keys("y") == [False]
        stage.now += 0.3
    stage.now += 0.5
    assert stage.program.keys("y") == [True]
    assert stage.sent == [("/permission/per_1", {"decision": "once"})]


def test_bindings_of_dialogs_answer_whatever_keys_they_are_on() -> None:
    for action, body in (("once", {"decision": "once"}), ("choice-3", {"decision": "always"})):
        stage = Stage(permission())
        assert stage.program.top.context == "dialog"
        assert stage.program.top.act(action, Key("f9"))
        assert stage.sent == [("/permission/per_1", body)]
    stage = Stage(permission())
    stage.program.top.act("deny", Key("text", "n"))
    assert stage.program.top.context == "editor"
    # While a reason is typed the letters are its own.
    stage.program.top.act("once", Key("text", "y"))
    stage.program.keys("[enter]")
    assert stage.sent == [("/permission/per_1", {"decision": "deny", "message": "y"})]


def test_the_keys_that_a_person_bound_stand_beside_the_answers() -> None:
    stage = Stage()
    stage.program.keymap = Keymap({"dialog": {"once": ["o"], "deny": [], "always": ["ctrl+g", "a"]}})
    stage.hear(permission())
    rows = [row[2:].split("  ")[0] for row in stage.program.seen()[-5:]]
    assert rows == ["1 o", "2 s", "3 a", "4 e", "5"]


def test_ctrl_c_is_left_to_the_program() -> None:
    stage = Stage(permission())
    assert stage.program.keys("[ctrl+c]") == [False]


def test_several_are_asked_one_after_the_other_and_counted() -> None:
    stage = Stage(permission("per_1"), permission("per_2", asker="ses_2", agent="explore"), permission("per_3"))
    assert "(2 more wait)" in stage.program.seen()[0]
    assert len(stage.program.widgets) == 1
    stage.program.keys("y")
    assert stage.program.seen()[0] == "explore: Run this command?  (1 more waits)"
    # Nobody has read this one when the first was answered.
    assert stage.program.keys("y") == [False]
    stage.now += 10
    stage.program.keys("n", "[enter]")
    stage.now += 10
    stage.program.keys("y")
    assert [path for path, _ in stage.sent] == ["/permission/per_1", "/permission/per_2", "/permission/per_3"]
    assert stage.asking.count == 0


def test_what_a_sub_agent_asks_is_asked_once_though_two_sessions_tell_it() -> None:
    below = permission(asker="ses_2", agent="explore")
    # The stream of the agent may be the faster one.
    stage = Stage(heard("permission.asked", **{**below.fields, "session": "ses_2"}), below)
    assert stage.program.seen()[0].startswith("explore: Run this")
    stage.program.keys("y")
    stage.hear(heard("permission.asked", **{**permission().fields, "session": "ses_2"}))
    assert stage.program.widgets == []


def test_the_answer_of_another_client_takes_it_away_and_says_so() -> None:
    stage = Stage(permission())
    stage.hear(heard("permission.answered", id="per_1", decision="session"))
    assert (stage.program.widgets, stage.program.told) == ([], ["answered elsewhere"])


def test_what_was_answered_before_the_session_was_read_is_never_shown() -> None:
    stage = Stage(permission(), heard("permission.answered", id="per_1", decision="deny"))
    assert (stage.program.widgets, stage.program.told) == ([], [])


def test_the_end_of_the_answer_takes_away_what_it_asked() -> None:
    stage = Stage(permission(asker="ses_2"), permission("per_2"))
    stage.hear(heard("failed", session="ses_2", reason="cancelled"))
    assert stage.asking.count == 1
    stage.hear(heard("failed", reason="cancelled"))
    assert stage.program.widgets == []


def test_who_was_not_first_is_told_and_a_word_that_did_not_arrive_is_asked_again() -> None:
    stage = Stage(permission(), permission("per_2"))
    stage.program.keys("y")
    (call,) = stage.program.calls
    assert call.otherwise is not None
    call.otherwise(AlreadyAnswered("per_1 was answered"))
    assert stage.program.told == ["somebody else answered before"]
    stage.now += 10
    stage.program.keys("y")
    broken = stage.program.calls[1].otherwise
    assert broken is not None
    assert stage.program.widgets == []
    broken(Failure("the connection broke"))
    assert len(stage.program.widgets) == len(stage.program.failures) == 1
    stage.now += 10
    stage.program.keys("y")
    assert stage.sent[-1] == ("/permission/per_2", {"decision": "once"})


FILES = [
    {"path": "a.py", "kind": "modified", "added": 1, "removed": 1, "group": 0},
    {"path": "old name", "kind": "deleted", "group": 1},
    {"path": "new name", "kind": "added", "added": 3, "group": 1},
    {"path": "b.py", "kind": "added", "added": 1},
]
CHANGES = "changed:\nM a.py\n\n" + "".join(
    f"diff --git a/{name} b/{name}\n--- a/{name}\n+++ b/{name}\n@@ -1 +1 @@\n-before {name}\n+diff --git a/z b/z\n"
    for name in ("a.py", "old name", "new name")
)


def test_of_the_files_of_a_command_some_are_taken_and_those_that_belong_together_stay_together() -> None:
    stage = Stage(permission(patterns=[], files=FILES, preview=CHANGES))
    assert [row[4:].split("  ")[1] for row in stage.program.seen()[-3:]] == [
        "take all",
        "choose files",
        "take none, with a reason",
    ]
    stage.program.keys("f")
    assert stage.program.seen()[:5] == [
        "takes 4 of 4 files",
        "> 1 [x] M a.py  +1 -1",
        "  2 [x] D old name  belongs to 1",
        "  3 [x] A new name  +3 -0  belongs to 1",
        "  4 [x] A b.py  +1 -0",
    ]
    stage.program.keys("3", "1")
    assert stage.program.seen()[0] == "takes 1 of 4 files"
    stage.program.keys("x", "[enter]")
    assert "nothing is taken" in stage.program.seen()[-1]
    stage.program.keys("2", "[enter]")
    assert stage.sent == [("/permission/per_1", {"decision": "once", "files": ["old name", "new name"]})]


def test_each_file_shows_its_own_diff_and_says_where_there_is_none() -> None:
    stage = Stage(permission(patterns=[], files=FILES, preview=CHANGES))
    stage.program.keys("f", "d")
    assert stage.program.seen()[0] == "1 of 4  a.py  is taken"
    shown = "\n".join(stage.program.seen())
    assert "-before a.py" in shown
    assert "+diff --git a/z b/z" in shown
    assert "old name" not in shown
    stage.program.keys(" ", "n", "n", "n")
    assert "not at hand" in "\n".join(stage.program.seen())
    stage.program.keys("[left]", "[escape]", "f", "a", "t")
    assert stage.sent == [("/permission/per_1", {"decision": "once"})]


def test_a_diff_that_is_longer_than_the_room_is_scrolled_and_the_answers_stay_in_sight() -> None:
    long = "--- a/x\n+++ b/x\n@@ -0,0 +1,500 @@\n" + "".join(f"+line {number}\n" for number in range(500))
    stage = Stage(permission(preview=long))
    rows = stage.program.seen(60, 20)
    assert len(rows) == 20
    assert rows[-1].endswith("no, with a reason  Esc denies")
    assert "PageDown" in rows[-6]
    stage.program.keys("[pagedown]")
    assert stage.program.seen(60, 20) != rows
    stage.program.keys(Key("end"))
    assert "+line 499" in "\n".join(stage.program.seen(60, 20))


def test_a_very_long_diff_is_drawn_as_far_as_somebody_leafs() -> None:
    long = "--- a/x\n+++ b/x\n@@ -0,0 +1,9000 @@\n" + "".join(f"+line {number}\n" for number in range(9000))
    stage = Stage(permission(preview=long))
    assert "+: PageUp, PageDown" in stage.program.seen(60, 20)[-6]
    seen = set(stage.program.seen(60, 20))
    for _ in range(900):
        stage.program.keys("[pagedown]")
        seen |= set(stage.program.seen(60, 20))
    assert all(any(f"line {number}" in row for row in seen) for number in range(0, 9000, 997))
    assert any("line 8999" in row for row in seen)
    stage = Stage(permission(preview=long))
    stage.program.seen(60, 20)
    stage.program.keys(Key("end"))
    assert "line 8999" in "\n".join(stage.program.seen(60, 20))


@pytest.mark.parametrize("columns", [1, 5, 20, 200])
@pytest.mark.parametrize("lines", [1, 2, 5, 50])
def test_it_fits_every_room(columns: int, lines: int) -> None:
    asked = permission(needs=NEEDS, files=FILES, preview=CHANGES + "\x1b[31m\u202e" * 9, why="why " * 50)
    stage = Stage(asked, heard("question.asked", id="que_1", questions=QUESTIONS))
    for keys in (("f",), ("d",), ("[left]", "[escape]", "e"), ("[escape]", "n")):
        stage.program.keys(*keys)
        assert "\x1b" not in "".join(seen(stage.program.top, columns, lines))
    stage.program.keys("[enter]")
    stage.now += 10
    for keys in (("[pagedown]",), ("[enter]",), ("9",)):
        stage.program.keys(*keys)
        seen(stage.program.top, columns, lines)


QUESTIONS = [
    {"text": "Which colour?", "choices": ["red", "blue"]},
    {"text": "Which sizes?", "choices": ["small", "large", "huge"], "is_many": True},
    {"text": "Why?"},
]


def test_questions_are_answered_by_number_several_and_in_words() -> None:
    stage = Stage(heard("question.asked", id="que_1", questions=QUESTIONS))
    assert stage.program.seen()[:3] == ["1 of 3: Which colour?", "> 1  red", "  2  blue"]
    stage.program.keys("2", "1", "3")
    assert stage.program.seen()[1:4] == ["[x]   1  small", "[ ]   2  large", "[x] > 3  huge"]
    stage.program.keys("[enter]", "because 1", "[enter]")
    assert stage.sent == [("/question/que_1", {"answers": [["blue"], ["small", "huge"], ["because 1"]]})]


def test_a_question_takes_words_beside_its_choices_and_can_be_gone_back_to() -> None:
    stage = Stage(heard("question.asked", id="que_1", questions=QUESTIONS[:2]))
    stage.program.keys("3", "green, 1", "[enter]", "[left]", "1", "2", "4", "tiny", "[enter]")
    assert stage.sent == [("/question/que_1", {"answers": [["red"], ["large", "tiny"]]})]


def test_who_will_not_answer_says_so_by_escape() -> None:
    stage = Stage(heard("question.asked", id="que_1", questions=QUESTIONS))
    stage.program.keys("3", "[escape]", "[escape]")
    assert stage.sent == [("/question/que_1", {"answers": None})]


def test_escape_goes_back_to_the_question_before_and_keeps_what_was_answered_and_typed() -> None:
    stage = Stage(heard("question.asked", id="que_1", questions=[QUESTIONS[0], QUESTIONS[2]]))
    stage.program.keys("2", "becau", "[escape]")
    assert stage.program.seen()[:3] == ["1 of 2: Which colour?", "  1  red", "> 2  blue"]
    stage.program.keys("[enter]", "se", "[enter]")
    assert stage.sent == [("/question/que_1", {"answers": [["blue"], ["because"]]})]
    stage = Stage(heard("question.asked", id="que_1", questions=[QUESTIONS[0], QUESTIONS[2]]))
    stage.program.keys("2", "[escape]", "[escape]")
    assert stage.sent == [("/question/que_1", {"answers": None})]


KEYS = [
    *"ysanefdtx 123459?", "y and more", "[up]", "[down]", "[left]", "[right]", "[enter]", "[escape]", "[tab]",
    "[shift+tab]",    "[pageup]", "[pagedown]", "[home]", "[end]", "[backspace]", "[ctrl+u]", "[ctrl+d]", "[f5]",
]  # fmt: skip


@pytest.mark.parametrize("seed", range(60))
def test_whatever_is_typed_in_whatever_room_it_stands_and_answers_each_once(seed: int) -> None:
    chance = random.Random(seed)
    asked = [
        permission("per_1", needs=NEEDS, files=FILES, preview=CHANGES, patterns=["bash git push *", "bash ls *"]),
        heard("question.asked", id="que_1", questions=QUESTIONS),
        permission("per_2", preview=DIFF, why="\x1b]0;x\x07 \N{CJK UNIFIED IDEOGRAPH-4E2D}" * 9),
    ]
    chance.shuffle(asked)
    stage = Stage(*asked)
    for _ in range(300):
        if not stage.program.widgets:
            break
        seen(stage.program.top, chance.choice([1, 2, 7, 20, 80, 500]), chance.choice([1, 2, 3, 9, 24, 200]))
        key = chance.choice(KEYS)
        stage.program.keys(Key("paste", "a\nb") if key == "?" else key if key.startswith("[") else Key("text", key))
        stage.now += 10
    paths = [path for path, _ in stage.sent]
    assert len(paths) == len(set(paths))
    for path, body in stage.sent:
        assert isinstance(body, dict)
        if path.startswith("/question"):
            assert body["answers"] is None or (len(body["answers"]) == 3 and all(body["answers"]))
        elif "files" in body:
            # Those that belong together are together.
            assert ("old name" in body["files"]) is ("new name" in body["files"])
            assert body["files"]
        else:
            assert body.get("patterns", ["one"])
