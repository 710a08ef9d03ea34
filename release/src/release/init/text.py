"""release.toml as `release init` writes it: at most twenty lines that a person can read."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from release import schema
from release.init import tags
from release.product import CommandTest, VersionTest

LINES = 20
WIDTH = 79
LONGEST = 10_000  # where the file would be too long otherwise
INDENT = "    "


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The content of a release.toml; what is empty is left out, because the tool would say the same.

    Attributes:
        repository: `OWNER/NAME` on GitHub.
        homepage, committer: where no repository gives them.
        license_file, readme: where they are not beside release.toml under their usual names.
        project: folder of the project, where it is not that of release.toml.
    """

    name: str
    summary: str
    license: str
    repository: str = ""
    homepage: str = ""
    committer: str = ""
    license_file: str = ""
    readme: str = ""
    tag: str = tags.USUAL
    outlets: tuple[str, ...] = ()
    completions: tuple[str, ...] = ()
    project: str = "."
    scripts: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    executable: str = ""
    python: str = ""
    targets: tuple[str, ...] = ()
    version_test: VersionTest | None = None
    command_test: CommandTest | None = None

    @property
    def text(self) -> str:
        """The file; where it would be too long, without empty lines, with its test in one line, or with long ones."""
        forms = [
            list(_lines(self, WIDTH)),
            *([line for line in _lines(self, width, short=short) if line] for width, short in _SHORTER),
        ]
        return "\n".join(next((each for each in forms if len(each) <= LINES), forms[-1])) + "\n"


# How a file that is too long is written: how wide it may be, and whether its test is a line at the top.
_SHORTER = ((WIDTH, False), (WIDTH, True), (LONGEST, False), (LONGEST, True))


def _lines(said: Written, width: int, *, short: bool = False) -> Iterator[str]:
    """The lines of the file, tables apart.

    Args:
        said: what the file says.
        width: what a list in one line may take.
        short: the table of the test is a line at the top.
    """
    yield schema.FIRST_LINE
    yield from _texts(
        name=said.name,
        summary=said.summary,
        repository=said.repository,
        homepage=said.homepage,
        license=said.license,
        license_file=said.license_file,
        readme=said.readme,
        committer=said.committer,
        tag="" if said.tag == tags.USUAL else said.tag,
    )
    yield from _list("outlets", said.outlets, width)
    if said.completions:
        yield from _list("completions", said.completions, width)
    if short:
        yield from _tests_in_a_line(said)
    yield ""
    yield "[build]"
    yield from _texts(
        project="" if said.project == "." else said.project, executable=said.executable, python=said.python
    )
    if said.scripts != (said.name,):
        yield from _list("scripts", said.scripts, width)
    if said.extras:
        yield from _list("extras", said.extras, width)
    yield from _list("targets", said.targets, width)
    if not short:
        yield from _tests(said)


def _tests(said: Written) -> Iterator[str]:
    if said.version_test is not None:
        yield from ("", "[version_test]", *_test(said.version_test))
    if said.command_test is not None:
        yield from ("", "[[command_tests]]", *_test(said.command_test))


def _tests_in_a_line(said: Written) -> Iterator[str]:
    if said.version_test is not None:
        yield f"version_test = {{ {', '.join(_test(said.version_test))} }}"
    if said.command_test is not None:
        yield f"command_tests = [{{ {', '.join(_test(said.command_test))} }}]"


def _test(test: VersionTest | CommandTest) -> Iterator[str]:
    if not isinstance(test, VersionTest) or test.args != VersionTest().args:
        yield from _list("args", test.args, LONGEST)
    yield f"expect = {quoted(test.expect)}"


def _texts(**values: str) -> Iterator[str]:
    return (f"{name} = {quoted(value)}" for name, value in values.items() if value)


def _list(name: str, values: tuple[str, ...], width: int) -> list[str]:
    """A list in one line, and over several where that is too long for a terminal."""
    line = f"{name} = [{', '.join(map(quoted, values))}]"
    if len(line) <= width:
        return [line]
    rows = [INDENT]
    for value in map(quoted, values):
        if rows[-1] != INDENT and len(rows[-1]) + len(value) + 1 > WIDTH:
            rows.append(INDENT)
        rows[-1] += f"{value}, "
    return [f"{name} = [", *map(str.rstrip, rows), "]"]


def quoted(text: str) -> str:
    """A text of TOML: as JSON writes it, but for what TOML does not know."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
