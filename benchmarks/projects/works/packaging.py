"""Programs that make packages, and that look into them."""

import base64
import hashlib
import zipfile
from pathlib import Path

from benchmarks.projects.place import Place, must

ANSWERS = "otters\nAnn\nann@example.invalid\n\n1\n"
MODULE = '"""Swims."""\n__version__ = "1.3.0"\n'


def flit(place: Place) -> dict[str, str]:
    """A project described by its answers, with a licence; a wheel and a source distribution of it; refuse a folder."""
    said = {
        "init": must(place.run("flit", "init", stdin=ANSWERS), "Written pyproject.toml"),
        "licence": (place.work / "LICENSE").read_text().partition("\n")[0],
        "pyproject.toml": must((place.work / "pyproject.toml").read_text(), 'name = "otters"'),
    }
    (place.work / "otters.py").write_text(MODULE)
    said["build"] = must(place.run("flit", "build"), "Built wheel", "Built sdist")
    with zipfile.ZipFile(place.work / "dist" / "otters-1.3.0-py2.py3-none-any.whl") as wheel:
        said["wheel"] = "\n".join(sorted(wheel.namelist()))
        said["metadata"] = must(wheel.read("otters-1.3.0.dist-info/METADATA").decode(), "Summary: Swims.")
    (place.work / "otters.py").write_text("print(1)\n")
    said["no version"] = must(place.run("flit", "build"), "exit code 1")
    return said


FILES = {
    "otters/__init__.py": "import requests\nimport yaml\n",
    "otters-1.3.0.dist-info/METADATA": (
        "Metadata-Version: 2.1\nName: otters\nVersion: 1.3.0\nRequires-Dist: requests\nRequires-Dist: attrs\n"
    ),
    "otters-1.3.0.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    "otters-1.3.0.dist-info/top_level.txt": "otters\n",
}


def dependencychecker(place: Place) -> dict[str, str]:
    """A package that imports what it does not name, and names what it does not import; and one without a wheel."""
    for folder in ("src/otters", "dist", "empty"):
        (place.work / folder).mkdir(parents=True)
    (place.work / "pyproject.toml").write_text('[project]\nname = "otters"\nversion = "1.3.0"\n')
    (place.work / "src" / "otters" / "__init__.py").write_text(FILES["otters/__init__.py"])
    _wheel(place.work / "dist" / "otters-1.3.0-py3-none-any.whl")
    return {
        "report": must(place.run("dependencychecker"), "exit code 1", "yaml", "attrs"),
        "more": place.run("dependencychecker", "--verbose", "--exit-zero"),
        "no wheel": must(place.run("dependencychecker", "empty"), "exit code 1", "No wheel file found"),
    }


def _wheel(path: Path) -> None:
    """A wheel of a few files, with their digests."""
    record = "otters-1.3.0.dist-info/RECORD"
    lines = [f"{name},sha256={_digest(text)},{len(text)}" for name, text in FILES.items()]
    with zipfile.ZipFile(path, "w") as wheel:
        for name, text in FILES.items():
            wheel.writestr(name, text)
        wheel.writestr(record, "\n".join([*lines, f"{record},,", ""]))


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
