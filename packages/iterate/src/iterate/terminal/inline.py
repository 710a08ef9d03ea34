"""The text inside of a block as spans: emphasis, code, links, addresses, the few tags of HTML that mean style."""

import functools
import re
from collections.abc import Iterator, MutableMapping
from typing import TYPE_CHECKING, cast

from iterate.terminal import inner
from iterate.terminal.rows import Span, Style

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

type References = MutableMapping[str, object]

# An address in running text; what ends a sentence is not of it.
_ADDRESS = re.compile(r"\b(?:https?|ftp)://[^\s<>\"'`|\\^{}\[\]]+", re.IGNORECASE)
_DEFINITION = re.compile(
    r" {0,3}\[(?!\^)((?:[^\[\]\\]|\\.){1,999})\]:[ \n]*(?:<([^<>\n]*)>|([^\s<][^\s]*))"
    r"(?:[ \n]+(?:\"([^\"]*)\"|'([^']*)'|\(([^()]*)\)))?[ ]*(?:\n|$)"
)
_TAGS: dict[str, Style] = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "code": "code",
    "kbd": "code",
    "s": "strike",
    "del": "strike",
    "u": "underline",
}
_TAG = re.compile(r"</?([a-zA-Z]+)\s*/?>")


@functools.cache
def parser() -> inner.Inner:
    """The one that finds what is inside of blocks."""
    return inner.made()


def spans(text: str, references: References, *, has_links: bool) -> list[Span]:
    """The spans of a text; without `has_links` a link's address stands beside it."""
    if not text:
        return []
    found: list[Token] = []
    parse = parser()
    # It asks no more of a parser than this one has.
    parse.inline.parse(text, cast("MarkdownIt", parse), {"references": references}, found)
    return list(_Styled(has_links=has_links).spans(found))


def defined(text: str, references: References) -> tuple[list[tuple[str, str]], str]:
    """The references that a paragraph begins with, which are remembered, and the rest of it."""
    told: list[tuple[str, str]] = []
    while text.lstrip().startswith("[") and (found := _DEFINITION.match(text)):
        from markdown_it.common.utils import normalizeReference

        address = parser().normalizeLink(found[2] if found[2] is not None else found[3])
        if not parser().validateLink(address):
            break
        title = next((each for each in found.groups()[3:] if each), "")
        # The first one of a name counts.
        references.setdefault(normalizeReference(found[1]), {"title": title, "href": address})
        told.append((found[1], address))
        text = text[found.end() :]
    return told, text


