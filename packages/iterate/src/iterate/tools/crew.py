"""Shares the files of a search among processes: one walks, as many as there are processors read and search."""

import os
import select
import sys
from collections.abc import Callable, Iterable, Iterator

# Pieces of work are written whole: a pipe takes so much at once.
_PIECE_BYTES = 2000
_LENGTH_BYTES = 4
_MOST_WORKERS = 8
_OUTPUT_BYTES = 1 << 16
_GOES_WRONG = 2

type Look = Callable[[bytes], bytes]


def size() -> int:
    """How many processes can work at once here."""
    if not hasattr(os, "fork"):
        return 1
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(count, _MOST_WORKERS)


def alone(paths: Iterable[bytes], look: Look) -> bool:
    """Print what `look` gives for each path; whether there was something."""
    held: list[bytes] = []
    length, has_found = 0, False
    for path in paths:
        if told := look(path):
            held.append(told)
            length += len(told)
            has_found = True
            if length > _OUTPUT_BYTES:
                _written(1, b"".join(held))
                held, length = [], 0
    _written(1, b"".join(held))
    return has_found


if sys.platform != "win32":

    def shared(paths: Iterable[bytes], look: Look, workers: int) -> bool:
        """As `alone`, by several processes; raises `OSError` where one of them was ended."""
        turn = os.pipe()
        os.write(turn[1], b"1")
        inputs: list[int] = []
        children: list[int] = []
        for _ in range(workers):
            reading, writing = os.pipe()
            child = os.fork()
            if not child:
                _work(reading, [writing, *inputs], turn, look)
            os.close(reading)
            inputs.append(writing)
            children.append(child)
        try:
            _deal(paths, inputs)
        finally:
            for each in inputs:
                os.close(each)
            codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
        if set(codes) - {0, 1}:
            raise ChildProcessError("a part of the search was ended")
        return 0 in codes

    def _deal(paths: Iterable[bytes], inputs: list[int]) -> None:
        """Give each piece of work to whoever has room for it, in turn."""
        room = select.poll()
        for each in inputs:
            room.register(each, select.POLLOUT)
        ready: list[int] = []
        for piece in _pieces(paths):
            ready = ready or [each for each, _ in room.poll()]
            _written(ready.pop(), len(piece).to_bytes(_LENGTH_BYTES) + piece)

    def _pieces(paths: Iterable[bytes]) -> Iterator[bytes]:
        held: list[bytes] = []
        length = 0
        for path in paths:
            if held and length + len(path) >= _PIECE_BYTES:
                yield b"\0".join(held)
                held, length = [], 0
            held.append(path)
            length += len(path) + 1
        if held:
            yield b"\0".join(held)

    def _work(reading: int, others: list[int], turn: tuple[int, int], look: Look) -> None:
        """Be one of them: 0 where something was found, 1 where not. It never returns."""
        code = _GOES_WRONG
        try:
            for each in others:
                os.close(each)
            held: list[bytes] = []
            length, code_so_far = 0, 1
            for piece in _received(reading):
                for path in piece.split(b"\0"):
                    if told := look(path):
                        held.append(told)
                        length += len(told)
                        code_so_far = 0
                if length > _OUTPUT_BYTES:
                    _print(held, turn)
                    held, length = [], 0
            _print(held, turn)
            code = code_so_far
        finally:
            os._exit(code)

    def _received(reading: int) -> Iterator[bytes]:
        rest = b""
        while more := os.read(reading, 1 << 16):
            rest += more
            place = 0
            while len(rest) - place >= _LENGTH_BYTES:
                end = place + _LENGTH_BYTES + int.from_bytes(rest[place : place + _LENGTH_BYTES])
                if end > len(rest):
                    break
                yield rest[place + _LENGTH_BYTES : end]
                place = end
            rest = rest[place:]

    def _print(held: list[bytes], turn: tuple[int, int]) -> None:
        """Print it in one go: only one of them has the turn."""
        if not held:
            return
        token = os.read(turn[0], 1)
        try:
            _written(1, b"".join(held))
        finally:
            os.write(turn[1], token)

else:
    shared = alone


def _written(file: int, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(file, rest) :]
