"""The models that can be asked, and the built-in ones. Each gives what `request.py` says, in no vendor's words."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from iterate.errors import ModelUnknown
from iterate.providers import echo
from iterate.request import Model, Prices

if TYPE_CHECKING:
    # Not read before a model is asked for.
    from iterate.config.sections import Config

BUILT_IN: tuple[Model, ...] = (
    Model(name="echo/echo", stream=echo.stream, calls_tools=False),
    Model(name="echo/slow", stream=echo.stream_slowly, calls_tools=False),
)


class Known(Struct, frozen=True, kw_only=True):
    """A model that could be asked: its full name, and what is known of it; None where nobody says.

    `why` says what is missing where it is not ready. `source` is who names it: built-in, catalogue, vendor (its own
    list), local or config.
    """

    name: str
    is_ready: bool
    window: int | None = None
    output: int | None = None
    prices: Prices | None = None
    images: bool | None = None
    tools: bool | None = None
    thinks: bool | None = None
    source: str = "built-in"
    why: str = ""


class Models(Protocol):
    """Where models come from: what is built in, the catalogue, and what config and environment add."""

    def find(self, name: str, config: "Config", environment: Mapping[str, str]) -> Model:
        """The model of that full name; raises `ModelUnknown`, or why it cannot be asked.

        It is called in a thread: files are read, and a server on this machine is asked what the model can.
        """

    def known(self, config: "Config", environment: Mapping[str, str]) -> Sequence[Known]:
        """Every model that there is a name for."""


class Listed:
    """These models and no others."""

    def __init__(self, models: Sequence[Model] = BUILT_IN) -> None:
        self._models = models

    def find(self, name: str, config: "Config", environment: Mapping[str, str]) -> Model:  # noqa: ARG002  # Of the protocol.
        """The model of that full name; raises `ModelUnknown`."""
        for model in self._models:
            if model.name == name:
                return model
        known = ", ".join(model.name for model in self._models)
        raise ModelUnknown(f"there is no model {name!r}", f"the models are {known}")

    def known(self, config: "Config", environment: Mapping[str, str]) -> Sequence[Known]:  # noqa: ARG002
        """All of them."""
        return [Known(name=model.name, is_ready=True, window=model.window) for model in self._models]
