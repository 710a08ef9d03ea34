"""Events as rows and as words: entries for all that happens, and what runs, with little kept of much."""

import json
from collections.abc import Iterable

from iterate import heard
from iterate.heard import Heard
from iterate.terminal import drawing, flow, rows, tally
from iterate.terminal.log import Log, Thought
from iterate.terminal.rows import Row
from iterate.terminal.story import Look, Story
from iterate.terminal.tail import Tail
from iterate.terminal.words import Words

TALK = Look(is_talk=True, has_prompts=True)


def event(**fields: object) -> Heard:
    return heard.read("", json.dumps({"session": "s", **fields}))


def part(number: int, session: str = "s", **fields: object) -> Heard:
    return event(type="part", number=number, session=session, part=fields)


def prompted(text: str, number: int = 1, session: str = "s") -> Heard:
    parts = [{"type": "text", "text": text}, {"type": "file", "name": "a.png", "media_type": "image/png", "url": "x"}]
    return event(type="prompted", number=number, session=session, id="p", model="m", directory="/", parts=parts)


def called(number: int, id_: str, tool: str = "bash", session: str = "s", **arguments: object) -> Heard:
    return part(number, session, type="tool_call", call=id_, tool=tool, arguments=arguments)


def gave(number: int, id_: str, session: str = "s", **fields: object) -> Heard:
    return part(number, session, **{"type": "tool_result", "call": id_, "status": "ok", "text": "out", **fields})


def plain(of: Iterable[Row]) -> list[str]:
    return [rows.plain(each) for each in of]


def shown(events: Iterable[Heard], look: Look = TALK) -> list[str]:
    story = Story(look)
    return [line for number, each in enumerate(events) for line in plain(story.take(each, float(number))) if line]


def test_a_prompt_is_shown_as_one_with_its_files_whoever_sent_it() -> None:
    assert shown([prompted("do this\nand that")]) == ["> do this", "  and that", "  [a.png]"]
    assert shown([prompted("x")], Look(is_talk=True)) == []


def test_a_running_command_shows_the_end_of_what_it_puts_out() -> None:
    story = Story(TALK)
    story.take(prompted("x"), 0.0)
    story.take(called(2, "c", command="make"), 1.0)
    for number in range(1000):
        story.take(event(type="tool.output", call="c", text=f"line {number}\n"), 1.0)
    story.take(event(type="tool.output", call="c", text="\x1b[32m10 %\r\x1b[32m20 %"), 1.0)
    assert plain(story.open(4.0)) == [
        "… 1 bash make  3 s",
        "    996 lines above",
        "    │ line 996",
        "    │ line 997",
        "    │ line 998",
        "    │ line 999",
        "    │ 20 %",
    ]
    story.take(gave(3, "c"), 5.0)
    assert not any("line" in each for each in plain(story.open(5.0)))


def test_of_much_output_little_is_kept() -> None:
    tail = Tail()
    for _ in range(160):
        tail.add("x" * 79 + "\n" + "y" * 64_000)
    assert tail.lines == 161
    assert sum(len(each) for each in tail.last()) <= 8192


def test_what_a_call_was_and_gave_is_kept_small_and_is_there_again() -> None:
    log = Log()
    text = "some output that says the same again\n" * 1000
    log.take(called(2, "c", "write", content=text), 0.0)
    log.take(gave(3, "c", text=text), 0.0)
    call = log.calls[0]
    assert call.result is not None
    assert len(call.result.packed) + len(call.asked.packed) < len(text) / 20
    assert call.result.heard().word("text") == text


