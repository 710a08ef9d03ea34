"""The C library that the Linux programs of a release need, as package managers write it."""

from collections.abc import Iterable

from release.model import Artifact

_SYMBOL = "GLIBC_"


def needed(artifacts: Iterable[Artifact]) -> str:
    """The oldest glibc on which every one of the programs starts, such as `2.34`; empty where none says so."""
    versions = [artifact.glibc.removeprefix(_SYMBOL) for artifact in artifacts if artifact.glibc]
    return max(versions, key=_numbers, default="")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))
