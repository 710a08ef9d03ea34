"""What is typed comes out as typer itself would give it, values and refusals; only sooner."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import pytest
import typer
from typer import Argument, Option
from typer.exceptions import TyperException

from release.words import typed


class Fish(StrEnum):
    TROUT = "trout"
    PIKE = "pike"


def app(seen: list[object]) -> typer.Typer:
    made = typer.Typer(context_settings={"help_option_names": ["-h", "--help"]})

    @made.callback()
    def all_of_them(*, loud: bool = False, where: Annotated[Path | None, Option()] = None) -> None:
        seen.extend((loud, where))

    @made.command()
    def swim(
        names: Annotated[list[str] | None, Argument()] = None,
        *,
        fish: Annotated[Fish | None, Option()] = None,
        usual: Annotated[Fish, Option()] = Fish.PIKE,
        text: str = "usual",
        deep: int = 3,
        folder: Path = Path("here"),
        also: Annotated[list[Path] | None, Option()] = None,
    ) -> None:
        seen.extend((names, fish, usual, text, deep, folder, also))

    return made


def told(words: str, *, quick: bool) -> list[tuple[type, object]]:
    seen: list[object] = []
    command = typed.command(app(seen)) if quick else typer.main.get_command(app(seen))
    try:
        command(words.split(), prog_name="x", standalone_mode=False)
    except TyperException as refused:
        seen.append(refused.format_message())
    return [(type(each), each) for each in seen]


@pytest.mark.parametrize(
    "words",
    [
        "swim",
        "--loud --where there swim a b --fish trout --text  --deep 7 --folder x/y --also a --also b",
        "swim --fish carp",
        "swim --usual TROUT",
        "swim --deep much",
        "swim --deep 12 --usual trout",
        "swim --nothing",
        "swim --text",
        "walk",
    ],
)
def test_what_is_typed_comes_out_as_typer_gives_it(words: str) -> None:
    assert told(words, quick=True) == told(words, quick=False)


def test_values_are_of_their_types() -> None:
    values = [value for _, value in told("--where w swim a --fish trout", quick=True)]
    assert values == [False, Path("w"), ["a"], Fish.TROUT, Fish.PIKE, "usual", 3, Path("here"), None]