def test_an_agent_below_is_nested_and_its_words_are_not_told_twice() -> None:
    below = "t"
    told = [
        prompted("x"),
        called(2, "c", "task", prompt="look\nat all", agent="explore"),
        event(type="task", number=3, call="c", child=below, agent="explore"),
        event(type="prompted", number=1, session=below, id="q", model="m", directory="/", parts=[]),
        event(type="delta", number=2, session=below, kind="text", offset=0, text="I look"),
        called(3, "d", "grep", below, pattern="needle"),
        gave(4, "d", below, title="grep needle"),
        event(type="done", number=5, session=below),
        gave(4, "c", title="session ses_1234"),
    ]
    story = Story(TALK)
    found = []
    for number, each in enumerate(told):
        found += plain(story.take(each, float(number)))
        if each.word("session") == below and each.inner("part").kind == "tool_call":
            assert "    … explore 2 grep needle" in plain(story.open(float(number)))
    assert [each for each in found if each][2:] == [
        "    ✓ explore 2 grep needle  1.0 s",
        "✓ 1 task explore: look  7.0 s",
    ]
    assert "I look" not in "\n".join(found)
    assert plain(story.opened(2))[0] == "2 grep needle"
    words = Words(Look(is_plain=True, is_talk=True))
    assert "explore: tool 2 done: grep needle" in "".join(words.take(each, None) for each in told)


def test_thoughts_are_one_line_and_opened_when_asked_for() -> None:
    story = Story(TALK)
    story.take(prompted("x"), 0.0)
    story.take(event(type="delta", number=2, kind="reasoning", offset=0, text="first\nthen"), 1.0)
    assert plain(story.open(3.0)) == ["thinking 2 s: then"]
    found = plain(story.take(part(2, type="reasoning", text="first\nthen"), 4.0))
    assert [each for each in found if each] == ["thought for 3.0 s"]
    assert story.newest() == []
    assert plain(story.newest(Thought)) == ["thought for 3.0 s", "  first", "  then"]
    assert shown([part(2, type="reasoning", text="x")], Look()) == []


def test_what_happened_before_somebody_looked_has_no_times() -> None:
    story = Story(TALK)
    events = [
        prompted("x"), called(2, "c", command="make"), gave(3, "c", title="make"),
        part(4, type="reasoning", text="hm"), part(5, type="text", text="done"),
        part(6, type="usage", input=1, output=1), event(type="done", number=7),
    ]  # fmt: skip
    found = [line for each in events for line in plain(story.take(each, None)) if line]
    assert found[2:] == ["✓ 1 bash make", "thought", "done", "1 tokens in, 1 out"]


def test_all_else_that_happens_is_told_in_rows_and_in_words() -> None:
    events = [
        event(type="warned", number=2, text="a file does not count"),
        event(type="compaction.undone", number=3),
        event(type="reverted", number=4, to=1, files=["a"]),
        event(type="unreverted", number=5),
        event(type="question.answered", number=6, id="q", answers=[["a", "b"], ["c"]]),
        event(type="question.answered", number=7, id="q", answers=None),
        event(type="permission.answered", number=8, id="p", decision="deny", message="no"),
        event(type="todo", number=9, items=[{"text": "one", "status": "done"}, {"text": "two", "status": "active"}]),
        event(type="failed", number=10, reason="provider", message="it broke"),
    ]
    told = [
        "a file does not count",
        "the summary counts no more: the model reads all of it again",
        "taken back: a and the conversation from that prompt on; /redo brings it back",
        "brought back: the conversation; /undo takes it back",
        "answered: a, b; c",
        "not answered",
        "denied. no",
    ]
    failed = "the answer failed (provider): it broke"
    assert [each.strip() for each in shown(events, TALK._replace(columns=100))] == [*told, "✓ one", "▸ two", failed]
    words = Words(Look(is_plain=True, is_talk=True))
    spoken = "".join(words.take(each, None) for each in events)
    assert spoken.splitlines() == [*told, "to do, done: one", "to do, active: two", failed]


