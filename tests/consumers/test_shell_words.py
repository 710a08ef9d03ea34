"""Shell commands taken apart here and run by bash: nothing that bash starts is missing from what is judged."""

import random
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from iterate.permissions import script
from iterate.permissions.steps import Command, Problem
from iterate.permissions.words import Word

pytestmark = pytest.mark.consumer("bash")

SCRIPTS = 1500
# Everything that is started under a name that is no builtin is written down, and nothing is started.
PRELUDE = r"""
PATH=/nowhere
command_not_found_handle() { printf '%s\1' "${@//$'\n'/$'\4'}" $'\2' >&9; }
shopt -u expand_aliases
exec >/dev/null 2>/dev/null </dev/null
number=0
for text in "$@"; do
  # What goes on in the background still writes into its own.
  (exec 9>"$OUT/$number"; eval "$text"; wait)
  number=$((number + 1))
done
wait
"""
PLAIN = [
    "p",
    "q",
    "r",
    "a",
    "b-c",
    "x=y",
    "--long=1",
    "-n",
    "~",
    "~/z",
    "*",
    "a*",
    "{a,b}",
    "{p,q}",
    "{1..3}",
    "a{b,}c",
]
QUOTED = [
    "'a b'", '"a b"', "\\p", "p\\ q", "$'a\\tb'", "$'\\x70'", '"$V"', "$V", "${V}", '"${V}x"', "$U", '"$U"', "''", '""',
    "'it'\\''s'", '"a\\"b"', '"a\\$V"', "a'b'\"c\"d", "${V:-w}", "'$V'", "\"a'b\"", "'a\"b'", "\\;", "\\&",
    "';p'",
    '"; p"', "#a", "a#b",
    "'a\nb'", '"a\nb"', '"a\\\nb"', "\\#", "=", "a=", "!", "?", "[a]", "\\*", "p=", "$", "a$", "$'\\''", "{", "}",
    "{}", "a{", ",", "%", "@", "^", "+", ":", "a:b", "^a", "\\\\", "'\\'", '"\\\\"', "$#", "$?", "é", "ß€",
]  # fmt: skip
SEPARATORS = ["; ", " && ", " || ", "\n", " | ", " & ", ";", "&&", "|", " |& ", "\n\n", " ;\n"]
REDIRECTIONS = [
    "",
    "",
    "",
    "",
    " >/dev/null",
    " 2>&1",
    " </dev/null",
    " 2>/dev/null",
    " >>/dev/null",
    " &>/dev/null",
    " <<<a",
]


