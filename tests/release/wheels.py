"""Wheels without a build backend, and environments that are there already: what is compiled, made by hand."""

import base64
import hashlib
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

from release import wheel
from release.compile.source import Source
from release.model import Plan
from release.product import Product, Target
from release.wheel import Wheel, python, unpacking
from release.wheel.environment import Environment

SCRIPTS = "[console_scripts]\notter = otter.main:main\n"
OTTER = {"otter/__init__.py": "", "otter/main.py": "def main(): ...\n", "otter/_stamp.py": 'VERSION = "source"\n'}


def metadata(*, name: str = "otter", version: str = "0", more: str = "") -> str:
    """The text of METADATA."""
    return f"Metadata-Version: 2.4\nName: {name}\nVersion: {version}\n{more}"


def make(
    folder: Path,
    files: Mapping[str, str] = OTTER,
    *,
    name: str = "otter",
    version: str = "0",
    more: str = "",
    scripts: str = SCRIPTS,
) -> Path:
    """Write a wheel."""
    folder.mkdir(parents=True, exist_ok=True)
    info = f"{name}-{version}.dist-info"
    whole = {
        **files,
        f"{info}/METADATA": metadata(name=name, version=version, more=more),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        **({f"{info}/entry_points.txt": scripts} if scripts else {}),
    }
    rows = [f"{path},sha256={_digest(content)},{len(content.encode())}" for path, content in whole.items()]
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as packed:
        for each, content in whole.items():
            packed.writestr(each, content)
        packed.writestr(f"{info}/RECORD", "\n".join([*rows, f"{info}/RECORD,,"]) + "\n")
    return path


def _digest(content: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content.encode()).digest()).rstrip(b"=").decode()


def read(folder: Path, files: Mapping[str, str] = OTTER, **options: str) -> Wheel:
    """A wheel, written and read."""
    return wheel.read(make(folder, files, **options))


def environment(*needed: str) -> Environment:
    """The environment that the tests run in, of which a product needs these distributions."""
    return Environment(python=python.ask(Path(sys.executable)), lock="", needed=frozenset(needed))


def source(product: Product, plan: Plan, target: Target, work: Path, found: Wheel, *needed: str) -> Source:
    """A product, ready to compile."""
    files = unpacking.unpacked(product, plan, target, found, work / "source")
    return Source(wheel=found, files=files, environment=environment(*needed))