def test_what_there_is_to_do_changes_in_place_while_an_answer_runs_and_is_final_once() -> None:
    def todo(done: int) -> Heard:
        statuses = ["done"] * done + ["active"] + ["open"] * (19 - done)
        return event(type="todo", number=9, items=[{"text": f"item {n}", "status": s} for n, s in enumerate(statuses)])

    story = Story(Look(is_talk=True))
    story.take(prompted("x"), 0.0)
    for done in range(12):
        assert story.take(todo(done), 1.0) == []
    listed = [each.strip() for each in plain(story.open(2.0)) if "item" in each]
    marked = [f"□ item {n}" if n > 11 else "▸ item 11" for n in range(11, 17)]
    assert listed == ["11 items before", *marked, "3 items more"]
    final = plain(story.take(event(type="done", number=10), 3.0))
    assert len([each for each in final if "item" in each]) == 20
    assert story.open(4.0) == []
    assert story.take(event(type="done", number=11), 5.0) == []


def test_a_long_thing_to_do_is_cut_while_it_changes_and_whole_once_it_is_final() -> None:
    text = "look at each of the modules, one after the other, and say what is wrong with it"
    story = Story(Look(columns=40, is_talk=True))
    story.take(prompted("x"), 0.0)
    story.take(event(type="todo", number=9, items=[{"text": text, "status": "active"}]), 1.0)
    assert next(each for each in plain(story.open(2.0)) if "look" in each).endswith("\N{HORIZONTAL ELLIPSIS}")
    final = [each.strip() for each in plain(story.take(event(type="done", number=10), 3.0))]
    assert " ".join(each for each in final if each).endswith(f"\N{BLACK RIGHT-POINTING SMALL TRIANGLE} {text}")


def test_a_try_that_broke_is_said_and_its_text_ends() -> None:
    events = [
        prompted("x"),
        event(type="delta", number=2, kind="text", offset=0, text="half a"),
        event(type="retry", number=3, attempt=1, reason="429", wait_ms=1000, at_ms=1, first=2),
        event(type="delta", number=4, kind="text", offset=0, text="whole"),
        part(4, type="text", text="whole"),
    ]
    assert shown(events)[2:] == ["half a", "that broke off and counts no more", "whole"]
    words = Words(Look(is_plain=True))
    spoken = "".join(words.take(each, None) for each in events)
    assert spoken == "half a\nthat broke off and counts no more\n429; trying again in 1 s\nwhole\n"


def test_a_part_that_never_came_whole_is_kept_as_it_was() -> None:
    events = [
        event(type="delta", number=2, kind="text", offset=0, text="one"),
        event(type="delta", number=4, kind="text", offset=0, text="two"),
        event(type="failed", number=5, reason="cancelled", message=""),
    ]
    assert shown(events) == ["one", "two", "the answer was stopped"]


def test_entries_are_drawn_folded_or_whole_in_any_room() -> None:
    log = Log()
    told = [
        prompted("a long prompt " * 9),
        called(2, "c", "edit", path="x.py"),
        gave(3, "c", status="error", text="no\n" * 50, diff="--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n", title="t" * 300),
        part(4, type="reasoning", text="word " * 90),
        event(type="compacted", number=5, summary="# all\n\n- of it", first=1, tokens_before=20, tokens_after=1),
    ]
    for entry in [entry for each in told for entry in log.take(each, 0.0)]:
        for columns in (1, 2, 9, 40, 200):
            for is_open in (False, True):
                for each in drawing.drawn(entry, TALK._replace(columns=columns), is_open=is_open):
                    assert rows.columns(each) <= max(1, columns - 1), (entry, each)


def test_a_line_of_code_that_is_final_is_left_to_the_terminal_to_wrap() -> None:
    code = "command --with " + "option " * 20
    story = Story(TALK._replace(columns=40))
    story.take(event(type="delta", number=2, kind="text", offset=0, text=f"```\n{code}"), 0.0)
    assert max(rows.columns(each) for each in story.open(0.0)) < 40
    found = story.take(part(2, type="text", text=f"```\n{code}\n```"), 0.0)
    assert f"  {code.rstrip()}" in plain(found)


def past(events: Iterable[Heard], look: Look = TALK) -> list[str]:
    """Behind a prompt, without times."""
    story = Story(look)
    return [line for each in events for line in plain(story.take(each, None)) if line][2:]


