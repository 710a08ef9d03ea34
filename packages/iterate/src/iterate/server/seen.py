"""What a reader hears who watches files."""

from typing import Literal

from msgspec import Struct


class WatchBegan(Struct, frozen=True, kw_only=True, tag_field="type", tag="watch.began"):
    """Watching began, or its extent changed; `is_whole` is false when there are too many folders to watch all."""

    files: int
    folders: int
    is_whole: bool


class PathChange(Struct, frozen=True, kw_only=True):
    """A path below the folder, and what happened to it."""

    path: str
    change: Literal["added", "changed", "removed"]


class PathsChanged(Struct, frozen=True, kw_only=True, tag_field="type", tag="watch.changes"):
    """Files changed; `is_whole` is false when more did than are told: list again what matters."""

    changes: tuple[PathChange, ...]
    is_whole: bool


class WatchEnded(Struct, frozen=True, kw_only=True, tag_field="type", tag="watch.ended"):
    """The folder cannot be watched any more; the stream ends."""

    why: str


type PathsSeen = WatchBegan | PathsChanged | WatchEnded
