"""Foreign text made fit for a terminal: what models, servers and files say must not steer it or mislead its reader.

Foreign is whatever this program did not write itself. Everything that is printed passes here, because a message
or a hint of ours may quote it.
"""

from functools import cache

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

# C0 but tab and line feed, DEL and C1: they begin escape sequences, move the cursor, ring, erase.
_CONTROLS = (*range(9), *range(11, 32), *range(127, 160))
# Embeddings, overrides and isolates (Unicode Standard Annex 9), and the deprecated format characters after
# them: they let text be read in another order than it is written.
_REORDERING = (*range(0x202A, 0x202F), *range(0x2066, 0x2070))
# Line and paragraph separator: some terminals and most editors end a line there.
_SEPARATORS = (0x2028, 0x2029)
# Marks of direction, which only hint: arabic, left-to-right, right-to-left. Nobody misses them on a terminal.
_MARKS = (0x061C, 0x200E, 0x200F)
# Half of a pair that no encoding can write.
_SURROGATES = range(0xD800, 0xE000)

_UNFIT = (*_CONTROLS, *_REORDERING, *_SEPARATORS, *_SURROGATES)


# Made when first needed: they have two thousand rows, and most commands print into a pipe or nothing foreign.
@cache
def _plain_table() -> dict[int, str]:
    # A carriage return is left out instead of replaced, because lines of Windows end with one.
    return {**dict.fromkeys(_UNFIT, _REPLACEMENT), **dict.fromkeys(_MARKS, ""), ord("\r"): ""}


@cache
def _escaped_table() -> dict[int, str]:
    return {code: f"\\u{code:04x}" for code in (*_UNFIT, *_MARKS)}


def plain(text: str) -> str:
    """The text without what steers a terminal: replaced by U+FFFD, or left out."""
    return text.translate(_plain_table())


def escaped(json: str) -> str:
    """Compact JSON with the same meaning, in which nothing steers a terminal.

    Such characters occur in JSON only inside of strings, where they may be escaped.
    """
    return json.translate(_escaped_table())


def indented(text: str) -> str:
    """Plain text whose later lines are indented, so that none of them looks like a line of ours."""
    first, *others = plain(text).split("\n")
    return "\n".join([first, *(line if line.startswith("  ") else f"  {line}" for line in others)])
