"""The old name is gone but from the change log; what has a longer name is as it was."""

import re
import sys
from pathlib import Path

ROOT = Path(sys.argv[1])
sys.path.insert(0, str(ROOT))

from app import admin, api, jobs, report, users  # The task's own.

assert users.load_user("ada") == api.get("ada")
assert (jobs.run(["bob"]), report.report("ada"), admin.is_admin("ada")) == (["user"], "ada of 1", True)
assert len(users.prefetch_users(["ada", "bob"])) == 2
for path in [*ROOT.rglob("*.py"), ROOT / "README.md"]:
    assert not re.search(r"\bfetch_user\b", path.read_text()), path
assert "load_user(name)" in (ROOT / "README.md").read_text()
assert (ROOT / "CHANGELOG.md").read_text() == "# Changes\n\n- 1.2: `fetch_user` takes a name as well as a number\n"
