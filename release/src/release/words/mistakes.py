"""What the command line refuses, in the form of every other error: what, and a hint with the nearest thing there is."""

import re

from typer.exceptions import TyperException

USAGE = 2  # as everywhere on the command line
_GUESS = re.compile(r"\s*\(?(?:Did you mean|Possible options:)\s*(.*)$", re.DOTALL)
_NAME = re.compile(r"'([^']+)'|(--?\w[\w-]*)")


def explain(problem: TyperException) -> tuple[str, str]:
    """The message and the hint."""
    context = getattr(problem, "ctx", None)
    where = context.command_path if context is not None else "release"
    is_group = context is not None and hasattr(context.command, "commands")
    text = " ".join(problem.format_message().split()).replace(": Value error, ", ": ")
    if is_group and "Usage:" in text:  # a group without a verb is answered with its whole help
        text = "missing command"
    names: list[str] = []
    if guess := _GUESS.search(text):
        text = text[: guess.start()]
        names = [quoted or option for quoted, option in _NAME.findall(guess[1])]
    if re.search(r"no such option: (?:--version|-V)$", text, re.IGNORECASE):
        names = ["release --version"]
    otherwise = f"{where} --help {'lists the commands' if is_group else 'says what it takes'}"
    text = text.strip().removesuffix(".")
    return f"{where}: {text[:1].lower()}{text[1:]}", f"did you mean {' or '.join(names)}?" if names else otherwise
