"""What may be done on a stage, as data, and plays of it in any order."""

from hypothesis import strategies as st
from tests.iterate.acting.stage import Deed

from iterate.settings import Mode

ENTER, ESCAPE, INTERRUPT = b"\r", b"\x1b", b"\x03"
KEYS = {
    "up": b"\x1b[A", "down": b"\x1b[B", "left": b"\x1b[D", "right": b"\x1b[C", "home": b"\x1b[H", "end": b"\x1b[F",
    "page-up": b"\x1b[5~", "page-down": b"\x1b[6~", "backspace": b"\x7f", "newline": b"\n", "tab": b"\t",
    "mode": b"\x1b[Z", "escape": ESCAPE, "twice": b"\x1b\x1b", "interrupt": INTERRUPT, "redraw": b"\x0c",
    "search": b"\x12", "undo": b"\x1f", "word": b"\x17", "yank": b"\x19", "open": b"\x0f", "stop": b"\x1a",
    "help": b"\x1bOP", "keys": b"\x18?", "new": b"\x18n", "sessions": b"\x18s", "thoughts": b"\x18r", "panel": b"\x18b",
    "find": b"\x18/", "prompt": b"\x1b[1;3A", "models": b"\x18m", "queue": b"\x18q", "editor": b"\x18\x05",
    "yes": b"y", "no": b"n", "session": b"s", "one": b"1", "two": b"2", "edit": b"e", "details": b"d",
    "focus": b"\x1b[I", "blur": b"\x1b[O", "press": b"\x1b[<0;5;3M", "let-go": b"\x1b[<0;9;4m",
    "wheel": b"\x1b[<64;3;3M",
    "drag": b"\x1b[<32;9;4M", "enter": ENTER,
}  # fmt: skip
LINES = ("/full", "/help", "/keys", "/new", "/sessions", "/models", "/themes", "/undo", "/redo", "/compact", "/open 1",
         "/mcp", "/vi", "/copy", "/files", "/fork", "/nothing", "#note", "!ls", "/etc/hosts", "/diff", "/cost",
         "/agents", "/rename x", "/mini", "/export x")  # fmt: skip
WORDS = st.sampled_from(
    ("plover", "日本語", "🎈", "é", "a" * 90, "`code`", "**bold**", "\t", "\n", "\n\n", "- item", "# head\n", "```\n",
     "| a | b |\n|---|---|\n| 1 | 2 |\n", "> quote\n", "\x1b[2J", "\x07", "1. x\n", "\u202e", "x" * 2500, "[a](http://b)")
)  # fmt: skip
TEXTS = st.lists(WORDS, max_size=5).map(" ".join)
SIZES = st.tuples(st.integers(1, 500), st.integers(1, 200))
# On a smaller screen a mark is wrapped, and rows have no room.
NARROWEST = (12, 4)
# An answer runs.
BEGUN = (Deed(0.1, "reply"), Deed(0.1, "prompt", "go"), Deed(0.1, "say", "so"))
# Of the terminal at the beginning.
FIRST = st.tuples(st.integers(1, 160), st.integers(1, 60))
# What a program before may have left on the terminal.
LEFT = ("", "", "", "\x1b[2;3r", "\x1b[4h", "\x1b[2;3r\x1b[?6h", "\x1b[?7l\x1b[?25l")
PAUSES = st.sampled_from((0.0, 0.0, 0.001, 0.02, 0.1, 0.7, 3.0))
KINDS: list[st.SearchStrategy[tuple[str, object]]] = [
    st.tuples(st.just("key"), st.sampled_from(sorted(KEYS))),
    st.tuples(st.just("key"), st.sampled_from(sorted(KEYS))),
    st.tuples(st.sampled_from(("prompt", "prompt", "text", "paste", "say", "say", "said", "call", "think")), TEXTS),
    st.tuples(st.sampled_from(("gave", "output", "permission", "question")), TEXTS),
    st.tuples(st.just("line"), st.sampled_from(LINES)),
    st.tuples(st.sampled_from(("end", "fail", "elsewhere", "answered", "reply", "task", "todo", "retry")), st.none()),
    st.tuples(st.sampled_from(("down", "up", "slow", "quick", "reverted", "compacted", "warned")), st.none()),
    st.tuples(st.just("bytes"), st.binary(max_size=12)),
]


def plays(sizes: st.SearchStrategy[tuple[int, int]] | None) -> st.SearchStrategy[list[Deed]]:
    kinds = [*KINDS, *([st.tuples(st.just("size"), sizes)] * 2 if sizes is not None else [])]
    one = st.tuples(PAUSES, st.one_of(kinds)).map(lambda each: Deed(each[0], *each[1]))
    many = st.integers(0, 50).flatmap(lambda count: st.lists(one, min_size=count, max_size=count))
    return st.tuples(st.sampled_from((BEGUN, BEGUN, ())), many).map(lambda each: [*each[0], *each[1]])


# What was shown wrong once: size, mode, what was left there, what was done.
FOUND: list[tuple[tuple[int, int], Mode | None, str, list[Deed]]] = [
    # The screen was empty behind the person's own editor.
    ((39, 8), "full", "", [Deed(0.1, "reply"), Deed(0.1, "key", "editor")]),
    # The whole screen was given back before anything was read for it, and the scrollback got that twice.
    (
        (40, 15),
        None,
        "",
        [*BEGUN, Deed(0.0, "slow"), Deed(0.1, "line", "/full"), Deed(0.1, "line", "/full"), Deed(0.5, "quick")],
    ),
    # What was scrolled on the whole screen was scrolled elsewhere where places counted from the top of a region.
    (
        (25, 23),
        "full",
        "\x1b[2;3r\x1b[?6h",
        [
            *BEGUN,
            Deed(0.0, "reverted"),
            Deed(0.0, "key", "details"),
            Deed(0.0, "reverted"),
            Deed(0.0, "key", "backspace"),
        ],
    ),
    # A frame was painted for each key.
    ((40, 9), None, "", [Deed(0.003, "text", "x")] * 99),
]
