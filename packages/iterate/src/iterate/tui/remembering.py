"""What an answer is remembered for: the patterns that were offered, to be picked and written otherwise."""

from collections.abc import Callable

from iterate.terminal import rows
from iterate.terminal.editor import Editor
from iterate.terminal.keys import Key
from iterate.terminal.rows import Row, Span, row
from iterate.tui.contract import Body, Picture, Size
from iterate.tui.parts import fitted, with_line

_HELP = "space picks   e edits   s for this session   a always   Esc back"


class Remembering:
    """A list of patterns, of which some count."""

    def __init__(self, patterns: list[str], send: Callable[[Body], None]) -> None:
        self._patterns = list(patterns)
        self._is_picked = [True] * len(patterns)
        self._at = 0
        self._editor: Editor | None = None
        self._send = send
        self._told = ""

    @property
    def is_typed(self) -> bool:
        """Whether keys are for a line."""
        return self._editor is not None

    def picture(self, room: Size) -> Picture:
        """The patterns, and how to go on."""
        if self._editor is not None:
            told = rows.wrapped([rows.span(self._told or "Enter keeps it, Esc does not", "dim")], room.columns)
            return with_line(told, self._editor, "pattern: ", room)
        found: list[Row] = [row(Span("remember:", "busy"))]
        for number, pattern in enumerate(self._patterns):
            mark = "[x]" if self._is_picked[number] else "[ ]"
            at = "> " if number == self._at else "  "
            found.append(row(Span(f"{at}{number + 1} {mark} ", "bold"), rows.span(pattern)))
        room_left = max(1, room.lines - 1)
        top = max(0, min(self._at + 2 - room_left, len(found) - room_left))
        return Picture(fitted([*found[top : top + room_left], row(rows.span(self._told or _HELP, "dim"))], room))

    def act(self, said: str, key: Key) -> bool:
        """A key; False when this page is left."""
        self._told = ""
        if self._editor is not None:
            self._type(self._editor, said, key)
            return True
        typed = key.text[:1].lower() if said == "text" else ""
        match said, typed:
            case "cancel", _:
                return False
            case "up" | "down", _:
                self._at = (self._at + (1 if said == "down" else -1)) % len(self._patterns)
            case "all" | "none", _:
                self._is_picked = [said == "all"] * len(self._patterns)
            case "accept", _:
                self._edit()
            case "text", "e":
                self._edit()
            case "text", "s" | "a":
                self._give("session" if typed == "s" else "always")
            case "text", " ":
                self._is_picked[self._at] = not self._is_picked[self._at]
            case "text", _ if typed.isascii() and typed.isdigit() and 1 <= int(typed) <= len(self._patterns):
                self._at = int(typed) - 1
                self._is_picked[self._at] = not self._is_picked[self._at]
            case _:
                pass
        return True

    def _edit(self) -> None:
        self._editor = Editor()
        self._editor.set(self._patterns[self._at])

    def _type(self, editor: Editor, said: str, key: Key) -> None:
        if said == "cancel":
            self._editor = None
        elif editor.take(key):
            text = " ".join(editor.text.split("\n")).strip()
            deed, _, pattern = text.partition(" ")
            deeds = {each.partition(" ")[0] for each in self._patterns}
            if deed not in deeds or not pattern.strip():
                self._told = f"write {' or '.join(sorted(deeds))}, a space and a pattern"
                return
            self._patterns[self._at], self._is_picked[self._at], self._editor = text, True, None

    def _give(self, decision: str) -> None:
        picked = [each for each, is_picked in zip(self._patterns, self._is_picked, strict=True) if is_picked]
        if not picked:
            self._told = "nothing is picked; Esc goes back, where y allows it once"
            return
        self._send({"decision": decision, "patterns": picked})
