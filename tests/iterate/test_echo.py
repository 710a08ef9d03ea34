"""The built-in provider."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iterate.config.sections import Config
from iterate.errors import ModelUnknown
from iterate.events import Piece, TextPart
from iterate.providers import BUILT_IN, Listed, echo
from iterate.request import Model, Request, UserMessage


@given(st.text())
def test_the_pieces_are_the_text(text: str) -> None:
    assert "".join(echo.pieces(text)) == text
    assert all(echo.pieces(text))


def test_words_come_one_by_one() -> None:
    assert list(echo.pieces("one two  three\n")) == ["one ", "two  ", "three\n"]


def test_a_long_prompt_comes_in_a_limited_number_of_pieces() -> None:
    assert len(list(echo.pieces("a " * 500_000))) <= echo.MOST_PIECES + 1


def test_each_model_is_found_by_its_full_name_and_answers_with_the_prompt() -> None:
    async def answer(model: Model) -> str:
        parts = (TextPart(text="hi "), TextPart(text="ho"))
        request = Request(system=(), messages=(UserMessage(parts=parts),))
        return "".join([piece.text async for piece in model.stream(request) if isinstance(piece, Piece)])

    models = Listed()
    assert {known.name for known in models.known(Config(), {})} == {model.name for model in BUILT_IN}
    for model in BUILT_IN:
        assert models.find(model.name, Config(), {}) is model
        assert asyncio.run(answer(model)) == "hi ho"


@pytest.mark.parametrize("name", ["", "echo", "echo/", "/echo", "ECHO/ECHO", "nobody/none"])
def test_an_unknown_model_is_a_named_failure_that_lists_the_known(name: str) -> None:
    with pytest.raises(ModelUnknown) as caught:
        Listed().find(name, Config(), {})
    assert "echo/echo" in caught.value.hint
