"""Loads of the SDK only what a client needs; in place of the rest stand modules that do nothing.

The SDK's client imports its whole server side for types, with a web framework, cryptography and tracing behind it: two
thirds of the time and of the memory that it takes. See docs/decisions/0196.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType

type Stand = dict[str, object]


class _Nothing:
    """What nothing is an instance of, and what says nothing whatever it is asked."""

    ERROR = CLIENT = None

    def __init__(self, *_given: object, **_named: object) -> None:
        """Take what is not used."""

    def set_status(self, *_given: object) -> None:
        """Trace nothing."""

    def set_attributes(self, *_given: object) -> None:
        """Trace nothing."""

    @classmethod
    def check_schema(cls, _schema: object) -> None:
        """Take every schema for one."""

    def iter_errors(self, _value: object) -> tuple[()]:
        """Find no mistakes: a model reads results as text, whatever their schema says."""
        return ()


@contextmanager
def _span(*_given: object, **_named: object) -> Iterator[_Nothing]:
    """A span of no trace."""
    yield _Nothing()


def _none(*_given: object, **_named: object) -> None:
    """Do nothing, and give nothing."""


# What the client takes from each of them; all of it is written in the SDK as `from MODULE import NAME`.
STANDS: dict[str, Stand] = {
    "mcp.server": {"Server": type("Server", (_Nothing,), {})},
    "mcp.server.mcpserver": {"MCPServer": type("MCPServer", (_Nothing,), {})},
    "mcp.server.runner": {"modern_on_request": _none},
    "mcp.shared._otel": {"otel_span": _span, "inject_trace_context": _none},
    "opentelemetry": {},
    "opentelemetry.trace": {"SpanKind": _Nothing, "StatusCode": _Nothing},
    "jsonschema": {"SchemaError": ValueError},
    "jsonschema.exceptions": {"best_match": _none},
    "jsonschema.validators": {"validator_for": lambda _schema: _Nothing},
    "referencing": {"Registry": _Nothing},
    "referencing.exceptions": {"Unresolvable": LookupError},
}


def trim() -> None:
    """Put the stand-ins in place, before anything of the SDK is imported."""
    # The package's own module imports everything there is.
    spec = find_spec("mcp")
    assert spec is not None  # noqa: S101  # It is a dependency.
    package = ModuleType("mcp")
    package.__spec__, package.__path__ = spec, list(spec.submodule_search_locations or ())
    sys.modules["mcp"] = package
    for name, names in STANDS.items():
        module = ModuleType(name)
        module.__spec__, module.__path__ = ModuleSpec(name, None, is_package=True), []
        vars(module).update(names)
        sys.modules[name] = module
        above, _, last = name.rpartition(".")
        if above in sys.modules:
            setattr(sys.modules[above], last, module)
