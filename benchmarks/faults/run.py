"""Run every fault with its full count, and print a table; `make faults` does it in some minutes.

`python -m benchmarks.faults.run NAME...` runs those of that name, `--program PATH` another program than this checkout.
"""

import argparse
from collections.abc import Callable

from benchmarks.faults import big, disk, kills, load, vendors
from benchmarks.faults.worlds import Row, source

type Program = tuple[str, ...]

FAULTS: dict[str, Callable[[Program], list[Row]]] = {
    "cold": lambda program: [load.cold(program, 50)],
    "subscribers": lambda program: [load.subscribers(program, 200, 20)],
    "kills": lambda program: [kills.kills(program, 50)],
    "vendors": lambda _: vendors.vendors(),
    "output": lambda program: [big.output(program, 1024)],
    "repository": lambda program: [big.repository(program, 100_000)],
    "full": lambda program: [disk.full(program, 10)],
    "read-only": lambda program: [disk.read_only(program)],
    "corrupted": lambda program: [disk.corrupted(program, 50)],
    "clock": lambda _: [disk.clock(20)],
    "port": lambda program: [disk.port(program, 20)],
}


def main() -> int:
    """Run those that are named, or all; 1 when something failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help=f"of {', '.join(FAULTS)}")
    parser.add_argument("--program", help="a program instead of this checkout")
    given = parser.parse_args()
    program = (given.program,) if given.program else source()
    failed = 0
    print(f"{'tried':>6} {'failed':>6} {'seconds':>8}  what")
    for name in given.names or FAULTS:
        for row in FAULTS[name](program):
            failed += row.failed
            print(f"{row.tried:>6} {row.failed:>6} {row.seconds:>8.1f}  {row.name}: {row.said}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
