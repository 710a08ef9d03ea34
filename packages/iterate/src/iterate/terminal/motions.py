"""Places in a text that keys go to: words, brackets, characters of a line. It changes nothing."""

import re
from typing import Literal, NamedTuple

type Kind = Literal["space", "word", "other", "fold"]

# A word of readline has letters and digits, with their marks; a folded paste is one.
_WORD = re.compile("(?:[^\\W_][\u0300-\u036f\u200d\ufe0f]*)+|[\ud800-\udbff]")
_SPACES = " \t\n"
_PAIRS = {"(": ")", "[": "]", "{": "}", "<": ">"}
_OBJECTS = {"b": "(", "B": "{", ")": "(", "]": "[", "}": "{", ">": "<"}
_BACK = {close: open_ for open_, close in _PAIRS.items()}


class Reach(NamedTuple):
    """A part of a text; whole lines where it is of lines."""

    begin: int
    end: int
    is_lines: bool = False


def word_end(text: str, at: int) -> int:
    """The end of the word at a place or behind it."""
    found = _WORD.search(text, at)
    return found.end() if found else len(text)


def word_begin(text: str, at: int) -> int:
    """The beginning of the word at a place or before it."""
    while at > 0 and not _is_word(text[at - 1]):
        at -= 1
    if at and _is_fold(text[at - 1]):
        return at - 1
    while at > 0 and _is_word(text[at - 1]) and not _is_fold(text[at - 1]):
        at -= 1
    return at


def space_word_begin(text: str, at: int) -> int:
    """The beginning of what stands between spaces, at a place or before it."""
    while at > 0 and text[at - 1] in _SPACES:
        at -= 1
    while at > 0 and text[at - 1] not in _SPACES:
        at -= 1
    return at


def _is_word(character: str) -> bool:
    return _WORD.match(character) is not None or "\u0300" <= character <= "\u036f" or character in "\u200d\ufe0f"


def _is_fold(character: str) -> bool:
    return "\ud800" <= character <= "\udbff"


def kind(character: str, *, is_big: bool) -> Kind:
    """What vi takes a character for; between spaces everything is a word."""
    if character in _SPACES:
        return "space"
    if _is_fold(character):
        return "fold"
    return "word" if is_big or character == "_" or _is_word(character) else "other"


def vi_word(text: str, at: int, *, is_big: bool) -> int:
    """The beginning of the next word of vi; an empty line is one."""
    if at >= len(text):
        return len(text)
    now = kind(text[at], is_big=is_big)
    if now != "space":
        at = at + 1 if now == "fold" else _while(text, at, now, is_big=is_big)
    while at < len(text) and kind(text[at], is_big=is_big) == "space":
        at += 1
        if text[at - 1 : at + 1] == "\n\n":
            break
    return at


def vi_end(text: str, at: int, *, is_big: bool) -> int:
    """The last character of the word of vi behind a place."""
    at += 1
    while at < len(text) and text[at] in _SPACES:
        at += 1
    if at >= len(text):
        return max(0, len(text) - 1)
    now = kind(text[at], is_big=is_big)
    return at if now == "fold" else _while(text, at, now, is_big=is_big) - 1


def vi_begin(text: str, at: int, *, is_big: bool) -> int:
    """The beginning of the word of vi before a place."""
    at -= 1
    while at > 0 and text[at] in _SPACES and text[at - 1 : at + 1] != "\n\n":
        at -= 1
    if at <= 0:
        return 0
    now = kind(text[at], is_big=is_big)
    while now not in {"space", "fold"} and at > 0 and kind(text[at - 1], is_big=is_big) == now:
        at -= 1
    return at


def _while(text: str, at: int, now: Kind, *, is_big: bool) -> int:
    while at < len(text) and kind(text[at], is_big=is_big) == now:
        at += 1
    return at


def match(text: str, at: int) -> int:
    """The bracket that belongs to the first one from a place on in its line; -1 where there is none."""
    end = text.find("\n", at)
    line = text[at : len(text) if end < 0 else end]
    first = next((place for place, each in enumerate(line) if each in "()[]{}"), -1)
    if first < 0:
        return -1
    here = at + first
    bracket = text[here]
    if bracket in _PAIRS:
        return _close(text, here + 1, bracket)
    return _open(text, here, _BACK[bracket])


def _close(text: str, at: int, bracket: str) -> int:
    """Where a bracket that was opened before is closed."""
    depth = 1
    for place in range(at, len(text)):
        depth += (text[place] == bracket) - (text[place] == _PAIRS[bracket])
        if not depth:
            return place
    return -1


def _open(text: str, at: int, bracket: str) -> int:
    """Where a bracket that is open at a place was opened."""
    depth = 1
    for place in range(at - 1, -1, -1):
        depth += (text[place] == _PAIRS[bracket]) - (text[place] == bracket)
        if not depth:
            return place
    return -1


def thing(text: str, at: int, name: str, *, is_around: bool, count: int = 1) -> Reach | None:
    """A text object of vi: words, what stands in quotes or brackets, paragraphs."""
    if name in {"w", "W"}:
        return _word_around(text, at, is_big=name == "W", is_around=is_around, count=count)
    if name == "p":
        return _paragraph(text, at, is_around=is_around, count=count)
    if name in "\"'`" and len(name) == 1:
        return _quoted(text, at, name, is_around=is_around)
    bracket = _OBJECTS.get(name, name)
    return _bracketed(text, at, bracket, is_around=is_around, count=count) if bracket in _PAIRS else None


