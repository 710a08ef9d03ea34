"""A picture of a release: the commit, what is built of it on which machine, and which outlets get it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from release import packagers
from release.model import Packager, Plan
from release.product import Product, System
from release.screen.lines import cells, plain

_SYSTEMS = {System.LINUX: "Linux", System.DARWIN: "macOS", System.WINDOWS: "Windows"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """Something in the picture: a headline, lines below it, and the boxes of the next column that it leads to."""

    key: str
    lines: tuple[str, ...]
    to: tuple[str, ...] = ()


type Columns = tuple[tuple[Box, ...], ...]


def columns(product: Product, planned: Plan, fleet: Sequence[Packager]) -> Columns:
    """The picture, from left to right."""
    outlets = tuple(
        Box(
            key=f"outlet_{each.name}",
            lines=(each.name, f"{each.package(product, planned)} {each.spell(planned.version)}"),
        )
        for each in fleet
    )
    built = []
    for system, title in _SYSTEMS.items():
        targets = [target for target in planned.targets if target.system is system]
        if targets:
            archives = [packagers.stand_in(product, planned, target) for target in targets]
            to = [each for each in fleet if any(each.takes(archive) or each.derives(archive) for archive in archives)]
            lines = (title, *(f"{target.name}  {target.container or target.runner}" for target in targets))
            built.append(Box(key=f"system_{system}", lines=lines, to=tuple(f"outlet_{each.name}" for each in to)))
    source = Box(
        key="commit",
        lines=(f"{product.name} {planned.version.text}", f"{planned.channel}  {planned.commit[:7]}"),
        to=tuple(box.key for box in built),
    )
    return (source,), tuple(built), outlets


# --- Mermaid, which GitHub shows in a comment or a page ------------------------------------------------------


def mermaid(picture: Columns) -> str:
    """The picture in the language of mermaid.js.org: the content of a block of Markdown."""
    boxes = [box for column in picture for box in column]
    rows = [f'    {_key(box.key)}["{"<br>".join(_quoted(line) for line in box.lines)}"]' for box in boxes]
    edges = [f"    {_key(box.key)} --> {_key(to)}" for box in boxes for to in box.to]
    return "\n".join(["flowchart LR", *rows, *edges])


def _key(text: str) -> str:
    return "".join(each if each.isalnum() else "_" for each in text)


def _quoted(text: str) -> str:
    return "".join(f"#{ord(each)};" if each in '"#<>&;`' else each for each in plain(text))


# --- SVG ------------------------------------------------------------------------------------------------------

_CELL, _LINE, _PAD, _GAP, _BETWEEN = 7.3, 18, 10, 14, 90  # in pixels, of a font of 12
_STYLE = (
    "text{font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;fill:#1f2328}"
    ".h{font-weight:bold}rect{fill:#f6f8fa;stroke:#57606a}path{fill:none;stroke:#8c959f}"
    "@media(prefers-color-scheme:dark){text{fill:#e6edf3}rect{fill:#161b22;stroke:#8b949e}path{stroke:#6e7681}}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Placed:
    """A box with its place."""

    box: Box
    x: float
    y: float
    width: float
    height: float


def svg(picture: Columns) -> str:
    """The picture as a file of its own, which looks right on a light and on a dark page."""
    placed = {each.box.key: each for each in _placed(picture)}
    width = max(each.x + each.width for each in placed.values()) + _PAD
    height = max(each.y + each.height for each in placed.values()) + _PAD
    title = escape(plain(picture[0][0].lines[0]), {'"': "&quot;"})
    size = f'viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" height="{height:.0f}"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{title}">',
            f"<title>{title}</title>",
            f"<style>{_STYLE}</style>",
            *(_edge(one, placed[to]) for one in placed.values() for to in one.box.to),
            *(line for one in placed.values() for line in _drawn(one)),
            "</svg>",
        ]
    )


def _placed(picture: Columns) -> Iterator[_Placed]:
    """Every box: the columns beside each other, each in the middle of the height."""
    heights = [sum(_height(box) + _GAP for box in column) - _GAP for column in picture]
    x = float(_PAD)
    for column, height in zip(picture, heights, strict=True):
        width = max((cells(plain(line)) for box in column for line in box.lines), default=0) * _CELL + 2 * _PAD
        y = _PAD + (max(heights) - height) / 2
        for box in column:
            yield _Placed(box=box, x=x, y=y, width=width, height=_height(box))
            y += _height(box) + _GAP
        x += width + _BETWEEN


def _height(box: Box) -> float:
    return len(box.lines) * _LINE + _PAD


def _edge(one: _Placed, other: _Placed) -> str:
    x1, y1 = one.x + one.width, one.y + one.height / 2
    x2, y2 = other.x, other.y + other.height / 2
    middle = (x1 + x2) / 2
    return f'<path d="M{x1:.0f} {y1:.0f}C{middle:.0f} {y1:.0f} {middle:.0f} {y2:.0f} {x2:.0f} {y2:.0f}"/>'


def _drawn(one: _Placed) -> Iterator[str]:
    yield f'<rect x="{one.x:.0f}" y="{one.y:.0f}" width="{one.width:.0f}" height="{one.height:.0f}" rx="6"/>'
    for number, line in enumerate(one.box.lines):
        bold = ' class="h"' if number == 0 else ""
        y = one.y + _PAD / 2 + _LINE * (number + 0.75)
        yield f'<text x="{one.x + _PAD:.0f}" y="{y:.0f}"{bold} xml:space="preserve">{escape(plain(line))}</text>'
