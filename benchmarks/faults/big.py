"""What is large: the output of a tool, and a repository."""

import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
from benchmarks.faults.worlds import Row, Server, model, until_ending, world

_CONFIG = 'model = "script/m"\n[providers.script]\nbase_url = "{url}"\n[permission]\nbash = "allow"\n'
MIB = 1 << 20


class Peak:
    """The most memory that a process has while it is looked at."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self.before = self.most = self._process.memory_info().rss
        self._is_over = threading.Event()
        threading.Thread(target=self._look, daemon=True).start()

    def _look(self) -> None:
        while not self._is_over.wait(0.01):
            try:
                self.most = max(self.most, self._process.memory_info().rss)
            except psutil.Error:
                return

    def grown(self) -> int:
        self._is_over.set()
        return self.most - self.before


def output(program: tuple[str, ...], megabytes: int) -> Row:
    """A command that puts out so much, beside the time that a pipe into nothing takes."""
    command = f"yes 'a line of output that is neither short nor long' | head -c {megabytes * MIB}"
    begun = time.monotonic()
    subprocess.run(["sh", "-c", f"{command} | cat >/dev/null"], check=True)
    bare = time.monotonic() - begun

    def script(seen: int) -> list[tuple[str, str | dict[str, object]]]:
        return [("bash", {"command": command})] if seen == 0 else [("text", "done")]

    with world(program) as there, model(script) as url:
        there.configure(_CONFIG.format(url=url))
        server = there.serve()
        session = server.session()
        peak = Peak(server.child.pid)
        begun = time.monotonic()
        told = until_ending(server.prompt(session, "go"))
        taken = time.monotonic() - begun
        results = [event["part"] for event in told if isinstance(event.get("part"), dict)]
        text = next(
            (str(each["text"]) for each in results if isinstance(each, dict) and each.get("type") == "tool_result"), ""
        )
        wrong = [] if told[-1]["type"] == "done" else [str(told[-1])]
        wrong += [] if "[exit code" in text or "left out" in text else [text[:200]]
        if peak.grown() > 100 * MIB:
            wrong.append(f"grew by {peak.grown() // MIB} MiB")
        server.stop()
        return Row(
            name=f"tool output of {megabytes} MiB",
            tried=1,
            failed=len(wrong),
            said="; ".join(wrong) or f"{bare:.1f} s into a pipe alone; the server grew by {peak.grown() // MIB} MiB",
            seconds=taken,
        )


def repository(program: tuple[str, ...], files: int) -> Row:
    """What a project of so many files costs: searches, status, watching, a command of the shell."""

    def script(seen: int) -> list[tuple[str, str | dict[str, object]]]:
        return (
            [("bash", {"command": "echo changed >d7/f7.txt; echo new >new.txt"})] if seen == 0 else [("text", "done")]
        )

    with world(program) as there, model(script) as url:
        there.configure(_CONFIG.format(url=url))
        _fill(there.project, files)
        server = there.serve()
        peak = Peak(server.child.pid)
        where = f"directory={there.project}"
        rows = [
            _timed("names are searched", lambda: server.ask("GET", f"/file/search?{where}&query=d7f77"), "found"),
            _timed(
                "contents are searched",
                lambda: server.ask("GET", f"/file/search?{where}&kind=content&query=line%2077"),
                "found",
            ),
            _timed("a folder is listed", lambda: server.ask("GET", f"/file?{where}"), "entries"),
            _timed("the status is told", lambda: server.ask("GET", f"/file/status?{where}"), "changed"),
            _timed("watching begins", lambda: _began(server, where), "type"),
            _timed("a command is a transaction", lambda: _prompted(server), "type"),
        ]
        grown = peak.grown() // MIB
        server.stop()
        told = [f"{row.name} {row.seconds:.2f} s" for row in rows]
        failed = [row.said for row in rows if row.failed]
        return Row(
            name=f"a repository of {files} files",
            tried=len(rows),
            failed=len(failed) + (grown > 200),
            said="; ".join(failed or told) + f"; the server grew by {grown} MiB",
            seconds=sum(row.seconds for row in rows),
        )


def _fill(folder: Path, files: int) -> None:
    for number in range(max(1, files // 100)):
        (folder / f"d{number}").mkdir()
        for each in range(100):
            (folder / f"d{number}" / f"f{each}.txt").write_text(f"line {number}\nline {each}\n", encoding="ascii")
    (folder / ".gitignore").write_text("ignored/\n", encoding="ascii")
    for words in (["init", "-q"], ["add", "-A"], ["-c", "user.name=x", "-c", "user.email=x@y", "commit", "-qm", "all"]):
        subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True)


def _timed(name: str, ask: Callable[[], dict[str, object]], key: str) -> Row:
    begun = time.monotonic()
    try:
        told = ask()
    except (OSError, ValueError) as problem:
        told = {"error": str(problem)}
    failed = key not in told or "error" in told
    return Row(
        name=name, tried=1, failed=failed, said=str(told)[:200] if failed else "", seconds=time.monotonic() - begun
    )


def _began(server: Server, where: str) -> dict[str, object]:
    from benchmarks.faults.worlds import events

    with server.opened("GET", f"/file/watch?{where}", timeout_s=120) as answer:
        return next(events(answer), {})


def _prompted(server: Server) -> dict[str, object]:
    told = until_ending(server.prompt(server.session(), "go"))
    kinds = [event["type"] for event in told]
    return told[-1] if "files.changed" in kinds and kinds[-1] == "done" else {"error": told[-3:]}
