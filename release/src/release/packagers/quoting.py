"""Literals of other languages: a value becomes one string there; refuses to let any value break out.

tests/consumers asks the real ruby, bash and JSON readers to give every hostile value back unchanged.
"""

import json as _json
import re

# Ruby interpolates `#{}`, `#$x` and `#@x` between double quotes; a lone `#` is text.
_RUBY = re.compile(r'["\\]|#(?=[{$@])')
_CONTROLS = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
# PowerShell takes typographic quotes for the plain one: about_Quoting_Rules.
_POWERSHELL = re.compile("['\u2018\u2019\u201a\u201b]")


def ruby(text: str) -> str:
    """A Ruby string in double quotes."""
    escaped = _RUBY.sub(lambda match: "\\" + match[0], text)
    return '"' + "".join(_CONTROLS.get(letter, letter) for letter in escaped) + '"'


def ruby_inside(text: str) -> str:
    """Text for the middle of a Ruby string in double quotes."""
    return ruby(text)[1:-1]


def heredoc(text: str) -> str:
    """A line inside a Ruby `<<~` here-document."""
    return re.sub(r"\\|#(?=[{$@])", lambda match: "\\" + match[0], text)


def bash(text: str) -> str:
    """A bash word in single quotes, also where quotes are not needed: one look for all."""
    return "'" + text.replace("'", "'\\''") + "'"


def json(value: object) -> str:
    """A JSON value on one line."""
    return _json.dumps(value, ensure_ascii=False)


def powershell(text: str) -> str:
    """A PowerShell string in single quotes."""
    return "'" + _POWERSHELL.sub(lambda match: match[0] * 2, text) + "'"


def systemd(text: str) -> str:
    """A word of ExecStart= in double quotes; `%` and `$` are doubled. Source: systemd.service(5)."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"'
