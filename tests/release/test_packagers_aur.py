"""PKGBUILDs: where each channel goes, what a partial release gets, and what never breaks out of bash."""

from dataclasses import replace

import pytest
from msgspec.structs import replace as changed
from tests.release import world

from release.errors import ConfigInvalidError
from release.model import Bundle, Release
from release.packagers import aur, nothing
from release.product import Channel, Product, Service
from release.verify import pacman


def bundle(product: Product, channel: Channel = Channel.LATEST, *only: str) -> Bundle:
    (found,) = aur.PACKAGER.bundles(product, world.local(), world.release(product, world.plan(channel), *only), nothing)
    return found


def test_a_place_without_the_package_s_name_is_refused_because_channels_would_replace_each_other() -> None:
    product = world.product()
    profile = changed(world.local(), places={**world.local().places, "aur": "git+file:public/aur.git"})
    with pytest.raises(ConfigInvalidError, match="each needs its own"):
        aur.PACKAGER.bundles(product, profile, world.release(product, world.plan()), nothing)


def text(found: Bundle, path: str) -> str:
    (file,) = (file for file in found.files if file.path == path)
    assert isinstance(file.content, bytes)
    return file.content.decode()


def fields(found: Bundle, key: str) -> list[str]:
    lines = text(found, ".SRCINFO").splitlines()
    return [line.strip().partition(" = ")[2] for line in lines if line.strip().startswith(f"{key} = ")]


def with_symbols(product: Product, *symbols: str | None) -> Bundle:
    release = world.release(product, world.plan(), "linux-x64-baseline", "linux-arm64")
    artifacts = tuple(
        replace(artifact, glibc=symbol) for artifact, symbol in zip(release.artifacts, symbols, strict=True)
    )
    (found,) = aur.PACKAGER.bundles(product, world.local(), Release(plan=release.plan, artifacts=artifacts), nothing)
    return found


def test_a_product_without_a_readme_installs_none() -> None:
    with_one = text(bundle(world.product()), "PKGBUILD")
    without = text(bundle(changed(world.product(), readme="")), "PKGBUILD")
    assert "usr/share/doc" in with_one
    assert "usr/share/doc" not in without
    assert "usr/share/licenses" in without


def test_latest_and_dev_are_pushed_and_a_snapshot_is_only_rendered() -> None:
    made = {channel: bundle(world.product(), channel) for channel in Channel}
    assert {channel: found.kept for channel, found in made.items()} == {
        Channel.LATEST: False,
        Channel.DEV: False,
        Channel.SNAPSHOT: True,
        Channel.BETA: False,
    }
    assert [found.package for found in made.values()] == [
        "iterate-bin",
        "iterate-dev-bin",
        "iterate-snapshot-feature-fast-start-bin",
        "iterate-beta-bin",
    ]


def test_addresses_hold_the_version_of_the_tag_and_not_the_one_of_pacman() -> None:
    found = bundle(world.product(), Channel.DEV)
    assert fields(found, "pkgver") == ["0.0.0dev20260102030405"]
    (source,) = fields(found, "source_x86_64")
    file, _, url = source.partition("::")
    assert file == "iterate-dev-bin-0.0.0dev20260102030405-x86_64.tar.gz"
    assert url.endswith("/v0.0.0-dev-20260102030405/iterate-0.0.0-dev-20260102030405-linux-baseline-x64.tar.gz")


def test_only_architectures_that_have_an_archive_are_rendered() -> None:
    found = bundle(world.product(), Channel.SNAPSHOT, "linux-x64", "linux-x64-baseline")
    assert fields(found, "arch") == ["x86_64"]
    assert "aarch64" not in text(found, "PKGBUILD")


def test_a_release_without_a_portable_linux_archive_renders_nothing() -> None:
    product = world.product()
    release = world.release(product, world.plan(), "linux-x64", "linux-arm64-musl", "darwin-arm64")
    assert aur.PACKAGER.bundles(product, world.local(), release, nothing) == ()


def test_the_newest_symbol_of_any_architecture_decides_the_glibc() -> None:
    product = world.product()
    assert fields(with_symbols(product, "GLIBC_2.9", "GLIBC_2.34"), "depends") == ["glibc>=2.34"]
    assert fields(with_symbols(product, "GLIBC_2.17", None), "depends") == ["glibc>=2.17"]
    assert fields(with_symbols(product, None, None), "depends") == ["glibc"]


