"""The files that a command writes, changes or removes, as far as its words name them."""

import re
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Literal

from msgspec import Struct

from iterate.permissions.words import Word, literal


class Touch(Struct, frozen=True, kw_only=True):
    """One path, and what happens there; `is_deep` is with all that lies below."""

    word: Word
    kind: Literal["removes", "overwrites", "writes", "changes"]
    is_deep: bool = False
    # Not all that lies there, but what has a certain name.
    is_some: bool = False


def touches(name: str, words: Sequence[Word]) -> tuple[Touch, ...]:
    """What the command touches; nothing where no table knows it."""
    reader = TABLE.get(name)
    return tuple(reader(words)) if reader else ()


def is_some(texts: Sequence[str]) -> bool:
    """Whether a search with these words finds only files whose name has letters in it, and nothing beside them."""
    names = [other for one, other in pairwise(texts) if one in ("-name", "-iname")]
    is_plain = not {"-o", "-or", "!", "-not", "(", ",", "-L", "-follow"} & set(texts)
    return is_plain and any(re.search(r"\w\w", re.sub(r"\[[^\]]*\]", "", name)) for name in names)


def operands(words: Sequence[Word], valued: str = "", names: Sequence[str] = ()) -> list[Word]:
    """The words that are no options, nor the values of those that are named."""
    made: list[Word] = []
    rest = list(words[1:])
    is_over = False
    while rest:
        word = rest.pop(0)
        text = word.shown
        if is_over or not text.startswith("-") or text == "-":
            made.append(word)
        elif text == "--":
            is_over = True
        elif rest and (text in names if text.startswith("--") else text[-1] in valued):
            rest.pop(0)
    return made


def value(words: Sequence[Word], letter: str, name: str) -> Word | None:
    """The value of an option, however it is written; GNU programs take any beginning of a long name."""
    for number, word in enumerate(words[1:], 1):
        text = word.shown
        if text == "--":
            return None
        long, separator, rest = text.partition("=")
        is_long = text.startswith("--") and len(long) > 3 and f"--{name}".startswith(long)  # noqa: PLR2004
        is_short = letter and re.fullmatch(rf"-[A-Za-z]*{letter}", text)
        if is_long and separator:
            return literal(rest)
        if (is_long or is_short) and number + 1 < len(words):
            return words[number + 1]
        if letter and text.startswith(f"-{letter}") and len(text) > 2:  # noqa: PLR2004
            return literal(text[2:])
    return None


def has(words: Sequence[Word], letters: str, *names: str) -> bool:
    """Whether one of these options is there."""
    for word in words[1:]:
        text = word.shown
        if text == "--":
            return False
        if re.fullmatch(r"-[A-Za-z0-9]+", text) and set(text[1:]) & set(letters):
            return True
        if text.startswith("--") and len(text) > 3 and any(n.startswith(text[2:].partition("=")[0]) for n in names):  # noqa: PLR2004
            return True
    return False


def _removes(words: Sequence[Word]) -> list[Touch]:
    is_deep = has(words, "rR", "recursive")
    return [
        Touch(word=word, kind="removes", is_deep=is_deep and not word.is_some, is_some=word.is_some)
        for word in operands(words)
    ]


def _moves(words: Sequence[Word]) -> list[Touch]:
    target, rest = _target(words, "S")
    made = [Touch(word=word, kind="removes", is_deep=True) for word in rest]
    return [*made, *([Touch(word=target, kind="overwrites")] if target else [])]


def _copies(words: Sequence[Word]) -> list[Touch]:
    target, _ = _target(words, "Smog")
    return [Touch(word=target, kind="overwrites")] if target else []


def _target(words: Sequence[Word], valued: str) -> tuple[Word | None, list[Word]]:
    target = value(words, "t", "target-directory")
    found = operands(words, valued + "t", ("--target-directory", "--suffix", "--mode", "--owner", "--group"))
    if target is not None:
        return target, found
    return (found[-1], found[:-1]) if len(found) > 1 else (None, found)


def _links(words: Sequence[Word]) -> list[Touch]:
    target, rest = _target(words, "S")
    # What a link leads to is touched by whoever follows it: it has to be inside as well.
    return [Touch(word=word, kind="writes") for word in (*rest, *([target] if target else []))]


def _synchronizes(words: Sequence[Word]) -> list[Touch]:
    found = operands(words, "eBfT")
    is_deep = any("--del" in word.shown or word.shown.startswith("--remove") for word in words)
    if not found or ":" in found[-1].shown.partition("/")[0]:
        return []
    return [Touch(word=found[-1], kind="removes" if is_deep else "writes", is_deep=is_deep)]


def _writes(kind: Literal["overwrites", "writes"], valued: str = "") -> Callable[[Sequence[Word]], list[Touch]]:
    return lambda words: [Touch(word=word, kind=kind) for word in operands(words, valued)]


def _tee(words: Sequence[Word]) -> list[Touch]:
    kind: Literal["writes", "overwrites"] = "writes" if has(words, "a", "append") else "overwrites"
    return [Touch(word=word, kind=kind) for word in operands(words)]


