"""Reads the install receipt: who put this copy here, and so who may replace it. See docs/decisions/0015."""

import json
from pathlib import Path

from iterate import about

NAME = "install-receipt.json"
SCHEMA = 1


def method(program: Path | None) -> str:
    """`source`, `archive`, the method on the receipt (such as `brew`), or `unknown` when that is damaged."""
    if program is None:
        return "source"
    try:
        receipt = json.loads((program.parent / NAME).read_bytes())
    except FileNotFoundError:
        return "archive"
    except (OSError, ValueError, RecursionError):
        return "unknown"
    match receipt:
        case {"schema": int(schema), "method": str(named)} if schema == SCHEMA and named:
            return named
        case _:
            return "unknown"


def this_method() -> str:
    """The method of the running program."""
    return method(about.executable())