class Writer:
    """Writes scripts, always the same ones for a seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def script(self, depth: int = 3) -> str:
        """A list of statements."""
        count = self._random.choice((1, 1, 1, 2, 3))
        parts = [self._statement(depth) for _ in range(count)]
        made = parts[0]
        for part in parts[1:]:
            made += (
                self._random.choice(("; ", " && ", " || ", "\n", " | ", " & ", ";", "&&", "|", " |& ", "\n\n", " ;\n"))
                + part
            )
        return made

    def _statement(self, depth: int) -> str:
        if depth <= 0 or self._random.random() < 0.6:
            return self._command(depth)
        inner = self.script(depth - 1)
        # One of its own, so that none calls itself.
        name = f"f{self._random.randrange(10**9)}"
        return self._random.choice(
            (
                f"( {inner} )",
                f"({inner})",
                f"{{ {inner}\n}}",
                f"if {inner}\nthen {self.script(depth - 1)}\nfi",
                f"if true; then {inner}\nelse {self.script(depth - 1)}\nfi",
                f"for i in a b; do {inner}\ndone",
                f'for i in {self._word(0)} {self._word(0)}; do p "$i"; {inner}\ndone',
                f"while {inner}\ndo break; done",
                f"case {self._word(0)} in a) {inner};; *) {self.script(depth - 1)};; esac",
                f"{name}() {{ {inner}\n}}; {name}",
                f"! {self._command(depth - 1)}",
                f"{self._command(depth - 1)} <<E\n$({self._command(0)})\nE",
                f"{self._command(depth - 1)} <<'E'\n$({inner})\nE\n{self._command(0)}",
                f"{self._command(depth - 1)} <<-E\n\t`q in`\n\tE\n{self._command(0)}",
                f"[[ -n $({inner}) ]] && p t",
                f"V=$({inner}) p",
                f'W={self._word(depth - 1)}; p "$W"',
                f"eval {self._word(0)}",
                f"p # {inner.replace(chr(10), ' ')}",
            )
        )

    def _command(self, depth: int) -> str:
        name = self._random.choice(("p", "p", "p", "q", "r", self._word(depth)))
        words = [self._word(depth) for _ in range(self._random.randrange(4))]
        return " ".join([name, *words]) + self._random.choice(REDIRECTIONS)

    def _word(self, depth: int) -> str:
        chance = self._random.random()
        if depth > 0 and chance < 0.12:
            inner = self.script(depth - 1)
            return self._random.choice(
                (f"$({inner})", f'"$({inner})"', f'"a$({inner})b"', f"<({inner})", "`q s`", '"`q s`"')
            )
        if chance < 0.5:
            return self._random.choice(PLAIN)
        if chance < 0.85:
            return self._random.choice(QUOTED)
        return self._random.choice(PLAIN[:8] + QUOTED[:20]) + self._random.choice(PLAIN[:5] + QUOTED[:20])


def test_nothing_that_bash_starts_is_missing(tmp_path: Path) -> None:
    texts = [Writer(seed).script() for seed in range(SCRIPTS)]
    environment = {"V": "value", "HOME": "/home", "PATH": "/nowhere"}
    out = tmp_path / "out"
    folder = tmp_path / "folder"
    out.mkdir()
    folder.mkdir()
    subprocess.run(
        [shutil.which("bash") or "bash", "--norc", "-c", PRELUDE, "bash", *texts],
        cwd=folder,
        env={**environment, "OUT": str(out)},
        capture_output=True,
        check=False,
        timeout=120,
    )
    runs = [(out / str(number)).read_text(encoding="utf-8") for number in range(SCRIPTS)]
    missing = []
    judged = 0
    for text, run in zip(texts, runs, strict=True):
        steps = list(all_steps(text, folder, environment))
        if any(isinstance(step, Problem) for step in steps):
            continue
        judged += 1
        commands = [step for step in steps if isinstance(step, Command)]
        for started in filter(None, run.split("\2\1")):
            words = started.replace("\4", "\n").split("\1")[:-1]
            if not any(covers(command.words, words) for command in commands):
                missing.append((text, words, [[word.shown for word in command.words] for command in commands]))
    assert missing == [], "\n".join(f"{each!r}" for each in missing[:8])
    # Else nothing was compared.
    assert judged > SCRIPTS / 2


def all_steps(text: str, folder: Path, environment: dict[str, str]) -> Iterator[Command | Problem]:
    """The steps of a script, and of the texts that it evaluates."""
    for step in script.read(text, (folder,), environment, environment["HOME"]).steps:
        if isinstance(step, Command) and step.words[0].value == "eval":
            inner = " ".join(word.value or "" for word in step.words[1:])
            if all(word.value is not None and not word.is_glob for word in step.words):
                yield from all_steps(inner, folder, environment)
            else:
                yield Problem(text=text, why="it evaluates what is not known")
        elif isinstance(step, Command | Problem):
            yield step


def covers(words: tuple[Word, ...], started: list[str]) -> bool:
    """Whether bash may have made these words of those."""
    if not words:
        return not started
    first, rest = words[0], words[1:]
    if first.is_many or first.is_glob:
        return any(covers(rest, started[taken:]) for taken in range(len(started) + 1))
    if not started:
        return False
    is_same = first.value is None or first.value == started[0]
    return is_same and covers(rest, started[1:])
