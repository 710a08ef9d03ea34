"""Stand-ins for programs: a few lines of shell, to rehearse a release of every target in a second."""

from pathlib import Path

from release.model import Plan, Product, Target

SCRIPT = """\
#!/bin/sh
# A stand-in, made by --fake. It is not the program.
case "${{1-}}" in
--version) echo '{version}' ;;
*) echo "stand-in for {name}, {target}: $*" ;;
esac
"""


def program(product: Product, plan: Plan, target: Target, folder: Path) -> None:
    """Put a stand-in where the program folder belongs; each target's has bytes of its own."""
    folder.mkdir(parents=True)
    path = folder / f"{product.name}{target.program_suffix}"
    path.write_text(
        SCRIPT.format(version=plan.version.text, name=product.name, target=target.name), encoding="utf-8", newline="\n"
    )
    path.chmod(0o755)
