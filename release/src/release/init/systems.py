"""Which systems a project is for, by its classifiers."""

from collections.abc import Iterable, Iterator

_BEGINS = "Operating System :: "
# What stands for several systems; what is below it (`POSIX :: BSD`) is one of its own.
_SEVERAL = {"POSIX": ("linux", "darwin"), "Unix": ("linux", "darwin"), "OS Independent": ("linux", "darwin", "windows")}


def named(classifiers: Iterable[str]) -> frozenset[str]:
    """The systems, as targets name them; none where nothing that we build for is named."""
    said = (each.removeprefix(_BEGINS) for each in classifiers if each.startswith(_BEGINS))
    return frozenset(system for each in said for system in _of(each))


def _of(said: str) -> Iterator[str]:
    yield from _SEVERAL.get(said, ())
    for word, system in (("Linux", "linux"), ("MacOS", "darwin"), ("Windows", "windows")):
        if word in said:
            yield system
