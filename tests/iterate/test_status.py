"""The line at the bottom and what stands beside a conversation: counted from events, as wide as there is room."""

import pytest
from tests.iterate.fakeprogram import heard
from tests.iterate.wholescreen import WholeScreen

from iterate.events import Prompted
from iterate.terminal import rows
from iterate.terminal.keys import Key
from iterate.tui import opened, panel, status
from iterate.tui.asking import Asking
from iterate.tui.contract import Size
from iterate.tui.figures import Figures
from iterate.tui.page import Page, text
from iterate.tui.panel import Server
from iterate.tui.status import Facts

FULL = Facts(
    mode="plan",
    model="vendor/model-1",
    context=41_300,
    window=200_000,
    micro_usd=420_000,
    answer_micro_usd=30_000,
    cap_micro_usd=1_000_000,
    queued=2,
    asked=1,
    state="connecting",
    folder="~/project",
    branch="main",
    hint="? for keys",
)


def line(facts: Facts, room: int) -> str:
    return rows.plain(status.row(facts, room))


def test_the_line_tells_all_where_there_is_room() -> None:
    assert line(FULL, 200) == (
        "connecting  plan  vendor/model-1  21% of 200k  $0.42 (answer $0.0300 of $1.00)  2 queued  1 asked"
        "  ~/project (main)  ? for keys"
    )


def test_what_matters_least_is_left_out_first_and_the_mode_and_the_connection_last() -> None:
    seen = [line(FULL, room) for room in range(130, 0, -1)]
    assert all(rows.columns(status.row(FULL, room)) <= room for room in range(130))
    order = ["keys", "main", "project", "answer", "vendor", "$0.42", "asked", "queued", "21%", "model-1"]
    gone = [next(place for place, told in enumerate(seen) if part not in told) for part in order]
    assert gone == sorted(set(gone))
    assert line(FULL, 16) == "connecting  plan"
    assert line(FULL, 12) == "connecting"
    assert line(FULL._replace(state=""), 8) == "plan"


def test_what_is_not_known_is_not_told() -> None:
    assert line(Facts(mode="build", model="m"), 80) == "build  m"
    assert line(Facts(context=900), 80) == "900 tokens"
    assert "\x1b" not in line(Facts(model="m\x1b[31m"), 80)


@pytest.mark.parametrize(
    ("tokens", "text"),
    [(0, "0"), (999, "999"), (1000, "1.0k"), (9949, "9.9k"), (9950, "10k"), (999_499, "999k"), (1_000_000, "1M")],
)
def test_tokens_are_told_in_few_characters(tokens: int, text: str) -> None:
    assert status.short(tokens) == text


def test_a_nearly_full_window_and_a_nearly_reached_cap_are_warned_of() -> None:
    near = FULL._replace(context=170_000, answer_micro_usd=900_000)
    assert {each.text[:4] for each in status.row(near, 200) if each.style == "warning"} == {"85% ", "$0.4"}


def usage(session: str, number: int, tokens: int, cost: int | None) -> object:
    return heard(
        "part",
        session=session,
        number=number,
        part={"type": "usage", "input": tokens, "output": 1, "cost_micro_usd": cost},
    )


def call(session: str, name: str, tool: str, **arguments: str) -> object:
    return heard(
        "part", session=session, part={"type": "tool_call", "call": name, "tool": tool, "arguments": arguments}
    )


def counted(*events: object) -> Figures:
    figures = Figures("ses_1", 1000)
    for each in events:
        figures.take(each)  # type: ignore[arg-type]
    return figures


TASK = (
    heard("prompted"),
    call("ses_1", "c1", "task", prompt="look around\nwell"),
    heard("task", call="c1", child="ses_2", agent="explore"),
    call("ses_2", "d1", "grep", pattern="x"),
    call("ses_2", "d2", "task", prompt="deeper"),
    heard("task", session="ses_2", call="d2", child="ses_3", agent="general"),
)


def test_the_context_is_that_of_the_newest_step_and_the_cost_that_of_all() -> None:
    figures = counted(
        heard("prompted"), usage("ses_1", 2, 100, 5), usage("ses_2", 3, 9000, 7), usage("ses_1", 4, 200, None)
    )
    assert (figures.context, figures.micro_usd, figures.answer_micro_usd) == (201, 1012, 12)
    figures.take(heard("compacted", tokens_after=50))
    figures.take(heard("prompted"))
    figures.cost(2000)
    assert (figures.context, figures.micro_usd, figures.answer_micro_usd) == (50, 2000, 0)


