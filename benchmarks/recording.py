"""docs/session.cast and docs/session.svg: a real session, recorded from the program on a terminal of its own.

`make recording` runs it. The model is a stub on loopback that says what is written here, as fast as a vendor; tools,
permissions, the undo and every byte on the terminal are the program's.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks import picture, stub, tty
from benchmarks.tty import Tty
from tests.iterate.emulated.answering import KITTY
from tests.iterate.emulated.plain import Plain

DOCS = Path(__file__).parents[1] / "docs"
COLUMNS, LINES = 96, 40
TITLE = "A terminal: iterate is asked why a test fails, runs it, edits a file and runs it again; then all is taken back"
# Of a person at a keyboard, in seconds.
LETTER_S, THOUGHT_S = 0.06, 1.2
CLOCK = '''def hour(text: str) -> int:
    """The hour of a time such as 17:05."""
    return int(text[:1])
'''
TEST = """import unittest

import clock


class Clock(unittest.TestCase):
    def test_hours(self) -> None:
        self.assertEqual(clock.hour("17:05"), 17)
"""
ENDING = """The test passes now. `hour` took **one character** of the text, so `17:05` was hour 1:

| text | before | now |
|---|---:|---:|
| `17:05` | 1 | 17 |
| `7:30` | 7 | 7 |

It takes what stands before the colon now, which is also right for one digit.
"""
SAID: stub.Said = {
    "test fails": (
        stub.call("bash", "I run the test first.", command="python3 -B -m unittest -q"),
        stub.call("read", path="clock.py"),
        stub.call(
            "edit",
            "`hour` takes one character, and hours have two.",
            path="clock.py",
            edits=[{"old_text": "text[:1]", "new_text": 'text.partition(":")[0]'}],
        ),
        stub.call("bash", "Once more.", command="python3 -B -m unittest -q"),
        stub.words(ENDING, stub.A_SECOND),
    ),
}


def main() -> int:
    """Record, and draw the last screen."""
    program = Path(sys.argv[1] if len(sys.argv) > 1 else Path(sys.executable).with_name("iterate")).resolve()
    with tempfile.TemporaryDirectory(prefix="record-") as home, stub.serving(SAID) as model:
        env = at_home(Path(home), model.url)
        folder = Path(home, "clock")
        with tty.running([program], folder, env, kind=KITTY, size=(COLUMNS, LINES)) as shown:
            _talk(shown)
        subprocess.run([str(program), "server", "stop"], env=env, check=False, capture_output=True)
    _write(shown)
    return 0


def at_home(home: Path, url: str) -> dict[str, str]:
    """A home with settings and a project `clock`; what programs find in their environment."""
    config = home / ".config" / "iterate" / "config.toml"
    config.parent.mkdir(parents=True)
    prices = "prices = {input = 3.0, output = 15.0}"
    config.write_text(
        f'model = "stub/m"\n[providers.stub]\nbase_url = "{url}/v1"\n[providers.stub.models.m]\n{prices}\n',
        encoding="utf-8",
    )
    folder = home / "clock"
    folder.mkdir()
    (folder / "clock.py").write_text(CLOCK, encoding="utf-8")
    (folder / "test_clock.py").write_text(TEST, encoding="utf-8")
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", "-C", str(folder)]
    subprocess.run([*git, "init", "-q", "-b", "main"], check=True)
    return {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8"}


def _talk(shown: Tty) -> None:
    """What the person does."""
    shown.text_ms()
    shown.during(THOUGHT_S)
    _type(shown, "A test fails. Find out why, and mend it.")
    shown.seen(b"this once")
    shown.during(THOUGHT_S)
    shown.type("s")
    shown.seen(b" tokens in")
    shown.during(2 * THOUGHT_S)
    _type(shown, "/undo")
    shown.seen(b"taken back")
    shown.during(THOUGHT_S)
    shown.type("\x04")
    shown.quiet(1)


def _type(shown: Tty, text: str) -> None:
    for letter in text:
        shown.type(letter)
        shown.during(LETTER_S)
    shown.during(4 * LETTER_S)
    shown.type("\r")


def _write(shown: Tty) -> None:
    begun = shown.pieces[0].at
    head = {"version": 2, "width": COLUMNS, "height": LINES, "idle_time_limit": 2, "title": TITLE}
    decoder = _Decoder()
    events = ([round(each.at - begun, 3), "o", decoder.text(each.content)] for each in shown.pieces)
    lines = [json.dumps(head), *(json.dumps(each, ensure_ascii=False) for each in events)]
    (DOCS / "session.cast").write_text("\n".join(lines) + "\n", encoding="utf-8")
    screen = Plain(COLUMNS, 400)
    for each in shown.pieces:
        # pyte knows no faint text, and colours it is given.
        screen.feed(re.sub(rb"(\x1b\[(?:0;)?)2m", rb"\g<1>90m", each.content))
    (DOCS / "session.svg").write_text(picture.drawn(screen.screen, TITLE), encoding="utf-8")


class _Decoder:
    """Bytes in pieces, as text: a character that has not come whole waits."""

    def __init__(self) -> None:
        self._rest = b""

    def text(self, content: bytes) -> str:
        """What is whole."""
        whole = self._rest + content
        for left in range(4):
            try:
                text = whole[: len(whole) - left].decode()
            except UnicodeDecodeError:
                continue
            self._rest = whole[len(whole) - left :]
            return text
        raise SystemExit("the program writes no UTF-8")


if __name__ == "__main__":
    raise SystemExit(main())
