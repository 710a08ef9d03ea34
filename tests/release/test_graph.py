"""A picture of a release, for a page or a pull request."""

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from tests.release import project

from release import graph, plan
from release.packagers import taking_part
from release.product import Channel

SVG = "{http://www.w3.org/2000/svg}"


def picture(folder: Path) -> graph.Columns:
    otter = project.product(folder)
    planned = plan.plan(otter, channel=Channel.DEV)
    return graph.columns(otter, planned, taking_part(*otter.profiles.values()))


def test_every_target_and_every_outlet_is_in_the_picture_once(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    text = graph.mermaid(picture(folder))
    assert text.startswith("flowchart LR\n")
    for name in (*project.SOME, "homebrew", "scoop", "aur", "channel", "archives"):
        assert any(name in line for line in text.splitlines())
    assert "    commit --> system_linux" in text
    assert "    system_windows --> outlet_scoop" in text
    assert "system_windows --> outlet_aur" not in text
    assert "system_linux --> outlet_scoop" not in text


def test_the_drawing_is_one_file_whose_boxes_do_not_touch(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    root = ET.fromstring(graph.svg(picture(folder)))  # noqa: S314  # our own
    boxes = [tuple(float(box.attrib[key]) for key in ("x", "y", "width", "height")) for box in root.iter(f"{SVG}rect")]
    assert len(boxes) == 1 + 3 + 5
    for one, (x, y, width, height) in enumerate(boxes):
        assert x + width <= float(root.attrib["width"])
        assert y + height <= float(root.attrib["height"])
        for x2, y2, width2, height2 in boxes[one + 1 :]:
            assert x + width <= x2 or x2 + width2 <= x or y + height <= y2 or y2 + height2 <= y
    assert not list(root.iter(f"{SVG}image"))
    assert "http" not in graph.svg(picture(folder)).replace(SVG[1:-1], "")


def test_what_names_hold_stays_text() -> None:
    box = graph.Box(key='a"b', lines=('<b>"&#水獭`', "x\ny"))
    assert graph.mermaid(((box,),)).splitlines()[1] == '    a_b["#60;b#62;#34;#38;#35;水獭#96;<br>x y"]'
    root = ET.fromstring(graph.svg(((box,),)))  # noqa: S314  # our own
    assert [text.text for text in root.iter(f"{SVG}text")] == ['<b>"&#水獭`', "x y"]


@pytest.mark.processes
@pytest.mark.parametrize(("words", "start"), [(["--graph"], "flowchart LR\n"), (["--graph", "--svg"], "<svg ")])
def test_a_plan_draws_itself(tmp_path: Path, words: list[str], start: str) -> None:
    done = project.command(project.make(tmp_path), "plan", *words)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(start)
