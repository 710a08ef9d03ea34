"""npm's packages: what they say of themselves, and that the same archive makes the same one."""

import gzip
import io
import json
import tarfile
from pathlib import Path

import msgspec
import pytest
from tests.release import project, world

from release import config, derive, destinations, disk, manifest, targets
from release.errors import ConfigInvalidError, ReleaseCorruptError
from release.model import Artifact, File, Release
from release.packagers import nothing, npm, tarball
from release.packagers.tarball import Entry
from release.product import Channel, Product


def unpacked(content: bytes) -> dict[str, tuple[bytes, int]]:
    """The files of a package, with their modes."""
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        found = {}
        for entry in tar:
            file = tar.extractfile(entry)
            assert file is not None, f"{entry.name} is no file"
            assert (entry.uid, entry.gid, entry.mtime) == (0, 0, world.COMMITTED_AT)
            found[entry.name.removeprefix("package/")] = (file.read(), entry.mode)
        return found


def described(content: bytes) -> dict[str, object]:
    found: dict[str, object] = json.loads(unpacked(content)["package.json"][0])
    return found


def only_npm(product: Product) -> Product:
    profile = msgspec.structs.replace(world.local(), places={"npm": "file:public/npm"})
    return msgspec.structs.replace(product, profiles={"local": profile})


def main(product: Product, release: Release) -> bytes:
    """The main package."""
    (bundle,) = npm.PACKAGER.bundles(product, world.local(), world.derived(product, release), nothing)
    content = bundle.files[-1].content
    assert isinstance(content, bytes)
    return content


def made(folder: Path, *only: str, product: Product | None = None) -> tuple[Path, Release]:
    """A release of real archives in a folder of results, and what was derived from them."""
    ours, dist = only_npm(product or world.product()), folder / "dist"
    plan = world.plan(planned=[each for each in targets.TARGETS if not only or each.name in only])
    packed = world.pack(ours, plan, folder / "site")
    (folder / "site" / plan.tag).rename(disk.emptied(dist) / manifest.ARTIFACTS)
    manifest.write(ours, packed.release, dist)
    return dist, derive.derive(ours, ours.profiles["local"], dist, partial=False, progress=project.Quiet())


def derived_of(release: Release) -> dict[str, Artifact]:
    return {each.target.name: each for each in release.artifacts if each.made_from}


def test_every_target_has_a_package_that_says_where_it_runs(tmp_path: Path) -> None:
    dist, release = made(tmp_path)
    systems = {"windows": "win32"}
    assert set(derived_of(release)) == {target.name for target in targets.TARGETS}
    for name, artifact in derived_of(release).items():
        says = described((dist / manifest.ARTIFACTS / artifact.file).read_bytes())
        target = artifact.target
        assert (says["name"], says["version"]) == (f"iterate-{name}", "1.2.3")
        assert (says["os"], says["cpu"]) == ([systems.get(target.system, target.system.value)], [target.arch.value])
        assert says.get("libc", [""]) == [target.libc]
        assert says["preferUnplugged"] is True
        assert says["publishConfig"] == {"tag": "latest"}
        assert "win32" not in str(says["name"])


def test_no_package_has_scripts_or_dependencies_that_must_be_there(tmp_path: Path) -> None:
    dist, release = made(tmp_path)
    packages = [(dist / manifest.ARTIFACTS / each.file).read_bytes() for each in derived_of(release).values()]
    for content in (*packages, main(world.product(), world.release(world.product(), release.plan))):
        assert not {"scripts", "dependencies", "peerDependencies", "gypfile"} & set(described(content))
        assert "binding.gyp" not in unpacked(content)


@pytest.mark.parametrize("channel", Channel)
def test_the_main_package_names_each_other_one_to_the_letter(channel: Channel) -> None:
    product, plan = world.product(), world.plan(channel)
    says = described(main(product, world.release(product, plan)))
    names = [f"iterate-{target.name}" for target in targets.TARGETS]
    assert says["optionalDependencies"] == dict.fromkeys(names, plan.version.text)
    assert says["publishConfig"] == {"tag": channel.value}
    assert says["bin"] == {"iterate": "bin/iterate.js"}


