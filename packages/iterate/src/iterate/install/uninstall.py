"""Removes this copy: what will be removed is found first and shown, then done in an order that can be taken up again.

The order is: the server, what `--purge` asks for, the lines in files of shells, and at last the program. So whoever is
stopped in the middle still has the command, which finds what is left.
"""

import os
import shlex
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from iterate import daemon, discovery, settings
from iterate.discovery import Announcement
from iterate.errors import OwnerUnknown, RemovalFailed, ServerElsewhere
from iterate.install import hold, leavings, shells
from iterate.install.copy import Copy
from iterate.install.layout import OLD, PREVIOUS, Layout, is_link, layout_of
from iterate.install.leavings import Leavings, Shelf
from iterate.install.methods import PRODUCT, Method
from iterate.install.removal import Words
from iterate.install.shells import Block, Files
from iterate.settings import Settings
from iterate.waiting import Voice

# Runs a program and returns its exit code.
type Run = Callable[[Words], int]


class Belongings(NamedTuple):
    """A folder of the person's: what is in it, and whether it goes; `why` it stays although all was to go."""

    what: str
    found: Leavings
    shelf: Shelf
    goes: bool
    why: str = ""


class Removal(NamedTuple):
    """All that is there of a copy, and what happens to it."""

    copy: Copy
    servers: tuple[str, ...]
    belongings: tuple[Belongings, ...]
    blocks: tuple[Block, ...]
    # Of a copy that our installer put there: its layout, and the size of its versions in bytes.
    layout: Layout | None
    size: int
    # What is run to have the owner remove it, in this order.
    commands: tuple[Words, ...]
    # What is left to the person.
    notes: tuple[str, ...]

    @property
    def removes_program(self) -> bool:
        """Whether the program itself goes."""
        return self.layout is not None or bool(self.commands)

    @property
    def is_empty(self) -> bool:
        """Whether nothing would be done."""
        purges = any(each.goes and not each.found.is_empty for each in self.belongings)
        return not self.removes_program and not purges and not self.blocks


def plan(here: Settings, copy: Copy, commands: tuple[Words, ...], *, purge: bool) -> Removal:
    """What there is to remove; changes nothing.

    Args:
        here: whose folders are looked at.
        copy: the copy to remove.
        commands: how its owner removes it; none where no program can.
        purge: whether sessions and settings go too.

    Raises:
        OwnerUnknown: Nothing says who put the copy here.
        NotReplaceable: This user may not remove it.
        ServerElsewhere: What is to go is in use on another machine or in another container.
    """
    if copy.method is Method.UNKNOWN:
        raise OwnerUnknown(
            f"nothing says who installed {copy.program}",
            "remove it with the package manager that you installed it with",
        )
    found = daemon.survey(here)
    if purge and found.elsewhere:
        raise ServerElsewhere(
            f"a server that runs elsewhere uses what is to be removed: {found.elsewhere[0].place}",
            "stop it there first, or leave out --purge",
        )
    notes = tuple(_notes(copy))
    if sys.platform == "win32" and commands:
        # Windows removes no program that runs, and this is the one.
        notes, commands = (*notes, *(f"then type: {' '.join(words)}" for words in commands)), ()
    layout = layout_of(copy.program) if copy.method is Method.SELF and copy.program is not None else None
    if layout is not None:
        hold.refuse_foreign(layout)
    return Removal(
        copy=copy,
        servers=tuple(_servers(here, found.live)),
        belongings=_told_apart(tuple(_belongings(here, purge=purge))),
        blocks=() if layout is None else shells.find(_files(here), layout.link.parent),
        layout=layout,
        size=0 if layout is None else sum(map(_tree_size, layout.versions())),
        commands=commands,
        notes=notes,
    )


def remove(here: Settings, removal: Removal, run: Run, voice: Voice) -> tuple[str, ...]:
    """Do it, and return what is left and where, for the person.

    Raises:
        RemovalFailed: The owner did not remove it, or files could not be removed.
        UpgradeRunning: Another upgrade or installation of this copy is at work.
        ServerElsewhere, StopFailed, HomeForeign, StateUnusable: As `iterate server stop`.
    """
    if removal.servers:
        with suppress(ServerElsewhere):
            daemon.stop(here, voice)
    left = [path for each in removal.belongings if each.goes for path in _emptied(each)]
    files = _files(here)
    if removal.layout is not None:
        folder = removal.layout.link.parent
        left += [each.file for each in removal.blocks if each.is_ours and not shells.undo(each, files, folder)]
        _forget_path(removal.layout)
    if left:
        raise RemovalFailed(
            f"this could not be removed, and the program was kept: {', '.join(map(str, left))}",
            "look at who owns it, then try again",
        )
    for words in removal.commands:
        _run(words, run)
    _refuse_left(removal)
    if removal.layout is not None:
        _remove_versions(removal.layout)
    return tuple(_left(removal))


def _run(words: Words, run: Run) -> None:
    try:
        code = run(words)
    except OSError as problem:
        raise RemovalFailed(f"{words[0]} cannot be started: {problem.strerror}") from problem
    if code:
        raise RemovalFailed(f"{shlex.join(words)} ended with exit code {code}")


def _emptied(belongings: Belongings) -> tuple[Path, ...]:
    # Looked at again: a server that ends takes files with it and leaves others.
    return leavings.remove(leavings.look(belongings.found.folder, belongings.shelf))


