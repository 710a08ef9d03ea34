"""Calls and thoughts that a local model writes as text, because its server does not take them out.

Text that may be such a call is held back until that is sure; everything else is handed on at once.
"""

import json
import re
from collections.abc import Iterator

from iterate.events import Json

# What begins a call, and what ends it.
_MARKS = {
    "<tool_call>": "</tool_call>",
    "<function_call>": "</function_call>",
    "[TOOL_CALLS]": "\n\n",
    "```json": "```",
    "```tool_call": "```",
    "```tool_code": "```",
}
_THINK, _THOUGHT = "<think>", "</think>"
# A call that is longer than this is text.
MOST_HELD = 256 << 10
_LONGEST_MARK = max(map(len, (*_MARKS, _THINK, _THOUGHT)))

type Words = tuple[str, str]


class Textual:
    """What comes out of such a model: pairs of `text` or `reasoning` and the words, and `calls` at the end."""

    def __init__(self, names: frozenset[str]) -> None:
        self._names = names
        self._held = ""
        # The mark that ends what is held; empty while nothing is.
        self._end = ""
        self._has_begun = False
        self._is_thinking = False
        self.calls: list[tuple[str, dict[str, Json]]] = []

    def take(self, text: str) -> Iterator[Words]:
        """The next text of the model."""
        self._held += text
        while self._held:
            before = self._held
            yield from self._step()
            if self._held == before:
                return

    def rest(self) -> Iterator[Words]:
        """What is still held when nothing more comes."""
        if self._end and not self._is_thinking:
            held, self._held, end, self._end = self._held, "", self._end, ""
            if not self._found(held.removesuffix(end)):
                yield "text", held
        elif self._held:
            if self._is_bare(self._held) and self._found(self._held):
                self._held = ""
                return
            yield ("reasoning" if self._is_thinking else "text"), self._held
            self._held = ""

    def _step(self) -> Iterator[Words]:
        if self._is_thinking:
            yield from self._thoughts()
        elif self._end:
            yield from self._maybe_call()
        else:
            yield from self._plain()

    def _thoughts(self) -> Iterator[Words]:
        thoughts, mark, rest = self._held.partition(_THOUGHT)
        if mark:
            self._is_thinking, self._held = False, rest.lstrip("\n")
            if thoughts:
                yield "reasoning", thoughts
            return
        safe = len(self._held) - _overlap(self._held, (_THOUGHT,))
        if safe:
            words, self._held = self._held[:safe], self._held[safe:]
            yield "reasoning", words

    def _maybe_call(self) -> Iterator[Words]:
        # Behind the mark itself: a fence ends with what it begins with.
        start = self._held.find(self._end, 3)
        if start < 0:
            if len(self._held) > MOST_HELD:
                words, self._held, self._end = self._held, "", ""
                yield "text", words
            return
        end = start + len(self._end)
        words, self._held, self._end = self._held[:end], self._held[end:], ""
        if not self._found(words):
            yield "text", words

    def _plain(self) -> Iterator[Words]:
        if not self._has_begun:
            begin = self._held.lstrip()
            if not begin or (len(begin) < len(_THINK) and _THINK.startswith(begin)):
                return
            if begin.startswith(_THINK):
                self._has_begun, self._is_thinking, self._held = True, True, begin.removeprefix(_THINK).lstrip("\n")
                return
            if self._is_bare(begin) and len(self._held) <= MOST_HELD:
                return
            self._has_begun = True
        if not self._names:
            words, self._held = self._held, ""
            yield "text", words
            return
        found = [(place, mark) for mark in _MARKS if (place := self._held.find(mark)) >= 0]
        if found:
            place, mark = min(found)
            words, self._held, self._end = self._held[:place], self._held[place:], _MARKS[mark]
            if words.strip():
                yield "text", words
            return
        safe = len(self._held) - _overlap(self._held, tuple(_MARKS))
        if safe:
            words, self._held = self._held[:safe], self._held[safe:]
            yield "text", words

    def _is_bare(self, text: str) -> bool:
        """Whether the whole answer may be the JSON of a call."""
        begin = text.lstrip()
        wanted = '{"name"'
        squeezed = re.sub(r"\s", "", begin[:64])
        return bool(self._names) and (squeezed.startswith(wanted) or (begin != "" and wanted.startswith(squeezed)))

    def _found(self, text: str) -> bool:
        """Take the calls out of a text, if that is what it is: JSON with the name of a tool that is offered."""
        for mark in (*_MARKS, *_MARKS.values()):
            text = text.replace(mark, "\n") if mark.strip() else text
        calls = list(_calls(text.strip(), self._names))
        self.calls += calls
        return bool(calls)


def _calls(text: str, names: frozenset[str]) -> Iterator[tuple[str, dict[str, Json]]]:
    decoder = json.JSONDecoder(strict=False)
    place = 0
    while place < len(text):
        try:
            value, place = decoder.raw_decode(text, place)
        except (ValueError, RecursionError):
            return
        while place < len(text) and text[place] in " \t\r\n,;":
            place += 1
        for each in value if isinstance(value, list) else [value]:
            inner = each.get("function", each) if isinstance(each, dict) else None
            if not isinstance(inner, dict) or inner.get("name") not in names:
                continue
            arguments = inner.get("arguments", inner.get("parameters", {}))
            if isinstance(arguments, str):
                try:
                    arguments = json.loads(arguments, strict=False)
                except (ValueError, RecursionError):
                    continue
            if isinstance(arguments, dict):
                yield str(inner["name"]), arguments


def _overlap(text: str, marks: tuple[str, ...]) -> int:
    """How many characters at the end of the text may be the beginning of a mark."""
    for size in range(min(_LONGEST_MARK, len(text)), 0, -1):
        tail = text[-size:]
        if any(len(mark) > size and mark.startswith(tail) for mark in marks):
            return size
    return 0
