"""The built-in provider."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iterate import providers
from iterate.errors import ModelUnknown
from iterate.events import Piece, TextPart
from iterate.providers import echo
from iterate.session import Ask, Session
from iterate.workspace import Workspace


@given(st.text())
def test_the_pieces_are_the_text(text: str) -> None:
    assert "".join(echo.pieces(text)) == text
    assert all(echo.pieces(text))


def test_words_come_one_by_one() -> None:
    assert list(echo.pieces("one two  three\n")) == ["one ", "two  ", "three\n"]


def test_a_long_prompt_comes_in_a_limited_number_of_pieces() -> None:
    assert len(list(echo.pieces("a " * 500_000))) <= echo.MOST_PIECES + 1


def test_each_model_is_found_by_its_full_name_and_answers_with_the_prompt() -> None:
    async def answer(model: providers.Model) -> str:
        parts = (TextPart(text="hi "), TextPart(text="ho"))
        ask = Ask(session=Session(id="s"), model=model.name, parts=parts, workspace=Workspace())
        return "".join([piece.text async for piece in model.stream(ask) if isinstance(piece, Piece)])

    for model in providers.MODELS:
        assert providers.find(model.name) is model
        assert asyncio.run(answer(model)) == "hi ho"


@pytest.mark.parametrize("name", ["", "echo", "echo/", "/echo", "ECHO/ECHO", "nobody/none"])
def test_an_unknown_model_is_a_named_failure_that_lists_the_known(name: str) -> None:
    with pytest.raises(ModelUnknown) as caught:
        providers.find(name)
    assert "echo/echo" in caught.value.hint
