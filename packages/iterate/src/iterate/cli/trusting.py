"""What `iterate config trust` does: shows what would count of the files of a project, asks, and remembers them."""

import json
from pathlib import Path

from iterate import settings
from iterate.config.layers import FOLDER
from iterate.config.root import between, root_of
from iterate.config.trust import Trust
from iterate.errors import NotConfirmed
from iterate.project import project
from iterate.terminal import screen


def trust(*, yes: bool, as_json: bool) -> int:
    """Trust the files of this folder's project as they are now; raises `NotConfirmed`."""
    here, directory = settings.read(), settings.directory()
    found = project.strangers(here, directory)
    memory = Trust(here.trusted)
    new = {file: content for file, content in found.items() if not memory.has(file, content)}
    before = project.read(here, directory, settings.environment())
    if not as_json:
        for file in found:
            screen.show(f"{'new' if file in new else 'trusted':<8}{file}\n")
        for each in before.left_out:
            screen.show(f"{'counts':<8}{each.key} of {each.file}\n")
        if not found:
            screen.show("there is nothing to trust\n")
    if new:
        _confirm(yes=yes, as_json=as_json)
        # With what was shown: a file that changed meanwhile is not the one that was trusted.
        memory.add(new)
    if as_json:
        facts = {"files": [str(file) for file in found], "trusted": [str(file) for file in new]}
        screen.show_json_line(json.dumps(facts, ensure_ascii=False))
    return 0


def revoke(*, as_json: bool) -> int:
    """Trust no file of this folder's project any more, also those that are gone by now."""
    here, directory = settings.read(), settings.directory()
    memory = Trust(here.trusted)
    root = root_of(Path(directory), here.home)
    known = [file for folder in between(root, Path(directory)) for file in memory.below(folder / FOLDER)]
    gone = memory.remove(known) if known else []
    if as_json:
        screen.show_json_line(json.dumps({"revoked": [str(file) for file in gone]}, ensure_ascii=False))
    else:
        screen.show("".join(f"revoked {file}\n" for file in gone) or "nothing was trusted\n")
    return 0


def _confirm(*, yes: bool, as_json: bool) -> None:
    if yes:
        return
    if as_json or not screen.can_ask():
        raise NotConfirmed("nothing was trusted, because nobody can be asked here")
    if not screen.ask("Trust these files as they are now?"):
        raise NotConfirmed("nothing was trusted", "")
