"""Makes Markdown of HTML: what there is to read, its headings, lists, tables, code and links.

It is run as a child (`child.py`): the parser of the standard library takes very long for some hostile pages, and a
child can be ended. What a browser would not show (scripts, styles, `hidden`, `display: none`) is left out.
"""

import re
import sys
from collections.abc import Sequence
from html.parser import HTMLParser
from typing import override
from urllib.parse import urljoin

_LEFT_OUT = {"script", "style", "noscript", "template", "svg", "iframe", "object", "canvas", "head", "select", "dialog"}
# What may be hidden by an attribute; these are always closed.
_CLOSED = {
    "div", "span", "section", "article", "aside", "nav", "header", "footer", "main", "form", "button", "ul", "ol",
}  # fmt: skip
_BLOCKS = {
    "p", "div", "section", "article", "aside", "nav", "header", "footer", "main", "form", "fieldset", "figure",
    "figcaption", "details", "summary", "address", "dl", "dt", "dd", "body", "html",
}  # fmt: skip
_MARKS = {"strong": "**", "b": "**", "em": "*", "i": "*", "del": "~~", "s": "~~", "code": "`", "kbd": "`", "samp": "`"}
_HEADING = re.compile(r"h[1-6]")
_BREAK = "\ue000"
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)


def converted(html: str, base: str) -> str:
    """A page as Markdown; its links are made whole from `base`."""
    writer = _Writer(base)
    writer.feed(html.replace(_BREAK, ""))
    writer.close()
    return writer.text()


def main(words: Sequence[str]) -> int:
    """Read HTML in UTF-8 from the input, write Markdown; the word is where the page is from."""
    html = sys.stdin.buffer.read().decode("utf-8", "replace")
    sys.stdout.buffer.write(converted(html, words[0]).encode("utf-8", "replace"))
    return 0


