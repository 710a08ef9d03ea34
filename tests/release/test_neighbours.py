"""Where requirements come from that a project takes from elsewhere than an index."""

from pathlib import Path

from release.wheel import neighbours

WORKSPACE = """\
[project]
name = "workspace"

[tool.uv.workspace]
members = ["packages/*"]

[tool.uv.sources]
Otter_Swims = { workspace = true }
fish = { workspace = true }
Wet_Rocks = { git = "https://git.example/rocks", tag = "v1" }
"""
MEMBER = """\
[project]
name = "{name}"

[tool.uv.sources]
wet-rocks = {{ git = "https://git.example/rocks", tag = "v2" }}
"""


def lines(top: Path, product: str) -> list[str]:
    (top / "pyproject.toml").write_text(WORKSPACE)
    for name in ("otter-swims", "fish"):
        (top / "packages" / name).mkdir(parents=True)
        (top / "packages" / name / "pyproject.toml").write_text(MEMBER.format(name=name))
    return list(neighbours.constraints(product, top / "packages" / "otter-swims", top))


def test_a_product_that_its_workspace_names_is_its_wheel_and_not_its_folder(tmp_path: Path) -> None:
    assert not [each for each in lines(tmp_path, "otter.swims") if "otter" in each.split(" @ ")[0].lower()]


def test_its_neighbours_are_folders_and_its_own_word_about_one_goes_before_that_of_the_workspace(
    tmp_path: Path,
) -> None:
    fish = (tmp_path / "packages" / "fish").resolve().as_uri()
    assert lines(tmp_path, "otter-swims") == [f"fish @ {fish}", "wet-rocks @ git+https://git.example/rocks@v2"]