def denied(decision: str = "deny", message: str = "not so", status: str = "denied") -> list[Heard]:
    """A call that asks, and what a person said."""
    return [
        prompted("x"),
        called(2, "c", command="rm x"),
        event(type="permission.asked", number=3, id="p", call="c", tool="bash", why="odd"),
        event(type="permission.answered", number=4, id="p", decision=decision, message=message),
        gave(5, "c", title="bash denied", status=status, text=f"the person does not want this: {message}"),
    ]


def test_a_call_that_was_denied_is_told_once_with_the_reason() -> None:
    assert past(denied()) == ["\N{MULTIPLICATION SIGN} 1 bash rm x  denied", "    reason: not so"]
    assert past(denied(message="")) == ["\N{MULTIPLICATION SIGN} 1 bash rm x  denied"]
    # What was denied was what it did: the call itself ran.
    kept = past(denied(status="ok"))
    assert kept == ["✓ 1 bash rm x", "    denied. not so"]
    words = Words(Look(is_plain=True, is_talk=True))
    spoken = "".join(words.take(each, None) for each in denied())
    assert spoken.splitlines()[1:] == ["tool 1 denied: bash rm x", "reason: not so"]


def test_a_call_that_a_rule_denied_says_why() -> None:
    events = [
        prompted("x"),
        called(2, "c", command="rm x"),
        gave(3, "c", title="bash denied", status="denied", text="a rule"),
    ]
    assert past(events) == ["\N{MULTIPLICATION SIGN} 1 bash rm x  denied", "    a rule"]


def test_what_a_call_is_stands_once_while_a_person_is_asked() -> None:
    story = Story(TALK)
    for each in denied()[:3]:
        story.take(each, 0.0)
    assert plain(story.open(1.0)) == ["… 1 bash waits for your word"]
    story.take(event(type="permission.answered", number=4, id="p", decision="once"), 1.0)
    assert plain(story.open(1.0)) == ["… 1 bash rm x"]


def test_an_answer_that_was_ended_is_told_once() -> None:
    events = [
        prompted("x"),
        called(2, "c", command="sleep 9"),
        gave(3, "c", status="cancelled", text="the answer was ended before this call gave a result"),
        event(type="failed", number=4, reason="cancelled", message=""),
    ]
    assert past(events) == ["\N{MULTIPLICATION SIGN} 1 bash sleep 9", "the answer was stopped"]
    assert "\N{MULTIPLICATION SIGN} 1 bash sleep 9  cancelled" in past(events, TALK._replace(is_talk=False))


def test_a_call_of_an_agent_below_that_failed_says_why_and_its_end_is_told_by_the_session_above() -> None:
    events = [
        prompted("x"),
        called(2, "c", "task", prompt="look"),
        event(type="task", number=3, call="c", child="t", agent="explore"),
        event(type="prompted", number=1, session="t", id="q", model="m", directory="/", parts=[]),
        called(3, "d", "write", "t", path="a.py"),
        gave(4, "d", "t", title="write failed", status="error", text="\nit may not write\nmore"),
        called(5, "e", "bash", "t", command="rm x"),
        event(type="permission.asked", number=6, session="t", id="p", call="e", tool="bash", why="odd"),
        event(type="permission.asked", number=4, id="p", call="e", tool="bash", why="odd", asker="t"),
        event(type="permission.answered", number=5, id="p", decision="deny", message="no"),
        event(type="permission.answered", number=7, session="t", id="p", decision="deny", message="no"),
        gave(8, "e", "t", title="bash denied", status="denied", text="the person does not want this: no"),
        event(type="failed", number=9, session="t", reason="cancelled", message=""),
        event(type="failed", number=6, reason="cancelled", message=""),
    ]
    assert past(events) == [
        "    ✗ explore 2 write a.py  failed",
        "        it may not write",
        "    \N{MULTIPLICATION SIGN} explore 3 bash rm x  denied",
        "        reason: no",
        "the answer was stopped",
    ]