def test_only_what_was_built_is_named(tmp_path: Path) -> None:
    product = world.product()
    says = described(main(product, world.release(product, world.plan(), "darwin-arm64")))
    assert says["optionalDependencies"] == {"iterate-darwin-arm64": "1.2.3"}


def test_the_shim_needs_nothing_that_old_clients_do_not_know() -> None:
    product = world.product()
    files = unpacked(main(product, world.release(product, world.plan())))
    script, mode = files["bin/iterate.js"]
    assert mode == 0o755
    assert script.startswith(b"#!/usr/bin/env node\n")
    shim, mode = files["start.js"]
    assert mode == 0o644
    assert b'require("child_process")' in shim
    assert b'require("node:' not in shim
    assert b"require.resolve(" in shim


def test_a_package_with_a_scope_is_published_for_everybody_unless_told_otherwise() -> None:
    product = world.minimal()
    says = described(main(product, world.release(product, world.plan(), "linux-arm64")))
    assert says["name"] == "@nobody/hello"
    assert says["optionalDependencies"] == {"@nobody/hello-linux-arm64": "1.2.3"}
    assert says["publishConfig"] == {"tag": "latest", "access": "public"}
    assert "repository" not in says
    (bundle,) = npm.PACKAGER.bundles(
        product, world.local(), world.derived(product, world.release(product, world.plan(), "linux-arm64")), nothing
    )
    assert [file.path for file in bundle.files] == [
        "@nobody/hello-linux-arm64/-/hello-linux-arm64-1.2.3.tgz",
        "@nobody/hello/-/hello-1.2.3.tgz",
    ]


@pytest.mark.parametrize("key", ['package = "Tool"', 'package = "a b"', 'repository = "http://x"', 'access = "me"'])
def test_a_table_with_an_impossible_value_is_refused(tmp_path: Path, key: str) -> None:
    folder = project.make(tmp_path)
    text = (folder / "release.toml").read_text()
    (folder / "release.toml").write_text(text.replace("[homebrew]", f"[npm]\n{key}\n\n[homebrew]"))
    with pytest.raises(ConfigInvalidError, match=r"npm\."):
        config.read(folder / "release.toml")


def test_the_program_lies_in_the_package_as_in_its_archive_with_a_receipt_beside_it(tmp_path: Path) -> None:
    dist, release = made(tmp_path, "linux-arm64", "windows-arm64")
    of = derived_of(release)
    files = unpacked((dist / manifest.ARTIFACTS / of["linux-arm64"].file).read_bytes())
    assert files["iterate/iterate"][1] == 0o755
    assert files["iterate/library.so"] == (b"linux-arm64", 0o644)
    assert {"LICENSE", "README.md", "licenses/part/COPYING", "completions/_iterate"} <= set(files)
    receipt = json.loads(files["iterate/install-receipt.json"][0])
    assert (receipt["name"], receipt["method"], receipt["version"]) == ("iterate", "npm", "1.2.3")
    assert b"Install `iterate`" in files["README.md"][0]
    windows = unpacked((dist / manifest.ARTIFACTS / of["windows-arm64"].file).read_bytes())
    assert windows["iterate/iterate.exe"][1] == 0o755


def test_the_same_archive_makes_the_same_package(tmp_path: Path) -> None:
    _, first = made(tmp_path / "one", "linux-arm64", "windows-arm64")
    _, second = made(tmp_path / "two", "linux-arm64", "windows-arm64")
    assert derived_of(first) == derived_of(second)


def repacked(dist: Path, product: Product, change: list[tarfile.TarInfo]) -> None:
    """Put more entries into the only archive, and write the release of it again."""
    release = manifest.read(product, dist)
    (archive,) = (each for each in release.artifacts if not each.made_from)
    path = dist / manifest.ARTIFACTS / archive.file
    plain = io.BytesIO(gzip.decompress(path.read_bytes()))
    with tarfile.open(fileobj=plain, mode="a") as tar:
        for entry in change:
            tar.addfile(entry)
    path.write_bytes(gzip.compress(plain.getvalue(), mtime=0))
    changed = msgspec.convert({"size": path.stat().st_size, "sha256": disk.sha256(path)}, dict[str, int | str])
    again = manifest.as_json(product, Release(plan=release.plan, artifacts=(archive,)))
    listed = again["artifacts"]
    assert isinstance(listed, list)
    listed[0] |= changed
    (dist / manifest.FILE).write_text(json.dumps(again))


