"""What compiled programs carry of libraries, asked without compiling: what is left out is not missed."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pygments.lexers
from tests.release.project import ROOT

BUILD = tomllib.loads((ROOT / "release.toml").read_text(encoding="utf-8"))["build"]
LEXERS = set(BUILD["only"]["pygments.lexers"])


def test_every_lexer_that_is_carried_has_what_it_is_made_of() -> None:
    folder = Path(pygments.lexers.__file__).parent
    # One names them all.
    text = "".join((folder / f"{name}.py").read_text(encoding="utf-8") for name in LEXERS - {"_mapping"})
    assert set(re.findall(r"pygments\.lexers\.(\w+)", text)) <= LEXERS


def test_the_child_that_speaks_mcp_loads_nothing_that_is_left_out() -> None:
    text = (
        "import sys; from iterate.mcp.trimming import STANDS, trim; trim(); import iterate.mcp.child;"
        "print(*sorted(set(sys.modules) - set(STANDS)))"
    )
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    loaded = done.stdout.split()
    assert "mcp.client.client" in loaded
    assert not [name for name in loaded if any(f"{name}.".startswith(f"{left}.") for left in BUILD["exclude"])]
