"""Markdown as rows, by blocks: while text streams in, only what is open can still change.

markdown-it is imported when the first text is rendered, or before that by `prepare`, while the first token is awaited;
pygments when code in a language is seen.
"""

from collections.abc import Iterable

from iterate import foreign
from iterate.terminal import inline, rows, tables
from iterate.terminal.blocks import Blocks, Leaf
from iterate.terminal.flow import Joint, Prefix, broken, fitting, flowed
from iterate.terminal.rows import TAB, Row

# Characters of a line that are waited for; what is longer is shown in pieces.
LONGEST = 2000
# Columns of a line across.
_ACROSS = 40
_INDENT = Prefix("  ")


def prepare() -> None:
    """Import what rendering needs."""
    inline.parser()


class Growing:
    """Text that grows: rows of what is closed are given once, those of what is open as often as wanted.

    The rows that are final are the same, whatever pieces the text came in.
    """

    def __init__(self, room: int, *, has_links: bool = False, is_whole: bool = False) -> None:
        self._room = room
        # Lines of code that are final may be longer than the room: the terminal wraps them, and copies them whole.
        self._is_whole = is_whole
        self._blocks = Blocks(has_links=has_links)
        # The beginning of a line, and whether a piece of that line was taken already.
        self._line = ""
        self._goes_on = False
        self._closed: list[Leaf] = []
        self._open: list[Row] | None = []
        self._settled = 0

    def add(self, text: str) -> None:
        """Take what came."""
        self._open = None
        *lines, last = (self._line + foreign.plain(text)).split("\n")
        for line in lines:
            self._take(self._pieces(line))
            self._goes_on = False
        self._line = self._pieces(last)

    def resize(self, room: int) -> None:
        """Wrap to another width from now on."""
        self._room, self._open = room, None

    def closed(self) -> list[Row]:
        """Rows of the blocks that have become final since, each block with an empty row before it but the first."""
        found, self._closed = self._closed, []
        return laid(found, self._room, is_whole=self._is_whole)

    def open(self) -> list[Row]:
        """Rows of what may still change."""
        if self._open is None:
            draft = self._blocks.draft(self._line.expandtabs(TAB), goes_on=self._goes_on)
            each = [laid([leaf], self._room) for leaf in draft]
            self._open = [row for found in each for row in found]
            self._settled = _settled(zip(draft, each, strict=True))
        return self._open

    @property
    def settled(self) -> int:
        """How many of those rows, from the first one on, no text that comes changes."""
        self.open()
        return min(self._settled, max(0, len(self.open()) - 1))

    def end(self) -> list[Row]:
        """Rows of what was not final; nothing comes any more."""
        line, self._line, self._open = self._line, "", None
        if line or self._goes_on:
            self._take(line)
        self._closed += self._blocks.end()
        return self.closed()

    def _pieces(self, line: str) -> str:
        """Take the pieces of a line that is too long to be waited for; what is left of it."""
        while len(line) > LONGEST:
            cut = line.rfind(" ", LONGEST // 2, LONGEST) + 1 or LONGEST
            self._take(line[:cut])
            line, self._goes_on = line[cut:], True
        return line

    def _take(self, line: str) -> None:
        text = line.expandtabs(TAB)
        self._closed += self._blocks.go_on(text) if self._goes_on else self._blocks.feed(text)


def render(text: str, room: int, *, has_links: bool = False) -> list[Row]:
    """All rows of a text, an empty one between blocks."""
    growing = Growing(room, has_links=has_links)
    growing.add(text)
    return growing.end()


def laid(leaves: Iterable[Leaf], room: int, *, is_whole: bool = False) -> list[Row]:
    """The rows of blocks; lines of code are not broken where they shall stay whole."""
    found: list[Row] = []
    for leaf in leaves:
        if leaf.gap is not None:
            found.append(fitting(leaf.gap, room))
        match leaf.kind:
            case "text" | "heading":
                found += flowed(leaf.lines[0], room, leaf.first, leaf.rest)
            case "table" if leaf.table is not None:
                found += tables.laid(leaf.table, room, leaf.first, leaf.rest, goes_on=leaf.goes_on)
            case "rule" | "table":
                wide = max(1, min(room - rows.columns(leaf.rest), _ACROSS))
                found.append((*fitting(leaf.first, room), Prefix("\N{BOX DRAWINGS LIGHT HORIZONTAL}" * wide, "dim")))
            case "html":
                found += flowed(leaf.lines[0], room, leaf.first, leaf.rest)
            case "code":
                found += _code(leaf, room, is_whole=is_whole)
    return found


def _settled(blocks: Iterable[tuple[Leaf, list[Row]]]) -> int:
    count = 0
    for leaf, found in blocks:
        if leaf.is_open or leaf.kind not in {"text", "heading", "code", "rule"}:
            break
        # Lines of code that are too long are not broken when they are final.
        is_whole = [leaf.kind != "code" or not any(isinstance(one, Joint) for one in each) for each in found]
        whole = max(0, is_whole.index(False) - 1) if False in is_whole else len(found)
        count += whole
        if whole < len(found):
            break
    return count


def _code(leaf: Leaf, room: int, *, is_whole: bool) -> list[Row]:
    """Code is broken where the row ends, so that nothing of it is lost."""
    found: list[Row] = []
    for line in leaf.lines:
        first = leaf.rest if found else leaf.first
        joint = [each for each in line if isinstance(each, Joint)]
        if is_whole and not joint:
            found.append((*fitting([*first, _INDENT], room), *line))
            continue
        found += broken(line, room, [*first, _INDENT, *joint], [*leaf.rest, _INDENT])
    return found
