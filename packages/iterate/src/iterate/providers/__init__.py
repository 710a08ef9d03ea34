"""The models, as rows: a name and the function that streams an answer. Vendors on a known wire are data."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from iterate.errors import ModelUnknown
from iterate.providers import echo
from iterate.session import Ask

type Stream = Callable[[Ask], AsyncIterator[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One model: its full name, `provider/model`, and what streams its answer in pieces."""

    name: str
    stream: Stream


MODELS: tuple[Model, ...] = (
    Model(name="echo/echo", stream=echo.stream),
    Model(name="echo/slow", stream=echo.stream_slowly),
)


def find(name: str) -> Model:
    """The model of that full name; raises `ModelUnknown`."""
    for model in MODELS:
        if model.name == name:
            return model
    known = ", ".join(model.name for model in MODELS)
    raise ModelUnknown(f"there is no model {name!r}", f"the models are {known}")
