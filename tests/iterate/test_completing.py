"""What completes the line: commands, their words, files, what MCP servers have, agents; and which keys take it."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from tests.iterate.fakeprogram import FakeProgram

from iterate.terminal import rows
from iterate.terminal.keymap import Chords, Keymap
from iterate.terminal.keys import Key
from iterate.tools import attach
from iterate.tui.completing import Completing
from iterate.tui.tree import mention

if TYPE_CHECKING:
    from iterate.config.bindings import Context

FOLDERS = [
    {"path": "", "names": [".env", "README.md", "a b.txt", "it's.py", 'q"q', "main.py"]},
    {"path": ".github/", "names": ["ci.yml"]},
    {"path": "src/", "names": ["main_loop.py", "util.py"]},
    {"path": "src/deep er/", "names": ["thing.py"]},
    {"path": "only/inner/", "names": ["x"]},
]


class Line:
    """A line with what completes it."""

    def __init__(self, program: FakeProgram | None = None) -> None:
        self.program = program or FakeProgram(
            {
                "GET /file/tree": {"folders": FOLDERS, "is_whole": True},
                "GET /mcp": {"servers": [{"name": "docs", "state": "running"}]},
                "GET /mcp/docs": {"uris": ["docs://one", "docs://two"]},
                "GET /agent": {"agents": [{"name": "explore", "description": "looks", "mode": "sub"}]},
                "GET /command": {"commands": [{"name": "review", "description": "looks at it"}]},
                "GET /model": {"models": [{"name": "a/big", "ready": True}, {"name": "b/none", "ready": False}]},
            }
        )
        self.text = ""
        self.cursor = 0
        self.completing = Completing(self.program, self._put)
        self.chords = Chords(self.program.keymap)

    def type(self, text: str, behind: str = "") -> "Line":
        for letter in text:
            self.text = self.text[: self.cursor] + letter + self.text[self.cursor :]
            self.cursor += 1
            self.completing.look(self.text, self.cursor)
        if behind:
            self.text += behind
            self.completing.look(self.text, self.cursor)
        return self

    def press(self, *names: str) -> list[bool]:
        return [self._press(name) for name in names]

    def offered(self) -> list[str]:
        return [
            rows.plain(each).split("  ")[0 if rows.plain(each)[:1] != " " else 1].strip("\u203a ")
            for each in self.rows()
        ]

    def rows(self, room: int = 60, lines: int = 8) -> list[rows.Row]:
        found = self.completing.rows(room, lines)
        assert len(found) <= max(lines, 0)
        assert all(rows.columns(each) <= room for each in found)
        return found

    def _press(self, name: str) -> bool:
        contexts: tuple[Context, ...] = ("completion", "editor") if self.completing.is_near else ("editor",)
        bound = next(self.chords.read(Key(name), lambda: contexts))
        self.chords.forget()
        taken = bound.context == "completion" and self.completing.act(bound.action)
        self.completing.look(self.text, self.cursor)
        return taken

    def _put(self, begin: int, end: int, text: str) -> None:
        self.text = self.text[:begin] + text + self.text[end:]
        self.cursor = begin + len(text)


@pytest.mark.parametrize(
    ("typed", "keys", "text"),
    [
        ("see @mainl", ["tab"], "see @src/main_loop.py "),
        ("@util", ["tab"], "@src/util.py "),
        ("@a b", [], "@a b"),
        ("@ab.t", ["tab"], '@"a b.txt" '),
        ('@"a b', ["tab"], '@"a b.txt" '),
        ("@its", ["tab"], '@"it\'s.py" '),
        ("@thing", ["tab"], '@"src/deep er/thing.py" '),
        ("@src/deep", ["down", "tab"], '@"src/deep er/'),
        ("(@READ", ["tab"], "(@README.md "),
        ("@.env", ["tab"], "@.env "),
        ("@only/", ["tab", "tab"], "@only/inner/x "),
        ("@do", ["tab", "tab"], "@docs:docs://one "),
        ("@docs:tw", ["tab"], "@docs:docs://two "),
        ("@explor", ["tab"], "@explore "),
        ("/mod", ["tab"], "/models "),
        ("/rev", ["tab"], "/review "),
        ("/model big", ["tab"], "/model a/big"),
        ("/theme da", ["tab"], "/theme dark"),
    ],
)
def test_tab_takes_the_best_one(typed: str, keys: list[str], text: str) -> None:
    line = Line().type(typed)
    line.press(*keys)
    assert line.text == text


@pytest.mark.parametrize("typed", ["me@mainl", "a @ b", "@", "/etc/hosts", "text /mod", "x\n/mod", '@"a b.txt" ', "@q"])
def test_where_nothing_is_to_be_completed_enter_and_tab_are_left_alone(typed: str) -> None:
    line = Line().type(typed)
    if typed not in {"@", "@q"}:
        assert line.press("tab", "enter", "up", "down", "escape") == [False] * 5
    assert line.press("enter") == [False]
    assert line.text == typed


def test_hidden_files_come_only_behind_a_dot_and_a_name_that_no_mention_can_hold_never() -> None:
    assert ".env" not in Line().type("@en").offered()
    assert ".github/ci.yml" not in Line().type("@ci").offered()
    assert ".github/ci.yml" in Line().type("@.ci").offered()
    assert 'q"q' not in Line().type("@q").offered()


def test_enter_takes_only_what_the_arrows_chose() -> None:
    line = Line().type("@main")
    assert line.press("enter") == [False]
    assert line.press("down", "down", "enter") == [True, True, True]
    assert line.text == "@src/main_loop.py "
    assert line.press("enter") == [False]


def test_escape_hides_the_offers_until_another_word_begins() -> None:
    line = Line().type("@main")
    assert line.press("escape", "escape") == [True, False]
    assert line.type(".").rows() == []
    assert line.type(" @ut").rows() != []


def test_a_line_out_of_the_history_offers_nothing_until_somebody_types() -> None:
    line = Line()
    line.completing.look("see @main", 9, "up")
    assert line.press("up", "down", "tab") == [False, False, False]
    line.completing.look("see @mai", 8, "backspace")
    assert line.rows() != []
    line.completing.look("see @mai", 5, "left")
    assert line.rows() == []


def test_what_stands_behind_the_cursor_stays() -> None:
    line = Line().type("@util", behind=" and more")
    line.press("tab")
    assert line.text == "@src/util.py and more"
    line = Line().type('@"a', behind='" x')
    line.press("tab")
    assert line.text == '@"a b.txt" x'


def test_while_files_are_fetched_that_is_said_and_the_line_goes_on() -> None:
    program = FakeProgram({"GET /file/tree": None})
    line = Line(program).type("@ma")
    assert "looking for files" in rows.plain(line.rows()[0])
    assert line.press("enter", "tab") == [False, True]


def test_tab_that_was_faster_than_the_server_takes_what_comes() -> None:
    program = FakeProgram({"GET /file/tree": None, "GET /mcp": None})
    line = Line(program).type("@ut")
    assert line.press("tab") == [True]
    assert line.text == "@ut"
    program.answer_late("GET /file/tree", {"folders": FOLDERS})
    assert line.text == "@src/util.py "
    line = Line(FakeProgram({"GET /file/tree": None})).type("@ut")
    line.press("tab")
    line.type("i").program.answer_late("GET /file/tree", {"folders": FOLDERS})
    assert line.text == "@uti"


def test_a_list_of_files_is_fetched_once_for_many_keys() -> None:
    line = Line().type("@main @util @READ")
    assert [path for _, path, _ in line.program.asked if path.startswith("/file/tree")] == [
        "/file/tree?directory=%2Fwork"
    ]


@pytest.mark.parametrize("name", ["a", "a b", "it's", "x`y", "deep/er.txt", "ü/日本.md", "a,b", "(x)"])
def test_a_mention_is_read_by_the_server_as_the_name_that_it_is(name: str) -> None:
    assert attach.named(f"see {mention(name)} there") == (name,)


@pytest.mark.parametrize(("room", "lines"), [(60, 8), (20, 2), (5, 1), (1, 1), (20, 0), (20, -3)])
def test_offers_fit_into_any_room(room: int, lines: int) -> None:
    line = Line().type("@")
    line.rows(room, lines)
    line.press("up")
    line.rows(room, lines)


def test_other_keys_take_what_is_offered_where_somebody_bound_them() -> None:
    program = FakeProgram({"GET /file/tree": {"folders": FOLDERS}})
    program.keymap = Keymap({"completion": {"take": ["ctrl+y"], "next": ["alt+j"], "hide": ["ctrl+g"]}})
    line = Line(program).type("@main")
    assert line.press("tab", "down", "escape") == [False, False, False]
    assert line.press("alt+j", "alt+j", "ctrl+y") == [True, True, True]
    assert line.text == "@src/main_loop.py "
    assert line.type("@ut").press("ctrl+g") == [True]
    assert line.rows() == []


class Slow(FakeProgram):
    """One whose slow jobs are done when it is told so, as threads are."""

    def __init__(self, answers: dict[str, object]) -> None:
        super().__init__(answers)
        self.jobs: list[tuple[Callable[[], object], Callable[[object], None]]] = []

    def work(self, job: Callable[[], object], then: Callable[[object], None]) -> None:
        self.jobs.append((job, then))

    def do(self) -> None:
        """Do the jobs that there are by now."""
        jobs, self.jobs = self.jobs, []
        for job, then in jobs:
            then(job())


def test_of_very_many_files_the_last_offers_stay_until_others_are_found_and_tab_waits_for_those() -> None:
    folders = [{"path": "deep/", "names": [f"thing{number}.py" for number in range(30_000)]}, *FOLDERS]
    program = Slow({"GET /file/tree": {"folders": folders}})
    line = Line(program).type("@")
    program.do()  # The list is made.
    program.do()  # And looked through for the first time.
    assert line.rows() != []
    line.type("m")
    program.do()
    offered = line.offered()
    assert "main.py" in offered
    line.type("ain_lo")
    assert line.offered() == offered
    assert len(program.jobs) == 1
    assert line.press("tab") == [True]
    assert line.text == "@main_lo"
    for _ in range(3):
        program.do()
    assert line.text == "@src/main_loop.py "
    assert program.jobs == []


def test_what_the_arrows_chose_among_old_offers_is_taken_at_once() -> None:
    folders = [{"path": "deep/", "names": [f"thing{number}.py" for number in range(30_000)]}, *FOLDERS]
    program = Slow({"GET /file/tree": {"folders": folders}})
    line = Line(program).type("@util")
    for _ in range(4):
        program.do()
    line.type(".")
    assert line.press("down", "tab") == [True, True]
    assert line.text == "@src/util.py "
