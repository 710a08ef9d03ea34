"""Which chords mean what: the built-in bindings with the person's own over them, read key by key."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from iterate.config import bindings, chords
from iterate.config.bindings import BINDINGS, Context
from iterate.terminal.keys import Key

# A chord that acts at once and begins a longer one, as Escape twice, is remembered for so long.
TWICE_S = 1.0
# What is typed in these is text, but for what is bound.
_TYPED: frozenset[Context] = frozenset({"app", "editor", "list"})

type Own = Mapping[str, Mapping[str, Sequence[str]]]
type Sequences = dict[tuple[str, ...], str]


class Bound(NamedTuple):
    """A key and the action that it is bound to; without an action it is text, or nothing."""

    action: str
    key: Key
    context: Context | None = None


class Sound(NamedTuple):
    """What is right of the person's own keys, and what is wrong of them, a line each."""

    own: "dict[str, dict[str, list[str]]]"
    leader: str
    problems: list[str]


class Conflict(NamedTuple):
    """Two actions that want the same chords: the first one gets them; or one that begins longer ones, and acts too."""

    context: Context
    chords: str
    action: str
    other: str
    other_context: Context
    # The longer chords that those are the beginning of, one of them, and how many there are.
    longer: str = ""
    many: int = 0

    def words(self) -> str:
        """As a line for a person."""
        key = chords.spoken(self.chords)
        if self.longer:
            others = f", and {self.many - 1} more" if self.many > 1 else ""
            longer = f"{chords.spoken(self.longer)}, {self.other} ({self.other_context})"
            return f"{key} is {self.action} ({self.context}), which is done before {longer}{others}"
        return f"{key} is {self.action} ({self.context}), and not {self.other} ({self.other_context})"


class Row(NamedTuple):
    """One action with the chords that are in force, as tables show it."""

    context: Context
    action: str
    chords: tuple[str, ...]
    meaning: str
    is_own: bool
    # Chords that only a terminal with the protocol of Kitty sends.
    rare: tuple[str, ...]


class Keymap:
    """The bindings that are in force."""

    def __init__(self, own: Own | None = None, leader: str = "") -> None:
        """`own` has contexts, their actions and the chords of each; raises ValueError with what is wrong there."""
        self._own = {} if own is None else own
        _known(self._own)
        self.leader = chords.spelt(leader or bindings.LEADER)
        self._conflicts: list[Conflict] = []
        self._tables: dict[Context, Sequences] = {each: {} for each in BINDINGS}
        for context in BINDINGS:
            self._fill(context, is_own=True)
        self._mine = {(context, long) for context, table in self._tables.items() for long in table}
        for context in BINDINGS:
            self._fill(context, is_own=False)
        self._begin = {
            context: {long[:size] for long in table for size in range(1, len(long))}
            for context, table in self._tables.items()
        }
        self._has_letters = {
            context: any(len(each) == 1 or each == "space" for long in table for each in long[:1])
            for context, table in self._tables.items()
        }
        self._conflicts += self._shadows()

    def conflicts(self) -> list[Conflict]:
        """Every two actions that want the same chords, or of which one begins what the other wants."""
        return list(self._conflicts)

    def is_freed(self, context: Context, key: Key) -> bool:
        """Whether a key did something there before the person's own bindings, and does nothing now."""
        name = key.name if key.name != "text" else "space" if key.text == " " else key.text
        return (name,) not in self._tables[context] and any(name in each.chords for each in BINDINGS[context])

    def _shadows(self) -> list[Conflict]:
        """Chords that begin longer ones which are read at the same time; ours alone do so on purpose."""
        found: list[Conflict] = []
        for context, table in self._tables.items():
            for short, action in table.items():
                longer = [
                    (other, long)
                    for other in _beside(context)
                    for long in self._tables[other]
                    if len(long) > len(short)
                    and long[: len(short)] == short
                    and self._is_mine(context, short, other, long)
                ]
                if longer:
                    other, long = longer[0]
                    name = self._tables[other][long]
                    found.append(Conflict(context, " ".join(short), action, name, other, " ".join(long), len(longer)))
        return found

    def _is_mine(self, context: Context, short: tuple[str, ...], other: Context, long: tuple[str, ...]) -> bool:
        has_leader = self.leader != bindings.LEADER and " ".join(long).startswith(self.leader)
        return has_leader or (context, short) in self._mine or (other, long) in self._mine

    def rows(self) -> list[Row]:
        """Every action there is, also those that no key is bound to."""
        return [
            Row(
                context,
                each.action,
                found := self.chords(context, each.action),
                each.meaning,
                each.action in self._own.get(context, {}),
                tuple(one for one in found if chords.reach(one) == "kitty"),
            )
            for context, rows in BINDINGS.items()
            for each in rows
        ]

    def chords(self, context: Context, action: str) -> tuple[str, ...]:
        """The chords of an action, as people press them."""
        return tuple(" ".join(long) for long, name in self._tables[context].items() if name == action)

    def said(self, context: Context, action: str) -> str:
        """The first chord of an action as a person reads it; empty where it has none."""
        found = self.chords(context, action)
        return chords.spoken(found[0]) if found else ""

    def action(self, context: Context, pressed: tuple[str, ...]) -> str:
        """What these chords do there; empty is nothing."""
        return self._tables[context].get(pressed, "")

    def begins(self, context: Context, pressed: tuple[str, ...]) -> bool:
        """Whether more may follow."""
        return pressed in self._begin[context]

    def has_letters(self, context: Context) -> bool:
        """Whether single characters do something there."""
        return self._has_letters[context]

    def _fill(self, context: Context, *, is_own: bool) -> None:
        own = self._own.get(context, {})
        for each in BINDINGS[context]:
            if (each.action in own) is not is_own:
                continue
            for text in own[each.action] if is_own else each.chords:
                self._bind(context, each.action, text)

    def _bind(self, context: Context, action: str, text: str) -> None:
        pressed = tuple(chords.spelt(text.replace(chords.LEADER, self.leader)).split())
        for above in _above(context):
            other = self._tables[above].get(pressed, "")
            if other and (above, other) != (context, action):
                self._conflicts.append(Conflict(above, " ".join(pressed), other, action, context))
                return
        self._tables[context][pressed] = action


