"""Where one model is reached and what it can; a value that holds a key, and never shows it."""

import enum
from collections.abc import Mapping
from typing import override

from msgspec import Struct

from iterate.providers.network import Patience
from iterate.request import Prices
from iterate.settings import Surroundings


class Wire(enum.StrEnum):
    """A format of requests and answers."""

    # OpenAI's chat completions, which most servers speak.
    CHAT = "chat"
    # OpenAI's responses.
    RESPONSES = "responses"
    # Anthropic's messages.
    MESSAGES = "messages"
    # Google's generate-content.
    GENERATE = "generate"
    # Ollama's own, the only one in which a window can be asked for.
    OLLAMA = "ollama"


class Habits(Struct, frozen=True, kw_only=True):
    """In what a vendor differs from the others of its wire."""

    # Where `chat` says how much to think; empty where nothing may be said. In the other formats: `words` where that is
    # said in words and not in tokens.
    effort: str = ""
    most: str = "max_tokens"
    # Some refuse what they do not know.
    asks_for_usage: bool = True
    # The field in which `chat` wants back what the model thought.
    thoughts: str = ""
    # Ids of calls are this many letters and digits.
    id_length: int = 0
    # Takes marks that say what to keep of a prompt, as Anthropic does.
    marks_cache: bool = False
    # Takes a name of the conversation, by which it finds what it kept.
    cache_key: str = ""


class Endpoint(Struct, frozen=True, kw_only=True):
    """One model: `name` is our full name of it, `model` the vendor's."""

    name: str
    model: str
    base_url: str
    wire: Wire
    key: str = ""
    headers: Mapping[str, str] = {}
    surroundings: Surroundings = Surroundings()
    patience: Patience = Patience()
    habits: Habits = Habits()
    window: int | None = None
    output: int | None = None
    prices: Prices | None = None
    sees_images: bool = False
    thinks: bool = False
    # A server of somebody's own: what it writes as text may be meant as a call or a thought.
    is_local: bool = False
    # Leaves out what does not fit into its window, and says nothing.
    cuts: bool = False

    @override
    def __repr__(self) -> str:
        return f"Endpoint({self.name!r}, {self.base_url!r})"

    def url(self, path: str) -> str:
        """The address of a route of this vendor."""
        return f"{self.base_url.rstrip('/')}/{path}"
