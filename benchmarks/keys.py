"""docs/keys.md: every key and command of the terminal interface, from the tables that the program itself reads.

`make keys` runs it. A test holds the page against the tables.
"""

from pathlib import Path

from iterate.config.bindings import CONTEXTS, LEADER
from iterate.config.chords import spoken
from iterate.terminal.keymap import Keymap, Row
from iterate.tui.commands import COMMANDS, Command

PAGE = Path(__file__).parents[1] / "docs" / "keys.md"
HEAD = """# Keys and commands

Made by `make keys` from the tables that the program reads; `/keys` shows those that are in force for you, and which
contradict each other. `leader` is `{leader}`, which is pressed before the next key. Keys in one cell do the same.
They are spelt as the program shows them; settings take `Ctrl-X ?` and `ctrl+x ?` alike.
How others are bound stands in [settings](settings.md#configtoml), under `[keys]`.
"""


def main() -> int:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")
    return 0


def page() -> str:
    """All of it."""
    keymap = Keymap()
    text = HEAD.format(leader=spoken(LEADER))
    for context, where in CONTEXTS.items():
        rows = [row for row in keymap.rows() if row.context == context]
        text += f"\n## Keys: {where}\n\n| Key | Action | What it does |\n|---|---|---|\n"
        text += "".join(map(_key, rows))
    rare = sorted({chord for row in keymap.rows() for chord in row.rare})
    if rare:
        text += (
            f"\nOnly terminals with the keyboard protocol of Kitty send {', '.join(map(_code, map(spoken, rare)))}.\n"
        )
    for group in dict.fromkeys(each.group for each in COMMANDS):
        rows_ = [_command(each) for each in COMMANDS if each.group == group]
        text += f"\n## Commands: {group}\n\n| Command | What it does |\n|---|---|\n{''.join(rows_)}"
    return text


def _key(row: Row) -> str:
    chords = ", ".join(map(_code, map(spoken, row.chords))) or "none"
    return f"| {chords} | `{row.action}` | {_cell(row.meaning)} |\n"


def _command(of: Command) -> str:
    names = ", ".join(map(_code, (of.shown, *of.also)))
    waits = "; not while an answer runs" if of.waits else ""
    return f"| {names} | {_cell(of.about)}{waits} |\n"


def _code(text: str) -> str:
    marks = "``" if "`" in text else "`"
    pad = " " if "`" in text else ""
    return f"{marks}{pad}{_cell(text)}{pad}{marks}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    raise SystemExit(main())
