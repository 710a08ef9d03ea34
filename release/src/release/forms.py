"""What a value of release.toml looks like, beyond its type: rules, fields and forms that `config` holds it against."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta


class Rule(StrEnum):
    """What a text of release.toml must be, beyond a text; `config` holds values against it."""

    FILE = "a file below the folder of release.toml"
    FOLDER = "a folder below the folder of release.toml"
    PROJECT = "a folder with a pyproject.toml"
    TARGET = "the name of a target"
    TAG = "the form of git tags"
    PLACE = "an address"


def text(rule: Rule | None = None, *, fields: tuple[str, ...] = (), needs: tuple[str, ...] = ()) -> Meta:
    """What is known about a text: its rule, the `{...}` fields that it may hold, and those that it must.

    Of a list of texts, one must hold the needed ones.
    """
    return Meta(extra={"rule": rule, "fields": fields, "needs": needs})


def form(pattern: str, words: str) -> Meta:
    """A text of a form: a regular expression for the whole of it, and the form in words."""
    return Meta(pattern=rf"\A(?:{pattern})\Z", description=words)


Name = Annotated[str, form(r"[a-z0-9]+(?:-[a-z0-9]+)*", "lower-case letters, digits and single hyphens")]
Person = Annotated[str, form(r"[^<>\n]+ <[^<>@\s]+@[^<>\s]+>", "'Name <mail@host>'")]
Site = Annotated[str, form(r"https?://[^\s/?#]+/(?:[^\s?#]*/)?", "http://HOST/ or https://HOST/PATH/")]
OWNED = r"[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9][A-Za-z0-9._-]*"
Owned = Annotated[str, form(OWNED, "OWNER/NAME")]
