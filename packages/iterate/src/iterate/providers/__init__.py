"""The models, as rows: a name and the function that streams an answer. Vendors on a known wire are data."""

from collections.abc import AsyncGenerator, Callable

from msgspec import Struct

from iterate.errors import ModelUnknown
from iterate.events import Part, Piece
from iterate.providers import echo
from iterate.session import Ask

# Pieces of text as they come, and other parts as a whole. A generator, because it is closed when nobody wants more.
type Stream = Callable[[Ask], AsyncGenerator[Piece | Part]]


class Model(Struct, frozen=True, kw_only=True):
    """One model: its full name, `provider/model`, and what streams its answer."""

    name: str
    stream: Stream


MODELS: tuple[Model, ...] = (
    Model(name="echo/echo", stream=echo.stream),
    Model(name="echo/slow", stream=echo.stream_slowly),
)


def find(name: str, models: tuple[Model, ...] = MODELS) -> Model:
    """The model of that full name; raises `ModelUnknown`."""
    for model in models:
        if model.name == name:
            return model
    known = ", ".join(model.name for model in models)
    raise ModelUnknown(f"there is no model {name!r}", f"the models are {known}")
