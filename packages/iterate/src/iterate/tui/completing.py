"""What could stand at the cursor, below the line: Tab takes it, Enter only what arrows chose, Esc hides it."""

from collections.abc import Callable, Sequence

from iterate.terminal import rows
from iterate.terminal.rows import Row, Span
from iterate.tui import columns as columns_of
from iterate.tui.contract import Program
from iterate.tui.offers import Offer, Sources

MOST = 8
_WIDE = 40
# Keys by which somebody types, or takes what is offered.
_TYPING = frozenset(
    {"text", "paste", "backspace", "shift+backspace", "ctrl+h", "ctrl+w", "alt+backspace", "delete", "tab", "enter"}
)

# Puts a text into the place from the first to the second number.
type Put = Callable[[int, int, str], None]


class Completing:
    """The offers for one line."""

    def __init__(self, program: Program, put: Put) -> None:
        self._program = program
        self._put = put
        self._sources = Sources(program, self._again)
        self._text, self._cursor = "", 0
        self._begin = 0
        self._offers: Sequence[Offer] = ()
        self._total = 0
        self._is_loading = self._is_old = False
        # Whether the line is what was typed last, and did not come out of the history.
        self._is_typing = True
        # Whether something could stand here, and whether Tab waits for it.
        self._has_place = self._wants = False
        # Which one the arrows chose; None as long as they chose none.
        self._at: int | None = None
        # Where somebody hid the offers.
        self._hidden: int | None = None

    @property
    def is_open(self) -> bool:
        """Whether there is something to be taken."""
        return bool(self._offers)

    def look(self, text: str, cursor: int, key: str = "text") -> None:
        """The line may be another one, or the cursor elsewhere, by that key.

        What comes out of the history, or is passed by the cursor, offers nothing: arrows are for going on there.
        """
        if (text, cursor) == (self._text, self._cursor):
            return
        self._is_typing = key in _TYPING
        if not self._is_typing:
            self._text, self._cursor, self._offers, self._at, self._hidden = text, cursor, (), None, None
            self._is_loading = self._has_place = self._wants = False
            return
        self._wants = False
        chosen = self._chosen if cursor == self._cursor else None
        self._text, self._cursor = text, cursor
        self._find()
        self._at = self._offers.index(chosen) if chosen in self._offers else None

    def close(self) -> None:
        """Offer nothing here any more."""
        self._hidden, self._offers, self._at, self._is_loading = self._begin, (), None, False

    @property
    def is_near(self) -> bool:
        """Whether keys of the context `completion` mean something now."""
        return bool(self._offers) or self._has_place

    def act(self, action: str) -> bool:
        """Do what a key is bound to, before the line does; whether it took it."""
        if not self._offers or (self._is_old and action == "take" and self._at is None):
            # Somebody was faster than the server, or than the search: what comes is taken then.
            self._wants = self._has_place and action == "take"
            return self._wants
        match action:
            case "take":
                self._take(self._offers[self._at or 0])
            case "accept" if self._at is not None and not self._is_typed(self._offers[self._at]):
                self._take(self._offers[self._at])
            case "previous" | "next":
                step = 1 if action == "next" else -1
                last = len(self._offers) - 1
                now = self._at if self._at is not None else (-1 if step > 0 else 0)
                self._at = now + step if 0 <= now + step <= last else (0 if step > 0 else last)
            case "hide":
                self.close()
            case _:
                return False
        self._program.refresh()
        return True

    def rows(self, room: int, lines: int) -> list[Row]:
        """How the offers look, on so many lines at most."""
        if self._is_loading and not self._offers:
            return [rows.clipped((Span("  looking for files", "dim"),), room)] if lines > 0 else []
        count = min(MOST, lines, len(self._offers))
        if count <= 0:
            return []
        at = self._at if self._at is not None else 0
        top = max(0, min(at - count // 2, len(self._offers) - count))
        shown = self._offers[top : top + count]
        wide = min(max(rows.columns((Span(each.shown),)) for each in shown), _WIDE)
        found = [self._row(each, top + place == self._at, wide, room) for place, each in enumerate(shown)]
        if self._total > count:
            left = f"{self._total - count:,} more"
            if rows.columns(found[-1]) + 2 + len(left) <= room:
                found[-1] = columns_of.apart(found[-1], [Span(left, "dim")], room)
        return found

    def _row(self, offer: Offer, is_chosen: bool, wide: int, room: int) -> Row:  # noqa: FBT001  # One of ours.
        name = columns_of.one_line(offer.shown)
        spans = columns_of.marked(name, 0, frozenset(offer.marks), "selected" if is_chosen else "")
        blanks = Span(" " * max(0, wide - rows.columns(spans)) + "  ")
        about = [blanks, rows.span(" ".join(offer.about.split()), "dim")] if offer.about else []
        return rows.clipped((Span("\u203a " if is_chosen else "  ", "key"), *spans, *about), room)

    @property
    def _chosen(self) -> Offer | None:
        return self._offers[self._at] if self._at is not None and self._at < len(self._offers) else None

    def _is_typed(self, offer: Offer) -> bool:
        return self._text[self._begin : self._cursor] == offer.text.rstrip()

    def _find(self) -> None:
        offers = self._sources.at(self._text, self._cursor)
        self._has_place = offers is not None and self._hidden != offers.begin
        if offers is None:
            self._offers, self._hidden, self._is_loading = (), None, False
            return
        self._begin = offers.begin
        if self._hidden == offers.begin:
            self._offers = ()
            return
        self._hidden = None
        self._is_loading, self._is_old = offers.found is None, offers.is_old
        self._offers, self._total = offers.found or (), offers.total

    def _again(self) -> None:
        """Something is known now that was not."""
        if not self._is_typing:
            return
        chosen = self._chosen
        self._find()
        self._at = self._offers.index(chosen) if chosen in self._offers else None
        if self._wants and self._offers and not self._is_old:
            self._take(self._offers[0])
        self._program.refresh()

    def _take(self, offer: Offer) -> None:
        self._wants = False
        text, end = offer.text, self._cursor
        if text.endswith('" ') and self._text[end : end + 1] == '"':
            end += 1  # The quote was closed already.
        if text.endswith(" ") and self._text[end : end + 1] == " ":
            text = text[:-1]
        self._offers, self._at = (), None
        self._put(self._begin, end, text)
