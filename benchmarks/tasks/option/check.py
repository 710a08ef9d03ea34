"""The option does what it says, the page and a test name it, and the tests pass."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(sys.argv[1])
sys.path.insert(0, str(ROOT))

(ROOT / "words.txt").write_text("c b a b a b\n")


def ended(*words):
    """The code, and the lines."""
    done = subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout.splitlines()


assert ended("count.py", "words.txt") == (0, ["3 b", "2 a", "1 c"])
assert ended("count.py", "words.txt", "--top", "2") == (0, ["3 b", "2 a"])
assert ended("count.py", "--top", "9", "words.txt") == (0, ["3 b", "2 a", "1 c"])
assert ended("count.py", "words.txt", "--top", "0")[0] == 2
assert ended("count.py", "words.txt", "--top", "x")[0] == 2
assert "--top" in (ROOT / "README.md").read_text()
assert "top" in "".join(path.read_text() for path in ROOT.rglob("test*.py"))
assert ended("-m", "unittest")[0] == 0
