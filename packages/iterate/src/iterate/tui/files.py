"""The files that a command would change, to be taken or left one by one, each with its diff."""

from collections.abc import Callable, Mapping

from iterate.heard import Heard
from iterate.terminal import diff, rows, tally
from iterate.terminal.keys import Key
from iterate.terminal.rows import Row, Span, row
from iterate.tui.contract import Body, Picture, Size
from iterate.tui.parts import Scroll, fitted

_SIGNS = {"added": Span("A ", "good"), "modified": Span("M ", "busy"), "deleted": Span("D ", "bad")}
_HELP = "space takes or leaves   d its diff   a all   x none   Enter takes these   Esc back"
_NO_DIFF = "  its diff is not at hand: it is long, or of the repository itself"
_DIFF_HELP = "space takes or leaves   d back to the list   n, p the next file and the one before"


class Files:
    """A list of files, of which some are taken, and the diff of one of them."""

    def __init__(self, event: Heard, diffs: Mapping[str, str], send: Callable[[Body], None]) -> None:
        self._files = event.rows("files")
        self._diffs = diffs
        self._send = send
        self._is_taken = [True] * len(self._files)
        self._at = 0
        self._has_diff = False
        # Where somebody is in each diff that was looked at.
        self._scrolls: dict[int, Scroll] = {}
        self._told = ""

    # No line is typed here.
    is_typed = False

    def picture(self, room: Size) -> Picture:
        """The list, or one diff."""
        return self._diff(room) if self._has_diff else self._list(room)

    def act(self, said: str, key: Key) -> bool:
        """A key; False when this page is left."""
        self._told = ""
        typed = key.text[:1].lower() if said == "text" else ""
        if self._has_diff and self._act_on_diff(said, typed):
            return True
        match said, typed:
            case "cancel", _:
                return False
            case "up" | "down", _:
                self._move(1 if said == "down" else -1)
            case "page-up" | "page-down", _:
                self._at = max(0, min(self._at + (10 if said == "page-down" else -10), len(self._files) - 1))
            case "first" | "last", _:
                self._at = 0 if said == "first" else len(self._files) - 1
            case "right", _:
                self._has_diff = True
            case "all" | "none", _:
                self._is_taken = [said == "all"] * len(self._files)
            case "accept", _:
                self._take()
            case "text", _:
                self._letter(typed)
            case _:
                pass
        return True

    def _act_on_diff(self, said: str, typed: str) -> bool:
        if said in {"cancel", "left"} or typed == "d":
            self._has_diff = False
        elif typed in {"n", "p"}:
            self._move(1 if typed == "n" else -1)
        elif not self._scroll().act(said, by_line=True):
            return False
        return True

    def _letter(self, typed: str) -> None:
        match typed:
            case " ":
                self._toggle()
            case "a" | "x":
                self._is_taken = [typed == "a"] * len(self._files)
            case "t" | "y":
                self._take()
            case "d":
                self._has_diff = True
            case _ if typed.isascii() and typed.isdigit() and 1 <= int(typed) <= len(self._files):
                self._at = int(typed) - 1
                self._toggle()
            case _:
                pass

    def _move(self, step: int) -> None:
        self._at = (self._at + step) % max(1, len(self._files))

    def _toggle(self) -> None:
        """Take this one or leave it, with those that it belongs to."""
        is_taken, group = not self._is_taken[self._at], self._files[self._at].count("group")
        for place, each in enumerate(self._files):
            if place == self._at or (group and each.count("group") == group):
                self._is_taken[place] = is_taken

    def _take(self) -> None:
        taken = [each.word("path") for each, is_taken in zip(self._files, self._is_taken, strict=True) if is_taken]
        if len(taken) == len(self._files):
            self._send({"decision": "once"})
        elif taken:
            self._send({"decision": "once", "files": taken})
        else:
            self._told = "nothing is taken; Esc goes back, where n takes none"

    def _list(self, room: Size) -> Picture:
        head = row(Span(f"takes {sum(self._is_taken)} of {tally.counted(len(self._files), 'file')}", "busy"))
        left = max(1, room.lines - 2)
        top = max(0, min(self._at - left // 2, len(self._files) - left))
        found = [self._line(place, room.columns) for place in range(top, min(top + left, len(self._files)))]
        foot = row(rows.span(self._told or _HELP, "dim"))
        return Picture(fitted([head, *found, foot] if room.lines > 2 else found, room))  # noqa: PLR2004  # Room for both.

    def _line(self, place: int, room: int) -> Row:
        each = self._files[place]
        mark = f"{'> ' if place == self._at else '  '}{place + 1} {'[x]' if self._is_taken[place] else '[ ]'} "
        count: list[Span] = []
        if each.count("added") or each.count("removed"):
            count = [Span(f"  +{each.count('added')}", "added"), Span(f" -{each.count('removed')}", "removed")]
        if group := each.count("group"):
            count.append(Span(f"  belongs to {group}", "dim"))
        path = row(Span(mark, "bold"), _SIGNS.get(each.word("kind"), Span("  ")), rows.span(each.word("path")))
        return (*rows.clipped(path, max(1, room - rows.columns(count))), *count)

    def _diff(self, room: Size) -> Picture:
        each = self._files[self._at]
        head = row(Span(f"{self._at + 1} of {len(self._files)}", "busy"), self._line_end(each))
        body = self._scroll().cut(room.columns, max(1, room.lines - 2))
        return Picture(fitted([head, *body, row(rows.span(_DIFF_HELP, "dim"))], room))

    def _scroll(self) -> Scroll:
        if self._at not in self._scrolls:
            text = self._diffs.get(self._files[self._at].word("path"), "")
            self._scrolls[self._at] = Scroll(text, _drawn)
        return self._scrolls[self._at]

    def _line_end(self, each: Heard) -> Span:
        taken = "is taken" if self._is_taken[self._at] else "is left"
        return rows.span(f"  {each.word('path')}  {taken}")


def _drawn(text: str, room: int) -> list[Row]:
    return diff.rows(text, room, has_code=True) if text else [row(rows.span(_NO_DIFF, "dim"))]
