"""The plain program, run as a user would: what it prints for its version, whether it helps, completes, has a manual."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from release import shell, trial
from release.product import CommandTest, VersionTest
from release.shell import Done
from release.wheel import Script
from release.wheel.python import Python

SECONDS = 30
# Without the folder that it is called from among the places of modules.
_CALL = """\
import importlib, sys
sys.argv[0] = {name!r}
call = importlib.import_module({module!r})
for part in {function!r}.split("."):
    call = getattr(call, part)
sys.exit(call())
"""
# A script without a function is a module that is run itself.
_RUN = """\
import runpy, sys
sys.argv[0] = {name!r}
runpy.run_module({module!r}, run_name="__main__")
"""
_ASKING = (("--version",), ("-V",))
# How programs are asked for a completion script, beside a variable.
_COMPLETING = (
    ("completion", "{shell}"),
    ("completions", "{shell}"),
    ("--print-completion", "{shell}"),
    ("--show-completion", "{shell}"),
)
_NUMBER = re.compile(r"\d+\.\d+")
SHORTEST, LONGEST = 2, 60  # of a text that help is known by


@dataclass(frozen=True, slots=True, kw_only=True)
class Plain:
    """The scripts of a wheel, in its environment.

    Attributes:
        python: of the environment.
        root: folder of the unpacked wheel.
        work: a home for the program, and the folder that it runs in.
        versions: how the wheel's version may be spelt in what it prints, the longest first.
    """

    python: Python
    root: Path
    work: Path
    versions: tuple[str, ...]

    def run(self, script: Script, *words: str, env: Mapping[str, str] | None = None) -> Done:
        """Run a script to its end."""
        code = (_CALL if script.function else _RUN).format(
            name=script.name, module=script.module, function=script.function
        )
        # A terminal of one width and no colours, whoever runs this.
        dull = {"PYTHONPATH": str(self.root), "COLUMNS": "80", "NO_COLOR": "1", "TERM": "dumb"}
        return shell.attempt(
            [self.python.executable, "-P", "-c", code, *words],
            cwd=self.work,
            env={**trial.home(self.work), **dull, **(env or {})},
            timeout=SECONDS,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Tests:
    """What release.toml can promise of a program.

    Attributes:
        version: what it prints for its version, to the letter; None where that changes from machine to machine.
        command: else a command, and a text in what it prints.
        seen: what of it was printed here, for people.
    """

    version: VersionTest | None = None
    command: CommandTest | None = None
    seen: str = "nothing that is the same everywhere is printed"


def missing(plain: Plain, script: Script) -> str:
    """What Python says of a script that does not start because a module is not there; empty where it starts."""
    done = plain.run(script, "--help")
    found = re.findall(r"^(?:ModuleNotFoundError|ImportError): (.+)", done.err, re.MULTILINE)
    return found[-1].partition(". ")[0].strip().rstrip(".") if found and done.code else ""


def helps(plain: Plain, script: Script) -> bool:
    """Whether a script gives its help, and ends well."""
    return plain.run(script, "--help").code == 0


def tests(plain: Plain, script: Script) -> Tests:
    """What the main script is known by."""
    for words in _ASKING:
        done = plain.run(script, *words)
        printed = trial.plain(done.out)
        if done.code != 0 or not (spelt := _spelt(printed, plain.versions)):
            continue
        expected = _form(printed, spelt)
        if expected and str(plain.root) not in printed and str(plain.work) not in printed:
            seen = _seen(script, words, expected.replace("{version}", spelt))
            return Tests(version=VersionTest(args=words, expect=expected), seen=seen)
        before = _before(printed, spelt)
        if len(before) >= SHORTEST:
            return Tests(command=CommandTest(args=words, expect=before), seen=_seen(script, words, before))
    helps = _helps(plain, script)
    return Tests(command=helps, seen=_seen(script, helps.args, helps.expect)) if helps else Tests()


def _seen(script: Script, words: Sequence[str], printed: str) -> str:
    return f"{' '.join((script.name, *words))} prints '{printed}'"


def _spelt(printed: str, versions: tuple[str, ...]) -> str:
    """How the version is spelt in what was printed; empty where it is not in it as a whole word."""
    return next((each for each in versions if re.search(rf"(?<![\d.]){re.escape(each)}(?![\d.]\d)", printed)), "")


def _form(printed: str, version: str) -> str:
    """One line with the version, and nothing else that another machine would print otherwise; else empty.

    That is another number, and what stands in brackets behind the version: a processor, a system, how it was built.
    """
    line, rest = printed.removesuffix("\n"), printed.count("\n")
    behind = line.partition(version)[2]
    if rest != 1 or _NUMBER.search(line.replace(version, "")) or re.search(r"[(\[]", behind):
        return ""
    escaped = re.sub(r"\{([a-z_]+)\}", r"{{\1}}", line)
    return escaped.replace(version, "{version}", 1)


def _before(printed: str, version: str) -> str:
    """What stands before the version, in its line."""
    line = next(each for each in printed.splitlines() if version in each)
    return line.partition(version)[0].strip()


def _helps(plain: Plain, script: Script) -> CommandTest | None:
    done = plain.run(script, "--help")
    lines = [line.strip() for line in trial.plain(done.out).splitlines() if line.strip()]
    if done.code != 0 or not lines:
        return None
    words = re.match(r"\w[\w ,:'-]*\w", lines[0])
    found = words[0][:LONGEST].strip() if words else ""
    if words and found == words[0] and found[-1].isdigit() and re.match(r"\.\d", lines[0][words.end() :]):
        found = found.rpartition(" ")[0]  # "Rich CLI v1" of "Rich CLI v1.8.1": the next version has another number
    return CommandTest(args=("--help",), expect=found) if len(found) >= SHORTEST else None


def completions(plain: Plain, script: Script, help_text: str) -> tuple[str, ...]:
    """The arguments that make a script print a completion for bash, zsh and fish; empty for none.

    Only those that its help names are tried: to another program the same words are a file, or an address.
    """
    for words in _COMPLETING:
        if not re.search(rf"(?<![\w-]){re.escape(words[0])}(?![\w-])", help_text):
            continue
        asked = [[each.replace("{shell}", name) for each in words] for name in ("bash", "zsh", "fish")]
        if all(_completes(plain.run(script, *each), script.name) for each in asked):
            return words
    return ()


def _completes(done: Done, name: str) -> bool:
    marks = ("complete -", "compdef", "compgen", "COMPREPLY")
    return done.code == 0 and name in done.out and any(mark in done.out for mark in marks)


def by_variable(plain: Plain, script: Script) -> tuple[str, ...]:
    """The variable through which a script completes, as those of click and typer do; empty for none."""
    # Without arguments, which this needs, a server of another kind would begin to serve.
    if not any((folder / name).is_dir() for folder in (plain.python.site, plain.root) for name in ("click", "typer")):
        return ()
    variable = f"_{re.sub(r'[^A-Z0-9]', '_', script.name.upper())}_COMPLETE"
    for form in ("{shell}_source", "source_{shell}"):
        shells = (form.replace("{shell}", name) for name in ("bash", "zsh", "fish"))
        if all(_completes(plain.run(script, env={variable: each}), variable) for each in shells):
            return (f"_{{command}}_COMPLETE={form}",)
    return ()
