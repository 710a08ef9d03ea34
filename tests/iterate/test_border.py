"""Where a path leads: inside the project, outside, or nobody knows."""

import os
from pathlib import Path

import pytest

from iterate.permissions import border


@pytest.fixture
def world(tmp_path: Path) -> Path:
    """A project, something beside it, a home, and links of every kind between them."""
    base = tmp_path.resolve()
    root = base / "project"
    (root / "src").mkdir(parents=True)
    (base / "other").mkdir()
    (base / "home").mkdir()
    (base / "project-2").mkdir()
    (root / "src" / "a.py").write_text("a")
    (base / "other" / "secret").write_text("s")
    (root / "out").symlink_to("../other")
    (root / "file-out").symlink_to(base / "other" / "secret")
    (root / "in").symlink_to("src")
    (root / "twice").symlink_to("out/secret")
    (root / "dangling").symlink_to(base / "other" / "new")
    (root / "round").symlink_to("round")
    (base / "other" / "back").symlink_to(root)
    return root


@pytest.mark.parametrize(
    ("text", "where", "subject"),
    [
        ("src/a.py", "inside", "src/a.py"),
        (".", "inside", "."),
        ("src/../src/./a.py", "inside", "src/a.py"),
        ("in/a.py", "inside", "src/a.py"),
        ("new/file", "inside", "new/file"),
        ("../project/src/a.py", "inside", "src/a.py"),
        ("../other/back/src/a.py", "inside", "src/a.py"),
        ("$HOME/x", "inside", "$HOME/x"),
        ("..", "outside", ""),
        ("../project-2/x", "outside", ""),
        ("out/secret", "outside", ""),
        ("file-out", "outside", ""),
        ("twice", "outside", ""),
        ("dangling", "outside", ""),
        ("in/../../other/secret", "outside", ""),
        ("out/../x", "outside", ""),
        ("/etc/passwd", "outside", "/etc/passwd"),
        ("//etc/passwd", "outside", "/etc/passwd"),
        ("~/x", "outside", ""),
        ("~", "outside", ""),
        ("~root/x", "unknown", "~root/x"),
        ("", "unknown", ""),
        ("a\0b", "unknown", ""),
        ("round", "unknown", "round"),
        ("x" * 300, "unknown", ""),
        ("x/" * 3000, "unknown", ""),
    ],
)
def test_a_path_is_placed_by_where_it_leads(world: Path, text: str, where: str, subject: str) -> None:
    found = border.place(world, text, home=str(world.parent / "home"))
    assert found.where == where
    assert not subject or found.subject == subject


def test_a_relative_path_begins_at_the_folder_that_is_given(world: Path) -> None:
    assert border.place(world, "a.py", world / "src").subject == "src/a.py"
    assert border.place(world, "../..", world / "src").where == "outside"


def test_what_was_given_its_place_is_opened_there(world: Path) -> None:
    found = border.place(world, "in/a.py")
    assert found.path == world / "src" / "a.py"
    descriptor = border.open_inside(world, found.subject, os.O_RDONLY)
    assert os.read(descriptor, 9) == b"a"
    os.close(descriptor)


@pytest.mark.parametrize("subject", ["out/secret", "file-out", "../other/secret", ".", "in/a.py"])
def test_a_part_that_became_a_link_is_not_opened(world: Path, subject: str) -> None:
    with pytest.raises(OSError, match=r"."):
        border.open_inside(world, subject, os.O_RDONLY)


@pytest.mark.systems("linux")
@pytest.mark.parametrize("way", ["/proc/self/root", "/proc/self/cwd", "/dev/fd/0"])
def test_a_way_through_proc_is_outside_wherever_it_seems_to_lead(world: Path, way: str) -> None:
    assert border.place(world, f"{way}{world}/src/a.py").where == "outside"
    (world / "sly").symlink_to(way)
    assert border.place(world, "sly/x").where == "outside"


def test_without_a_home_the_tilde_leads_nowhere(world: Path) -> None:
    assert border.place(world, "~/x").where == "unknown"


def test_an_edit_outside_needs_two_words_and_reading_one(world: Path) -> None:
    outside = border.place(world, "../other/secret")
    assert [need.deed for need in border.needs("read", outside)] == ["outside"]
    assert [need.deed for need in border.needs("edit", outside)] == ["outside", "edit"]
    assert [need.deed for need in border.needs("edit", border.place(world, "x"))] == ["edit"]
    assert [need.deed for need in border.needs("read", border.place(world, "round"))] == ["outside"]
