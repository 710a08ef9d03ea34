"""The tool's own templates as jinja2 compiled them, beside the tool's compiled modules and valid as long as those."""

import hashlib
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib.util import cache_from_source
from pathlib import Path

from jinja2.bccache import Bucket, BytecodeCache

from release import disk
from release.errors import ReleaseError

_DIGEST = 32  # bytes before the code, of the rest: two runs may write one file at once


class Kept(BytecodeCache):
    """What jinja2 asks before it compiles a template; a project's own templates are not kept."""

    def __init__(self, shipped: Path, folder: Path, *sources: str) -> None:
        """Say what is kept.

        Args:
            shipped: the folder of templates.
            folder: where they are kept; see `beside`.
            sources: modules that say how they are compiled.
        """
        self.shipped, self.folder, self.sources = shipped, folder, _state(sources)

    def get_cache_key(self, name: str, filename: str | None = None) -> str:
        """The name of the file; empty for none."""
        path = Path(filename or name)
        return ".".join(path.relative_to(self.shipped).parts) if path.is_relative_to(self.shipped) else ""

    def get_source_checksum(self, source: str) -> str:
        """What the result depends on: as for Python's own modules, the time and size of what it is made by."""
        return hashlib.sha256(f"{self.shipped}\0{self.sources}\0{source}".encode()).hexdigest()

    def load_bytecode(self, bucket: Bucket) -> None:
        """Take what there is, if it is whole."""
        if bucket.key:
            with suppress(OSError):
                kept = (self.folder / bucket.key).read_bytes()
                if kept[:_DIGEST] == hashlib.sha256(kept[_DIGEST:]).digest():
                    bucket.bytecode_from_string(kept[_DIGEST:])

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep it, where that can be written to."""
        if bucket.key:
            with suppress(OSError, ReleaseError):
                content = bucket.bytecode_to_string()
                disk.write(self.folder / bucket.key, hashlib.sha256(content).digest() + content)


def beside(module: str) -> Path:
    """The folder that lies where Python keeps what it compiles of a module."""
    return Path(cache_from_source(module)).parent / f"templates.{sys.implementation.cache_tag}"


def _state(files: Sequence[str]) -> str:
    with suppress(OSError):
        return repr([((seen := os.stat(file)).st_mtime_ns, seen.st_size) for file in files])  # noqa: PTH116
    return ""
