"""The steps that a shell command is taken apart into, and the tree that they are read from."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from iterate.permissions.words import Word

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

LONGEST_BYTES = 64 * 1024


class Command(Struct, frozen=True, kw_only=True):
    """One simple command: its words, what is assigned for it alone, and the folders that it may run in."""

    words: tuple[Word, ...]
    assigned: tuple[tuple[str, Word], ...] = ()
    text: str
    # None stands for a folder that is not known.
    folders: tuple[Path | None, ...]
    # Whether something is written into its input: a pipe, a file or a here-document.
    is_fed: bool = False
    # The text around it which says what that is.
    fed: str = ""


class Opened(Struct, frozen=True, kw_only=True):
    """A file that a redirection opens."""

    deed: Literal["read", "edit"]
    word: Word
    text: str
    folders: tuple[Path | None, ...]
    # What was there is lost.
    is_emptied: bool = False


class Problem(Struct, frozen=True, kw_only=True):
    """A piece of the text that cannot be taken apart, and why."""

    text: str
    why: str
    # Nothing can be said about the whole text.
    is_whole: bool = False


class Shown(Struct, frozen=True, kw_only=True):
    """A variable whose name says that it holds a key, in words that somebody gets."""

    name: str
    text: str


type Step = Command | Opened | Problem | Shown


class Script(Struct, frozen=True, kw_only=True):
    """All steps of a text."""

    steps: tuple[Step, ...]


def parsed(text: str) -> "Node | Problem":
    """The tree of a text that bash would run, or why there is none to be relied on."""
    why = _unreadable(text)
    if why:
        return Problem(text=text, why=why, is_whole=True)
    root = _parser().parse(text.encode()).root_node
    return Problem(text=text, why="it cannot be parsed", is_whole=True) if root.has_error else root


def _unreadable(text: str) -> str:
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        return "it is no text"
    if size > LONGEST_BYTES:
        return "it is too long to be taken apart"
    # What the grammar and bash do not agree about.
    if odd := re.search(r"[^\n\t\x20-\x7e]", re.sub(r"[^\W\s]", "", text)):
        character = odd[0]
        if character.isspace() or not character.isprintable():
            return f"it holds the control character or odd blank {character!a}"
    return ""


_kept: list["Parser"] = []


def _parser() -> "Parser":
    if not _kept:
        import tree_sitter
        import tree_sitter_bash

        _kept.append(tree_sitter.Parser(tree_sitter.Language(tree_sitter_bash.language())))
    return _kept[0]
