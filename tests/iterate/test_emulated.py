"""A conversation as two emulators of terminals show it after each step; `make golden` writes the files."""

import difflib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from tests.iterate.emulated.painted import Painted, called, delta, done, gave, prompted, said
from tests.iterate.emulated.plain import Plain
from tests.iterate.emulated.seen import Emulator, Seen, Step
from tests.iterate.emulated.wrapping import PROGRAM, Wrapping

from iterate.terminal import modes
from iterate.tui.contract import Size

GOLDEN = Path(__file__).parent / "screens"
MARKDOWN = """# What was found

Some *words* with `code` in them, and a [link](https://example.org/a) that is longer than a row of this terminal.

- one
  - within one: 日本語 and 🎈
- two

| name | size |
|---|---|
| a.txt | 12 |

```python
def plover(n: int) -> str:
    return "x" * n
```

> The end.
"""
DIFF = """--- a/a.txt
+++ b/a.txt
@@ -1,2 +1,2 @@
 one
-two
+three
"""


class Recorded:
    """What is done one after the other, with the bytes of each."""

    def __init__(self, columns: int, lines: int) -> None:
        self.steps: list[tuple[str, Step]] = []
        self._bytes = b""
        self.size = (columns, lines)
        self.painted = Painted(self._write, Size(columns, lines))

    def _write(self, content: bytes) -> None:
        self._bytes += content

    def did(self, name: str) -> None:
        """All until now was for this."""
        self.steps.append((name, self._bytes))
        self._bytes = b""

    def resize(self, columns: int, lines: int) -> None:
        self.steps.append((f"the terminal becomes {columns} x {lines}", (columns, lines)))
        self.painted.resize(columns, lines)
        self.did("the program hears of it")


def answer() -> Recorded:
    """A prompt, an answer that streams, a call with a diff, the end."""
    made = Recorded(60, 16)
    painted = made.painted
    painted.paint(())
    made.did("the first frame")
    for letter in "do it":
        painted.key("text", letter)
    made.did("typed")
    painted.key("enter")
    painted.hear(prompted("do it"))
    made.did("sent")
    half = len(MARKDOWN) // 2
    for begin in range(0, half, 16):
        painted.hear(delta(2, begin, MARKDOWN[begin : min(begin + 16, half)]))
    made.did("half of an answer")
    painted.hear(delta(2, half, MARKDOWN[half:]), said(2, MARKDOWN))
    painted.hear(called(3, "c1", "edit", path="a.txt"))
    made.did("a call that runs")
    painted.hear(gave(4, "c1", "done", "a.txt", DIFF))
    made.did("its result")
    painted.hear(said(5, "It is over."), done(6))
    made.did("the end")
    return made


def resized() -> Recorded:
    """Other sizes, lower and higher, while text streams and while it is typed."""
    made = Recorded(60, 16)
    painted = made.painted
    painted.hear(prompted("do it"))
    painted.hear(delta(2, 0, MARKDOWN[:200]))
    made.did("an answer begins")
    made.resize(60, 20)
    painted.hear(delta(2, 200, MARKDOWN[200:]))
    made.did("more of it")
    painted.hear(said(2, MARKDOWN), done(3))
    made.did("the end")
    painted.key("paste", "a line that was pasted\nand another one")
    made.did("pasted")
    made.resize(90, 20)
    return made


def edges() -> Recorded:
    """Rows that end in the last column, or one before it, or with a wide character that has no room there."""
    made = Recorded(20, 12)
    painted = made.painted
    painted.hear(prompted("do it"))
    for number, text in enumerate(("a" * 20, "b" * 19, "日" * 10, "c" + "日" * 10, "d" * 41, "\t" * 4 + "e")):
        painted.hear(said(number + 2, f"```\n{text}\n```\n"))
    made.did("rows of code, which are copied whole")
    for text in ("x" * 16, "y", "日", "日", "z" * 20, "🎈"):
        painted.key("text", text)
        made.did(f"typed {text}")
    painted.hear(done(9))
    made.did("the end")
    made.resize(20, 6)
    made.resize(20, 12)
    return made


RECORDINGS = {"answer": answer, "resized": resized, "edges": edges}


