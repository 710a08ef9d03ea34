"""How values are written in the languages of rendered files: each filter gives text that ends where it began.

A filter gives `Quoted` text, and templates print nothing else. tests/consumers asks the real ruby, bash,
systemd and JSON readers to give hostile values back unchanged.
"""

import json
import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from types import MappingProxyType

# Ruby interpolates `#{}`, `#$x` and `#@x` between double quotes; a lone `#` is text.
_RUBY = re.compile(r'["\\]|#(?=[{$@])')
_CONTROLS = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
# PowerShell takes typographic quotes for the plain one: about_Quoting_Rules.
_POWERSHELL = re.compile("['\u2018\u2019\u201a\u201b]")
# A hyphen inside a word is none: names of packages stay as people type them.
_MARKDOWN = re.compile(r"[\\`*_{}\[\]<>()#+!|~&]|(?<![^\W_])-|-(?![^\W_])")
# Letters, digits and marks that mean nothing in any of the languages, not even at the start of a word.
_WORD = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*")


class Language(StrEnum):
    """The languages of rendered files. A template may use the filters of its own language and no others."""

    RUBY = "Ruby"
    BASH = "bash"
    JAVASCRIPT = "JavaScript"
    POWERSHELL = "PowerShell"
    SYSTEMD = "systemd"
    SRCINFO = ".SRCINFO"
    CONTROL = "Debian control"
    YAML = "YAML"
    MARKDOWN = "Markdown"
    PLAIN = "plain text"


class Quoted(str):
    """Text that a filter made: the only text that a template may print."""

    __slots__ = ()


def word(text: str) -> str:
    """A name, version or digest as it is, fit for any place of any language.

    Raises:
        ValueError: it holds anything but letters, digits, `_`, `.`, `+` and `-`, or begins with a mark.
    """
    if not _WORD.fullmatch(text):
        raise ValueError(f"{text!r} is no plain word; quote it with a filter of the language")
    return text


def line(text: str) -> str:
    """The rest of a line, as a file without quotes holds it.

    Raises:
        ValueError: it is empty, has doubled or outer spaces, or holds what is not printable.
    """
    if not text or text != " ".join(text.split()) or not text.isprintable():
        raise ValueError(f"{text!r} is not one line with single spaces")
    return text


def comment(text: str) -> str:
    """A whole comment of Ruby or bash, with its `#`.

    Raises:
        ValueError: it holds what is not printable, such as an end of line.
    """
    if not text.isprintable():
        raise ValueError(f"{text!r} does not stay on the line of a comment")
    return f"# {text}"


def ruby(text: str) -> str:
    """A Ruby string in double quotes."""
    escaped = _RUBY.sub(lambda match: "\\" + match[0], text)
    return '"' + "".join(_CONTROLS.get(letter, letter) for letter in escaped) + '"'


def ruby_inside(text: str) -> str:
    """Text for the middle of a Ruby string in double quotes."""
    return ruby(text)[1:-1]


def heredoc(text: str) -> str:
    """A line inside a Ruby `<<~` here-document."""
    return re.sub(r"\\|#(?=[{$@])", lambda match: "\\" + match[0], line(text))


def bash(text: str) -> str:
    """A bash word in single quotes, also where quotes are not needed: one look for all."""
    return "'" + text.replace("'", "'\\''") + "'"


def js(text: str) -> str:
    """A JavaScript string in double quotes; all of it is ASCII, because some readers take U+2028 for a line's end."""
    return json.dumps(text)


def powershell(text: str) -> str:
    """A PowerShell string in single quotes."""
    return "'" + _POWERSHELL.sub(lambda match: match[0] * 2, text) + "'"


def systemd(text: str) -> str:
    """A word of ExecStart= in double quotes; `%` and `$` are doubled. Source: systemd.service(5)."""
    escaped = line(text).replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"'


def yaml(text: str) -> str:
    """A YAML string in double quotes, as JSON writes it."""
    return json.dumps(line(text), ensure_ascii=False)


def markdown(text: str) -> str:
    """A line of running text: no character of it is a mark of Markdown."""
    return _MARKDOWN.sub(lambda match: "\\" + match[0], line(text))


# What stands between the items of a list, where a filter is given one.
_BETWEEN = {Language.RUBY: ", ", Language.BASH: " ", Language.POWERSHELL: " ", Language.SYSTEMD: " "}
_FILTERS: Mapping[Language, tuple[Callable[[str], str], ...]] = MappingProxyType(
    {
        Language.RUBY: (ruby, ruby_inside, heredoc, comment),
        Language.BASH: (bash, comment),
        Language.JAVASCRIPT: (js,),
        Language.POWERSHELL: (powershell,),
        Language.SYSTEMD: (systemd,),
        Language.SRCINFO: (line,),
        Language.CONTROL: (line,),
        Language.YAML: (yaml,),
        Language.MARKDOWN: (markdown, line),
        Language.PLAIN: (),
    }
)


def filters(language: Language) -> dict[str, Callable[[object], Quoted]]:
    """The filters of a language by name, and `word`, which all have.

    Each takes a text or a whole number; where the language has lists of words, also a list, whose
    items are given with the language's mark between them.
    """
    return {each.__name__: _filter(each, language) for each in (*_FILTERS[language], word)}


def _filter(quote: Callable[[str], str], language: Language) -> Callable[[object], Quoted]:
    def quoted(value: object) -> Quoted:
        if isinstance(value, list | tuple) and language in _BETWEEN:
            return Quoted(_BETWEEN[language].join(quoted(item) for item in value))
        if isinstance(value, str):
            return Quoted(quote(value))
        if isinstance(value, int) and not isinstance(value, bool):
            return Quoted(quote(str(value)))
        # An undefined name raises its own error when it is made into text.
        raise TypeError(f"{value!s} is neither text nor a whole number")

    return quoted
