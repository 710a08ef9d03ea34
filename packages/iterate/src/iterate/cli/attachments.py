"""Files that go with a prompt, read here and sent as data: the server may be on another machine.

What servers of MCP have is named as `mcp:SERVER/URI`, and read by the server.
"""

from collections.abc import Sequence
from pathlib import Path

from iterate.errors import FileNotSent

# All of them together: a request has room for 8 MiB, and base64 makes three bytes four.
LIMIT_BYTES = 5 << 20
_SCHEME = "mcp:"
_IMAGES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)


def parts(files: Sequence[str], images: Sequence[str]) -> list[dict[str, str]]:
    """The parts of a prompt; raises `FileNotSent`."""
    import base64

    found = []
    left = LIMIT_BYTES
    for name in (*files, *images):
        if name.startswith(_SCHEME) and name in files and not Path(name).exists():
            found.append({"name": name.removeprefix(_SCHEME).partition("/")[2], "media_type": "", "url": name})
            continue
        content = _content(name, left)
        left -= len(content)
        kind = media_type(content)
        if name in images and not kind.startswith("image/"):
            raise FileNotSent(f"{name} is no image (PNG, JPEG, GIF or WebP)", "--file sends files of other kinds")
        data = base64.b64encode(content).decode()
        found.append({"name": Path(name).name, "media_type": kind, "url": f"data:{kind};base64,{data}"})
    return found


def media_type(content: bytes) -> str:
    """What a file holds, by what it begins with."""
    for begin, kind in _IMAGES:
        if content.startswith(begin):
            return kind
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    try:
        content.decode()
    except UnicodeDecodeError:
        return "application/octet-stream"
    return "application/octet-stream" if b"\0" in content else "text/plain"


def _content(name: str, left: int) -> bytes:
    path = Path(name).expanduser()
    try:
        if not path.is_file():
            raise FileNotSent(f"{name} is no file" if path.exists() else f"there is no file {name}")
        with path.open("rb") as file:
            content = file.read(left + 1)
    except (OSError, ValueError) as problem:
        raise FileNotSent(f"{name} cannot be read: {problem}") from problem
    if len(content) > left:
        raise FileNotSent(f"the files are larger than {LIMIT_BYTES >> 20} MiB together, with {name}")
    return content
