"""Which of two versions is newer, by the rules of Semantic Versioning 2.0.0, section 11."""

import re

# The grammar of section 2 and 9; what follows a plus sign is no part of the order.
_VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?")

type _Key = tuple[tuple[int, int, int], bool, tuple[tuple[bool, int, str], ...]]


def is_newer(version: str, than: str) -> bool:
    """Whether `version` comes after `than`; what is no version is neither newer nor older."""
    ours, theirs = _key(version), _key(than)
    return ours is not None and theirs is not None and ours > theirs


def _key(version: str) -> _Key | None:
    found = _VERSION.fullmatch(version)
    if found is None:
        return None
    major, minor, patch, words = found.groups()
    identifiers = tuple(_identifier(word) for word in words.split(".")) if words else ()
    # A release comes after all its pre-releases.
    return (int(major), int(minor), int(patch)), not words, identifiers


def _identifier(word: str) -> tuple[bool, int, str]:
    """Numbers are compared as numbers and come before words."""
    return (False, int(word), "") if word.isdigit() else (True, 0, word)