def told(steps: Sequence[tuple[str, Step]], emulator: Emulator) -> tuple[str, list[Seen]]:
    """As it stands in a golden file: each step with what is seen then, without what was above before."""
    text, seen, known = "", [], 0
    for name, step in steps:
        if isinstance(step, bytes):
            emulator.feed(step)
        else:
            emulator.resize(*step)
        now = emulator.seen()
        new = now._replace(above=now.above[known:]) if len(now.above) >= known else now
        hint = f"  ({known} rows above)\n" if known and new is not now else ""
        text += f"== {name}\n{hint}{new.told()}\n"
        known = len(now.above)
        seen.append(now)
    return text, seen


def check(path: Path, text: str) -> None:
    if os.environ.get("RECORD_GOLDEN"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    kept = path.read_text(encoding="utf-8")
    shown = "".join(
        difflib.unified_diff(kept.splitlines(keepends=True), text.splitlines(keepends=True), path.name, "now")
    )
    assert text == kept, f"make golden writes it again\n{shown}"


@pytest.mark.parametrize("name", RECORDINGS)
def test_golden_steps_are_seen_on_a_terminal_of_the_old_kind(name: str) -> None:
    made = RECORDINGS[name]()
    check(GOLDEN / f"{name}.txt", told(made.steps, Plain(*made.size))[0])


@pytest.fixture(scope="module")
def wrapping() -> Iterator[Wrapping]:
    made = Wrapping()
    yield made
    made.close()


# What a program before us may have left, with the cursor in row 4.
LEFT = {
    "nothing": "",
    "a region that scrolls": "\x1b[3;6r",
    "places that count from its top": "\x1b[3;6r\x1b[?6h\x1b[2;1H",
    "margins at the sides": "\x1b[?69h\x1b[5;30s",
    "rows that are not wrapped": "\x1b[?7l",
    "insertion": "\x1b[4h",
    "line drawing": "\x1b(0",
    "line drawing in the second set": "\x1b)0\x0e",
    "no tabs": "\x1b[3g",
    "colours": "\x1b[7;41m",
    "no cursor": "\x1b[?25l",
}


def begun_on(emulator: Emulator, left: str, recorded: Recorded) -> tuple[str, ...]:
    """The rows of all that was recorded, on a terminal that somebody left so."""
    place = "" if "?6h" in left else "\x1b[4;1H"
    emulator.feed(f"one\r\ntwo\r\n{left}{place}{modes.BEGUN}".encode())
    for _, step in recorded.steps:
        if isinstance(step, bytes):
            emulator.feed(step)
    return emulator.seen().rows


@pytest.mark.parametrize("left", LEFT)
@pytest.mark.parametrize("name", ["answer", "edges"])
def test_what_a_program_before_us_left_spoils_nothing(name: str, left: str) -> None:
    made = RECORDINGS[name]()
    terminal = Plain(*made.size)
    assert begun_on(terminal, LEFT[left], made) == begun_on(Plain(*made.size), "", made)
    assert not terminal.hides_cursor


@pytest.mark.consumer(PROGRAM, "node")
@pytest.mark.parametrize("left", LEFT)
def test_nor_does_it_on_a_terminal_that_wraps_again(left: str, wrapping: Wrapping) -> None:
    for name in ("answer", "edges"):
        made = RECORDINGS[name]()
        wrapping.begin(*made.size)
        clean = begun_on(wrapping, "", made)
        wrapping.begin(*made.size)
        assert begun_on(wrapping, LEFT[left], made) == clean, name


@pytest.mark.consumer(PROGRAM, "node")
@pytest.mark.parametrize("name", RECORDINGS)
def test_golden_steps_are_seen_the_same_by_both(name: str, wrapping: Wrapping) -> None:
    made = RECORDINGS[name]()
    wrapping.begin(*made.size)
    _, ours = told(made.steps, Plain(*made.size))
    _, theirs = told(made.steps, wrapping)
    for (step, what), one, other in zip(made.steps, ours, theirs, strict=True):
        # Until the program hears of another size each has done with the rows what it does.
        if isinstance(what, bytes):
            assert (one.rows, one.is_alternate) == (other.rows, other.is_alternate), step