def _dd(words: Sequence[Word]) -> list[Touch]:
    return [
        Touch(
            word=Word(text=w.text, value=None if w.value is None else w.value[3:], head=w.head[3:]), kind="overwrites"
        )
        for w in words[1:]
        if w.head.startswith("of=")
    ]


def _modes(words: Sequence[Word]) -> list[Touch]:
    is_deep = has(words, "R", "recursive")
    found = operands(words)
    rest = found if any(word.shown.startswith("--ref") for word in words) else found[1:]
    return [Touch(word=word, kind="changes", is_deep=is_deep) for word in rest]


def _sed(words: Sequence[Word]) -> list[Touch]:
    if not any(re.match(r"-[nErszu]*i|--in", word.shown) for word in words[1:]):
        return []
    found = operands(words, "ef", ("--expression", "--file"))
    brings = any(re.match(r"-[nErszu]*[ef]$|--exp|--file", word.shown) for word in words[1:])
    return [Touch(word=word, kind="writes") for word in (found if brings else found[1:])]


def _find(words: Sequence[Word]) -> list[Touch]:
    starts: list[Word] = []
    for word in words[1:]:
        if word.shown.startswith(("-", "(", "!")) and word.shown not in ("-L", "-P", "-H"):
            break
        if word.shown not in ("-L", "-P", "-H"):
            starts.append(word)
    texts = [word.shown for word in words]
    made = [
        Touch(word=words[n + 1], kind="overwrites")
        for n, text in enumerate(texts[:-1])
        if re.match(r"-fprint|-fls", text)
    ]
    if "-delete" in texts:
        some = is_some(texts)
        made += [Touch(word=word, kind="removes", is_deep=True, is_some=some) for word in starts or [literal(".")]]
    return made


def _option(letter: str, name: str, kind: Literal["overwrites", "writes"]) -> Callable[[Sequence[Word]], list[Touch]]:
    def read(words: Sequence[Word]) -> list[Touch]:
        found = value(words, letter, name)
        return [Touch(word=found, kind=kind)] if found is not None else []

    return read


def _second(words: Sequence[Word]) -> list[Touch]:
    return [Touch(word=word, kind="overwrites") for word in operands(words, "fswlc")[1:2]]


def _curl(words: Sequence[Word]) -> list[Touch]:
    return [
        Touch(word=found, kind="overwrites")
        for found in (
            value(words, "o", "output"),
            value(words, "D", "dump-header"),
            value(words, "c", "cookie-jar"),
            value(words, "", "output-dir"),
        )
        if found is not None
    ]


def _tar(words: Sequence[Word]) -> list[Touch]:
    """Where it unpacks, which is the root where names may keep their `/`; and the archive that it makes."""
    folder = value(words, "C", "directory")
    made = [Touch(word=folder, kind="writes")] if folder is not None else []
    first = words[1].shown if len(words) > 1 else ""
    letters = "".join(w.shown for w in words[1:] if re.fullmatch(r"-[A-Za-z]+", w.shown))
    letters += first if re.fullmatch(r"[A-Za-z]+", first) else ""
    is_making = "c" in letters or has(words, "", "create")
    if (
        not is_making
        and ("P" in letters or has(words, "", "absolute-names"))
        and ("x" in letters or has(words, "", "extract", "get"))
    ):
        made.append(Touch(word=literal("/"), kind="writes"))
    archive = value(words, "f", "file")
    if archive is None and re.fullmatch(r"[A-Za-z]*f[A-Za-z]*", first) and len(words) > 2:  # noqa: PLR2004  # `tar cf x`.
        archive = words[2]
    if is_making and archive is not None and archive.shown != "-":
        made.append(Touch(word=archive, kind="overwrites"))
    return made


TABLE: dict[str, Callable[[Sequence[Word]], list[Touch]]] = {
    **dict.fromkeys(("rm", "grm", "rmdir", "unlink", "shred", "srm", "trash", "rimraf", "del", "erase"), _removes),
    **dict.fromkeys(("mv", "gmv"), _moves),
    **dict.fromkeys(("cp", "gcp", "install", "scp"), _copies),
    "ln": _links,
    "link": _links,
    "rsync": _synchronizes,
    "tee": _tee,
    "sponge": _writes("overwrites"),
    "touch": _writes("writes", "dtr"),
    "mkdir": _writes("writes", "m"),
    "mkfifo": _writes("writes", "m"),
    "truncate": _writes("overwrites", "srR"),
    "dd": _dd,
    **dict.fromkeys(("chmod", "chown", "chgrp", "chattr", "setfacl"), _modes),
    "sed": _sed,
    "gsed": _sed,
    "find": _find,
    "gfind": _find,
    "sort": _option("o", "output", "overwrites"),
    "tree": _option("o", "output", "overwrites"),
    "git": _option("", "output", "overwrites"),
    "uniq": _second,
    "xxd": _second,
    **dict.fromkeys(("tar", "bsdtar", "gtar"), _tar),
    "unzip": _option("d", "directory", "writes"),
    "curl": _curl,
    "wget": _option("O", "output-document", "overwrites"),
    "patch": _option("o", "output", "overwrites"),
    "split": _writes("writes", "abCdlnt"),
}