def test_agents_below_come_and_go_with_their_calls() -> None:
    figures = counted(*TASK)
    (one, two) = figures.below.values()
    assert (one.agent, one.about, one.calls, one.doing) == ("explore", "look around", 2, "task deeper")
    assert (two.agent, two.about, two.above) == ("general", "deeper", "ses_2")
    figures.take(heard("part", part={"type": "tool_result", "call": "c1", "status": "ok", "text": ""}))
    assert figures.below == {}
    assert counted(*TASK, heard("failed", session="ses_3")).below.keys() == {"ses_2"}
    assert counted(*TASK, heard("done")).below == {}


def changed(prompt: int, path: str, added: int) -> list[object]:
    return [
        heard("prompted", number=prompt),
        heard("files.changed", files=[{"path": path, "added": added, "removed": 1}]),
    ]


def test_files_that_were_taken_back_are_not_listed_until_they_come_again() -> None:
    figures = counted(*changed(1, "a", 1), *changed(5, "b", 2), *changed(9, "a", 3))
    assert figures.files == {"a": (4, 2), "b": (2, 1)}
    figures.take(heard("reverted", to=9, what="both"))
    figures.take(heard("reverted", to=5, what="conversation"))
    assert figures.files == {"a": (1, 1), "b": (2, 1)}
    figures.take(heard("unreverted"))
    assert figures.files == {"a": (4, 2), "b": (2, 1)}


def shown(lines: int = 40, columns: int = 40, folded: frozenset[panel.Section] = frozenset()) -> list[str]:
    figures = counted(
        *TASK,
        heard(
            "todo",
            items=[
                {"text": "one", "status": "done"},
                {"text": "two", "status": "active"},
                {"text": "three", "status": "open"},
            ],
        ),
        *[each for number in range(30) for each in changed(1, f"src/a/long/path/to/file{number}.py", number)][1::2],
    )
    of = panel.seen(figures, FULL, [Server("db", "running", 3), Server("web", "failed")])
    found = panel.panel(of, Size(columns, lines), folded)
    assert len(found) <= lines
    assert all(rows.columns(each) <= columns for each in found)
    return [rows.plain(each) for each in found]


def test_the_panel_has_a_part_for_each_and_counts_what_has_no_room() -> None:
    found = shown()
    assert found[0].endswith("To do  1 of 3")
    assert found[1:4] == [
        "  \N{CHECK MARK} one",
        "  \N{BLACK RIGHT-POINTING SMALL TRIANGLE} two",
        "  \N{WHITE SQUARE} three",
    ]
    assert "  explore  look around" in found
    assert "    2 calls  task deeper" in found
    assert any(
        row.startswith("  \N{HORIZONTAL ELLIPSIS}") and row.endswith("file0.py  +0 -1") for row in shown(columns=30)
    )
    assert any("more" in row for row in found)
    assert "  41,300 tokens of 200,000 (21%)" in found
    assert found[-2:] == ["  db  running  3 tools", "  web  failed"]


def test_the_panel_stands_at_the_right_of_every_row() -> None:
    left = [rows.row("short"), rows.row("long " * 60), rows.row("\N{CJK UNIFIED IDEOGRAPH-4E2D}" * 80)]
    found = panel.beside(left, [rows.row("one"), rows.row("two")], 120, 5)
    assert {rows.columns(each) for each in found} == {80, 83}
    assert all(rows.plain((*each, rows.span("|"))).find("\N{BOX DRAWINGS LIGHT VERTICAL}") > 0 for each in found)
    assert [rows.plain(each)[-3:] for each in found[:2]] == ["one", "two"]


def test_a_section_is_folded_by_its_number() -> None:
    folded = panel.turned(frozenset(), 1)
    assert "  \N{CHECK MARK} one" not in shown(folded=frozenset(folded))
    assert panel.turned(folded, 1) == frozenset()
    assert panel.turned(folded, 9) == folded


