"""The machine under the server: a full disk, a home that takes nothing, a broken database, a clock, a taken port."""

import contextlib
import hashlib
import random
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.faults.worlds import Row, Server, World, eventually, model, until_ending, world

MIB = 1 << 20
_CONFIG = 'model = "script/m"\n[providers.script]\nbase_url = "{url}"\n[permission]\nedit = "allow"\nbash = "allow"\n'
STORE_UNUSABLE, STATE_UNUSABLE, PORT_BUSY = 23, 22, 11


def _script(seen: int) -> list[tuple[str, str | dict[str, object]]]:
    if seen % 2:
        return [("text", "that is all of it")]
    return [("text", "I write"), ("write", {"path": f"f{seen}.txt", "content": "x" * 400_000})]


def _again(seen: int) -> list[tuple[str, str | dict[str, object]]]:
    """Read and write the same file."""
    steps: list[tuple[str, str | dict[str, object]]] = [
        ("bash", {"command": f"echo {seen} >>same.txt"}),
        ("text", "that is all of it"),
    ]
    return [steps[seen % 2]]


@contextlib.contextmanager
def mounted(folder: Path, options: str) -> Iterator[bool]:
    """A small disk at a folder; whether there may be one."""
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], capture_output=True, check=False)
    try:
        yield done.returncode == 0
    finally:
        if done.returncode == 0:
            subprocess.run(["umount", "-l", folder], check=False)


def full(program: tuple[str, ...], count: int) -> Row:
    """A disk that fills up during an answer, and has room again: told, refused, healed, by the same server."""
    chance, wrong, begun = random.Random(3), list[str](), time.monotonic()
    with world(program) as there, mounted(there.home / ".local", "size=24m") as is_there, model(_script) as url:
        if not is_there:
            return Row(name="full disk", tried=0, failed=0, said="left out: nothing may be mounted here")
        there.configure(_CONFIG.format(url=url))
        server = there.serve()
        for number in range(count):
            wrong += [f"{number}: {each}" for each in _filled(there, server, chance)]
        server.stop()
    return Row(
        name="full disk", tried=count, failed=len(wrong), said="; ".join(wrong[:3]), seconds=time.monotonic() - begun
    )


def _filled(there: World, server: Server, chance: random.Random) -> list[str]:
    ballast = there.home / ".local" / "ballast"
    session = server.session()
    stream = server.prompt(session, "go")
    next(stream)
    _fill(ballast, chance.choice((0, 5_000, 60_000, 300_000)))
    told = until_ending(stream)
    found = [] if told and told[-1]["type"] in {"done", "failed"} else [f"no ending: {told[-1:]}"]
    if told and told[-1]["type"] == "failed" and told[-1]["reason"] not in {"store", "provider"}:
        found.append(f"ended with {told[-1]}")
    ballast.unlink()
    half = [path.name for path in there.project.iterdir() if path.stat().st_size != 400_000]
    found += [f"half: {half}"] if half else []
    for path in there.project.iterdir():
        path.unlink()

    def goes_on() -> bool:
        try:
            again = until_ending(server.prompt(session, "again"))
        except (OSError, ValueError):
            return False
        return bool(again) and again[-1]["type"] == "done"

    if not eventually(goes_on, 20):
        found.append("does not heal")
    return found


def _fill(path: Path, left: int) -> None:
    """Take all of the disk but so many bytes."""
    usage = shutil.disk_usage(path.parent)
    with contextlib.suppress(OSError), path.open("wb") as file:
        file.write(b"\0" * max(0, usage.free - left))


def read_only(program: tuple[str, ...]) -> Row:
    """A home in which nothing can be written: a named failure at once, and no traceback."""
    wrong = []
    commands = (
        ("run", "hello"),
        ("server", "start"),
        ("session", "list"),
        ("models",),
        ("config", "list"),
        ("doctor",),
    )
    with world(program) as there, mounted(there.home / "ro", "ro") as is_there:
        if not is_there:
            return Row(name="read-only home", tried=0, failed=0, said="left out: nothing may be mounted here")
        begun = time.monotonic()
        home = str(there.home / "ro")
        for words in commands:
            done = there.run(*words, variables={"HOME": home, "ITERATE_SECRET": ""})
            is_named = b"error: " in done.stderr and b"hint: " in done.stderr
            if b"Traceback" in done.stderr or (done.returncode and not is_named) or done.returncode in {1, -6}:
                wrong.append(f"{' '.join(words)}: {done.returncode} {done.stderr[-200:]!r}")
        return Row(
            name="read-only home",
            tried=len(commands),
            failed=len(wrong),
            said="; ".join(wrong),
            seconds=time.monotonic() - begun,
        )


def corrupted(program: tuple[str, ...], count: int) -> Row:
    """A database that was damaged at random: it is named, or all that can be read is; the file is left as it is."""
    chance, wrong, begun = random.Random(11), list[str](), time.monotonic()
    refused = 0
    with world(program) as there:
        there.configure('model = "echo/echo"\n')
        server = there.serve()
        for number in range(30):
            until_ending(server.prompt(server.session(), f"hello {number} " + "word " * 300))
        server.stop()
        file = there.data / "iterate.db"
        with contextlib.closing(sqlite3.connect(file)) as opened:
            opened.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        good = file.read_bytes()
        for number in range(count):
            for path in there.data.glob("iterate.db*"):
                path.unlink()
            file.write_bytes(damaged(good, chance))
            found, was_refused = _opened(there, file)
            refused += was_refused
            wrong += [f"{number}: {each}" for each in found]
    return Row(
        name="corrupted database",
        tried=count,
        failed=len(wrong),
        said="; ".join(wrong[:3]) or f"{refused} refused by name, the others read",
        seconds=time.monotonic() - begun,
    )