class _Styled:
    """What the tokens of a block say, each piece in the innermost style around it."""

    def __init__(self, *, has_links: bool) -> None:
        self._has_links = has_links
        self._styles: list[Style] = [""]
        self._link = ""
        self._called = ""

    def spans(self, tokens: "list[Token]") -> Iterator[Span]:
        for token in tokens:
            match token.type:
                case "text" | "text_special":
                    yield from self._text(token.content)
                case "code_inline":
                    self._called += token.content
                    yield Span(token.content, "code", self._link if self._has_links else "")
                case "softbreak":
                    yield self._span(" ")
                case "hardbreak":
                    yield Span("\n")
                case "html_inline":
                    yield from self._html(token.content)
                case "image":
                    yield from self._image(token)
                case _:
                    yield from self._nest(token)

    def _span(self, text: str) -> Span:
        self._called += text
        return Span(text, self._styles[-1], self._link if self._has_links else "")

    def _nest(self, token: "Token") -> Iterator[Span]:
        match token.type:
            case "strong_open":
                self._styles.append("bold-italic" if self._styles[-1] == "italic" else "bold")
            case "em_open":
                self._styles.append("bold-italic" if self._styles[-1] == "bold" else "italic")
            case "s_open":
                self._styles.append("strike")
            case "link_open":
                self._styles.append("link")
                self._link, self._called = str(token.attrs.get("href", "")), ""
            case _ if token.nesting < 0 and len(self._styles) > 1:
                self._styles.pop()
                if token.type == "link_close":
                    yield from self._beside(is_bare=token.markup == "autolink")

    def _beside(self, *, is_bare: bool) -> Iterator[Span]:
        """The address of a link, where the terminal does not carry it, or where its text names another one."""
        address, called, self._link = self._link, self._called.strip(), ""
        if is_bare or not address or address in {called, f"mailto:{called}"}:
            return
        is_lie = _ADDRESS.match(called) is not None and called.rstrip("/") != address.rstrip("/")
        if is_lie or not self._has_links:
            yield Span(f" ({address})", "dim")

    def _text(self, text: str) -> Iterator[Span]:
        if "://" not in text or self._link:
            if text:
                yield self._span(text)
            return
        end = 0
        for found in _ADDRESS.finditer(text):
            address = _trimmed(found[0])
            if found.start() > end:
                yield self._span(text[end : found.start()])
            yield Span(address, "link", address if self._has_links else "")
            end = found.start() + len(address)
        if end < len(text):
            yield self._span(text[end:])

    def _html(self, tag: str) -> Iterator[Span]:
        found = _TAG.fullmatch(tag)
        name = found[1].lower() if found else ""
        if name == "br":
            yield Span("\n")
        elif name in _TAGS and not tag.startswith("</"):
            self._styles.append(_TAGS[name])
        elif name in _TAGS and len(self._styles) > 1:
            self._styles.pop()
        elif name not in _TAGS and not tag.startswith("<!--"):
            yield Span(tag, "dim")

    def _image(self, token: "Token") -> Iterator[Span]:
        address = str(token.attrs.get("src", ""))
        called = token.content or "image"
        if self._has_links and address.startswith(("http://", "https://", "file://")):
            yield Span(f"[{called}]", "link", address)
        else:
            shown = "" if address.startswith("data:") else f" ({address})"
            yield Span(f"[{called}]{shown}", "dim")


def _trimmed(address: str) -> str:
    """An address without what ends the sentence that it is in."""
    while address and (address[-1] in ".,;:!?*_~" or (address[-1] == ")" and address.count(")") > address.count("("))):
        address = address[:-1]
    return address


_RUN = re.compile(r"\\.|`+|\*+|_+|~~|\n")


def mended(text: str) -> str:
    """A text that still grows, with what is open in it closed, so that marks do not show up and go away again."""
    text = _link_closed(text.rstrip())
    opened: list[str] = []
    place = 0
    while found := _RUN.search(text, place):
        run, place = found[0], found.end()
        if run[0] in "\\\n":
            continue
        if run[0] == "`":
            close = re.compile(rf"(?<!`){run}(?!`)").search(text, place)
            if close is None:
                return _closed(text, [*opened, run])
            place = close.end()
            continue
        _weigh(text, found, opened)
    return _closed(text, opened)


def _weigh(text: str, found: "re.Match[str]", opened: list[str]) -> None:
    """Let a run of marks open or close emphasis."""
    run = found[0]
    before, after = text[: found.start()][-1:], text[found.end() :][:1]
    for each in (["**"] * (len(run) // 2) + ["*"] * (len(run) % 2)) if run[0] in "*_" else [run]:
        mark = each.replace("*", run[0])
        if mark in opened and before and not before.isspace():
            del opened[opened.index(mark) :]
        elif (not after or not after.isspace()) and not (run[0] == "_" and before.isalnum()):
            opened.append(mark)


def _closed(text: str, opened: list[str]) -> str:
    left = opened[::-1]
    while left and text.endswith(left[0]):
        # Nothing is inside of it yet.
        text = text.removesuffix(left.pop(0)).rstrip()
    for each in left:
        text += f" {each}" if each[0] == "`" and text.endswith("`") else each
    return text


def _link_closed(text: str) -> str:
    begin = text.rfind("[")
    if begin < 0 or text[begin - 1 : begin] == "\\" or text.count("`") % 2:
        return text
    inner = text[begin + 1 :]
    if "]" not in inner:
        return text[:begin].removesuffix("!") + inner
    called, _, behind = inner.partition("]")
    if not behind:
        return text[:begin].removesuffix("!") + called
    if behind.startswith("(") and ")" not in behind and "\n" not in behind:
        return f"{text[:begin]}[{called}]({behind[1:].split(' ')[0]})" if behind[1:] else f"{text[:begin]}{called}"
    return text
