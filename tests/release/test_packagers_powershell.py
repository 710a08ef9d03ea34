"""install.ps1 as a grammar of PowerShell reads it: nobody here can run it."""

import tree_sitter
import tree_sitter_powershell
from msgspec.structs import replace as changed
from tests.release import world

from release.packagers import installer
from release.product import Channel

PARSER = tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language()))
HOSTILE = 'it\'s \u2018here\u2019; $(exit 1) `n "x" #'


def wrong(node: tree_sitter.Node) -> list[str]:
    """Where the grammar lost its way, or missed something."""
    found = [f"{node.type} at {node.start_point}"] if node.type == "ERROR" or node.is_missing else []
    return found + [each for child in node.children for each in wrong(child)]


def shape(node: tree_sitter.Node) -> list[str]:
    """The kinds of all nodes, in order."""
    return [node.type, *(each for child in node.children for each in shape(child))]


def script(channel: Channel = Channel.LATEST, *, next: str = "") -> str:  # noqa: A002  # the key's name
    product = world.product()
    outlets = tuple(each for each in product.tables if not isinstance(each, installer.Installer))
    product = changed(product, tables=(*outlets, installer.Installer(next=next)))
    release = world.release(product, world.plan(channel))
    return installer.scripts(product, world.local(), release)["install.ps1"].decode()


def test_it_is_powershell() -> None:
    for channel in Channel:
        assert wrong(PARSER.parse(script(channel).encode()).root_node) == []


def test_a_text_stays_a_text() -> None:
    hostile, plain = (PARSER.parse(script(next=each).encode()).root_node for each in (HOSTILE, "plain"))
    assert shape(hostile) == shape(plain)


def test_the_grammar_would_have_said_so() -> None:
    text = script().removesuffix(" # the end\n")
    for end in (1, 3, 20, len(text) // 2):
        assert wrong(PARSER.parse(text[:-end].encode()).root_node) != []
    assert wrong(PARSER.parse(text.replace("function Show-Row(", "function Show-Row((").encode()).root_node) != []


def test_a_cut_one_is_no_whole_block() -> None:
    text = script()
    assert text.endswith("\n} # the end\n")
    # Nothing stands outside of the one block but the parameters.
    tree = PARSER.parse(text.encode())
    (statements,) = (child for child in tree.root_node.children if child.type == "statement_list")
    assert len([child for child in statements.children if child.is_named and child.type != "comment"]) == 1


def test_it_holds_to_what_windows_powershell_has() -> None:
    text = script()
    for newer in ("??", "?.", " && ", " || ", "-Parallel", "ternary", "-AsHashtable", "-SkipCertificateCheck"):
        assert newer not in text
