"""The fleet as a whole: its order, its cost to import, and that it leaves no artifact behind."""

import subprocess
import sys
from dataclasses import replace

import pytest
from tests.release import world

from release import targets
from release.errors import ArtifactIgnoredError
from release.model import Release, Stage
from release.packagers import FLEET, bundles, mentions, nothing
from release.packagers.templates import SHIPPED
from release.product import Arch, Channel, System, Target

SOURCES = world.ROOT / "release" / "src"

# Every target that a packager has no use for, and why. A new target is in here, or its digest is in a file.
DECLINED = {
    "homebrew": {
        "linux-x64": "needs AVX2; the baseline build runs everywhere",
        "darwin-x64": "needs AVX2; the baseline build runs everywhere",
        "linux-x64-musl": "Homebrew brings or needs glibc",
        "linux-x64-baseline-musl": "Homebrew brings or needs glibc",
        "linux-arm64-musl": "Homebrew brings or needs glibc",
        "windows-x64-baseline": "no Homebrew there",
        "windows-arm64": "no Homebrew there",
    },
    "scoop": {
        "linux-x64": "Windows only",
        "linux-x64-baseline": "Windows only",
        "linux-arm64": "Windows only",
        "linux-x64-musl": "Windows only",
        "linux-x64-baseline-musl": "Windows only",
        "linux-arm64-musl": "Windows only",
        "darwin-arm64": "Windows only",
        "darwin-x64": "Windows only",
        "darwin-x64-baseline": "Windows only",
    },
    "winget": {
        "linux-x64": "Windows only",
        "linux-x64-baseline": "Windows only",
        "linux-arm64": "Windows only",
        "linux-x64-musl": "Windows only",
        "linux-x64-baseline-musl": "Windows only",
        "linux-arm64-musl": "Windows only",
        "darwin-arm64": "Windows only",
        "darwin-x64": "Windows only",
        "darwin-x64-baseline": "Windows only",
    },
    "aur": {
        "linux-x64": "needs AVX2; the baseline build runs everywhere",
        "linux-x64-musl": "Arch has glibc",
        "linux-x64-baseline-musl": "Arch has glibc",
        "linux-arm64-musl": "Arch has glibc",
        "darwin-arm64": "Linux only",
        "darwin-x64": "Linux only",
        "darwin-x64-baseline": "Linux only",
        "windows-x64-baseline": "Linux only",
        "windows-arm64": "Linux only",
    },
    "deb": {
        "linux-x64": "needs AVX2; the baseline build runs everywhere",
        "linux-x64-musl": "Debian has glibc",
        "linux-x64-baseline-musl": "Debian has glibc",
        "linux-arm64-musl": "Debian has glibc",
        "darwin-arm64": "Linux only",
        "darwin-x64": "Linux only",
        "darwin-x64-baseline": "Linux only",
        "windows-x64-baseline": "Linux only",
        "windows-arm64": "Linux only",
    },
}


def with_target(target: Target) -> Release:
    """A release of every target there is, and of one more."""
    return world.release(world.product(), world.plan(planned=(*targets.TARGETS, target)))


def undecided(release: Release) -> list[str]:
    """Where a packager neither mentions an artifact nor has a reason to decline it."""
    product, profile = world.product(), world.local()
    found = []
    for packager in FLEET:
        made = packager.bundles(product, profile, release, nothing)
        declined = DECLINED.get(packager.name, {})
        found += [
            f"{packager.name}: {artifact.target.name}"
            for artifact in release.artifacts
            if (mentions(made, artifact.sha256) or packager.derives(artifact) is not None)
            is (artifact.target.name in declined)
        ]
    return found


def test_archives_go_out_first_and_the_channel_file_last() -> None:
    made = bundles(world.product(), world.local(), world.release(world.product(), world.plan()))
    stages = {bundle.outlet: bundle.stage for bundle in made}
    assert stages.pop("archives") is Stage.ARCHIVES
    assert stages.pop("channel") is Stage.CHANNEL
    assert stages.pop("installer") is Stage.CHANNEL
    assert set(stages.values()) == {Stage.PACKAGES}


def test_importing_the_fleet_does_not_import_jinja2() -> None:
    code = "import sys, release.packagers; sys.exit('jinja2' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("channel", Channel)
def test_every_target_is_mentioned_by_digest_or_declined_for_a_reason(channel: Channel) -> None:
    left = undecided(world.release(world.product(), world.plan(channel)))
    assert left == [], "mention the digest in the packager's files, or add a row to DECLINED here and say why"


def test_every_reason_is_about_a_target_that_exists() -> None:
    known = {target.name for target in targets.TARGETS}
    gone = {name for declined in DECLINED.values() for name in declined} - known
    assert gone == set(), "targets.py has no such target any more: take its rows out of DECLINED"


def test_a_target_of_another_system_has_to_be_decided_by_name() -> None:
    musl = replace(targets.named("linux-arm64-musl"), name="linux-riscv64-musl")
    assert undecided(with_target(musl)) == [
        "homebrew: linux-riscv64-musl",
        "scoop: linux-riscv64-musl",
        "aur: linux-riscv64-musl",
        "deb: linux-riscv64-musl",
        "winget: linux-riscv64-musl",
    ]


def test_a_second_build_for_the_same_machines_is_named_and_stops_the_release() -> None:
    second = Target(
        name="linux-arm64-sve",
        system=System.LINUX,
        arch=Arch.ARM64,
        libc="glibc",
        baseline=False,
        runner="somewhere",
    )
    release = with_target(second)
    with pytest.raises(ArtifactIgnoredError, match=r"homebrew leaves iterate-1\.2\.3-linux-sve-arm64"):
        bundles(world.product(), world.local(), release)


def test_whole_and_partial_releases_render_and_leave_nothing_behind() -> None:
    for product in (world.product(), world.minimal()):
        for channel in Channel:
            plan = world.plan(channel)
            bundles(product, world.local(), world.release(product, plan))
            for target in targets.TARGETS:
                bundles(product, world.local(), world.derived(product, world.release(product, plan, target.name)))


def test_every_bundle_says_what_it_is() -> None:
    product = world.product()
    for channel in Channel:
        plan = world.plan(channel)
        for packager in FLEET:
            release = world.derived(product, world.release(product, plan))
            for bundle in packager.bundles(product, world.local(), release, nothing):
                assert bundle.outlet == packager.name
                assert bundle.package == packager.package(product, plan)
                assert packager.spell(plan.version) in bundle.message


def test_rendering_twice_gives_the_same_bytes() -> None:
    product = world.product()
    release = world.derived(product, world.release(product, world.plan(Channel.DEV)))
    for packager in FLEET:
        assert packager.bundles(product, world.local(), release, nothing) == packager.bundles(
            product, world.local(), release, nothing
        )


def test_no_product_is_named_in_the_tool_or_in_the_templates() -> None:
    name = world.product().name
    files = [*SOURCES.rglob("*.py"), *SHIPPED.rglob("*.j2")]
    assert [str(file) for file in files if name in file.read_text(encoding="utf-8").lower()] == []
