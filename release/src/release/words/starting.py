"""The word init: what is asked, and what was written."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Option

from release.screen import Screen
from release.screen.lines import wrapped

if TYPE_CHECKING:
    from release.init import Proposal
    from release.init.writing import File

_Several = list[str] | None
_WIDE = 79  # cells of a line


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """The options of a verb that needs no release.toml yet."""

    as_json: Annotated[bool, Option("--json", help="Print JSON on standard output.")] = False

    def screen(self) -> Screen:
        """Where results and progress are shown."""
        return Screen(as_json=self.as_json)


class Person:
    """Whoever sits at the terminal; where nobody does, and where nobody is to be asked, the usual answers."""

    def __init__(self, screen: Screen, *, silent: bool) -> None:
        """Find out whether anybody can be asked."""
        self.screen = screen
        self.can_ask = screen.can_ask and not silent

    def some(self, question: str, options: Sequence[str], usual: Sequence[str]) -> tuple[str, ...]:
        """Some of the options; asked again until all that was typed is among them."""
        while self.can_ask and options:
            listed = "\n".join(f"  {line}" for line in wrapped(", ".join(options), _WIDE - 2))
            shown = f"{question}\n{listed}\n[{' '.join(usual) or 'none'}]"
            words = [each for each in re.split(r"[\s,]+", self.screen.asked(shown)) if each]
            if not words:
                break
            if words == ["none"]:
                return ()
            strange = [each for each in words if each not in options]
            if not strange:
                return tuple(dict.fromkeys(words))
            refused = f"{', '.join(strange)}: not among them; type some with spaces between them, or none"
            self.screen.tell("\n".join(wrapped(refused, _WIDE)))
        return tuple(usual)

    def may(self, question: str) -> bool:
        """Whether something may be done; no, where nobody is asked."""
        return self.can_ask and self.screen.asks(question)


def init(
    context: Beginning,
    *,
    yes: Annotated[bool, Option("--yes", help="Ask nothing; replace nothing.")] = False,
    project: Annotated[str, Option("--project", help="Folder of the Python project.", metavar="DIR")] = "",
    target: Annotated[_Several, Option("--target", help="A target; any number.", metavar="T")] = None,
    outlet: Annotated[_Several, Option("--outlet", help="An outlet; any number.", metavar="NAME")] = None,
    extra: Annotated[_Several, Option("--extra", help="An extra that goes in; any number.", metavar="NAME")] = None,
    license_name: Annotated[str, Option("--license", help="The licence, as SPDX names it.", metavar="ID")] = "",
    compile_too: Annotated[bool, Option("--compile", help="Compile at once, and compare.")] = False,
) -> None:
    """Write release.toml and a CI workflow for this project."""
    from release import init as beginning
    from release import targets
    from release.init import writing

    screen = context.screen()
    wishes = beginning.Wishes(
        project=project,
        license=license_name,
        targets=tuple(targets.named(each).name for each in target or ()),
        outlets=tuple(outlet) if outlet else None,
        extras=tuple(extra) if extra else None,
    )
    person = Person(screen, silent=yes or context.as_json)
    proposal = beginning.proposed(Path.cwd(), wishes, person, screen.progress)
    files = writing.write(proposal, person)
    screen.show(_as_json(proposal, files), _text(proposal, files, compiles=compile_too))
    if compile_too:
        _compile(screen)


def _compile(screen: Screen) -> None:
    """Build what this machine can build; the trial of a build compares it with the plain program."""
    from release import compile as compiling
    from release import config, plan, targets
    from release.manifest import REHEARSAL

    product = config.read(Path.cwd() / config.FILE)
    seen = plan.look(product)
    planned = plan.plan(product, channel=plan.channel_of_head(product, seen), allow_dirty=True, seen=seen)
    folder = product.root / plan.RESULTS / REHEARSAL
    compiling.build(product, planned, targets.native(planned.targets), folder, stand_in=False, progress=screen.progress)


def _as_json(proposal: "Proposal", files: "Sequence[File]") -> dict[str, object]:
    return {
        "files": [{"path": each.path, "state": each.state.value, "difference": each.difference} for each in files],
        "release_toml": proposal.written.text,
        "notes": list(proposal.notes),
        "next": [line for line, _ in _next(files, compiles=False)],
    }


def _text(proposal: "Proposal", files: "Sequence[File]", *, compiles: bool) -> str:
    from release import show

    rows = show.table(("file", "is"), [(each.path, each.state.value) for each in files])
    kept = [each.difference for each in files if each.difference]
    notes = "\n".join(show.listed(proposal.notes))
    typed = show.following(*_next(files, compiles=compiles))
    return "\n\n".join(filter(None, (proposal.written.text.rstrip("\n"), rows, *kept, notes, typed)))


def _next(files: "Sequence[File]", *, compiles: bool) -> list[tuple[str, str]]:
    from release.init.writing import State

    new = [each.path for each in files if each.state in {State.WRITTEN, State.REPLACED}]
    commit = [(f"git add {' '.join(new)}", ""), ("git commit -m 'Add release.toml'", "")] if new else []
    return [
        *commit,
        ("release check", "what is still in the way"),
        ("release run --fake --target all", "rehearse every target"),
        *([] if compiles else [("release build", "compile, and compare with plain Python")]),
    ]
