"""Front matter: the lines of YAML between two `---` at the beginning of a file of Markdown."""

import re
from typing import NamedTuple

LIMIT = 16 << 10
# Tables in tables in tables: the time that the parser takes grows with the square.
DEEPEST = 16
_RULE = re.compile(r"---[ \t]*\n(.*?)^---[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
# A key with a text that YAML would take for something else, such as `description: Use it when: always`.
_PLAIN = re.compile(r"([A-Za-z][\w-]*):[ \t]+(?![\[{>|\"'&*!])(.*:(?: .*)?)")


class Broken(Exception):  # noqa: N818  # Named for what happened.
    """The front matter cannot be understood; the message says why, without the file."""


class Page(NamedTuple):
    """A file of Markdown: what its front matter says, and the text behind it."""

    front: dict[str, object]
    body: str


def split(text: str) -> Page:
    """The two parts of a file; a file without front matter is all text. Raises `Broken`."""
    found = _RULE.match(text)
    if found is None:
        if text.startswith("---\n"):
            raise Broken("the front matter has no end: a line ---")
        return Page({}, text.strip())
    if len(found[1]) > LIMIT:
        raise Broken(f"the front matter is longer than {LIMIT} characters")
    return Page(_parse(found[1]), text[found.end() :].strip())


def _parse(text: str) -> dict[str, object]:
    import yaml  # There is a file.

    try:
        value = _load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as problem:
        quoted = "\n".join(_quoted(line) for line in text.splitlines())
        try:
            value = _load(quoted)
        except (yaml.YAMLError, ValueError, RecursionError):
            raise Broken(f"the front matter is no YAML: {_words(problem)}") from problem
    if value is None:
        return {}
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise Broken("the front matter is no table of keys and values")
    return value


def _load(text: str) -> object:
    import yaml

    opens = (
        yaml.FlowSequenceStartToken,
        yaml.FlowMappingStartToken,
        yaml.BlockMappingStartToken,
        yaml.BlockSequenceStartToken,
    )
    closes = (yaml.FlowSequenceEndToken, yaml.FlowMappingEndToken, yaml.BlockEndToken)
    depth = 0
    for token in yaml.scan(text):
        depth += isinstance(token, opens) - isinstance(token, closes)
        # An alias makes a small text as large as anybody likes, once somebody walks through it.
        if isinstance(token, yaml.AliasToken):
            raise ValueError("it repeats a part of itself by *NAME")  # noqa: TRY004  # No type of a value.
        if depth > DEEPEST:
            raise ValueError(f"it is nested more than {DEEPEST} times")
    return yaml.safe_load(text)


def _quoted(line: str) -> str:
    found = _PLAIN.fullmatch(line)
    return line if found is None else f"{found[1]}: '{found[2].replace("'", "''")}'"


def _words(problem: Exception) -> str:
    where = getattr(problem, "problem_mark", None)
    # The front matter begins on the second line of the file.
    line = f"line {where.line + 2}: " if where is not None else ""
    return line + str(getattr(problem, "problem", None) or problem).splitlines()[0]