def link(path: str, target: str) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(path)
    entry.type, entry.linkname, entry.mode = tarfile.SYMTYPE, target, 0o777
    return entry


def test_a_link_becomes_the_file_that_it_leads_to_because_clients_drop_links(tmp_path: Path) -> None:
    product = only_npm(world.product())
    dist, _ = made(tmp_path, "linux-arm64")
    repacked(dist, product, [link("iterate/iterate/also.so", "library.so")])
    release = derive.derive(product, product.profiles["local"], dist, partial=False, progress=project.Quiet())
    files = unpacked((dist / manifest.ARTIFACTS / derived_of(release)["linux-arm64"].file).read_bytes())
    assert files["iterate/also.so"] == files["iterate/library.so"]


@pytest.mark.parametrize("target", ["nowhere", "../licenses"])
def test_a_link_that_cannot_become_a_file_is_an_error_and_no_gap(tmp_path: Path, target: str) -> None:
    product = only_npm(world.product())
    dist, _ = made(tmp_path, "linux-arm64")
    repacked(dist, product, [link("iterate/iterate/also", target)])
    with pytest.raises(ReleaseCorruptError, match="iterate/also is a link"):
        derive.derive(product, product.profiles["local"], dist, partial=False, progress=project.Quiet())


def test_a_path_that_not_every_client_can_read_is_an_error(tmp_path: Path) -> None:
    product = only_npm(world.product())
    dist, _ = made(tmp_path, "linux-arm64")
    repacked(dist, product, [tarfile.TarInfo(f"iterate/iterate/{'x' * 101}")])
    with pytest.raises(ReleaseCorruptError, match="name is too long"):
        derive.derive(product, product.profiles["local"], dist, partial=False, progress=project.Quiet())


@pytest.mark.parametrize("size", [0, 1, 40_000, 65_535, 65_536, 200_000])
def test_a_package_that_is_stored_unpacks_to_what_went_in(size: int) -> None:
    content = bytes(number % 251 for number in range(size))
    packed = tarball.stored([Entry(path="a", content=content)], mtime=world.COMMITTED_AT)
    assert unpacked(packed) == {"a": (content, 0o644)}
    assert gzip.decompress(packed)[:9] == b"package/a"


# --- addresses ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["npm:", "npm+https://host/", "npm+https://host:8/a/b", "npm+http://127.0.0.1:4873"])
def test_these_are_addresses_of_registries(text: str) -> None:
    assert destinations.parse(text).scheme == text.partition(":")[0]


@pytest.mark.parametrize(
    "text", ["npm:x", "npm", "npm+https:", "npm+https://", "npm+https://user@host/", "npm+http://h/#b", "npm+ftp://h/"]
)
def test_these_are_none(text: str) -> None:
    with pytest.raises(ConfigInvalidError):
        destinations.parse(text)


def test_a_registry_on_loopback_is_of_this_machine_and_still_no_folder_for_rehearsals() -> None:
    assert destinations.is_local("npm+http://127.0.0.1:4873")
    assert destinations.is_local("npm+http://localhost:4873/")
    assert not destinations.is_local("npm+https://host/")
    assert not destinations.is_local("npm+http://127.0.0.1.example.invalid/")
    assert not destinations.is_local("npm:")
    assert not destinations.is_below("npm+http://127.0.0.1:4873", Path("dist"))
    assert not destinations.is_below("npm:", Path("dist"))


def test_files_of_the_bundle_are_frozen_and_the_main_one_is_the_last() -> None:
    product = world.product()
    release = world.derived(product, world.release(product, world.plan()))
    (bundle,) = npm.PACKAGER.bundles(product, world.local(), release, nothing)
    files: tuple[File, ...] = bundle.files
    assert all(file.frozen for file in files)
    assert [file.path.partition("/-/")[0] for file in files][-1] == "iterate"
    assert len(files) == len(targets.TARGETS) + 1
