"""Here-documents: whether the tree ends them where bash does, and holds all that they start."""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node


def ends_where_bash_ends_it(node: "Node", start: str, source: bytes) -> bool:
    """Whether the end of a here-document is the first line that is its delimiter and nothing else."""
    delimiter = re.sub(r"['\"\\]", "", start)
    ends = [child for child in node.children if child.type == "heredoc_end"]
    line = source.find(b"\n", node.start_byte)
    text = source[node.start_byte : line].decode()
    if not ends or line < 0 or text.count("<<") != 1 or not re.fullmatch(r"\\?\w+|'\w+'|\"\w+\"", start):
        return False
    at = line + 1
    for each in source[at:].decode().split("\n"):
        tabs = len(each) - len(each.lstrip("\t")) if text.startswith("<<-") else 0
        if each[tabs:] == delimiter:
            return ends[0].start_byte == at + tabs
        at += len(each.encode()) + 1
    return False


def is_understood(body: "Node", source: bytes) -> bool:
    """Whether whatever a body starts is a node of the tree, which is judged."""
    text, at = "", body.start_byte
    for child in body.children:
        if child.type in ("command_substitution", "simple_expansion", "expansion", "arithmetic_expansion"):
            text += source[at : child.start_byte].decode()
            at = child.end_byte
    text += source[at : body.end_byte].decode()
    return re.search(r"(?<!\\)(?:`|\$[({])", text) is None


def is_last(substitution: str) -> bool:
    """Whether nothing follows the here-documents inside a substitution: bash 5.2 runs into each other what does."""
    delimiters = re.findall(r"(?<!<)<<-?\s*\\?['\"]?(\w+)", substitution)
    lines = substitution[:-1].rstrip().splitlines()
    return not delimiters or lines[-1].strip() in delimiters