@pytest.mark.parametrize("lines", [0, 1, 3, 10, 200])
@pytest.mark.parametrize("columns", [1, 3, 28, 44])
def test_the_panel_fits_every_room(lines: int, columns: int) -> None:
    shown(lines, columns)


@pytest.mark.parametrize(("columns", "width"), [(99, 0), (100, 33), (120, 40), (300, 44)])
def test_the_panel_folds_away_where_the_transcript_needs_the_room(columns: int, width: int) -> None:
    assert panel.width(columns) == width


def escapes(screen: WholeScreen) -> str:
    """The end of the last line."""
    return screen.program.bottom.facts().hint


def test_the_last_line_says_what_escape_does_now() -> None:
    screen = WholeScreen()
    program = screen.program
    assert escapes(screen) == "/help"
    program.is_answering = True
    assert escapes(screen) == "Esc stops"
    now = [0.0]
    asked = [heard("question.asked", id="que_1", questions=[{"text": "One?", "choices": ["a"]}, {"text": "Two?"}])]
    asked += [heard("permission.asked", id="per_1", call="c", tool="bash", why="odd", patterns=["bash ls"])]
    asking = Asking(program, lambda: now[0])
    for each in asked:
        asking.take(each)
    asking._settle()
    found = [escapes(screen)]
    for key in ("1", "escape", "1", "x", "enter", "n", "escape"):
        now[0] += 10
        screen.key(key)
        found.append(escapes(screen))
    nothing, back = "Esc declines", "Esc goes back"
    assert found == [nothing, back, nothing, back, back, "Esc denies", back, "Esc denies"]
    program._widgets = []
    program.show(Page(program, "a page", text("one\ntwo")))
    assert escapes(screen) == "Esc closes"
    screen.key("/", "t", "enter")
    assert escapes(screen) == "Esc ends the search"


def test_the_last_line_says_how_long_an_answer_works_and_not_while_a_question_waits() -> None:
    screen = WholeScreen()
    bottom, now = screen.program.bottom, screen.program.now
    assert bottom.facts().works == ""
    screen.hear(Prompted(number=1, session="ses_1", id="p", model="m", directory="/work", parts=(), agent="build"))
    for since, told in ((0.2, "working"), (12.7, "working 12 s"), (75, "working 1 min 15 s")):
        assert now.since == 0.0
        screen.now = since
        assert bottom.facts().works == told
    assert "working 1 min 15 s" in rows.plain(bottom.row(80))
    screen.program.asking = Asking(screen.program, lambda: screen.now)
    screen.program.asking.take(heard("permission.asked", id="per_1", call="c", tool="bash", why="odd", patterns=["x"]))
    assert bottom.facts().works == ""
    screen.program.asking = None
    screen.program.is_answering = False
    assert bottom.facts().works == ""


def test_commands_of_ones_own_that_go_on_are_counted() -> None:
    screen = WholeScreen()
    screen.program.kept["shells"] = [object()]
    assert "1 ! goes on" in rows.plain(screen.program.bottom.row(80))
    screen.program.kept["shells"] = [object(), object()]
    assert "2 ! go on" in rows.plain(screen.program.bottom.row(80))


def test_the_session_of_a_sub_agent_says_whose_it_is_and_how_to_get_back() -> None:
    screen = WholeScreen()
    program = screen.program
    page = opened.Past([], 0, 0)
    of_agent = opened.Found("ses_2", "/work", "look", "m", "explore", None, page, "ses_1")
    program.now._found(of_agent)
    assert any("this is the session of a sub-agent (explore), and a prompt" in each for each in screen.shown())
    assert escapes(screen) == "/sessions goes back"
    program.now.close()
    program.now._found(of_agent._replace(session="ses_1", parent=""))
    assert escapes(screen) == "/help"


def test_on_a_screen_of_its_own_a_search_takes_escape_while_it_is_typed() -> None:
    screen = WholeScreen()
    screen.shown()
    screen.program.is_answering = True
    screen.stalls.leafing.act("search", Key("ctrl+x"))
    assert escapes(screen) == "Esc ends the search"
    screen.key("a", "enter")
    # What runs is ended first.
    assert escapes(screen) == "Esc stops"
    screen.program.is_answering = False
    assert escapes(screen) == "Esc ends the search"
    screen.key("escape")
    assert escapes(screen) == "/help"
