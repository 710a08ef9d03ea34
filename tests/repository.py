"""The repository as data, for the tests that hold it against itself: its files, their text, their syntax trees."""

import ast
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOURCES = ("packages/iterate/src/", "release/src/")


@cache
def tracked() -> tuple[str, ...]:
    """Every file that git knows or would take."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return tuple(sorted(name for name in listed.split("\0") if name and (ROOT / name).is_file()))


def texts(*endings: str) -> list[tuple[str, str]]:
    """The files with these endings, and their text."""
    return [(name, read(name)) for name in tracked() if name.endswith(endings)]


@cache
def read(name: str) -> str:
    """The text of a file, by its path from the root."""
    return (ROOT / name).read_text(encoding="utf-8")


def trees(*beginnings: str) -> Iterator[tuple[str, ast.Module]]:
    """The Python files below these folders, parsed."""
    for name in tracked():
        if name.endswith(".py") and name.startswith(beginnings):
            yield name, _parsed(name)


@cache
def _parsed(name: str) -> ast.Module:
    return ast.parse(read(name))


def rows(text: str) -> list[list[str]]:
    """The cells of every row of a page's tables; headings and rulers are among them."""
    lines = (line.strip() for line in text.splitlines())
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines if line.startswith("|")]


def sections(text: str) -> dict[str, str]:
    """A page's text by its headings of the second level."""
    found = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    return dict(zip(found[1::2], found[2::2], strict=True))


def named(cell: str) -> list[str]:
    """What stands in backticks in a cell."""
    return re.findall(r"`([^`]+)`", cell)


_VARIABLE = re.compile(r"_?[A-Z][A-Z0-9_]+|no_proxy")


def environment_names(tree: ast.Module) -> set[str]:
    """The environment variables that a module reads.

    A read is `X["NAME"]`, `X.get("NAME", ...)`, `getenv("NAME")`, or a call that is given X and a name, where X is
    called environ or environment. Where the name is a variable, every text of the function counts that could be one.
    """
    constants = {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    found: set[str] = set()
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    for place in (tree, *functions):
        for key in _keys(place):
            match key:
                case ast.Constant(value=str(name)):
                    found.add(name)
                case ast.Name(id=name) if name in constants:
                    found.add(constants[name])
                case ast.Name() if place is not tree:
                    found |= _texts(place)
                case _:
                    pass
    return found


def _keys(place: ast.AST) -> Iterator[ast.expr]:
    """What the environment is asked for in a function or a module."""
    for node in ast.walk(place):
        match node:
            case ast.Subscript(value=holder, slice=key) if _is_environment(holder):
                yield key
            case ast.Call(func=ast.Attribute(value=holder, attr="get" | "pop"), args=[key, *_]) if _is_environment(
                holder
            ):
                yield key
            case ast.Call(func=ast.Attribute(attr="getenv") | ast.Name(id="getenv"), args=[key, *_]):
                yield key
            case ast.Call(args=[holder, key, *_]) if _is_environment(holder):
                yield key
            case _:
                pass


def _texts(place: ast.AST) -> set[str]:
    """The texts in a function that could name a variable."""
    return {
        node.value
        for node in ast.walk(place)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _VARIABLE.fullmatch(node.value)
    }


def _is_environment(node: ast.expr) -> bool:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name in {"environ", "environment"}
        case _:
            return False
