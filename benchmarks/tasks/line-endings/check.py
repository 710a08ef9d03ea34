"""Mark, line endings and letters are as they were."""

import sys
from pathlib import Path

ROOT = Path(sys.argv[1])
sys.path.insert(0, str(ROOT))

expected = "\ufeff[client]\nname=München\ntimeout=10\n\n[server]\nname=Zürich\ntimeout=30\nretries=3\nport=8080\n"
assert (ROOT / "settings.ini").read_bytes() == expected.replace("\n", "\r\n").encode()
