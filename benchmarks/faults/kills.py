"""SIGKILL of the server at random moments of tool use: what a client saw is there, and what lies around is whole."""

import contextlib
import hashlib
import http.client
import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.faults.worlds import Event, Row, Server, World, eventually, model, world

# Bytes of each file that is written: large enough that a write takes its time.
SIZE = 300_000
_CONFIG = 'model = "script/m"\n[providers.script]\nbase_url = "{url}"\n[permission]\nedit = "allow"\nbash = "allow"\n'


def whole(name: str, number: int, size: int = SIZE) -> str:
    """A text whose first line says what all of it must be."""
    body = f"{name} {number} ".ljust(50, ".") + "\n"
    text = body * (size // len(body))
    return f"{hashlib.sha256(text.encode()).hexdigest()}\n{text}"


def is_whole(path: Path) -> bool:
    """Whether a file is one that was written, all of it."""
    first, _, rest = path.read_bytes().partition(b"\n")
    return hashlib.sha256(rest).hexdigest().encode() == first


def script(seen: int) -> list[tuple[str, str | dict[str, object]]]:
    """What the model does without end: writes, edits, commands, several at once."""
    # Each file is written aside and renamed, as careful programs do: what a transaction takes over has to be whole too.
    shell = (
        f"for i in 1 2 3 4; do yes {seen}-$i | head -c {SIZE} >t; "
        "(sha256sum <t | cut -c -64; cat t) >u; mv u shell$i; done; rm t; (sleep 300 &) ; echo done"
    )
    match seen % 4:
        case 0:
            return [("text", "first I write"), *(("write", _file(f"w{each}", seen)) for each in range(4))]
        case 1:
            return [("text", "a command"), ("bash", {"command": shell})]
        case 2:
            # Read first, as one must; then whole again in another way.
            return [("read", {"path": f"w{each}.txt"}) for each in range(4)]
        case _:
            calls: list[tuple[str, str | dict[str, object]]] = [("write", _file(f"w{each}", seen)) for each in range(4)]
            return [*calls, ("bash", {"command": "ls | wc -l; sleep 0.05"}), ("glob", {"pattern": "**/*"})]


def _file(name: str, number: int) -> dict[str, object]:
    return {"path": f"{name}.txt", "content": whole(name, number)}


class Heard:
    """What a client saw of an answer, read beside."""

    def __init__(self, server: Server, session: str) -> None:
        self.events: list[Event] = []
        self._thread = threading.Thread(target=self._read, args=(server, session), daemon=True)
        self._thread.start()

    def _read(self, server: Server, session: str) -> None:
        with contextlib.suppress(OSError, http.client.HTTPException):
            for event in server.prompt(session, "go on for ever"):
                # What a command puts out while it runs has no number: its result has it again.
                if "number" in event:
                    self.events.append(event)

    def join(self) -> None:
        self._thread.join(30)


def lost(seen: list[Event], stored: list[Event]) -> list[str]:
    """What was told and is not there any more."""
    there = {event["number"]: event for event in stored if event["type"] != "delta"}
    gone = [
        f"event {event['number']}" for event in seen if event["type"] != "delta" and there.get(event["number"]) != event
    ]
    for event in seen:
        if event["type"] != "delta":
            continue
        part = there.get(event["number"], {}).get("part")
        begin, text = int(str(event["offset"])), str(event["text"])
        kept = str(part.get("text", "")) if isinstance(part, dict) else ""
        if kept[begin : begin + len(text)] != text:
            gone.append(f"delta {event['@']}")
    return gone


def once(there: World, server: Server, session: str, moment_s: float) -> tuple[Server, list[str]]:
    """Kill the server in the middle of an answer; the next server, and what is wrong now."""
    for path in there.project.iterdir():
        path.unlink()
    heard = Heard(server, session)
    eventually(lambda: len(heard.events) > 3)
    time.sleep(moment_s)
    server.kill()
    heard.join()
    wrong = [] if eventually(lambda: there.processes() == [], 10) else [f"left: {_named(there)}"]
    wrong += [f"half: {path.name}" for path in there.project.iterdir() if not is_whole(path)]
    after = there.serve()
    stored = _stored(after, session)
    wrong += lost(heard.events, stored)
    begun = [event["number"] for event in stored if event["type"] == "prompted"]
    endings = [event for event in stored if event["type"] in {"done", "failed"}]
    if len(begun) != len(endings) or endings[-1].get("reason") != "interrupted":
        wrong.append(f"{len(begun)} prompts, {len(endings)} endings")
    calls = [_call(event, "tool_call") for event in stored]
    results = [_call(event, "tool_result") for event in stored]
    if sorted(filter(None, calls)) != sorted(filter(None, results)):
        wrong.append("calls without a result")
    eventually(lambda: list(_temporary(there)) == [], 10)
    wrong += [f"temporary: {path}" for path in _temporary(there)]
    return after, wrong


def _stored(server: Server, session: str) -> list[Event]:
    """All events, as a stream gives them to a client that comes anew."""
    kept = server.ask("GET", f"/session/{session}/export")["events"]
    last = len(kept) if isinstance(kept, list) else 0
    found: list[Event] = []
    for event in server.read(session):
        found.append(event)
        if event.get("number") == last:
            break
    return found


def _call(event: Event, kind: str) -> str:
    part = event.get("part")
    return str(part["call"]) if isinstance(part, dict) and part.get("type") == kind else ""


def _named(there: World) -> str:
    return ", ".join(" ".join(process.cmdline())[:80] for process in there.processes())


def _temporary(there: World) -> Iterator[str]:
    """What nobody will ever look at again: in the project, and where commands and the undo work."""
    known = {*(f"w{each}.txt" for each in range(4)), *(f"shell{each}" for each in range(1, 5))}
    yield from (path.name for path in there.project.iterdir() if path.name not in known)
    for folder in ("outputs/layers", "undo/changes/open"):
        if (there.data / folder).is_dir():
            yield from (f"{folder}/{path.name}" for path in (there.data / folder).iterdir())


def kills(program: tuple[str, ...], count: int, seed: int = 7) -> Row:
    """Kill it so often."""
    chance = random.Random(seed)
    begun, wrong = time.monotonic(), []
    with world(program) as there, model(script) as url:
        there.configure(_CONFIG.format(url=url))
        server = there.serve()
        for number in range(count):
            session = server.session()
            server, found = once(there, server, session, chance.uniform(0, 1.5))
            wrong += [f"{number}: {each}" for each in found]
        server.stop()
    return Row(
        name="SIGKILL of the server while tools work",
        tried=count,
        failed=len({each.partition(":")[0] for each in wrong}),
        said="; ".join(wrong[:6]),
        seconds=time.monotonic() - begun,
    )
