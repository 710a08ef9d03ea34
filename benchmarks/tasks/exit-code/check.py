"""The codes of the three endings."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(sys.argv[1])
sys.path.insert(0, str(ROOT))


def ended(name):
    """The code, and what was said."""
    done = subprocess.run(
        [sys.executable, "check_links.py", name], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout, done.stderr


assert ended("docs/other.markdown") == (0, "", "")
assert ended("docs/index.markdown") == (1, "broken: gone.markdown\n", "")
code, out, said = ended("docs/nowhere.markdown")
assert (code, out, len(said.splitlines())) == (2, "", 1), said
