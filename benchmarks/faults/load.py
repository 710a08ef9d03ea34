"""Many at once: cold commands, and subscribers of many answers."""

import asyncio
import concurrent.futures
import functools
import subprocess
import time
from itertools import starmap

import psutil
from benchmarks.faults.worlds import SECRET, Event, Row, Server, model, until_ending, world

_CONFIG = 'model = "script/m"\n[providers.script]\nbase_url = "{url}"\n'
WORDS = 200
# What a reader that reads nothing may cost the server, and what its kernel keeps.
MOST_BYTES = 8 << 20


def cold(program: tuple[str, ...], count: int) -> Row:
    """So many first commands of a user at the same moment: one server, and each has its answer."""
    with world(program) as there:
        there.configure('model = "echo/echo"\n')
        begun = time.monotonic()
        running = [
            subprocess.Popen(
                [*program, "run", f"hello {number}"],
                # Without a known secret, as a person's commands.
                env={name: value for name, value in there.environment.items() if name != "ITERATE_SECRET"},
                cwd=there.project,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
            for number in range(count)
        ]
        there.children += running
        said = [child.communicate(timeout=300) for child in running]
        taken = time.monotonic() - begun
        wrong = [
            f"{number}: {said[number][1].decode()[:200]!r}"
            for number, child in enumerate(running)
            if child.returncode != 0 or said[number][0] != f"hello {number}\n".encode()
        ]
        servers = len([process for process in there.processes() if "serve" in process.cmdline()])
        if servers != 1:
            wrong.append(f"{servers} servers")
        return Row(
            name="cold commands at once", tried=count, failed=len(wrong), said="; ".join(wrong[:3]), seconds=taken
        )


class Subscriber:
    """One that reads everything, as bytes."""

    def __init__(self) -> None:
        self.content = bytearray()

    async def read(self, server: Server, *, is_slow: bool = False) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=1 << 20)
        head = f"GET /global/event HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nAuthorization: Bearer {SECRET}\r\n\r\n"
        writer.write(head.encode())
        try:
            if is_slow:
                await asyncio.sleep(3600)
            while piece := await reader.read(1 << 16):
                self.content += piece
        finally:
            writer.close()

    def frames(self) -> list[bytes]:
        """The data of each frame, chunks and comments taken off."""
        body = bytes(self.content).partition(b"\r\n\r\n")[2]
        found = bytearray()
        while body:
            size, _, rest = body.partition(b"\r\n")
            length = int(size, 16) if size else 0
            if not length or len(rest) < length:
                break
            found += rest[:length]
            body = rest[length + 2 :]
        return [line for line in bytes(found).split(b"\n") if line.startswith(b"data:")]


def subscribers(program: tuple[str, ...], count: int, answers: int, words: int = WORDS) -> Row:
    """So many readers of everything while so many answers stream; four more that read nothing."""
    text = " ".join(f"word{number}" for number in range(words))
    with world(program) as there, model(lambda _: [("text", text)]) as url:
        there.configure(_CONFIG.format(url=url))
        server = there.serve()
        begun = time.monotonic()
        wrong, peak = asyncio.run(_subscribed(server, count, answers))
        taken = time.monotonic() - begun
        server.stop()
        return Row(
            name=f"subscribers while {answers} answers of {words} words stream",
            tried=count,
            failed=len(wrong),
            said="; ".join(wrong[:3]) or f"the server grew by {peak >> 20} MiB",
            seconds=taken,
        )


async def _subscribed(server: Server, count: int, answers: int) -> tuple[list[str], int]:
    process = psutil.Process(server.child.pid)
    before = peak = process.memory_info().rss
    subscribed, slow = [Subscriber() for _ in range(count)], [Subscriber() for _ in range(4)]
    tasks = [asyncio.ensure_future(each.read(server)) for each in subscribed]
    tasks += [asyncio.ensure_future(each.read(server, is_slow=True)) for each in slow]
    while any(  # noqa: ASYNC110  # What comes in is bytes.
        b"server.connected" not in each.content for each in subscribed
    ):
        await asyncio.sleep(0.05)
    sessions = [await asyncio.to_thread(server.session) for _ in range(answers)]
    with concurrent.futures.ThreadPoolExecutor(answers) as pool:
        running = [
            asyncio.get_running_loop().run_in_executor(pool, functools.partial(_whole, server, each))
            for each in sessions
        ]
        waiting = asyncio.gather(*running)
        while not waiting.done():
            peak = max(peak, process.memory_info().rss)
            await asyncio.sleep(0.05)
        told = await waiting
    wanted = sum(map(len, told))
    # Until nothing more comes.
    size = -1
    while size != (size := sum(len(each.content) for each in subscribed)):  # noqa: ASYNC110
        await asyncio.sleep(0.5)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    listed = [each.frames() for each in subscribed]
    wrong = list(filter(None, starmap(_compared, ((number, each, listed[0]) for number, each in enumerate(listed)))))
    wrong += _ordered(listed[0], sessions)
    if len(listed[0]) < wanted // 2:
        wrong.append(f"{len(listed[0])} frames for {wanted} events")
    return wrong, peak - before


def _whole(server: Server, session: str) -> list[Event]:
    return until_ending(server.prompt(session, "go"))


def _compared(number: int, frames: list[bytes], first: list[bytes]) -> str:
    return "" if frames == first else f"subscriber {number}: {len(frames)} frames, the first has {len(first)}"


def _ordered(frames: list[bytes], sessions: list[str]) -> list[str]:
    """Numbers and offsets of each session go up by what they have to."""
    import json

    wrong: list[str] = []
    last = dict.fromkeys(sessions, 0)
    grown = dict.fromkeys(sessions, 0)
    ended = set()
    for frame in frames:
        event = json.loads(frame[5:])
        session = event.get("session")
        if session not in last or "number" not in event:
            continue
        if event["type"] == "delta":
            if event["number"] != last[session] + 1 or event["offset"] != grown[session]:
                wrong.append(
                    f"{session}: delta {event['number']}.{event['offset']} after {last[session]}.{grown[session]}"
                )
            grown[session] += len(event["text"])
        else:
            if event["number"] != last[session] + 1:
                wrong.append(f"{session}: event {event['number']} after {last[session]}")
            last[session], grown[session] = event["number"], 0
            if event["type"] in {"done", "failed"}:
                ended.add(session)
    return wrong + [f"{each} never ended" for each in sessions if each not in ended]
