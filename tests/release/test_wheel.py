"""Wheels: what is read in them, where their files go, and the stamp that goes in."""

from importlib import metadata
from pathlib import Path

import pytest
from msgspec import structs
from tests.release import project, wheels

from release import plan, targets, wheel
from release.errors import ConfigInvalidError, WheelError, WheelVersionError
from release.product import Channel, Product
from release.wheel import Script, unpacking

LINUX = targets.named("linux-x64")
MORE = """\
Summary: Swims on its back
License-Expression: MIT
License-File: LICENSE
Requires-Python: >=3.9
Requires-Dist: httpx<0.25
Requires-Dist: PySocks; extra == "socks"
Provides-Extra: Socks
Project-URL: Source, https://example.invalid/otter

Otters.
"""


def unpacked(
    folder: Path, otter: Product, *, channel: Channel = Channel.DEV, version: str = "1.2"
) -> unpacking.Unpacked:
    planned = plan.plan(otter, channel=channel)
    found = wheels.read(folder / "wheel", version=version, more=MORE)
    return unpacking.unpacked(otter, planned, LINUX, found, folder / "out")


def unstamped(otter: Product) -> Product:
    return structs.replace(otter, build=structs.replace(otter.build, stamp=""))


def test_a_wheel_is_read_without_unpacking_it(tmp_path: Path) -> None:
    scripts = "[console_scripts]\notter = otter.main:App.main\n[gui_scripts]\nraft = otter.gui:main [socks]\n"
    found = wheels.read(tmp_path, name="otter", version="1.2", more=MORE, scripts=scripts)
    assert (found.distribution, found.version, found.summary) == ("otter", "1.2", "Swims on its back")
    assert (found.license, found.license_files, found.requires_python) == ("MIT", ("LICENSE",), ">=3.9")
    assert (found.extras, found.urls) == (("socks",), {"Source": "https://example.invalid/otter"})
    assert found.requires == ("httpx<0.25", 'PySocks; extra == "socks"')
    assert found.scripts == (
        Script(name="otter", module="otter.main", function="App.main"),
        Script(name="raft", module="otter.gui", function="main", gui=True),
    )
    assert found.modules == ("otter",)


@pytest.mark.parametrize(
    ("source", "function"),
    [
        ("def main(args=None): ...\nif __name__ == '__main__': main()\n", "main"),
        ("def main(*, verbose=False): ...\n", "main"),
        ("def main(args): ...\nmain([])\n", ""),
        ("from otter_ftp.cli import main\nmain()\n", ""),
        ("print('hello')\n", ""),
    ],
)
def test_a_package_that_python_runs_is_a_script_where_none_is_declared(
    tmp_path: Path, source: str, function: str
) -> None:
    files = {"otter_ftp/__init__.py": "", "otter_ftp/__main__.py": source, "otter_ftp/below/__main__.py": ""}
    found = wheels.read(tmp_path, files, scripts="").scripts
    assert found == (Script(name="otter-ftp", module="otter_ftp.__main__", function=function),)


def test_a_package_that_python_runs_is_no_script_beside_one_that_is_declared(tmp_path: Path) -> None:
    found = wheels.read(tmp_path, {**wheels.OTTER, "otter/__main__.py": "def main(): ...\n"}).scripts
    assert found == (Script(name="otter", module="otter.main", function="main"),)


SCRIPT_FILES = {
    **wheels.OTTER,
    "otter-0.data/scripts/otter-dive": "#!python\nprint('down')\n",
    "otter-0.data/scripts/otter.sh": "#!/bin/sh\necho python\n",
    "otter-0.data/scripts/otter.cmd": "@echo off\n",
}


def test_a_script_file_in_python_is_a_command_and_a_module_that_is_run(tmp_path: Path) -> None:
    found = wheels.read(tmp_path / "wheel", SCRIPT_FILES, scripts="")
    dive = Script(name="otter-dive", module="_script_otter_dive", function="")
    assert found.scripts == (dive,)
    assert found.loose == ("otter.cmd", "otter.sh")
    assert found.modules == ("_script_otter_dive", "otter")
    assert wheels.read(tmp_path / "both", SCRIPT_FILES).scripts == (
        Script(name="otter", module="otter.main", function="main"),
        dive,
    )
    otter = project.product(project.make(tmp_path / "otter"))
    planned = plan.plan(otter, channel=Channel.DEV)
    out = unpacking.unpacked(otter, planned, targets.named("linux-x64"), found, tmp_path / "out")
    assert (out.root / "_script_otter_dive.py").read_text() == "#!python\nprint('down')\n"
    (own,) = metadata.distributions(path=[str(out.root)])
    assert "_script_otter_dive.py" in map(str, own.files or ())


