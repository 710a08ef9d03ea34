"""Builders of test values: products, plans, releases, and small archives that really unpack and run."""

import gzip
import hashlib
import io
import json
import tarfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from release import packagers, targets, version
from release.model import Artifact, Kind, Plan, Release, Tar
from release.packagers import deb, npm
from release.packagers.aur import Aur
from release.packagers.deb import Deb
from release.packagers.homebrew import Homebrew
from release.packagers.installer import Installer
from release.packagers.npm import Npm
from release.packagers.scoop import Scoop
from release.packagers.winget import Winget
from release.product import (
    Build,
    Channel,
    CommandTest,
    Product,
    Profile,
    ServerTest,
    Service,
    System,
    Target,
    VersionTest,
)
from release.signing.roles import Signing

ROOT = Path(__file__).parents[2]
COMMIT = "0123456789abcdef0123456789abcdef01234567"
COMMITTED_AT = 1767323045  # 2026-01-02T03:04:05Z
LATEST = "1.2.3"
BETA = "1.3.0-rc.1"
BRANCH = "feature-fast-start"


def local(base: str = "http://127.0.0.1:8642") -> Profile:
    """The profile that keeps everything on this machine; `base` is where dist/public is served."""
    return Profile(
        local=True,
        archive_url=f"{base}/site/{{tag}}/{{file}}",
        channel_url=f"{base}/site/channels/{{channel}}.json",
        places={
            "archives": "file:public/site",
            "homebrew": "git+file:public/homebrew-tap.git",
            "scoop": "git+file:public/scoop-bucket.git",
            "aur": "git+file:public/aur/{package}.git#master",
            "deb": "file:public/deb",
            "winget": "git+file:public/winget-pkgs.git",
            "npm": "file:public/npm",
            "channel": "file:public/site",
            "installer": "file:public/site",
        },
        sites=(f"{base}/site/",),
    )


def build(name: str = "iterate") -> Build:
    """How a product is compiled; no test of the packagers looks at it."""
    return Build(
        project=f"packages/{name}",
        stamp=f"{name}/_stamp.py",
        packages=(name,),
        targets=tuple(target.name for target in targets.TARGETS),
    )


def product(root: Path = ROOT) -> Product:
    """A product with everything: service, completions, tests."""
    return Product(
        name="iterate",
        summary="Coding agent for the terminal, behind a local server that starts on demand",
        homepage="https://github.com/acme/iterate",
        license="MIT",
        license_file="LICENSE",
        readme="README.md",
        committer="iterate release <release@iterate.invalid>",
        tables=(
            Homebrew(tap="acme/tap"),
            Scoop(bucket="acme/scoop-bucket"),
            Aur(),
            Deb(),
            Winget(identifier="Acme.Iterate", publisher="Acme"),
            Npm(repository="https://github.com/acme/iterate"),
            Signing(keys="keys"),
            Installer(next="iterate"),
        ),
        build=build(),
        profiles={"local": local()},
        completions=("completion", "{shell}"),
        man=("man",),
        service=Service(run=("serve",), stop=("server", "stop"), already_running=10),
        server_test=ServerTest(args=("serve", "--port", "{port}"), health="/global/health"),
        command_tests=(CommandTest(args=("run", "--model", "echo/echo", "hello"), expect="hello"),),
        root=root,
    )


def minimal(root: Path = ROOT) -> Product:
    """Another product, with nothing that may be left out."""
    return Product(
        name="hello-world",
        summary="Greets whoever runs it",
        homepage="https://example.org/hello",
        license="MIT OR Apache-2.0",
        license_file="docs/LICENSE.txt",
        readme="docs/README.rst",
        committer="Nobody <nobody@example.org>",
        tables=(
            Homebrew(tap="nobody/things"),
            Scoop(bucket="nobody/windows-things"),
            Winget(identifier="Nobody.Hello", publisher="Nobody"),
            Npm(package="@nobody/hello"),
            Installer(),
        ),
        build=build("hello_world"),
        profiles={"local": local()},
        root=root,
    )


def several(root: Path = ROOT) -> Product:
    """A product of somebody else: three commands, none called as it is, one of them with a window."""
    return Product(
        name="weather-tools",
        summary="Shows the weather in three ways",
        homepage="https://example.org/weather",
        license="BSD-3-Clause",
        license_file="COPYING",
        readme="README.md",
        committer="Somebody <somebody@example.org>",
        tables=(
            Homebrew(tap="somebody/tap"),
            Scoop(bucket="somebody/bucket"),
            Aur(),
            Deb(),
            Winget(identifier="Somebody.Weather", publisher="Somebody"),
            Npm(),
            Installer(),
        ),
        build=Build(
            targets=tuple(target.name for target in targets.TARGETS),
            scripts=("weather", "Weather_Map.py", "weather3.12-gui"),
            executable="weather.bin",
        ),
        version_test=VersionTest(args=("--version",), expect="weather, version {version}"),
        profiles={"local": local()},
        root=root,
    )


def plan(
    channel: Channel = Channel.LATEST,
    *,
    text: str = LATEST,
    committed_at: int = COMMITTED_AT,
    planned: Sequence[Target] = targets.TARGETS,
) -> Plan:
    """A plan of a channel; `text` is the latest channel's version."""
    branch = "" if channel.is_tagged else "main" if channel is Channel.DEV else BRANCH
    spelt = (
        version.need_tagged(version.parse(BETA if channel is Channel.BETA else text), f"v{text}", channel)
        if channel.is_tagged
        else version.of_commit(channel, committed_at, version.slug(branch))
    )
    return Plan(
        channel=channel,
        version=spelt,
        tag=f"v{spelt.text}",
        commit=COMMIT,
        committed_at=committed_at,
        branch=branch,
        dirty=False,
        targets=tuple(planned),
    )