def _refuse_left(removal: Removal) -> None:
    """Raise `RemovalFailed` when the owner said that all is well and the program is still there."""
    program = removal.copy.program
    if removal.commands and program is not None and program.exists():
        raise RemovalFailed(f"{removal.copy.label} left {program} where it was")


def _servers(here: Settings, live: Announcement | None) -> Iterator[str]:
    if live is not None:
        yield f"the server (pid {live.pid})"
    for side in range(settings.SIDES):
        state = here.side(side).state
        for name in discovery.leaving(state):
            with discovery.watch(state, name) as announced:
                if announced is not None:
                    yield f"a server that finishes its answers (pid {announced.announcement.pid})"


def _belongings(here: Settings, *, purge: bool) -> Iterator[Belongings]:
    others = _others(here)
    of_all = f"{', '.join(others)} uses it too" if others else ""
    own = (("sessions", here.data, leavings.DATA), ("state and log of the server", here.state, leavings.STATE))
    shared = [("what is known of the signed site", _updates(here), leavings.UPDATES)]
    if here.config is not None:
        shared.insert(0, ("settings", here.config.parent, leavings.CONFIG))
    for what, folder, shelf in own:
        yield Belongings(what, leavings.look(folder, shelf), shelf, goes=purge)
    for what, folder, shelf in shared:
        found = leavings.look(folder, shelf)
        yield Belongings(what, found, shelf, goes=purge and not others, why=of_all if purge else "")


def _told_apart(all_: tuple[Belongings, ...]) -> tuple[Belongings, ...]:
    """Folders that are one and the same, as where XDG variables are alike: what belongs to one is no stranger there."""
    ours = {path for each in all_ for path in (*each.found.files, *each.found.folders)}
    return tuple(
        each._replace(found=each.found._replace(strangers=tuple(p for p in each.found.strangers if p not in ours)))
        for each in all_
    )


def _others(here: Settings) -> tuple[str, ...]:
    """The folders of other channels, which share the settings with this one."""
    names = {
        path.name
        for folder in (here.state, here.data)
        for path in folder.parent.glob(f"{PRODUCT}*")
        if path.name == PRODUCT or path.name.startswith(f"{PRODUCT}-")
    }
    return tuple(sorted(names - {here.state.name, _updates(here).name}))


def _updates(here: Settings) -> Path:
    """Where is kept what is known of signed sites; see `settings.updates`."""
    return here.state.with_name(f"{PRODUCT}-updates")


def _files(here: Settings) -> Files:
    config = here.home / ".config" if here.config is None else here.config.parent.parent
    return Files(home=here.home, config=config, zsh=settings.zsh_folder() or here.home)


def _notes(copy: Copy) -> Iterator[str]:
    match copy.method:
        case Method.SOURCE:
            yield "this is a checkout; delete its folder when you do not need it any more"
        case Method.ARCHIVE:
            yield f"nobody owns this copy, which was unpacked by hand; delete its folder: {_folder_of(copy)}"
        case Method.DOCKER:
            yield "the program is part of an image: docker rmi removes that"
        case _:
            if copy.project is not None:
                yield f"{copy.project} has this copy as a dependency; remove it there"
            elif copy.method is not Method.SELF and copy.command is None and copy.folder is None:
                yield f"only the receipt says that {copy.label} installed this copy; if it was copied, the other goes"


def _folder_of(copy: Copy) -> Path | str:
    return copy.program.parent if copy.program is not None else "where it lies"


def _tree_size(folder: Path) -> int:
    return leavings.look(folder, leavings.WHOLE).size


def _remove_versions(layout: Layout) -> None:
    """Remove the versions that do not run, then the command, then the one that runs, which is this very program."""
    with hold.held(layout):
        for each in layout.versions():
            if each != layout.version:
                hold.discard(layout, each)
        if is_link(layout.store / PREVIOUS):
            hold.remove(layout.store / PREVIOUS)
        if layout.current is not None:
            hold.remove(layout.link)
        hold.discard(layout, layout.version)
    hold.remove(layout.lock)
    with suppress(OSError):
        layout.store.rmdir()
    if any(each.exists() for each in (layout.version, *layout.store.glob(f"{OLD}*"))) and sys.platform != "win32":
        raise RemovalFailed(f"{layout.version} could not be removed whole", "delete that folder")


def _forget_path(layout: Layout) -> None:
    if sys.platform == "win32":
        from iterate.install import registry

        registry.forget(layout.link)


def _left(removal: Removal) -> Iterator[str]:
    if removal.layout is not None:
        store = removal.layout.store
        if store.exists():
            yield f"{store}: delete this folder; it holds what is not ours, or on Windows the program that runs"
    for each in removal.blocks:
        if not each.is_ours:
            yield f"{each.file}: lines of ours that name another folder, or lack their end; look at them"
    for one in removal.belongings:
        for stranger in one.found.strangers:
            yield f"{stranger}: not ours, or a link"
        if not one.goes and not one.found.is_empty:
            yield f"{one.found.folder}: {one.what}{f', because {one.why}' if one.why else ''}"
    if removal.removes_program and (other := shutil.which(PRODUCT)) and not _is_same(Path(other), removal.copy):
        yield f"{other}: another copy on PATH"


def _is_same(other: Path, copy: Copy) -> bool:
    return copy.program is not None and Path(os.path.realpath(other)) == copy.program
