"""Scoop manifests, for Windows; refuses to render what is not JSON.

Without a Windows archive there is still a manifest, without `architecture`: Scoop itself then says that the
processor is not supported. See docs/outlets/scoop.md.
"""

import json
from pathlib import PureWindowsPath

from release import errors, version
from release.model import Arch, Bundle, File, Packager, Place, Plan, Product, Profile, Release, System, Target
from release.packagers import installed, licences, naming, portable, quoting, templates

_ARCHITECTURES = (("64bit", Arch.X64), ("arm64", Arch.ARM64))


def _takes(target: Target) -> bool:
    return portable.takes(target, System.WINDOWS)


def _architecture(product: Product, profile: Profile, release: Release) -> dict[str, dict[str, str]]:
    tag = release.plan.version.tag
    return {
        name: {
            "url": naming.archive_url(profile, tag, artifact.file),
            "hash": artifact.sha256,
            "extract_dir": naming.folder(product),
        }
        for name, arch in _ARCHITECTURES
        if (artifact := portable.artifact(release, System.WINDOWS, arch)) is not None
    }


def _autoupdate(product: Product, profile: Profile, release: Release) -> dict[str, dict[str, str]]:
    """The same with `$version` for the version, which Scoop replaces."""
    text = release.plan.version.text
    tag = release.plan.version.tag.replace(text, "$version")
    return {
        name: {
            "url": naming.archive_url(profile, tag, artifact.file.replace(text, "$version")),
            "extract_dir": naming.folder(product),
        }
        for name, arch in _ARCHITECTURES
        if (artifact := portable.artifact(release, System.WINDOWS, arch)) is not None
    }


def _notes(product: Product, manifest: str, *, windows: bool) -> list[str]:
    owner, _ = naming.owned(product.bucket, "bucket")
    if not windows:
        return ["This release was built without Windows, so there is nothing to install."]
    notes = [f"Install: scoop install {owner}/{manifest}", f"Upgrade: scoop update {manifest}"]
    if product.service:
        stop = " ".join([product.name, *product.service.stop])
        notes.append(f"Scoop updates no running program. Stop the server first: {stop}")
    return notes


def _bundles(product: Product, profile: Profile, release: Release) -> tuple[Bundle, ...]:
    plan = release.plan
    manifest = naming.package(product, plan)
    architecture = _architecture(product, profile, release)
    program = str(PureWindowsPath(product.name) / f"{product.name}.exe")
    content = templates.render(
        product,
        "scoop",
        "manifest.json",
        {
            "architectures": [architecture] if architecture else [],
            "autoupdates": [_autoupdate(product, profile, release)] if architecture else [],
            "channel_url": naming.channel_url(profile, plan),
            "homepage": product.homepage,
            "licence": licences.scoop(licences.parse(product.license)),
            "notes": _notes(product, manifest, windows=bool(architecture)),
            "program": program,
            "receipt": {"name": manifest, "method": "scoop", "channel": plan.channel.value},
            "receipt_file": str(PureWindowsPath(product.name) / installed.FILE),
            "receipt_schema": installed.SCHEMA,
            "stops": [" ".join(map(quoting.powershell, product.service.stop))] if product.service else [],
            "summary": product.summary,
            "version": version.scoop(plan.version),
        },
    )
    return (
        Bundle(
            outlet="scoop",
            package=manifest,
            place=Place.BUCKET,
            files=(File(path=f"bucket/{manifest}.json", content=_pretty(product, content).encode()),),
            message=f"{manifest} {plan.version.text}",
        ),
    )


def _pretty(product: Product, text: str) -> str:
    """As Scoop's own formatter lays it out: four spaces, no escaped letters."""
    try:
        return json.dumps(json.loads(text), indent=4, ensure_ascii=False) + "\n"
    except json.JSONDecodeError as error:
        path = product.root / product.templates / "scoop" / "manifest.json.j2"
        raise errors.TemplateError(
            f"{path} does not give JSON: {error.msg} at line {error.lineno} of the result",
            hint="every value needs the json filter, and every item but the last a comma",
        ) from None


def _package(product: Product, plan: Plan) -> str:
    return naming.package(product, plan)


PACKAGER = Packager(name="scoop", package=_package, spell=version.scoop, takes=_takes, bundles=_bundles)
