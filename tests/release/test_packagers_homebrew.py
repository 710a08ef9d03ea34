"""Formulae: names, descriptions, what is left out, and what a partial release gets."""

import re
from dataclasses import replace

import pytest
from msgspec.structs import replace as changed
from tests.release import world

from release.errors import ConfigInvalidError
from release.model import Stage
from release.packagers import homebrew, nothing
from release.product import Channel, Product, Service


def formula(product: Product, channel: Channel = Channel.LATEST, *only: str) -> str:
    plan = world.plan(channel)
    (bundle,) = homebrew.PACKAGER.bundles(product, world.local(), world.release(product, plan, *only), nothing)
    assert bundle.stage is Stage.PACKAGES
    file = bundle.files[0]
    assert isinstance(file.content, bytes)
    return file.content.decode()


def blocks(text: str) -> list[str]:
    before, _, _ = text.partition("def install")
    return [line.split()[0] for line in before.splitlines() if line.strip().startswith("on_")]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("tool", "Tool"),
        ("my-tool", "MyTool"),
        ("tool-snapshot-feature-2-x", "ToolSnapshotFeature2X"),
        ("foo_bar.baz qux", "FooBarBazQux"),
        ("g++", "Gxx"),
        ("python@3.13", "PythonAT313"),
        ("tOOL", "Tool"),
    ],
)
def test_a_class_is_named_by_homebrews_rule(name: str, expected: str) -> None:
    assert homebrew.class_name(name) == expected


@pytest.mark.parametrize("name", ["tool@dev", "7zip", "été", "tool-"])
def test_a_name_that_gives_an_illegal_class_is_refused(name: str) -> None:
    with pytest.raises(ConfigInvalidError, match="Ruby class"):
        homebrew.class_name(name)


def test_a_product_that_starts_with_a_digit_is_an_error_by_name() -> None:
    with pytest.raises(ConfigInvalidError, match="7zip"):
        formula(changed(world.product(), name="7zip"))


@pytest.mark.parametrize(
    ("summary", "hint"),
    [
        ("A coding agent", "article"),
        ("the coding agent", "article"),
        ("Coding agent.", "full stop"),
        ("Iterate on code", "name"),
        ("coding agent", "capital"),
        ("x" * 81, "80 characters"),
        ("Coding agent for the command line", "command-line"),
        ("Coding  agent", "single spaces"),
        ("Coding\nagent", "one line"),
        ("Coding agent ☕", "emoji"),
        ("", "say what"),
    ],
)
def test_a_summary_that_audit_would_refuse_is_refused_with_the_cure(summary: str, hint: str) -> None:
    with pytest.raises(ConfigInvalidError) as refused:
        homebrew.description(summary, "iterate")
    assert hint in refused.value.hint


@pytest.mark.parametrize("summary", ["X" * 80, "Iterators and more", "Agents, editors, etc.", "Annotates code"])
def test_a_summary_within_the_rules_passes(summary: str) -> None:
    assert homebrew.description(summary, "iterate") == summary


def test_a_formula_says_in_full_what_to_type() -> None:
    assert "brew install acme/tap/iterate\n" in formula(world.product())
    assert "brew install acme/tap/iterate-dev\n" in formula(world.product(), Channel.DEV)


def test_only_blocks_that_have_an_archive_are_rendered() -> None:
    text = formula(world.product(), Channel.SNAPSHOT, "linux-x64", "linux-x64-baseline", "darwin-arm64")
    assert blocks(text) == ["on_macos", "on_arm", "on_linux", "on_intel"]


def test_a_release_without_an_archive_for_homebrew_renders_nothing() -> None:
    product = world.product()
    release = world.release(product, world.plan(), "windows-arm64", "linux-x64", "linux-x64-musl")
    assert homebrew.PACKAGER.bundles(product, world.local(), release, nothing) == ()


def test_no_formula_names_another_one() -> None:
    # Homebrew 6 loads what `conflicts_with` names, finds it in an untrusted tap, and installs neither.
    for channel in Channel:
        assert "conflicts_with" not in formula(world.product(), channel)


def test_livecheck_has_no_literal_address_that_style_would_take_for_the_stable_one() -> None:
    lines = formula(world.product()).splitlines()
    assert lines[lines.index("  livecheck do") + 1] == "    url CHANNEL_URL"
    assert '  CHANNEL_URL = "http://127.0.0.1:8642/site/channels/latest.json".freeze' in lines


@pytest.mark.parametrize("product", [world.product(), world.minimal()], ids=["product", "minimal"])
def test_brew_scans_no_version_out_of_a_name_that_ends_in_the_processor(product: Product) -> None:
    # Homebrew takes the digits at the end: 64. A name that scans as the version makes `version` redundant.
    for channel in (Channel.LATEST, Channel.DEV):
        files = re.findall(r'url "[^"]*/([^"/]+)\.tar\.gz"', formula(product, channel))
        assert len(files) == 4
        assert all(re.search(r"[a-z]-(x|arm)64$", file) for file in files)


def test_a_service_finds_the_programs_that_brew_installed() -> None:
    assert "    environment_variables PATH: std_service_path_env\n" in formula(world.product())


def test_a_server_that_runs_already_is_not_started_again() -> None:
    product = world.product()
    assert "keep_alive crashed: true if OS.mac?\n" in formula(product)
    without = changed(product, service=Service(run=("serve",), stop=("stop",)))
    assert "keep_alive crashed: true\n" in formula(without)


def test_a_formula_says_which_glibc_it_needs_on_linux_only() -> None:
    assert "needs glibc 2.34 or newer" in formula(world.product())
    assert "glibc" not in formula(world.product(), Channel.LATEST, "darwin-arm64")


def test_an_archive_that_brew_does_not_take_says_nothing_about_its_glibc() -> None:
    product, plan = world.product(), world.plan()
    release = world.release(product, plan)
    artifacts = tuple(
        replace(artifact, glibc="GLIBC_2.99") if artifact.target.name == "linux-x64" else artifact
        for artifact in release.artifacts
    )
    (bundle,) = homebrew.PACKAGER.bundles(product, world.local(), replace(release, artifacts=artifacts), nothing)
    assert isinstance(bundle.files[0].content, bytes)
    assert b"glibc 2.34" in bundle.files[0].content


def test_what_a_product_has_not_is_left_out() -> None:
    text = formula(world.minimal())
    assert "service" not in text
    assert 'shell_output("#{bin}/hello-world completion' not in text
    assert "class HelloWorld < Formula" in text
    assert 'license any_of: ["MIT", "Apache-2.0"]' in text


def test_text_cannot_break_out_of_a_ruby_string() -> None:
    hostile = 'Says "#{`id`}" and #$0 and #@x \\'
    assert r'desc "Says \"\#{`id`}\" and \#$0 and \#@x \\"' in formula(changed(world.product(), summary=hostile))


def test_without_its_table_the_outlet_says_so() -> None:
    with pytest.raises(ConfigInvalidError, match=r"there is no \[homebrew\]"):
        formula(changed(world.product(), tables=()))
