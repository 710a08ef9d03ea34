"""What a channel has: the document that the signed site keeps for each channel and for each of its versions."""

from typing import Annotated, Literal

import msgspec

_Digest = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
_Size = Annotated[int, msgspec.Meta(ge=0, le=1 << 32)]
# No folder, no hidden file, nothing that steers a shell or a terminal.
_File = Annotated[str, msgspec.Meta(pattern=r"^[0-9A-Za-z][0-9A-Za-z._+~-]{0,199}$")]
_Urls = Annotated[tuple[str, ...], msgspec.Meta(min_length=1, max_length=20)]
# It becomes the name of a folder.
_Version = Annotated[str, msgspec.Meta(pattern=r"^[0-9A-Za-z][0-9A-Za-z.+-]{0,199}$")]
SCHEMA = 2


class Tar(msgspec.Struct, frozen=True, kw_only=True):
    """The archive without its compression; patches lead from one of these to another."""

    sha256: _Digest
    size: _Size


class Patch(msgspec.Struct, frozen=True, kw_only=True):
    """The way from the tar of an older version to this one: zstd with the older tar as the prefix."""

    from_version: str = msgspec.field(name="from")
    from_tar: _Digest
    file: _File
    urls: _Urls
    size: _Size
    sha256: _Digest


class Archive(msgspec.Struct, frozen=True, kw_only=True):
    """The archive of one target: size in bytes, SHA-256, and where it is, the best place first."""

    target: str
    file: _File
    urls: _Urls
    size: _Size
    sha256: _Digest
    glibc: str | None = ""
    tar: Tar | None = None
    patches: tuple[Patch, ...] = ()


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a channel."""

    schema: Literal[2]
    name: str
    channel: str
    stream: str
    version: _Version
    tag: str = ""
    commit: str = ""
    published: str = ""
    withdrawn: tuple[str, ...] = ()
    artifacts: tuple[Archive, ...] = ()

    def archive(self, target: str) -> Archive | None:
        """The archive of a target; None when this version has none."""
        return next((each for each in self.artifacts if each.target == target), None)
