"""Code is coloured as pygments does it, though its rules are compiled when they are looked for."""

import re

import pytest
from pygments.lexer import RegexLexer, RegexLexerMeta
from pygments.lexers.javascript import JavascriptLexer
from pygments.lexers.python import PythonLexer
from pygments.lexers.shell import BashLexer

from iterate.terminal import code

TEXTS: dict[str, tuple[type[RegexLexer], str]] = {
    "python": (
        PythonLexer,
        ('@größe\nclass Plöver(日本):\n    x1, _y, é2 = 0x1f, 1_000, .5e3\n    def fly(self) -> str:\n'
        '        # Higher.\n        return f"{self.höhe!r:>{w}} m" if not None else rb"\\x00"\nimport a.b as c\n'),
    ),
    "javascript": (JavascriptLexer, "const ünï = async (a) => `${a.b}`; // c\nclass X extends Y { #z = /r[/]e/g }\n"),
    "bash": (BashLexer, "for f in *.txt; do echo \"${f%.txt}\" $(wc -l < $f); done # all\ncat <<E\nx $y\nE\n"),
}  # fmt: skip


@pytest.mark.parametrize("language", TEXTS)
def test_colours_are_those_of_rules_that_are_compiled_at_once(language: str) -> None:
    of, text = TEXTS[language]

    def compiled(regex: object, flags: int, state: str) -> object:
        return RegexLexerMeta._process_regex(of, regex, flags, state)  # type: ignore[attr-defined]

    stock = type("Stock", (of,), {"_process_regex": staticmethod(compiled)})(stripnl=False, ensurenl=False)
    expected = [(str(kind), value) for _, kind, value in stock.get_tokens_unprocessed(text)]
    for _ in range(2):
        known = code._lexer(language)
        assert known is not None
        assert [(str(kind), value) for _, kind, value in known.lexer.get_tokens_unprocessed(text)] == expected
        code.coloured(text.splitlines(), language)


def test_only_rules_that_were_looked_for_are_compiled_and_then_stand_in_the_table_themselves() -> None:
    code.coloured(["x = 1"], "python3")
    known = code._lexer("python3")
    assert known is not None
    tables: dict[str, list[tuple[object, ...]]] = getattr(known.lexer, "_tokens", {})
    kinds = {type(rule[0]) for rules in tables.values() for rule in rules}
    assert type(re.compile("").match) in kinds
    assert code._Pattern in kinds
