"""As the csv module reads it."""

import csv
import sys
from pathlib import Path

ROOT = Path(sys.argv[1])
sys.path.insert(0, str(ROOT))

import rows  # The task's own.

LINES = ["a,b", "", ",", '"a,b",c', '"a""b"', '"""a"""', '"",x', 'a,"b ""c"", d",e']
for line in LINES:
    assert rows.parse(line) == (next(csv.reader([line]), [""]) or [""]), line
assert "import csv" not in (ROOT / "rows.py").read_text()