class _Writer(HTMLParser):
    def __init__(self, base: str) -> None:
        super().__init__(convert_charrefs=True)
        self.base = base
        self.blocks: list[tuple[str, bool]] = []
        self.inline: list[str] = []
        self.title = ""
        # What each line of a block begins with: once, then always.
        self.margins: list[list[str]] = []
        self.lists: list[int | None] = []
        self.left_out: tuple[str, int] | None = None
        self.in_title = False
        self.pre: list[str] | None = None
        self.language = ""
        self.heading = ""
        self.opened: list[tuple[str, int, str]] = []
        self.tables: list[list[list[str]]] = []
        self.in_cell = False
        self.is_item = False

    def text(self) -> str:
        self._flush()
        pieces: list[str] = []
        for number, (block, is_tight) in enumerate(self.blocks):
            pieces += ["" if not number else "\n" if is_tight else "\n\n", block]
        body = "".join(pieces)
        has_heading = re.search(r"^# ", body, re.MULTILINE)
        title = " ".join(self.title.split())
        return f"# {title}\n\n{body}" if title and not has_heading else body

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self.left_out:
            name, depth = self.left_out
            if tag == name:
                self.left_out = (name, depth + 1)
            self.in_title = tag == "title" and not self.title
            return
        if tag == "title":
            self.in_title = not self.title
            return
        given = {name: value or "" for name, value in attrs}
        is_hidden = tag in _CLOSED and ("hidden" in given or _HIDDEN.search(given.get("style", "")))
        if tag in _LEFT_OUT or is_hidden:
            self.left_out = (tag, 1)
        elif self.pre is not None:
            self.language = self.language or _language(given)
            if tag == "br":
                self.pre.append("\n")
        else:
            self._begin(tag, given)

    def _begin(self, tag: str, given: dict[str, str]) -> None:  # noqa: C901, PLR0912  # A case for each tag.
        match tag:
            case "br":
                self.inline.append(_BREAK)
            case "hr":
                self._flush()
                self._block("---")
            case "img":
                alt = " ".join(given.get("alt", "").split())
                if alt:
                    self.inline.append(f"![{alt}]({self._whole(given.get('src', ''))})")
            case "a":
                self.opened.append(("a", len(self.inline), self._whole(given.get("href") or "#")))
            case "pre":
                self._flush()
                self.pre, self.language = [], _language(given)
            case "ul" | "ol":
                self._flush()
                self.lists.append(_number(given.get("start", "1")) if tag == "ol" else None)
            case "li":
                self._item()
            case "blockquote":
                self._flush()
                self.margins.append(["> ", "> "])
            case "table":
                self._flush()
                self.tables.append([])
            case "tr" if self.tables:
                self._cell()
                self.tables[-1].append([])
            case "td" | "th" if self.tables:
                self._cell()
                self.in_cell = True
            case _ if _HEADING.fullmatch(tag):
                self._flush()
                self.heading = "#" * int(tag[1]) + " "
            case _ if tag in _MARKS:
                self.opened.append((tag, len(self.inline), ""))
            case _ if tag in _BLOCKS:
                self._flush()
            case _:
                pass

    @override
    def handle_endtag(self, tag: str) -> None:
        self.in_title = False
        if self.left_out:
            name, depth = self.left_out
            if tag == name:
                self.left_out = (name, depth - 1) if depth > 1 else None
        elif self.pre is None:
            self._end(tag)
        elif tag == "pre":
            self._code("".join(self.pre))

    def _end(self, tag: str) -> None:
        match tag:
            case "ul" | "ol" if self.lists:
                self._flush()
                self.lists.pop()
            case "li" | "blockquote":
                self._end_margin(tag)
            case "table" if self.tables:
                self._table()
            case "td" | "th" if self.tables:
                self._cell()
            case _ if _HEADING.fullmatch(tag):
                self._flush()
                self.heading = ""
            case _ if tag in _MARKS or tag == "a":
                self._end_mark(tag)
            case _ if tag in _BLOCKS:
                self._flush()
            case _:
                pass

    @override
    def handle_data(self, data: str) -> None:
        if self.in_title:
            self.title += data
        elif self.left_out:
            return
        elif self.pre is not None:
            self.pre.append(data)
        else:
            self.inline.append(data)

    def _whole(self, link: str) -> str:
        try:
            whole = urljoin(self.base, link.strip())
        except ValueError:
            return ""
        if link.startswith("#"):
            return ""
        return whole.replace(" ", "%20").replace(")", "%29") if whole.startswith(("http:", "https:", "mailto:")) else ""

    def _end_mark(self, tag: str) -> None:
        places = [place for place, (name, _, _) in enumerate(self.opened) if name == tag]
        if not places:
            return
        _, start, link = self.opened[places[-1]]
        del self.opened[places[-1] :]
        inner = "".join(self.inline[start:])
        bare = inner.strip()
        if not bare:
            return
        before, behind = inner[: len(inner) - len(inner.lstrip())], inner[len(inner.rstrip()) :]
        mark = _MARKS.get(tag, "")
        written = f"[{bare}]({link})" if link else f"{mark}{bare}{mark}"
        self.inline[start:] = [before, written, behind]

    def _flush(self) -> None:
        """The text so far is a block."""
        text = " ".join("".join(self.inline).split()) if self.inline else ""
        self.inline.clear()
        self.opened.clear()
        text = re.sub(rf" *{_BREAK} *", "\n", text).strip()
        if text and not (self.tables and self.tables[-1]):
            self._block(self.heading + text.replace("\n", " ") if self.heading else text)

    def _block(self, text: str) -> None:
        lines = []
        for number, line in enumerate(text.split("\n")):
            margin = "".join(each[0] for each in self.margins)
            if not number:
                for each in self.margins:
                    each[0] = each[1]
            lines.append((margin + line).rstrip())
        self.blocks.append(("\n".join(lines), self.is_item and bool(self.blocks)))
        self.is_item = False

    def _item(self) -> None:
        self._flush()
        number = self.lists[-1] if self.lists else None
        mark = "- " if number is None else f"{number}. "
        if number is not None:
            self.lists[-1] = number + 1
        # An item that nothing closed ends where the next one begins.
        while len(self.margins) >= max(1, len(self.lists)) and self.margins[-1][1].isspace():
            self.margins.pop()
        self.margins.append([mark, " " * len(mark)])
        self.is_item = bool(self.blocks) and self._follows_item()

    def _follows_item(self) -> bool:
        last = self.blocks[-1][0].rpartition("\n")[2].lstrip("> ")
        return bool(re.match(r"([-*]|\d+\.) ", last)) or len(self.lists) > 1

    def _end_margin(self, tag: str) -> None:
        self._flush()
        is_mine = self.margins and (self.margins[-1][1] == "> ") == (tag == "blockquote")
        if is_mine:
            self.margins.pop()
        self.is_item = False

    def _code(self, code: str) -> None:
        self.pre = None
        code = code.strip("\n").replace("\r", "")
        if code.strip():
            longest = max((len(run) for run in re.findall(r"`+", code)), default=0)
            fence = "`" * max(3, longest + 1)
            self._block(f"{fence}{self.language}\n{code}\n{fence}")
        self.language = ""

    def _cell(self) -> None:
        """A cell ends here, or the one before it was not closed."""
        text = " ".join("".join(self.inline).replace(_BREAK, " ").split())
        self.inline.clear()
        self.opened.clear()
        rows = self.tables[-1]
        if self.in_cell or text:
            if not rows:
                rows.append([])
            rows[-1].append(text.replace("|", "\\|"))
        self.in_cell = False

    def _table(self) -> None:
        self._cell()
        rows = [row for row in self.tables.pop() if row]
        if self.tables:
            # A table in a table is text of its cell.
            self.inline.append(" ".join(" ".join(row) for row in rows))
            return
        width = max((len(row) for row in rows), default=0)
        if width < 2:  # noqa: PLR2004  # A column alone is no table.
            for row in rows:
                self._block(row[0].replace("\\|", "|"))
            return
        filled = [[*row, *[""] * (width - len(row))] for row in rows]
        lines = [f"| {' | '.join(row)} |" for row in filled]
        lines.insert(1, "|" + " --- |" * width)
        self._block("\n".join(lines))


def _language(given: dict[str, str]) -> str:
    found = re.search(r"(?:language|lang|highlight-source)-([A-Za-z0-9+#_-]+)", given.get("class", ""))
    return found[1] if found else ""


def _number(text: str) -> int:
    return int(text) if re.fullmatch(r"\d{1,6}", text) else 1
