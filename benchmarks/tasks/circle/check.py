"""Either module can be the first one."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(sys.argv[1])
sys.path.insert(0, str(ROOT))

ASKED = (
    "import shop.orders as o, shop.prices as p, shop; "
    "assert (shop.total(['apple', 'pear']), p.price_of_many('apple', 20)) == (5, 36); "
    "assert (o.is_large([1]), o.DISCOUNT) == (False, 0.1)"
)
for first in ("shop", "shop.orders", "shop.prices"):
    subprocess.run([sys.executable, "-c", f"import {first}; {ASKED}"], cwd=ROOT, check=True)
