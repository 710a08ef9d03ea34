"""A job that fails lets go of everything, and does not count as done."""

import os
import sys
import threading
from pathlib import Path

ROOT = Path(sys.argv[1])
sys.path.insert(0, str(ROOT))

from jobs import Queue

queue = Queue()
failures, given = [], []


def work():
    """Jobs that fail, and one that does not."""
    for _ in range(3):
        try:
            queue.run(lambda: 1 // 0)
        except ZeroDivisionError as failure:
            failures.append(failure)
    given.append(queue.run(lambda: queue.running))


thread = threading.Thread(target=work, daemon=True)
thread.start()
thread.join(2)
if thread.is_alive():
    print("it waits", file=sys.stderr, flush=True)
    os._exit(1)
assert len(failures) == 3, "the failure was swallowed"
assert given == [1]
assert (queue.running, queue.done) == (0, 1)
