"""Stand-ins for programs: a few lines of shell, to rehearse a release of every target in a second."""

import shlex
from pathlib import Path

from release import placeholders, stamp
from release.model import Plan
from release.product import Product, Target, VersionTest

SCRIPT = """\
#!/bin/sh
# A stand-in, made by --fake. It is not the program.
if [ "${{{variable}-}}" = 1 ]; then
    echo '{stamp}'
    exit
fi
case "$*" in
{asked}*) echo "stand-in for {name}, {target}: $*"{answers} ;;
esac
"""
ANSWERS = """
case "$*" in
{each}
esac"""


def program(product: Product, plan: Plan, target: Target, folder: Path) -> None:
    """Put a stand-in where the program folder belongs; each target's has bytes of its own.

    It repeats its arguments, and says what `[[command_tests]]` expect beyond that: a rehearsal tries everything
    but the program.
    """
    folder.mkdir(parents=True)
    path = folder / f"{product.executable}{target.program_suffix}"
    asked = product.prints_version or VersionTest()
    printed = shlex.quote(placeholders.fill(asked.expect, version=plan.version.text))
    # A test of the same words, where nobody promised a version to the letter, is what is tried.
    is_tested = product.prints_version is None and any(test.args == asked.args for test in product.command_tests)
    branch = f"{shlex.quote(' '.join(asked.args))}) printf '%s\\n' {printed} ;;\n"
    text = SCRIPT.format(
        variable=stamp.VARIABLE,
        stamp=stamp.of(plan, target).line,
        asked="" if is_tested else branch,
        name=product.name,
        target=target.name,
        answers=_answers(product, target),
    )
    path.write_text(text, encoding="utf-8", newline="\n")
    path.chmod(0o755)


def _answers(product: Product, target: Target) -> str:
    # By what is asked: several commands may be asked the same.
    each: dict[str, list[str]] = {}
    for test in product.command_tests:
        words = " ".join(test.args)
        if test.expect not in f"stand-in for {product.name}, {target.name}: {words}":
            each.setdefault(shlex.quote(words), []).append(shlex.quote(test.expect))
    rows = (f"{words}) printf '%s\\n' {' '.join(expected)} ;;" for words, expected in each.items())
    return ANSWERS.format(each="\n".join(rows)) if each else ""