def artifact(product: Product, plan: Plan, target: Target, archive: bytes | None = None) -> Artifact:
    """An artifact of a target; without an archive its digest is the one of its own file name."""
    file = product.archive(plan.version, target)
    content = file.encode() if archive is None else archive
    inside = gzip.decompress(content) if archive and file.endswith(".tar.gz") else content
    return Artifact(
        file=file,
        target=target,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        glibc="GLIBC_2.34" if target.libc == "glibc" else None,
        fake=False,
        tar=Tar(size=len(inside), sha256=hashlib.sha256(inside).hexdigest()) if file.endswith(".tar.gz") else None,
    )


def release(product: Product, plan: Plan, *only: str) -> Release:
    """A release of all planned targets, or of those named."""
    return Release(
        plan=plan,
        artifacts=tuple(artifact(product, plan, target) for target in plan.targets if not only or target.name in only),
    )


def derived(product: Product, release: Release) -> Release:
    """The same release with every package that is made out of its archives."""
    packages = []
    for archive, kind in packagers.wanted(product, release):
        file = (
            deb.file_name(product, release.plan, archive.target.arch)
            if kind is Kind.DEB
            else npm.file_name(npm.package_of(product, archive.target), release.plan)
        )
        sha256 = hashlib.sha256(file.encode()).hexdigest()
        packages.append(replace(archive, file=file, kind=kind, made_from=archive.file, size=len(file), sha256=sha256))
    return Release(plan=release.plan, artifacts=(*release.artifacts, *packages))


# --- archives that unpack and run ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """A release, and the folder that holds its archives as the site does: `<tag>/<file>` and sidecars."""

    release: Release
    site: Path


def pack(product: Product, plan: Plan, site: Path, *only: str, script: str = "") -> Packed:
    """Write archives whose program is a shell script that prints its version, and the release of them.

    Another `script` may hold VERSION and TARGET.
    """
    artifacts = []
    folder = site / plan.tag
    folder.mkdir(parents=True, exist_ok=True)
    for target in plan.targets:
        if only and target.name not in only:
            continue
        files = {f"{product.name}/{path}": content for path, content in _content(product, plan, target, script).items()}
        archive = _zip(files) if target.system is System.WINDOWS else _tar(files)
        found = artifact(product, plan, target, archive)
        (folder / found.file).write_bytes(archive)
        (folder / f"{found.file}.sha256").write_text(f"{found.sha256}  {found.file}\n")
        artifacts.append(found)
    return Packed(release=Release(plan=plan, artifacts=tuple(artifacts)), site=site)


def _content(product: Product, plan: Plan, target: Target, script: str) -> dict[str, bytes]:
    name = product.name
    program = script.replace("VERSION", plan.version.text).replace("TARGET", target.name) or (
        f"#!/bin/sh\n{probe(plan)}"
        f'case "$1" in --version) echo {plan.version.text} ;; *) echo "${{0##*/}}" "$@" ;; esac\n'
    )
    files = {
        product.program(target): program.encode(),
        f"{name}/library.so": target.name.encode(),
        "licenses/part/COPYING": b"Do what you like with this part.\n",
        product.license_file.rpartition("/")[2]: b"Do what you like.\n",
        product.readme.rpartition("/")[2]: f"# {name}\n".encode(),
    }
    for command in product.commands if product.completions else ():
        files |= {
            f"completions/{command}.bash": f"complete -W 'a b' {command}\n".encode(),
            f"completions/_{command}": f"#compdef {command}\n".encode(),
            f"completions/{command}.fish": f"complete -c {command} -a a\n".encode(),
        }
    for command in product.commands if product.man else ():
        files[f"man/{command}.1"] = f".TH {command.upper()} 1\n".encode()
    return files


def probe(plan: Plan) -> str:
    """Lines of shell that answer for a program which build it is, as every compiled one does."""
    what = f'"version": "{plan.version.text}", "channel": "{plan.channel}", "commit": "{plan.commit}", "target": ""'
    stamp = f'{{{what}, "command": "%s"}}\\n'
    return f"""if [ "${{_RELEASE_STAMP-}}" = 1 ]; then printf '{stamp}' "${{0##*/}}"; exit; fi\n"""


def _mode(path: str) -> int:
    top, folder, *_ = path.split("/")
    return 0o755 if folder == top and "library" not in path else 0o644


def _tar(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for path, content in sorted(files.items()):
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode, entry.mtime = len(content), _mode(path), COMMITTED_AT
            tar.addfile(entry, io.BytesIO(content))
    return gzip.compress(buffer.getvalue(), mtime=0)


def _zip(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, content in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(path, (2026, 1, 2, 3, 4, 4)), content)
    return buffer.getvalue()


def document(content: bytes | Path) -> dict[str, object]:
    """A rendered JSON file, read again."""
    assert isinstance(content, bytes)
    read: dict[str, object] = json.loads(content)
    return read


def changed_release(release: Release) -> Release:
    """The same release as if its programs were real, so that more than local places may take it."""
    return Release(plan=release.plan, artifacts=tuple(replace(each, fake=False) for each in release.artifacts))