def damaged(good: bytes, chance: random.Random) -> bytes:
    """The database with one kind of damage."""
    content = bytearray(good)
    match chance.randrange(5):
        case 0:
            return bytes(content[: chance.randrange(1, len(content))])
        case 1:
            for _ in range(chance.choice((1, 20, 500))):
                content[chance.randrange(len(content))] = chance.randrange(256)
        case 2:
            page = chance.randrange(len(content) // 4096) * 4096
            content[page : page + 4096] = bytes(4096)
        case 3:
            page = chance.randrange(len(content) // 4096) * 4096
            content[page : page + 4096] = chance.randbytes(4096)
        case _:
            return chance.randbytes(len(content))
    return bytes(content)


def _opened(there: World, file: Path) -> tuple[list[str], bool]:
    before = hashlib.sha256(file.read_bytes()).digest()
    child = subprocess.Popen(
        [*there.program, "serve", "--port", "0"],
        env=there.environment,
        cwd=there.project,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    there.children.append(child)
    if child.stdout is None:
        return ["no output"], False
    line = child.stdout.readline().decode()
    found = []
    is_refused = False
    if "http" in line:
        server = Server(world=there, child=child, port=int(line.rsplit(":", 1)[1]))
        listed = server.ask("GET", "/session?limit=100")
        error = listed.get("error")
        rows = listed.get("sessions")
        if isinstance(error, dict):
            is_refused = True
            if error.get("name") not in {"StoreUnusable", "StoreWaiting", "StoreChanged"}:
                found.append(f"listing: {error}")
        for row in rows if isinstance(rows, list) else []:
            told = server.ask("GET", f"/session/{row['id']}/export")
            error = told.get("error")
            if isinstance(error, dict) and error.get("name") not in {"StoreUnusable", "SessionUnknown"}:
                found.append(f"export: {error}")
        child.send_signal(signal.SIGINT)
    said = child.communicate(timeout=60)[1]
    if b"Traceback" in said or child.returncode not in {0, STORE_UNUSABLE}:
        found.append(f"{child.returncode}: {said[-300:]!r}")
    if child.returncode == STORE_UNUSABLE:
        is_refused = True
        if hashlib.sha256(file.read_bytes()).digest() != before:
            found.append("what was refused was changed")
    return found, is_refused


# A program whose clock is as far back as a file says. A library that fakes it for everything fakes waiting too.
_SHIFTED = """
import sys, time
now, now_ns, file = time.time, time.time_ns, sys.argv.pop(1)
def back():
    with open(file) as opened:
        return int(opened.read() or 0)
time.time = lambda: now() - back()
time.time_ns = lambda: now_ns() - back() * 1_000_000_000
from iterate.__main__ import main
sys.exit(main())
"""
DAY_S = 86_400


def clock(count: int) -> Row:
    """A clock that goes back by a day, again and again, between answers and starts: order and undo hold."""
    wrong, begun = list[str](), time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "back")
        file.write_text("0", encoding="ascii")
        with world((sys.executable, "-P", "-c", _SHIFTED, str(file))) as there, model(_again) as url:
            there.configure(_CONFIG.format(url=url))
            server = there.serve()
            session = server.session()
            for number in range(count):
                told = until_ending(server.prompt(session, f"go {number}"))
                if told[-1]["type"] != "done":
                    wrong.append(f"{number}: {told[-1]}")
                file.write_text(str((number + 1) * DAY_S), encoding="ascii")
                if number % 5 == 1:
                    server.kill()
                    server = there.serve()
            # Each step wrote to the same file: taken back in the wrong order that is refused, or leaves something.
            taken = server.ask("POST", f"/session/{session}/revert", {"to": 1, "leaves_changed": False})
            if "error" in taken or list(there.project.iterdir()):
                wrong.append(f"revert: {taken}")
            server.stop()
    taken_s = time.monotonic() - begun
    return Row(name="clock going back", tried=count, failed=len(wrong), said="; ".join(wrong[:3]), seconds=taken_s)


def port(program: tuple[str, ...], count: int) -> Row:
    """A port that others have: named, and the next free one without a wish."""
    wrong, begun = list[str](), time.monotonic()
    with world(program) as there, socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        for _ in range(count):
            done = there.run("serve", "--port", str(number))
            if done.returncode != PORT_BUSY or b"hint: " not in done.stderr:
                wrong.append(f"{done.returncode} {done.stderr[-200:]!r}")
        there.configure('model = "echo/echo"\n')
        if there.run("run", "hello", variables={"ITERATE_SECRET": ""}).stdout != b"hello\n":
            wrong.append("no server beside it")
    return Row(
        name="port taken", tried=count, failed=len(wrong), said="; ".join(wrong[:3]), seconds=time.monotonic() - begun
    )