def test_modules_are_found_in_any_layout(tmp_path: Path) -> None:
    files = {
        "single.py": "",
        "_fast.cpython-313-x86_64-linux-gnu.so": "",
        "space/one/__init__.py": "",
        "space/one/below/__init__.py": "",
        "space/alone.py": "",
        "space/one/data/table.csv": "",
        "compiled/__init__.cpython-313-x86_64-linux-gnu.so": "",
        "otter-1.data/purelib/late/__init__.py": "",
        "otter-1.data/data/share/man/man1/otter.1": "",
        "otter-1.data/scripts/old.py": "",
        "no-module/script.py": "",
    }
    found = wheels.read(tmp_path, files, version="1").modules
    assert found == ("_fast", "compiled", "late", "single", "space.alone", "space.one")


def test_what_is_no_wheel_is_a_named_error(tmp_path: Path) -> None:
    path = tmp_path / "otter-1-py3-none-any.whl"
    path.write_bytes(b"no")
    with pytest.raises(WheelError, match="is no wheel"):
        wheel.read(path)


def test_files_that_are_not_imported_lie_apart(tmp_path: Path) -> None:
    otter = project.product(project.make(tmp_path / "otter"))
    files = {
        **wheels.OTTER,
        "otter-1.data/purelib/late.py": "",
        "otter-1.data/data/share/man/man1/otter.1": ".TH OTTER 1\n",
        "otter-1.data/scripts/old": "#!/bin/sh\n",
    }
    found = wheels.read(tmp_path / "wheel", files, version="1")
    out = unpacking.unpacked(otter, plan.plan(otter, channel=Channel.DEV), LINUX, found, tmp_path / "out")
    assert sorted(path.name for path in out.root.iterdir()) == [
        "late.py",
        "otter",
        "otter-1+dev.20260102030405.dist-info",
    ]
    assert (out.data / "share/man/man1/otter.1").read_text() == ".TH OTTER 1\n"
    assert (out.scripts / "old").read_text() == "#!/bin/sh\n"


def test_the_stamp_is_written_where_the_product_wants_one(tmp_path: Path) -> None:
    folder = project.make(tmp_path / "otter")
    otter = project.product(folder)
    planned = plan.plan(otter, channel=Channel.DEV)
    stamp: dict[str, str] = {}
    exec((unpacked(tmp_path, otter).root / "otter" / "_stamp.py").read_text(), {}, stamp)
    del stamp["__doc__"]
    assert stamp == {"VERSION": project.VERSION, "CHANNEL": "dev", "COMMIT": planned.commit, "TARGET": "linux-x64"}
    left_alone = unpacked(tmp_path, unstamped(otter)).root / "otter" / "_stamp.py"
    assert left_alone.read_text() == wheels.OTTER["otter/_stamp.py"]


def test_a_stamp_in_a_folder_that_is_not_there_is_a_mistake_in_release_toml(tmp_path: Path) -> None:
    otter = project.product(project.make(tmp_path / "otter"))
    otter = structs.replace(otter, build=structs.replace(otter.build, stamp="oter/_stamp.py"))
    with pytest.raises(ConfigInvalidError, match=r"build\.stamp names 'oter/_stamp\.py'"):
        unpacked(tmp_path, otter)


def test_the_metadata_of_a_build_between_releases_says_which(tmp_path: Path) -> None:
    otter = unstamped(project.product(project.make(tmp_path / "otter")))
    for version, expected in (("1.2", "1.2+dev.20260102030405"), ("1.2+g0e78", "1.2+g0e78.dev.20260102030405")):
        found = unpacked(tmp_path, otter, version=version)
        text = (found.root / f"otter-{expected}.dist-info" / "METADATA").read_text()
        assert f"\nVersion: {expected}\n" in text
        assert text.endswith("\n\nOtters.\n")
        assert (found.stamp.metadata_version, found.stamp.distribution) == (expected, "otter")


def test_a_tag_and_the_wheel_of_its_commit_have_one_version(tmp_path: Path) -> None:
    folder = project.make(tmp_path / "otter")
    project.git(folder, "tag", "v1.2.0")
    otter = project.product(folder)
    assert unpacked(tmp_path, unstamped(otter), channel=Channel.LATEST).stamp.metadata_version == "1.2"
    with pytest.raises(WheelVersionError, match=r"the tag says 1\.2\.0, and the wheel of that commit 1\.3"):
        unpacked(tmp_path, unstamped(otter), channel=Channel.LATEST, version="1.3")
    # Where the build writes the version into the product, the tag is all that counts.
    assert unpacked(tmp_path, otter, channel=Channel.LATEST, version="0").stamp.metadata_version == "1.2.0"
