r"""Patterns of file names, as expressions over paths with `/`: those of `glob`, and those of ignore files.

`*` and `?` stop at `/`, `**` as a whole part does not; `[...]` is a class, `[!...]` what is not in it, `{a,b}` a
choice, `\` takes the next sign as it is.

A pattern may be a stranger's, as in an ignore file, and so may the path. What stands between two `*` is therefore
looked for once, at the first place where it is, and never again (`(?>...)`): another place would give no more, and
trying them all takes minutes, in which nothing else runs.
"""

import re
from collections.abc import Iterator
from itertools import groupby

from iterate.tools.failed import ToolFailed

# So many patterns the choices of one may be.
MOST_CHOICES = 1000
_NAME = b"[^/]*"
_STARS, _FOLDERS = b"*", b"**"
# One sign of UTF-8, or one byte that is none.
_ANY = rb"(?:[\xc2-\xf4][\x80-\xbf]{1,3}|[^/])"
# A sign with what is taken as it is, a class, or a row of stars.
_ITEM = re.compile(rb"\\.|\[[!^]?\]?(?:\\.|[^\]\\])*\]|\*+|.", re.DOTALL)


class BadGlob(ToolFailed):
    """The pattern of names is none."""


def compiled(text: str) -> re.Pattern[bytes]:
    """A pattern of `glob`, for whole paths: without a `/` it is for names in any folder."""
    text = text.removeprefix("./")
    anchored = text if "/" in text else f"**/{text}"
    try:
        return re.compile(expression(anchored.removeprefix("/"), is_bytes=False) + rb"\Z", re.DOTALL)
    except re.error as problem:
        raise BadGlob(f"{text!r} is no pattern of names: {problem}") from problem


def expression(text: str, *, is_bytes: bool) -> bytes:
    """The pattern as a regular expression over bytes; raises `BadGlob`.

    With `is_bytes`, as for ignore files, `?` is one byte.
    """
    if text in {"**", "**/"}:
        return b".*"
    items = _ITEM.findall(text.encode("utf-8", "surrogateescape"))
    ways = _chosen([b"/" if item == rb"\/" else item for item in items])
    return b"(?:" + b"|".join(_whole(way, is_bytes=is_bytes) for way in ways) + b")"


def _chosen(items: list[bytes]) -> list[list[bytes]]:
    """The pattern without `{a,b}`: one for each choice."""
    begun: list[list[list[list[bytes]]]] = [[[[]]]]
    for item in items:
        match item:
            case b"{":
                begun.append([[[]]])
            case b"," if len(begun) > 1:
                begun[-1].append([[]])
            case b"}" if len(begun) > 1:
                ways = [way for choice in begun.pop() for way in choice]
                begun[-1][-1] = _product(begun[-1][-1], ways)
            case _:
                begun[-1][-1] = [[*way, item] for way in begun[-1][-1]]
    if len(begun) > 1:
        raise BadGlob("a { has no }")
    return begun[0][0]


def _product(before: list[list[bytes]], ways: list[list[bytes]]) -> list[list[bytes]]:
    if len(before) * len(ways) > MOST_CHOICES:
        raise BadGlob(f"it has more than {MOST_CHOICES} choices")
    return [[*first, *second] for first in before for second in ways]


def _whole(items: list[bytes], *, is_bytes: bool) -> bytes:
    """Parts between `/`; between two `**` there is a row of parts, which is looked for once as well."""
    parts = [list(group) for is_slash, group in groupby(_spaced(items), b"/".__eq__) if not is_slash]
    rows: list[list[bytes]] = [[]]
    for part in parts:
        if [item for item in part if item] == [_FOLDERS]:
            rows.append([])
        else:
            rows[-1].append(_part([item for item in part if item], is_bytes=is_bytes))
    is_below = len(rows) > 1 and not rows[-1]
    made = b"".join(part + b"/" for part in rows[0]) if len(rows) > 1 else b"/".join(rows[0])
    for row in filter(None, rows[1:-1]):
        made += b"(?>(?:[^/]*/)*?" + b"".join(part + b"/" for part in row) + b")"
    if is_below:
        # At the end it is everything below a folder, and not the folder.
        return made + b".+"
    return made + b"(?:.*/)?" + b"/".join(rows[-1]) if len(rows) > 1 else made


def _spaced(items: list[bytes]) -> Iterator[bytes]:
    """With something between any two `/`, so that parts of no signs are parts."""
    yield b""
    for item in items:
        yield item
        if item == b"/":
            yield b""


def _part(items: list[bytes], *, is_bytes: bool) -> bytes:
    """A name: what is fixed in it, in its order."""
    fixed: list[bytes] = [b""]
    for item in items:
        if item.startswith(_STARS):
            fixed.append(b"")
        else:
            fixed[-1] += _sign(item, is_bytes=is_bytes)
    first, *others = fixed
    if not others:
        return first
    between = b"".join(b"(?>[^/]*?" + each + b")" for each in others[:-1] if each)
    return b"(?>" + first + between + _NAME + others[-1] + b"(?![^/]))"


def _sign(item: bytes, *, is_bytes: bool) -> bytes:
    if item == b"?":
        return b"[^/]" if is_bytes else _ANY
    if item == b"\\":
        raise BadGlob("it ends with a backslash")
    if item == b"[":
        raise BadGlob("a [ has no ]")
    if item.startswith(b"\\"):
        return re.escape(item[1:])
    return _class(item, is_bytes=is_bytes) if item.startswith(b"[") else re.escape(item)


def _class(item: bytes, *, is_bytes: bool) -> bytes:
    is_other = item[1:2] in {b"!", b"^"}
    body = item[2 if is_other else 1 : -1].decode("utf-8", "surrogateescape")
    # Bytes know no signs beyond ASCII: these are choices beside the class.
    others = [re.escape(sign.encode("utf-8", "surrogateescape")) for sign in body if not sign.isascii()]
    plain = "".join(sign for sign in body if sign.isascii()).encode()
    plain = re.sub(rb"(?<!\\)[\[\]^&|~]", lambda each: b"\\" + each[0], plain)
    choices = b"|".join([*([b"[" + plain + b"]"] if plain else []), *others])
    sign = b"[^/]" if is_bytes else _ANY
    return b"(?!/|" + choices + b")" + sign if is_other else b"(?!/)(?:" + choices + b")"
