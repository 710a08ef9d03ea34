"""docs/run.svg: what a terminal showed while a project was released, drawn from what the programs printed.

`make picture` runs it: it takes a project of `make projects` with untouched sources, types what its maintainer would
type into a terminal of 80 columns, and draws the screen as it stands at the end. Nothing is written by hand. With
stand-ins that takes a minute; `--compile` is the same with a compiler.
"""

import argparse
import os
import shlex
import sys
from pathlib import Path
from xml.sax.saxutils import escape

import pyte.screens
from benchmarks.projects import listing, made, terminal, trial

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "docs" / "run.svg"
COLUMNS, LINES = 80, 120
# Minutes for a compiler.
SECONDS = 1800
# Of one character of the picture, in pixels.
WIDE, HIGH, MARGIN = 8.4, 19, 16
FONTS = "ui-monospace, SFMono-Regular, Menlo, Consolas, monospace"
BACKGROUND, TEXT = "#16181d", "#d5d8de"
COLOURS = {
    "black": "#5c6370",
    "red": "#e06c75",
    "green": "#98c379",
    "brown": "#e5c07b",
    "blue": "#61afef",
    "magenta": "#c678dd",
    "cyan": "#56b6c2",
    "white": "#d5d8de",
}


def main() -> int:
    """Record and draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("project", nargs="?", default="httpie", help="of benchmarks/projects/projects.toml")
    parser.add_argument("--compile", action="store_true", help="for one target, instead of stand-ins for all")
    given = parser.parse_args()
    (chosen,) = (each for each in listing.projects() if each.name == given.project)
    below = ROOT / "dist" / "picture"
    below.mkdir(parents=True, exist_ok=True)
    source = made.repository(chosen, made.fetched(chosen, below / "sdist"), below / "source")
    commands = (
        "release init --yes",
        f"git add --all && git commit -qm 'Release it' && git tag -f {chosen.tag} >/dev/null",
        f"release run --target {trial.TARGET}" if given.compile else "release run --fake --target all",
    )
    screen, code = recorded(source, commands)
    PICTURE.write_text(drawn(screen), encoding="utf-8")
    print(f"written: {PICTURE.relative_to(ROOT)}")
    return code


def recorded(source: Path, commands: tuple[str, ...]) -> tuple[pyte.Screen, int]:
    """What a terminal shows after these commands, with prompts, and the exit code."""
    typed = [f"printf '\\033[1m$ %s\\033[0m\\n' {shlex.quote(each)}\n{each} || exit $?" for each in commands]
    env = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": os.environ["HOME"],
        "TERM": "xterm-256color",
        "LC_ALL": "C.UTF-8",
    }
    words = ["/bin/sh", "-c", "\n".join(typed)]
    with terminal.shown(words, source, env, columns=COLUMNS, lines=LINES) as shown:
        code = shown.left(SECONDS)
        return shown.screen, code


def drawn(screen: pyte.Screen, title: str = "") -> str:
    """A picture of a screen, as far down as there is text."""
    rows = [_spans(screen, number) for number in range(screen.lines)]
    while rows and not rows[-1]:
        rows.pop()
    width, height = round(screen.columns * WIDE + 2 * MARGIN), len(rows) * HIGH + 2 * MARGIN
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">',
        f"<title>{escape(title or _title(screen))}</title>",
        f'<rect width="100%" height="100%" rx="8" fill="{BACKGROUND}"/>',
        f'<g font-family="{FONTS}" font-size="14" xml:space="preserve">',
    ]
    for number, row in enumerate(rows):
        y = MARGIN + (number + 0.75) * HIGH
        lines += [_text(x, y, text, colour, is_bold=is_bold) for x, text, colour, is_bold in row]
    return "\n".join([*lines, "</g>", "</svg>", ""])


def _title(screen: pyte.Screen) -> str:
    typed = [line.strip() for line in screen.display if line.startswith("$ ")]
    return "A terminal: " + "; ".join(line.removeprefix("$ ") for line in typed)


def _text(x: int, y: float, text: str, colour: str, *, is_bold: bool) -> str:
    weight = ' font-weight="bold"' if is_bold else ""
    # The length keeps columns straight whatever font there is.
    place = f'x="{MARGIN + x * WIDE:.1f}" y="{y:.1f}" textLength="{len(text) * WIDE:.1f}"'
    return f'<text {place} fill="{colour}"{weight}>{escape(text)}</text>'


def _spans(screen: pyte.Screen, number: int) -> list[tuple[int, str, str, bool]]:
    """The pieces of a line that look alike: column, text, colour, whether bold; without blanks at the ends."""
    found: list[tuple[int, str, str, bool]] = []
    row = screen.buffer[number]
    for column in range(screen.columns):
        character = row[column]
        colour, is_bold = _colour(character), character.bold
        if found and found[-1][2:] == (colour, is_bold):
            x, text, *_ = found[-1]
            found[-1] = (x, text + character.data, colour, is_bold)
        else:
            found.append((column, character.data, colour, is_bold))
    kept = []
    for x, text, colour, is_bold in found:
        if text.strip():
            blanks = len(text) - len(text.lstrip())
            kept.append((x + blanks, text.strip(), colour, is_bold))
    return kept


def _colour(character: pyte.screens.Char) -> str:
    """As `#rrggbb`. pyte gives names for the sixteen colours, and six digits for others."""
    name = character.fg.removeprefix("bright")
    if name == "default":
        return TEXT
    return COLOURS.get(name, f"#{name}")


if __name__ == "__main__":
    raise SystemExit(main())
