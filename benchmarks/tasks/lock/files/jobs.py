"""Runs jobs one after the other, from any thread."""

import threading


class Queue:
    """Lets one job run at a time, and counts them."""

    def __init__(self):
        self._lock = threading.Lock()
        self.running = 0
        self.done = 0

    def run(self, job):
        """Run a job, and give what it gave."""
        self._lock.acquire()
        self.running += 1
        result = job()
        self.running -= 1
        self.done += 1
        self._lock.release()
        return result