def _word_around(text: str, at: int, *, is_big: bool, is_around: bool, count: int) -> Reach | None:
    if at >= len(text) or text[at] == "\n":
        return Reach(at, at)
    begin, end = _run(text, at, is_big=is_big)
    for _ in range(count * 2 - 1 if is_around else count - 1):
        if end >= len(text) or text[end] == "\n":
            break
        is_blank = text[end] in " \t"
        if is_around and not is_blank and text[end - 1] not in " \t":
            continue  # No blanks stand between these words.
        end = _run(text, end, is_big=is_big)[1]
    has_blanks = text[begin] in " \t" or text[end - 1] in " \t"
    if is_around and not has_blanks and begin and text[begin - 1] in " \t":
        before = _run(text, begin - 1, is_big=is_big)[0]
        # What a line is indented by stays.
        begin = before if before and text[before - 1] != "\n" else begin
    return Reach(begin, end)


def _run(text: str, at: int, *, is_big: bool) -> tuple[int, int]:
    """The characters of one kind around a place, in its line."""
    now = kind(text[at], is_big=is_big)
    if now == "fold":
        return at, at + 1
    begin, end = at, at
    while begin and text[begin - 1] != "\n" and kind(text[begin - 1], is_big=is_big) == now:
        begin -= 1
    while end < len(text) and text[end] != "\n" and kind(text[end], is_big=is_big) == now:
        end += 1
    return begin, end


def _quoted(text: str, at: int, quote: str, *, is_around: bool) -> Reach | None:
    """What stands in quotes around a place in its line, or in the next ones."""
    begin = text.rfind("\n", 0, at) + 1
    end = text.find("\n", at)
    line = text[begin : len(text) if end < 0 else end]
    places = [begin + place for place, each in enumerate(line) if each == quote and line[place - 1 : place] != "\\"]
    for first, last in zip(places[::2], places[1::2], strict=False):
        if at <= last:
            return _with_spaces(text, first, last + 1) if is_around else Reach(first + 1, last)
    return None


def _with_spaces(text: str, begin: int, end: int) -> Reach:
    """With the spaces behind it, or else those before it, of its line."""
    last = end
    while text[last : last + 1] in {" ", "\t"}:
        last += 1
    while last == end and begin and text[begin - 1] in " \t":
        begin -= 1
    return Reach(begin, last)


def _bracketed(text: str, at: int, bracket: str, *, is_around: bool, count: int) -> Reach | None:
    """What stands in brackets around a place, or in the next ones of its line."""
    begin, end = _pair(text, at, bracket)
    if begin < 0:
        line_end = text.find("\n", at)
        following = text.find(bracket, at, line_end if line_end >= 0 else len(text))
        begin, end = _pair(text, following, bracket) if following >= 0 else (-1, -1)
    for _ in range(count - 1):
        outer = _open(text, begin, bracket)
        begin, end = _pair(text, outer, bracket) if outer >= 0 else (-1, -1)
    if begin < 0:
        return None
    return Reach(begin, end + 1) if is_around else _inside(text, begin + 1, end)


def _pair(text: str, at: int, bracket: str) -> tuple[int, int]:
    """The brackets around a place; -1 where there are none."""
    begin = at if text[at : at + 1] == bracket else _open(text, at, bracket)
    end = _close(text, begin + 1, bracket) if begin >= 0 else -1
    return (begin, end) if end >= 0 else (-1, -1)


def _inside(text: str, begin: int, end: int) -> Reach:
    """Between brackets: whole lines where the brackets stand at the end of one and alone in another."""
    closing = text.rfind("\n", 0, end) + 1
    if closing <= begin or text[closing:end].strip(" \t"):
        return Reach(begin + (text[begin : begin + 1] == "\n" and end > begin + 1), end)
    if text[begin] == "\n":
        return Reach(begin + 1, closing - 1, is_lines=True) if closing > begin + 1 else Reach(begin, end)
    return Reach(begin, closing - 1)


def _paragraph(text: str, at: int, *, is_around: bool, count: int) -> Reach | None:
    """Lines with words, or those without; around them those of the other kind behind, or else before."""
    begin, end = _block(text, text.rfind("\n", 0, at) + 1)
    is_blank = not text[begin:end].strip()
    for _ in range(count * 2 - 1 if is_around else count - 1):
        if end >= len(text):
            if not is_around or is_blank or not begin:
                return Reach(begin, end, is_lines=True) if is_around and not is_blank and count == 1 else None
            begin = _block(text, text.rfind("\n", 0, begin - 1) + 1)[0]
            break
        end = _block(text, end + 1)[1]
    return Reach(begin, end, is_lines=True)


def _block(text: str, line: int) -> tuple[int, int]:
    """The lines around one that have words as it has, or have none as it has."""
    lines = text.split("\n")
    at = text.count("\n", 0, line)
    first = last = at
    has_words = bool(lines[at].strip())
    while first and bool(lines[first - 1].strip()) is has_words:
        first -= 1
    while last + 1 < len(lines) and bool(lines[last + 1].strip()) is has_words:
        last += 1
    begin = line - sum(len(each) + 1 for each in lines[first:at])
    return begin, line + sum(len(each) + 1 for each in lines[at : last + 1]) - 1


def find(text: str, at: int, character: str, *, is_back: bool, count: int) -> int:
    """The place of a character in the line of a place; -1 where there is none."""
    for _ in range(count):
        if is_back:
            begin = text.rfind("\n", 0, at) + 1
            at = text.rfind(character, begin, at)
        else:
            end = text.find("\n", at)
            at = text.find(character, at + 1, len(text) if end < 0 else end)
        if at < 0:
            break
    return at