def test_a_call_is_called_the_same_while_it_runs_and_behind_that() -> None:
    def both(tool: str, title: str, **arguments: object) -> tuple[str, str]:
        story = Story(TALK)
        story.take(prompted("x"), 0.0)
        story.take(called(2, "c", tool, "s", **arguments), 0.0)
        begun = plain(story.open(0.0))[-1]
        return begun[2:], plain(story.take(gave(3, "c", title=title), None))[-1][2:]

    assert both("bash", "ls", command="ls\nmore") == ("1 bash ls", "1 bash ls")
    assert both("bash", "x" * 100, command="x" * 101)[1] == f"1 bash {'x' * 101}"[:76] + "\N{HORIZONTAL ELLIPSIS}"
    assert both("write", "write a.py", path="a.py") == ("1 write a.py", "1 write a.py")
    assert both("read", "read a.py 1-20", path="a.py") == ("1 read a.py", "1 read a.py 1-20")
    assert both("task", "session ses_1", agent="plan", prompt="go") == ("1 task plan: go", "1 task plan: go")


def test_what_was_taken_back_says_which_files_and_how_it_comes_back() -> None:
    def told(**fields: object) -> str:
        return " ".join(each.strip() for each in shown([event(type="reverted", number=4, to=1, **fields)]))

    redo = "; /redo brings it back"
    talk = "the conversation from that prompt on"
    assert told(files=[]) == f"taken back: {talk}; no file had changed{redo}"
    assert told(files=list("abcde")) == f"taken back: a, b, c, 2 more files and {talk}{redo}"
    assert told(what="files", files=["a"]) == f"taken back: a; the conversation stays{redo}"
    assert told(what="conversation") == f"taken back: {talk}; files stay as they are{redo}"


def test_a_count_has_its_noun_in_the_right_form() -> None:
    assert [tally.counted(count, "key") for count in (0, 1, 2, 12_345)] == ["0 keys", "1 key", "2 keys", "12,345 keys"]


def test_what_is_brought_back_is_told_as_what_was_taken_back_was() -> None:
    def told(what: str, *files: str) -> str:
        return tally.brought_back(event(type="unreverted", number=2, files=files), what)

    assert told("both", "a", "b") == "brought back: a, b and the conversation; /undo takes it back"
    assert told("both") == told("conversation") == "brought back: the conversation; /undo takes it back"
    assert told("files", "a") == "brought back: a; /undo takes it back"


def test_what_a_call_was_allowed_stands_behind_it_with_what_else_that_allows() -> None:
    events = [
        prompted("x"),
        called(2, "c", "bash", command="npm test"),
        event(type="permission.asked", number=3, id="p", call="c", tool="bash", why="odd", patterns=["bash npm *"]),
        event(type="permission.answered", number=4, id="p", decision="always", patterns=["bash npm test *"]),
        gave(5, "c", title="npm test"),
        called(6, "d", "bash", command="ls"),
        event(type="permission.asked", number=7, id="q", call="d", tool="bash", why="odd", patterns=["bash ls"]),
        event(type="permission.answered", number=8, id="q", decision="session"),
        gave(9, "d", title="ls"),
    ]
    found = [each.strip() for each in past(events)]
    assert [each for each in found if "bash" in each] == [
        "\N{CHECK MARK} 1 bash npm test",
        "always allowed from now on: bash npm test *; /permissions takes it back",
        "\N{CHECK MARK} 2 bash ls",
        "allowed for this session: bash ls",
    ]


def test_what_is_to_be_typed_is_not_broken_within() -> None:
    hint = "hint: iterate auth login keeps a key, or iterate config set model NAME takes one for always"
    found = plain(flow.told(hint, "dim", 34))
    assert found == [
        "hint: iterate auth login keeps a",
        "key, or",
        "iterate config set model NAME",
        "takes one for always",
    ]
    assert "iterate" in plain(flow.told(hint, "dim", 9))[1]
    assert plain(flow.told("  iterate models --refresh asks it what it has", "", 26)) == [
        "  iterate models --refresh",
        "  asks it what it has",
    ]