def with_libraries(product: Product, *libraries: str) -> Bundle:
    release = world.release(product, world.plan(), "linux-x64-baseline", "linux-arm64", "linux-x64")
    artifacts = tuple(
        replace(artifact, libraries=libraries if artifact.target.portable else ("libstranger.so.1",))
        for artifact in release.artifacts
    )
    (found,) = aur.PACKAGER.bundles(product, world.local(), Release(plan=release.plan, artifacts=artifacts), nothing)
    return found


def test_libraries_that_the_system_must_have_are_dependencies_by_their_packages() -> None:
    glibc = ("ld-linux-x86-64.so.2", "libc.so.6", "libm.so.6", "libpthread.so.0")
    assert fields(with_libraries(world.product(), *glibc), "depends") == ["glibc>=2.34"]
    others = ("libuuid.so.1", "liblzma.so.5", "libbz2.so.1.0", "libz.so.1", "libssl.so.3", "libcrypto.so.3")
    found = with_libraries(world.product(), *glibc, *others, "libgcc_s.so.1", "libstdc++.so.6")
    packages = ["glibc>=2.34", "bzip2", "gcc-libs", "openssl", "util-linux-libs", "xz", "zlib"]
    assert fields(found, "depends") == packages
    assert "depends=(" + " ".join(f"'{name}'" for name in packages) + ")" in text(found, "PKGBUILD")
    # `release verify` installs in a root that knows of none of them.
    assert pacman.assumed(found, "2.36")[:3] == [
        "--assume-installed=glibc=2.36",
        "--assume-installed=bzip2=1",
        "--assume-installed=gcc-libs=1",
    ]


def test_libraries_that_nobody_knows_are_named_with_the_key_that_says_their_packages() -> None:
    with pytest.raises(ConfigInvalidError, match=r"libbar\.so\.2, libfoo\.so\.1, and") as refused:
        with_libraries(world.product(), "libfoo.so.1", "libz.so.1", "libbar.so.2")
    assert '[aur.packages] in release.toml, such as "libbar.so.2" = ' in refused.value.hint
    own = aur.Aur(packages={"libfoo.so.1": "foo-libs", "libbar.so.2": "bar"})
    others = tuple(each for each in world.product().tables if not isinstance(each, aur.Aur))
    product = changed(world.product(), tables=(own, *others))
    found = with_libraries(product, "libfoo.so.1", "libz.so.1", "libbar.so.2")
    assert fields(found, "depends") == ["glibc>=2.34", "bar", "foo-libs", "zlib"]


def test_a_package_provides_the_plain_name_and_conflicts_with_the_other_channels() -> None:
    ours = changed(world.product(), beta=True)
    latest, dev, snapshot = (bundle(world.product(), channel) for channel in list(Channel)[:3])
    with_beta, beta = (bundle(ours, channel) for channel in (Channel.LATEST, Channel.BETA))
    assert fields(with_beta, "conflicts") == ["iterate", "iterate-beta-bin", "iterate-dev-bin"]
    assert fields(beta, "conflicts") == ["iterate", "iterate-bin", "iterate-dev-bin"]
    assert fields(beta, "provides") == ["iterate=1.3.0rc1"]
    assert fields(latest, "provides") == ["iterate=1.2.3"]
    assert fields(latest, "conflicts") == ["iterate", "iterate-dev-bin"]
    assert fields(dev, "conflicts") == ["iterate", "iterate-bin"]
    assert fields(snapshot, "conflicts") == ["iterate", "iterate-bin", "iterate-dev-bin"]


def test_what_a_product_has_not_is_left_out() -> None:
    found = text(bundle(world.minimal()), "PKGBUILD")
    assert "systemd" not in found
    assert "-- 'LICENSE.txt'" in found
    assert "-- 'README.rst'" in found


def test_a_server_that_runs_already_is_no_failure_of_the_unit() -> None:
    product = world.product()
    assert "\nSuccessExitStatus=10\n" in text(bundle(product), "PKGBUILD")
    without = changed(product, service=Service(run=("serve",), stop=("stop",)))
    assert "SuccessExitStatus" not in text(bundle(without), "PKGBUILD")


def test_text_cannot_break_out_of_a_bash_word() -> None:
    found = bundle(changed(world.product(), summary="It's `id` $(id) $HOME"))
    assert r"pkgdesc='It'\''s `id` $(id) $HOME'" in text(found, "PKGBUILD")
    assert fields(found, "pkgdesc") == ["It's `id` $(id) $HOME"]


@pytest.mark.parametrize("committer", ["Acme <a@b.example>\nrm -rf /", "Acme\u2028rm", "", "x" * 256])
def test_a_maintainer_that_would_leave_its_comment_is_refused(committer: str) -> None:
    with pytest.raises(ConfigInvalidError, match="committer"):
        bundle(changed(world.product(), committer=committer))
