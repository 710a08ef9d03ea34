"""What the commands of vi do to a text, each with its count or a part of the text. It knows no keys and no modes."""

from iterate.terminal.buffer import Buffer
from iterate.terminal.motions import Reach
from iterate.terminal.vi_motions import Motions
from iterate.terminal.vi_registers import Kept, Registers

# So much text one command makes at most, however often it is told to.
MOST = 1 << 22
_INDENT = "    "


class Changes:
    """Changes of one text; what they take away goes into a register."""

    def __init__(self, buffer: Buffer, motions: Motions, registers: Registers) -> None:
        self._buffer = buffer
        self._motions = motions
        self._registers = registers
        # What the replace mode wrote over, character by character; nothing where it went on.
        self.over: list[str] = []

    def fitted(self, operator: str, begin: int, end: int, *, is_exclusive: bool) -> Reach:
        """A part of several lines that ends where one begins goes without that end, and is lines where it begins so."""
        buffer, text = self._buffer, self._buffer.text
        if "\n" not in text[begin:end]:
            return Reach(begin, end)
        is_begun = not text[buffer.line_begin(begin) : begin].strip()
        if is_exclusive and text[end - 1 : end] == "\n":
            end -= 1
            if is_begun:
                return self.lines(begin, end)
        if (
            operator == "d"
            and is_begun
            and "\n" in text[begin : end - 1]
            and not text[end : buffer.line_end(end)].strip()
        ):
            return self.lines(begin, end)
        return Reach(begin, end)

    def word_reach(self, operator: str, end: int) -> int:
        """A word for an operator ends with its line; `cw` leaves the spaces behind it."""
        text, at = self._buffer.text, self._buffer.cursor
        reached = text[at:end]
        solid = reached.rstrip()
        if operator == "c" and (solid or reached.startswith("\n")):
            return at + len(solid)
        stop = reached.rfind("\n", max(len(solid), 1))
        return end if stop < 0 else at + stop

    def lines(self, begin: int, end: int) -> Reach:
        """The lines from that of one place to that of another."""
        return Reach(self._buffer.line_begin(begin), self._buffer.line_end(end), is_lines=True)

    def far(self, at: int, lines: int, characters: int) -> int:
        """So many lines on, and in the last one so many characters."""
        buffer = self._buffer
        for _ in range(lines):
            at = min(len(buffer.text), buffer.line_end(at) + 1)
        if characters:
            begin = buffer.line_begin(at) if lines else at
            at = min(buffer.line_end(at), begin + characters - 1)
        return at

    def take(self, begin: int, end: int, name: str) -> None:
        """Characters go into the register."""
        if begin < end:
            self._registers.keep(Kept(self._buffer.replace(begin, end, "")), name)

    def delete(self, reach: Reach) -> None:
        """A part goes; of lines their end too."""
        buffer = self._buffer
        if not reach.is_lines:
            buffer.replace(reach.begin, reach.end, "")
            buffer.cursor = reach.begin
            return
        begin, end = reach.begin, reach.end
        is_last = end == len(buffer.text)
        if not is_last:
            end += 1
        elif begin:
            begin -= 1
        buffer.replace(begin, end, "")
        buffer.cursor = self._motions.indent(buffer.line_begin(begin if is_last else min(begin, len(buffer.text))))

    def case(self, reach: Reach, way: str) -> None:
        """Other letters: `u` small, `U` capitals, `~` the other ones; the cursor stays where it is."""
        buffer = self._buffer
        at, text = buffer.cursor, buffer.text[reach.begin : reach.end]
        new = text.lower() if way == "u" else text.upper() if way == "U" else text.swapcase()
        if new != text:
            buffer.replace(reach.begin, reach.end, new)
        buffer.cursor = at

    def shift(self, reach: Reach, way: str, count: int) -> None:
        """Lines further to the right, or to the left."""
        buffer = self._buffer
        begin, end = buffer.line_begin(reach.begin), buffer.line_end(reach.end)
        lines = buffer.text[begin:end].split("\n")
        moved = [_INDENT * min(count, 100) + each if each else each for each in lines]
        if way == "<":
            moved = [_unindented(each, count) for each in lines]
        if moved != lines:
            buffer.replace(begin, end, "\n".join(moved))
        buffer.cursor = self._motions.indent(begin)

    def join(self, count: int) -> None:
        """So many lines become one."""
        buffer = self._buffer
        for _ in range(max(1, count - 1)):
            end = buffer.line_end(buffer.cursor)
            if end == len(buffer.text):
                break
            begin = self._motions.indent(end + 1)
            is_blank = (
                begin == buffer.line_end(end + 1)
                or buffer.text[begin : begin + 1] == ")"
                or end == buffer.line_begin(end)
                or buffer.text[end - 1 : end].isspace()
            )
            buffer.replace(end, begin, "" if is_blank else " ")
            buffer.cursor = end

    def put(self, kept: Kept, count: int, *, is_before: bool) -> None:
        """A text before the cursor or behind it; lines above or below."""
        buffer, text = self._buffer, kept.text
        if not text:
            return
        count = max(1, min(count, MOST // len(text)))
        if kept.is_lines:
            text = text.removesuffix("\n")
            at = buffer.line_begin(buffer.cursor) if is_before else buffer.line_end(buffer.cursor)
            buffer.replace(at, at, (f"{text}\n" if is_before else f"\n{text}") * count)
            buffer.cursor = self._motions.indent(at if is_before else at + 1)
            return
        is_here = is_before or buffer.cursor == buffer.line_end(buffer.cursor)
        at = buffer.cursor if is_here else buffer.behind(buffer.cursor)
        buffer.replace(at, at, text * count)
        # Of several lines the cursor stays at the first character, as in vi.
        buffer.cursor = at if "\n" in text else buffer.before(buffer.cursor)

    def put_over(self, reach: Reach, kept: Kept, count: int) -> None:
        """A text in the place of another."""
        buffer, text = self._buffer, kept.text * max(1, min(count, MOST // max(1, len(kept.text))))
        if kept.is_lines and not reach.is_lines:
            text = f"\n{text}"
        elif reach.is_lines:
            text = text.removesuffix("\n")
        buffer.replace(reach.begin, reach.end, text)
        if kept.is_lines:
            buffer.cursor = self._motions.indent(reach.begin + (not reach.is_lines))
        else:
            is_here = not text or "\n" in text or reach.is_lines
            buffer.cursor = reach.begin if is_here else buffer.before(buffer.cursor)

    def fill(self, reach: Reach, character: str) -> None:
        """Every character becomes that one; line ends stay."""
        buffer = self._buffer
        found: list[str] = []
        at = reach.begin
        while at < reach.end:
            behind = buffer.behind(at)
            found.append("\n" if buffer.text[at] == "\n" else character)
            at = behind
        buffer.replace(reach.begin, reach.end, "".join(found))
        buffer.cursor = reach.begin

    def overwrite(self, text: str) -> None:
        """Write over what is there, up to the end of the line."""
        buffer = self._buffer
        for character in text:
            end = buffer.line_end(buffer.cursor)
            self.over.append(buffer.replace(buffer.cursor, min(end, buffer.behind(buffer.cursor)), character))

    def unwrite(self) -> None:
        """A character back, with what stood there."""
        buffer = self._buffer
        at = buffer.before(buffer.cursor)
        if self.over and at >= buffer.line_begin(buffer.cursor):
            buffer.replace(at, buffer.cursor, self.over.pop())
        buffer.cursor = at

    def replace(self, character: str, count: int) -> None:
        """So many characters become that one; where there are fewer, none does."""
        buffer = self._buffer
        end = buffer.cursor
        for _ in range(count):
            if end >= buffer.line_end(buffer.cursor):
                return
            end = buffer.behind(end)
        buffer.replace(buffer.cursor, end, character if character == "\n" else character * count)
        if character != "\n":
            buffer.cursor = buffer.before(buffer.cursor)


def _unindented(line: str, count: int) -> str:
    for _ in range(count):
        if line.startswith("\t"):
            line = line[1:]
            continue
        blanks = len(line) - len(line.lstrip(" "))
        if not blanks:
            break
        line = line[min(blanks, len(_INDENT)) :]
    return line
