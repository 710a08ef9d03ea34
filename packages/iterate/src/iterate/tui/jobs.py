"""Slow jobs of the program: each in a thread, and what came of it in the loop."""

from collections.abc import Callable

from iterate.errors import Failure

type Post = Callable[[Callable[[], None]], None]


def start[T](job: Callable[[], T], post: Post, then: Callable[[T], None], otherwise: Callable[[Failure], None]) -> None:
    """Do a job in a thread, and go on with what came of it where `post` says."""

    def run() -> None:
        try:
            result = job()
        except Failure as failure:
            known = failure
            post(lambda: otherwise(known))
        except BaseException as bug:  # noqa: BLE001  # It is raised again in the loop.
            problem = bug
            post(lambda: _raise(problem))
        else:
            post(lambda: then(result))

    import threading  # Behind the first frame.

    threading.Thread(target=run, daemon=True).start()


def _raise(problem: BaseException) -> None:
    raise problem
