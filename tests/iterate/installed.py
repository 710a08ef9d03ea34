"""A copy as the installer puts it, of a stand-in program, and archives and patches as the release tool makes them."""

import gzip
import hashlib
import json
import random
import shutil
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path

import msgspec
from tests.iterate import signed
from tests.iterate.signed import Served

from iterate.install import trial
from iterate.install.document import Document
from release.compile.pack import pack

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

ROOT = b'{"signed": "a stand-in for the keys"}'
MTIME = 1_795_600_000
TARGET = "linux-x64"
PLAIN = """#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
[ "$(cat "$here/library")" = "$(cat "$here/data/library")" ] || exit 70
echo VERSION
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """A version that was built: its archive, and what is inside."""

    version: str
    archive: Path

    @property
    def tar(self) -> bytes:
        return gzip.decompress(self.archive.read_bytes())


def build(folder: Path, version: str, program: str = PLAIN, root: bytes | None = ROOT) -> Built:
    """Build a stand-in whose program works when all its files are of one version."""
    tree = folder / f"tree-{version}" / "iterate"
    inner = tree / "iterate"
    (inner / "data").mkdir(parents=True)
    (tree / "LICENSE").write_text("MIT\n")
    (inner / "iterate").write_text(program.replace("VERSION", version))
    (inner / "iterate").chmod(0o755)
    for each in (inner, inner / "data"):
        (each / "library").write_text(f"{version}\n")
    # The same in each version, and not to be packed any smaller.
    (inner / "large").write_bytes(random.Random(7).randbytes(300_000))
    if root is not None:
        (inner / "update-root.json").write_bytes(root)
    archive = folder / f"iterate-{version}-{TARGET}.tar.gz"
    pack(tree, archive, mtime=MTIME)
    shutil.rmtree(tree.parent)
    return Built(version=version, archive=archive)


def install(
    folder: Path, built: Built, *, sites: tuple[str, ...] = (), root: bytes = ROOT, channel: str = "latest"
) -> Path:
    """Put a version into a folder as the installer does; returns the real file of the program."""
    store = folder / ".iterate"
    store.mkdir(parents=True)
    (store / "lock").touch()
    with tarfile.open(built.archive) as packed:
        packed.extractall(store / built.version, filter="data")
    program = store / built.version / "iterate" / "iterate" / "iterate"
    receipt = {
        "schema": 1,
        "name": "iterate",
        "method": "self",
        "channel": channel,
        "version": built.version,
        "packages": {"brew": {"latest": "acme/tap/iterate"}},
        "sites": list(sites),
    }
    program.with_name("install-receipt.json").write_text(json.dumps(receipt))
    place = program.with_name("update-root.json")
    if place.is_file() and place.read_bytes() != root:
        place.rename(store / built.version / place.name)
    place.write_bytes(root)
    (folder / "iterate").symlink_to(program.relative_to(folder))
    return program


def delta(old: Built, new: Built) -> bytes:
    """What `zstd --patch-from` makes of two tars."""
    options: dict[int, int] = {
        zstd.CompressionParameter.window_log: 27,
        zstd.CompressionParameter.enable_long_distance_matching: 1,
    }
    return zstd.compress(new.tar, options=options, zstd_dict=zstd.ZstdDict(old.tar, is_raw=True).as_prefix)


def offered(site: Served, built: Built, *patched: Built, channel: str = "latest", target: str = TARGET) -> Document:
    """Put a version on a site, with patches from older ones; returns its document."""
    content = built.archive.read_bytes()
    site.files[built.archive.name] = content
    patches = []
    for old in patched:
        packed = delta(old, built)
        name = f"{built.version}-from-{old.version}.patch"
        site.files[name] = packed
        patches.append(
            {
                "from": old.version,
                "from_tar": hashlib.sha256(old.tar).hexdigest(),
                "file": name,
                "urls": [site.url + name],
                "size": len(packed),
                "sha256": hashlib.sha256(packed).hexdigest(),
            }
        )
    archive = {
        "target": target,
        "file": built.archive.name,
        "urls": [site.url + built.archive.name],
        "size": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "glibc": "",
        "tar": {"sha256": hashlib.sha256(built.tar).hexdigest(), "size": len(built.tar)},
        "patches": patches,
    }
    return msgspec.convert(signed.document(channel, built.version, artifacts=[archive]), Document)


def said(folder: Path) -> str:
    """What the program says that the link leads to."""
    done = subprocess.run([folder / "iterate", "--version"], capture_output=True, text=True, check=False, timeout=30)
    return done.stdout.strip() if done.returncode == 0 else f"exit code {done.returncode}: {done.stderr}"


def only_version(program: Path, version: str, _folder: Path) -> None:
    """A trial without a server, which the stand-in does not have."""
    trial.try_version(program, version)
