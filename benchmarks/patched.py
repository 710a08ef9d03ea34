"""The patch between two dev builds: of the newest commit that changed the program, and of its parent."""

import gzip
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from release import manifest
from release.derive import patch
from release.model import Artifact
from release.product import Product

SOURCE = "packages/iterate/src"


@dataclass(frozen=True, slots=True, kw_only=True)
class Patched:
    """Bytes of the patch and of the archive that it leads to, and what changed in between."""

    patch: int
    archive: int
    changed: str


def made(product: Product, target: str, folder: Path) -> Patched:
    """Build both in a clone that has its .venv, one after the other.

    Raises:
        CalledProcessError: a build failed; its output is above.
    """
    commit = said(folder, "log", "-1", "--format=%H", "--", SOURCE)
    # Each in a folder of its own: commits of one second have one version.
    for dist, each in (("before", f"{commit}^"), ("after", commit)):
        said(folder, "checkout", "-q", "-f", "-B", "main", each)
        words = [str(folder / ".venv/bin/release"), "build", "--channel", "dev", "--target", target, "--dist", dist]
        subprocess.run(words, cwd=folder, check=True, stdout=subprocess.DEVNULL, env={**os.environ, "CI": "true"})
    old, new = (built(product, folder / dist) for dist in ("before", "after"))
    before, after = tar(folder / "before", old), tar(folder / "after", new)
    changed = said(folder, "diff", "--shortstat", f"{commit}^", commit, "--", SOURCE)
    return Patched(patch=len(patch.delta(before, after)), archive=new.size, changed=f"{commit[:8]}:{changed}")


def built(product: Product, dist: Path) -> Artifact:
    """The one archive there."""
    (record,) = (dist / manifest.ARTIFACTS).glob("*.json")
    return manifest.read_record(product, record).artifacts[0]


def tar(dist: Path, artifact: Artifact) -> bytes:
    """What is inside an archive."""
    return gzip.decompress((dist / manifest.ARTIFACTS / artifact.file).read_bytes())


def said(folder: Path, *words: str) -> str:
    """What git prints."""
    done = subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip("\n")
