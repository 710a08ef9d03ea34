"""`{word}` in the texts of release.toml: found, and filled in.

Only a lower-case word between braces is a field. Every other brace stands for itself, so JSON needs no care;
`{{word}}` is the text `{word}`.
"""

import re

_FIELD = re.compile(r"\{\{(?P<literal>[a-z_]+)\}\}|\{(?P<field>[a-z_]+)\}")


def found(text: str) -> tuple[str, ...]:
    """The fields of a text, in order."""
    return tuple(match["field"] for match in _FIELD.finditer(text) if match["field"])


def pieces(text: str) -> tuple[tuple[str, str], ...]:
    """The text in pairs: what stands before a field, and the field; the last field is empty."""
    made: list[tuple[str, str]] = []
    before, start = "", 0
    for match in _FIELD.finditer(text):
        before += text[start : match.start()]
        start = match.end()
        if match["literal"]:
            before += "{" + match["literal"] + "}"
        else:
            made.append((before, match["field"]))
            before = ""
    return (*made, (before + text[start:], ""))


def left(text: str) -> str:
    """The first brace that belongs to no field, with what follows it up to the next; empty where there is none."""
    found = re.search(r"\{[^{}]*\}?|\}", _FIELD.sub("", text))
    return found[0] if found else ""


def fill(text: str, **values: str) -> str:
    """The text with a value for every field; a field without a value stays as it is."""

    def value(match: re.Match[str]) -> str:
        if match["literal"]:
            return "{" + match["literal"] + "}"
        return values.get(match["field"], match[0])

    return _FIELD.sub(value, text)
