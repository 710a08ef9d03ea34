"""What a project takes from elsewhere than an index: other folders of its commit, git, an address.

The wheel only names them. `[tool.uv.sources]` says where they are, as `uv sync` has it; poetry and others write the
folder itself into the wheel, which then holds for this machine alone.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import msgspec
from packaging.utils import canonicalize_name

from release.errors import SourceIncompleteError

# A line of a list of versions that names a place on this machine.
_LOCAL = re.compile(r"(?P<name>[A-Za-z0-9][\w.-]*)(?:\[[^]]*\])? @ (?P<address>file:[^ ]+)(?P<rest>.*)")


class _Source(msgspec.Struct):
    """A row of `[tool.uv.sources]`; what comes from another index needs no mention."""

    workspace: bool = False
    path: str = ""
    git: str = ""
    rev: str = ""
    tag: str = ""
    branch: str = ""
    subdirectory: str = ""
    url: str = ""
    marker: str = ""


class _Workspace(msgspec.Struct):
    members: list[str] = []


class _Uv(msgspec.Struct):
    sources: dict[str, _Source | list[_Source]] = {}
    workspace: _Workspace | None = None


class _Tool(msgspec.Struct):
    uv: _Uv = msgspec.field(default_factory=_Uv)


class _Named(msgspec.Struct):
    name: str = ""


class _Project(msgspec.Struct):
    tool: _Tool = msgspec.field(default_factory=_Tool)
    project: _Named = msgspec.field(default_factory=_Named)


@dataclass(frozen=True, slots=True, kw_only=True)
class Local:
    """A requirement that is a folder, or a file, of this machine."""

    name: str
    path: Path


def constraints(product: str, project: Path, top: Path) -> Iterator[str]:
    """The lines of a list of constraints that say where requirements come from.

    Args:
        product: its name in indexes. Its wheel is made already, and a workspace names it for those beside it.
        project: folder of the project, in the exported tree.
        top: of the tree.

    Raises:
        SourceIncompleteError: it is no part of the commit.
    """
    root = next((each for each in (project, *project.parents) if _read(each).tool.uv.workspace is not None), project)
    if not root.is_relative_to(top):
        root = project
    rows = {**_rows(root), **_rows(project)}
    rows.pop(canonicalize_name(product), None)
    for name, (folder, sources) in rows.items():
        for source in sources:
            address = _address(name, source, folder, root, top)
            if address:
                yield f"{name} @ {address}" + (f" ; {source.marker}" if source.marker else "")


def local(lock: str) -> Iterator[Local]:
    """The folders and files that a list of versions names."""
    for line in lock.splitlines():
        found = _LOCAL.match(line)
        if found:
            path = Path(re.sub(r"^/(?=[A-Za-z]:)", "", unquote(urlsplit(found["address"]).path)))
            yield Local(name=canonicalize_name(found["name"]), path=path)


def replaced(lock: str, wheels: Mapping[str, tuple[Path, str]]) -> str:
    """A list of versions with wheels, and their digests, in the place of folders."""

    def line(text: str) -> str:
        found = _LOCAL.match(text)
        if found is None or (made := wheels.get(canonicalize_name(found["name"]))) is None:
            return text
        path, digest = made
        return f"{found['name']} @ {path.absolute().as_uri()} --hash=sha256:{digest}"

    return "\n".join(map(line, lock.splitlines())) + "\n"


def _rows(folder: Path) -> dict[str, tuple[Path, list[_Source]]]:
    said = _read(folder).tool.uv.sources
    return {
        canonicalize_name(name): (folder, each if isinstance(each, list) else [each]) for name, each in said.items()
    }


def _read(folder: Path) -> _Project:
    try:
        raw = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
        return msgspec.convert(raw, _Project)
    except (OSError, ValueError, msgspec.ValidationError):
        return _Project()  # who reads it after us says what is wrong


def _address(name: str, source: _Source, folder: Path, root: Path, top: Path) -> str:
    """Where a requirement comes from; empty for an index."""
    if source.workspace:
        return _inside(name, _member(name, root), top)
    if source.path:
        return _inside(name, folder / source.path, top)
    if source.git:
        revision = source.rev or source.tag or source.branch
        below = f"#subdirectory={source.subdirectory}" if source.subdirectory else ""
        return f"git+{source.git}{f'@{revision}' if revision else ''}{below}"
    return source.url


def _member(name: str, root: Path) -> Path:
    workspace = _read(root).tool.uv.workspace or _Workspace()
    for pattern in workspace.members:
        for folder in sorted(root.glob(pattern)):
            if canonicalize_name(_read(folder).project.name or "-") == canonicalize_name(name):
                return folder
    return root / name


def _inside(name: str, path: Path, top: Path) -> str:
    whole = path.resolve()
    if not whole.exists() or not whole.is_relative_to(top.resolve()):
        raise SourceIncompleteError(
            f"[tool.uv.sources] takes {name} from {path}, which is no part of the commit",
            hint="commit it, or take it from an index",
        )
    return whole.as_uri()