def _known(own: Own) -> None:
    """Raise ValueError for a context or an action that there is not."""
    for name, table in own.items():
        context = next((each for each in BINDINGS if each == name), None)
        if context is None:
            raise ValueError(f"there is no context {name!r}: {', '.join(BINDINGS)}")
        for action in table:
            names = bindings.actions(context)
            if action not in names:
                raise ValueError(f"there is nothing called {action!r} in {context}: {_near(action, names)}")


def _near(action: str, names: Sequence[str]) -> str:
    import difflib  # For slips alone.

    near = difflib.get_close_matches(action, names, 1)
    return f"did you mean {near[0]}?" if near else ", ".join(names)


def sound(own: Own, leader: str = "") -> Sound:
    """What of it can be in force; what cannot is told, and left out by itself."""
    found = Sound({}, "", [])
    try:
        found = found._replace(leader=chords.spelt(leader) if leader else "")
    except ValueError as problem:
        found.problems.append(f"leader: {problem}")
    for context, table in own.items():
        for action, texts in table.items():
            try:
                _known({context: {action: texts}})
                kept = [_spelt(text, found.problems) for text in texts]
            except ValueError as problem:
                found.problems.append(str(problem))
            else:
                if not texts or any(kept):
                    found.own.setdefault(context, {})[action] = [each for each in kept if each]
    return found


def _spelt(text: str, problems: list[str]) -> str:
    """A chord, or nothing where it is none."""
    try:
        return chords.spelt(text)
    except ValueError as problem:
        problems.append(str(problem))
        return ""


def _beside(context: Context) -> tuple[Context, ...]:
    """Contexts whose keys are read at the same time."""
    match context:
        case "app" | "editor":
            return ("app", "editor", "vi", "completion")
        case "vi" | "completion":
            return (context, "app", "editor")
        case "dialog":
            return ("dialog", "app")
        case _:
            return (context,)


def _above(context: Context) -> tuple[Context, ...]:
    """Contexts whose bindings hide those of this one, and itself."""
    match context:
        case "app":
            return ("app", "editor")
        case "editor":
            return ("editor", "app")
        case _:
            return (context,)


class Chords:
    """Reads keys as bindings: what was pressed of a longer sequence is kept until its end."""

    def __init__(self, keymap: Keymap, clock: Callable[[], float] = time.monotonic) -> None:
        self.keymap = keymap
        self._clock = clock
        # What was pressed of a sequence that is not whole; what of it has acted already is no more in the way.
        self._pressed: tuple[str, ...] = ()
        self._has_acted = False
        self._at = 0.0

    @property
    def pending(self) -> str:
        """What was pressed of a sequence, to be shown; empty when nothing waits."""
        return "" if self._has_acted else chords.spoken(" ".join(self._pressed))

    def read(self, key: Key, contexts: Callable[[], Sequence[Context]]) -> Iterator[Bound]:
        """What a key does, step by step: what one step does may change the contexts of the next."""
        if key.name == "text":
            yield from self._text(key.text, contexts)
        elif key.name in {"paste", "mouse", "reply", "focus", "blur"}:
            if key.name == "paste":
                self.forget()
            yield Bound("", key)
        else:
            found = self._chord(key.name, key, contexts())
            if found is not None:
                yield found

    def _text(self, text: str, contexts: Callable[[], Sequence[Context]]) -> Iterator[Bound]:
        """Characters one by one where one does something, else all that came."""
        place = 0
        while place < len(text):
            now = contexts()
            if now and not self._pressed and not any(self.keymap.has_letters(each) for each in now):
                yield Bound("", Key("text", text[place:]))
                return
            character = text[place]
            place += 1
            found = self._chord("space" if character == " " else character, Key("text", character), now)
            if found is not None:
                yield found

    def _chord(self, name: str, key: Key, contexts: Sequence[Context]) -> Bound | None:
        if self._has_acted and self._clock() - self._at > TWICE_S:
            self.forget()
        pressed, had = (*self._pressed, name), bool(self._pressed) and not self._has_acted
        found = self._found(pressed, key, contexts)
        if found is None and self._pressed:
            self.forget()
            if had and key.name != "text":
                # Keys behind one that began something else do not act by themselves; letters are not lost.
                return None
            pressed = (name,)
            found = self._found(pressed, key, contexts)
        if found is None:
            twin = chords.TWINS.get(name, "")
            return self._chord(twin, key, contexts) if twin else Bound("", key)
        return found if found.action else None

    def _found(self, pressed: tuple[str, ...], key: Key, contexts: Sequence[Context]) -> Bound | None:
        """What is bound to that, or one without an action for the beginning of something longer."""
        begins = any(self.keymap.begins(each, pressed) for each in contexts)
        for context in contexts:
            action = self.keymap.action(context, pressed)
            if action:
                self._pressed, self._has_acted, self._at = pressed if begins else (), begins, self._clock()
                return Bound(action, key, context)
            if self.keymap.begins(context, pressed):
                break
        if not begins:
            return None
        self._pressed, self._has_acted = pressed, False
        return Bound("", key)

    def forget(self) -> None:
        """What was pressed begins nothing longer."""
        self._pressed, self._has_acted = (), False
