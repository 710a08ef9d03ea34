"""markdown-it's parser of what is inside of blocks, without the rest of markdown-it: it loads in a third of the time.

Blocks we find ourselves (`blocks.py`), so of markdown-it's 60 modules and what they import some 30 are of use. A
session that is opened is seen that much sooner.
"""

import re
import sys
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it.parser_inline import ParserInline

# As markdown-it's own preset for CommonMark has it, with strikethrough.
_FIRST = (
    *("autolink", "backticks", "emphasis", "entity", "escape", "html_inline", "image", "link", "newline", "text"),
    "strikethrough",
)
_SECOND = ("balance_pairs", "emphasis", "fragments_join", "strikethrough")
# An address that is as it should be: nothing about it has to be encoded, and it leads where it says.
_USUAL = re.compile(r"(?:https?://[a-z0-9.-]+(?::\d+)?)?[a-zA-Z0-9/._~-]*(?:#[a-zA-Z0-9._-]*)?")


class Inner:
    """What the rules of markdown-it ask of its parser, which this one stands for."""

    def __init__(self, inline: "ParserInline", helpers: ModuleType) -> None:
        self.inline = inline
        self.helpers = helpers
        self.options: dict[str, object] = {"html": True, "linkify": False, "maxNesting": 20}

    def normalizeLink(self, url: str) -> str:  # noqa: N802  # markdown-it's name.
        """An address with all that is special in it encoded."""
        if _USUAL.fullmatch(url):
            return url
        from markdown_it.common import normalize_url

        return normalize_url.normalizeLink(url)

    def validateLink(self, url: str) -> bool:  # noqa: N802
        """Whether a link may lead there."""
        if _USUAL.fullmatch(url):
            return True
        from markdown_it.common import normalize_url

        return normalize_url.validateLink(url)

    def normalizeLinkText(self, link: str) -> str:  # noqa: N802
        """An address as people read it."""
        from markdown_it.common import normalize_url

        return normalize_url.normalizeLinkText(link)


def made() -> Inner:
    """A parser."""
    if "markdown_it" not in sys.modules:
        _load()
    from markdown_it import helpers
    from markdown_it.parser_inline import ParserInline

    inline = ParserInline()
    inline.ruler.enableOnly(list(_FIRST))
    inline.ruler2.enableOnly(list(_SECOND))
    return Inner(inline, helpers)


def _load() -> None:
    """Import these parts of markdown-it; the others come when somebody wants them."""
    main = "markdown_it.main"
    sys.modules[main] = SimpleNamespace(MarkdownIt=None)  # type: ignore[assignment]  # All that is asked of it.
    known = sys.modules.get("inspect")
    if "dataclasses" not in sys.modules:
        sys.modules["inspect"] = _Inspect("inspect")
    try:
        import markdown_it
        import markdown_it.parser_inline
    finally:
        del sys.modules[main]
        if known is not None:
            sys.modules["inspect"] = known
        elif isinstance(sys.modules.get("inspect"), _Inspect):
            del sys.modules["inspect"]

    def later(name: str) -> object:
        if name != "MarkdownIt":
            raise AttributeError(name)
        from markdown_it.main import MarkdownIt

        return MarkdownIt

    del markdown_it.MarkdownIt
    vars(markdown_it)["__getattr__"] = later


class _Inspect(ModuleType):
    """Of `inspect` what `dataclasses` asks for; all else is the original's, which takes 6 ms to load.

    The signature of a class would only become a docstring, where it has none. Another thread that imports `inspect`
    in this moment has it as it is: it gets the original's answers.
    """

    def get_annotations(self, of: object, **more: bool) -> dict[str, object]:
        """As the original for a class whose annotations are as they are written."""
        if more or not isinstance(of, type):
            return dict(self._original("get_annotations")(of, **more))  # type: ignore[operator]
        return dict(vars(of).get("__annotations__", {}))

    def signature(self, of: object, **more: object) -> object:
        """What becomes a docstring; the signature for everybody else."""
        if sys._getframe(1).f_globals.get("__name__") == "dataclasses":  # noqa: SLF001  # Who asks.
            return "(...)"
        return self._original("signature")(of, **more)  # type: ignore[operator]

    def __getattr__(self, name: str) -> object:
        return self._original(name)

    def _original(self, name: str) -> object:
        if sys.modules.get("inspect") is self:
            del sys.modules["inspect"]
        import inspect

        return getattr(inspect, name)
