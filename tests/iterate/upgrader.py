"""Upgrades a copy in processes of its own, which a test may kill, trace, or start as another user.

With a document, and maybe the id of a user to become, it upgrades once, says which file brought the version, and ends
with the exit code of the failure. Without it reads the path of a document from each line, and writes for each the id
of a process, and then how that one ended.
"""

import os
import sys
from pathlib import Path

import msgspec

from iterate.errors import Failure
from iterate.install import replace, trial
from iterate.install.document import Document
from iterate.install.network import Door
from iterate.settings import Surroundings


def only_version(program: Path, version: str, _folder: Path) -> None:
    """A trial without a server, which the stand-in does not have."""
    trial.try_version(program, version)


def upgrade(link: Path, target: str, document: Path) -> str:
    """Upgrade once; returns the name of the file that brought the version."""
    offer = msgspec.json.decode(document.read_bytes(), type=Document)
    door = Door(Surroundings())
    done = replace.replace(link.resolve(), offer, door=door, root=b"keys", target=target, try_out=only_version)
    door.close()
    return done.file


def fork(link: Path, target: str) -> None:
    """Upgrade in a child for each line: importing everything takes longer than an upgrade."""
    for line in sys.stdin:
        process = os.fork()
        if process == 0:
            code = 1
            try:
                upgrade(link, target, Path(line.strip()))
                code = 0
            finally:
                os._exit(code)
        print(process, flush=True)
        _, status = os.waitpid(process, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def main() -> None:
    """Once or for each line."""
    link, target, *documents = sys.argv[1:]
    for user in map(int, documents[1:]):
        os.setgroups([])
        os.setgid(user)
        os.setuid(user)
    try:
        for document in documents[:1]:
            print(upgrade(Path(link), target, Path(document)))
    except Failure as failure:
        print(failure, failure.hint, sep="\n", file=sys.stderr)
        sys.exit(failure.exit_code)
    if not documents:
        fork(Path(link), target)


if __name__ == "__main__":
    main()
