"""What was typed in the conversations of one folder: a private file of JSON lines, the newest last."""

import hashlib
import json
import os
from contextlib import suppress
from pathlib import Path

MOST = 1000
LIMIT_BYTES = 1 << 20
_PRIVATE = 0o600


def file_of(state: Path, directory: str) -> Path:
    """The file for a folder; its name says nothing about the folder."""
    return state / "history" / f"{hashlib.sha256(directory.encode(errors='replace')).hexdigest()[:32]}.jsonl"


def read(file: Path) -> list[str]:
    """What was typed, oldest first; lines that are no JSON text are passed over."""
    try:
        with file.open("rb") as lines:
            size = lines.seek(0, os.SEEK_END)
            lines.seek(max(0, size - LIMIT_BYTES))
            content = lines.read()
    except OSError:
        return []
    found: list[str] = []
    for line in content.splitlines():
        with suppress(ValueError):
            text = json.loads(line)
            if isinstance(text, str) and text not in found[-1:]:
                found.append(text)
    return found[-MOST:]


def add(file: Path, text: str) -> None:
    """Keep one; a disk that is full, or a folder that is not ours, is no reason to stop talking."""
    line = json.dumps(text).encode() + b"\n"
    with suppress(OSError):
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
        descriptor = os.open(file, flags, _PRIVATE)
        try:
            os.fchmod(descriptor, _PRIVATE)
            os.write(descriptor, line)
        finally:
            os.close(descriptor)
        if file.stat().st_size > 2 * LIMIT_BYTES:
            _shorten(file)


def _shorten(file: Path) -> None:
    kept = "".join(json.dumps(each) + "\n" for each in read(file)[-MOST // 2 :])
    fresh = file.with_suffix(".jsonl.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _PRIVATE)
    with os.fdopen(descriptor, "w", encoding="utf-8") as output:
        output.write(kept)
    fresh.replace(file)
