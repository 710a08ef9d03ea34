"""Manifests before Scoop's schema, its two engines under mono, and its autoupdate written again.

Scoop itself needs Windows and PowerShell: nobody has installed these manifests with it here.
"""

import hashlib
import json
import subprocess
import zipfile
from collections.abc import Iterable
from pathlib import Path

import httpx2
import jsonschema
import pytest
from msgspec.structs import replace as changed
from tests.consumers import stage
from tests.release import world

from release.model import Plan
from release.packagers import channel, nothing, scoop
from release.product import Channel, Product

# Where Debian's libnewtonsoft-json5.0-cil puts the engine that Scoop brings along.
JSON_NET = Path("/usr/lib/cli/Newtonsoft.Json-5.0/Newtonsoft.Json.dll")
TOMORROW = world.COMMITTED_AT + 86_400
engines_needed = pytest.mark.consumer("mcs", "mono")


@pytest.fixture(scope="session")
def schema() -> dict[str, object]:
    """Scoop's own schema, which is not part of this repository."""
    return world.document(stage.given("SCOOP_SCHEMA").read_bytes())


@pytest.fixture(scope="session")
def engines(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The C# program, compiled."""
    program = tmp_path_factory.mktemp("engines") / "scoop_engines.exe"
    source = Path(__file__).with_name("scoop_engines.cs")
    command = ["mcs", f"-r:{stage.need(JSON_NET)}", f"-out:{program}", str(source)]
    subprocess.run(command, check=True, capture_output=True)
    return program


def asked(engines: Path, *words: str | Path) -> str:
    return subprocess.run(["mono", engines, *words], capture_output=True, text=True, check=True).stdout.strip()


def manifest(
    product: Product, plan: Plan, site: Path | None = None, *, base: str = "", only: str = ""
) -> dict[str, object]:
    """The manifest of a plan; with a site, of archives that are really there, at that address."""
    profile = world.local(base) if base else world.local()
    named = (only,) if only else ()
    release = world.pack(product, plan, site, *named).release if site else world.release(product, plan, *named)
    (bundle,) = scoop.PACKAGER.bundles(product, profile, release, nothing)
    return world.document(bundle.files[0].content)


def fetched(url: str) -> bytes:
    return httpx2.get(url, trust_env=False, timeout=5).raise_for_status().content


def at(value: object, *keys: str) -> str:
    """A text deep inside a manifest."""
    for key in keys:
        assert isinstance(value, dict)
        value = value[key]
    assert isinstance(value, str)
    return value


def substituted(template: str, table: dict[str, str]) -> str:
    """Scoop's `substitute`: plain replacement, over a table whose order nobody knows."""

    def by(keys: Iterable[str]) -> str:
        text = template
        for key in keys:
            text = text.replace(key, table[key])
        return text

    forwards, backwards = by(sorted(table)), by(sorted(table, reverse=True))
    assert forwards == backwards, "the result hangs on the order of the table"
    return forwards


def variables(version: str) -> dict[str, str]:
    """Get-VersionSubstitution of Scoop's lib/autoupdate.ps1, without the parts of a matched regex."""
    head, _, tail = version.partition("-")
    first = head.split(".")
    parts = {
        name: (first[at] if at < len(first) else "") for at, name in enumerate(("major", "minor", "patch", "build"))
    }
    return {
        "$version": version,
        "$dotVersion": version.replace("-", ".").replace("_", "."),
        "$underscoreVersion": version.replace("-", "_").replace(".", "_"),
        "$dashVersion": version.replace(".", "-").replace("_", "-"),
        "$cleanVersion": version.replace(".", "").replace("-", "").replace("_", ""),
        **{f"${name}Version": value for name, value in parts.items()},
        "$preReleaseVersion": tail.rpartition("-")[2] or version,
        "$matchHead": head,
        "$matchTail": version.removeprefix(head),
    }


@pytest.mark.parametrize("stream", Channel)
def test_every_manifest_is_what_the_schema_asks_for(stream: Channel, schema: dict[str, object]) -> None:
    for product in (world.product(), world.minimal()):
        jsonschema.Draft7Validator(schema).validate(manifest(product, world.plan(stream)))
        jsonschema.Draft7Validator(schema).validate(manifest(product, world.plan(stream), only="windows-arm64"))


@pytest.mark.parametrize(
    ("key", "value"), [("version", "1 2"), ("license", None), ("checkver", {"jsonpth": "$.x"}), ("extra", 1)]
)
def test_the_schema_can_say_no(key: str, value: object, schema: dict[str, object]) -> None:
    found = {**manifest(world.product(), world.plan()), key: value}
    assert list(jsonschema.Draft7Validator(schema).iter_errors(found)) != []


@engines_needed
@pytest.mark.parametrize("stream", Channel)
def test_checkver_reads_the_version_out_of_the_channel_file(stream: Channel, engines: Path, tmp_path: Path) -> None:
    product, plan = world.product(), world.plan(stream)
    found = manifest(product, plan)
    (bundle,) = channel.PACKAGER.bundles(product, world.local(), world.release(product, plan), nothing)
    assert isinstance(bundle.files[0].content, bytes)
    assert at(found, "checkver", "url").endswith("/site/" + bundle.files[0].path)
    (tmp_path / "channel.json").write_bytes(bundle.files[0].content)
    assert asked(engines, "jsonpath", tmp_path / "channel.json", at(found, "checkver", "jsonpath")) == found["version"]


@engines_needed
@pytest.mark.parametrize("stream", Channel)
def test_autoupdate_makes_the_next_manifest_out_of_this_one(stream: Channel, engines: Path, tmp_path: Path) -> None:
    product = world.product()
    site = tmp_path / "site"
    with stage.serving(tmp_path) as base:
        old = manifest(product, world.plan(stream), site, base=base)
        new = manifest(
            product,
            world.plan(stream, text="1.10.0", committed_at=TOMORROW),
            site,
            base=base,
        )
        table = variables(at(new, "version"))
        for architecture in ("64bit", "arm64"):
            template = old["autoupdate"]
            url = substituted(at(template, "architecture", architecture, "url"), table)
            assert url == at(new, "architecture", architecture, "url")

            name = url.rpartition("/")[2]
            places = {"$url": url, "$baseurl": url.rpartition("/")[0], "$basename": name}
            sidecar = substituted(at(template, "hash", "url"), {**table, **places})
            (tmp_path / "sidecar").write_bytes(fetched(sidecar))
            digest = asked(engines, "hash", tmp_path / "sidecar", name)
            assert digest == at(new, "architecture", architecture, "hash")
            assert digest == hashlib.sha256(fetched(url)).hexdigest()


@engines_needed
def test_text_of_the_configuration_comes_back_from_json_net_unchanged(engines: Path, tmp_path: Path) -> None:
    hostile = 'It\'s "quoted", \\ {{ x }} and ünïcode'
    product = changed(world.product(), summary=hostile)
    (bundle,) = scoop.PACKAGER.bundles(product, world.local(), world.release(product, world.plan()), nothing)
    assert isinstance(bundle.files[0].content, bytes)
    (tmp_path / "manifest.json").write_bytes(bundle.files[0].content)
    assert asked(engines, "jsonpath", tmp_path / "manifest.json", "$.description") == hostile


@pytest.mark.parametrize("stream", Channel)
def test_the_program_is_where_the_manifest_says(stream: Channel, tmp_path: Path) -> None:
    product, plan = world.product(), world.plan(stream)
    found = manifest(product, plan, tmp_path)
    for architecture in ("64bit", "arm64"):
        name = at(found, "architecture", architecture, "url").rpartition("/")[2]
        with zipfile.ZipFile(tmp_path / plan.tag / name) as archive:
            program = at(found, "bin").replace("\\", "/")
            assert program in archive.namelist()


def test_hooks_use_the_variables_that_scoop_gives_them() -> None:
    found = manifest(world.product(), world.plan())
    script = json.dumps([found["post_install"], found["pre_uninstall"]])
    used = {word for word in ("$dir", "$version", "$receipt", "$program") if word in script}
    assert used == {"$dir", "$version", "$receipt", "$program"}
    assert script.count("$") == 11  # nothing else that PowerShell would expand
