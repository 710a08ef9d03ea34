"""`release init` in tiny projects of every kind: a real wheel is built, a real environment made, the script is run.

What comes out is read by the tool itself, and rehearsed.
"""

import json
import platform
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from textwrap import dedent

import pytest
from tests.release import project
from tests.release.terminals import terminal
from tests.release.test_init_refusals import PAPERS, Nobody, made

from release import config, init
from release.errors import CompilerMissingError, ConfigInvalidError, ScriptsMissingError
from release.init import Wishes, writing
from release.progress import Progress

pytestmark = [pytest.mark.consumer("git"), pytest.mark.processes]

MIT = "Permission is hereby granted, free of charge, to any person obtaining a copy\n"
MAIN = dedent("""\
    import argparse
    from importlib.metadata import version

    def main():
        parser = argparse.ArgumentParser(prog="otter")
        parser.add_argument("--version", action="version", version=f"otter {version('otter')}")
        parser.parse_args()

    def broken():
        import nowhere_to_be_found

    def lines():
        import sys
        print("otter", version("otter"))
        print("Python", sys.version)
    """)
HATCH = dedent("""\
    [project]
    name = "otter"
    version = "24.4"
    description = "An otter is a command line tool."
    classifiers = ["License :: OSI Approved :: MIT License"]
    urls = { Homepage = "https://otter.example" }
    [project.scripts]
    otter = "otter.main:main"
    otter-two = "otter.main:main"
    otter-broken = "otter.main:broken"
    "otter-@PYTHON@" = "otter.main:main"
    [project.optional-dependencies]
    other = ["something"]
    deep = ["nowhere_to_be_found"]
    [build-system]
    requires = ["hatchling"]
    build-backend = "hatchling.build"
    """).replace("@PYTHON@", "{}.{}".format(*sys.version_info))
CAPITALS = {"Otter/__init__.py": "", "Otter/data.txt": "x"}
SETUP = dedent("""\
    from setuptools import setup
    setup(name="otter", version="1.2", py_modules=["swim"], license="MIT",
          packages=["Otter"], package_data={"Otter": ["*.txt"]},
          entry_points={"console_scripts": ["otter = swim:main"]})
    """)


def begun(folder: Path, wishes: Wishes | None = None, progress: Progress | None = None) -> init.Proposal:
    proposal = init.proposed(folder, wishes or Wishes(), Nobody(), progress or Progress())
    writing.write(proposal, Nobody())
    return proposal


def test_a_project_is_read_mended_written_and_rehearsed(tmp_path: Path) -> None:
    files = {"pyproject.toml": HATCH, "otter/__init__.py": "", "otter/main.py": MAIN, "otter/data.txt": "x"}
    folder = made(tmp_path / "otter", {**files, **PAPERS, "LICENSE": MIT})
    project.git(folder, "tag", "23.10")
    project.git(folder, "remote", "add", "origin", "git@github.com:acme/otter.git")
    done = project.command(folder, "init", "--yes", "--json")
    assert done.returncode == 0, done.stderr
    assert "otter --version prints 'otter 24.4" in " ".join(done.stderr.split())
    told = json.loads(done.stdout)
    assert {each["path"]: each["state"] for each in told["files"]} == dict.fromkeys(
        ("release.toml", ".gitignore", ".github/workflows/release.yml"), "written"
    )
    wanted = (
        "otter-broken stays out (No module named 'nowhere_to_be_found'): the extra 'deep' brings that, --extra deep"
    )
    assert wanted in told["notes"]
    # Another Python, such as that of the container that builds for Linux, would have another name there.
    version = "{}.{}".format(*sys.version_info)
    assert f"named after the Python that builds, so not shipped: otter-{version}" in told["notes"]
    product = config.read(folder / "release.toml")
    assert product.commands == ("otter", "otter-two")
    assert product.summary == "Command-line tool"
    assert product.homepage == "https://otter.example"
    assert (product.repository, product.license, product.tag) == ("acme/otter", "MIT", "{version}")
    assert product.executable == "otter.bin"
    assert product.version_test is not None
    assert product.version_test.expect == "otter {version}"
    assert len((folder / "release.toml").read_text().splitlines()) <= 20
    assert "dist/\n" in (folder / ".gitignore").read_text()
    # Nothing outside, nothing half-written, and nothing new when it is run again.
    status = project.git(folder, "status", "--porcelain")
    assert sorted(status.split()) == sorted(["??", ".github/", "??", ".gitignore", "??", "release.toml"])
    project.commit(folder, "release.toml")
    # What compiles at once says of a build what the build says.
    bare = project.path_with(tmp_path / "bin", "git", "sh", "strip")
    done = project.command(folder, "init", "--yes", "--compile", "--json", env=bare)
    assert done.returncode == CompilerMissingError.exit_code, done.stderr
    assert {each["state"] for each in json.loads(done.stdout)["files"]} == {"unchanged"}
    assert project.git(folder, "status", "--porcelain") == ""
    rehearsed = project.command(folder, "plan", "--channel", "dev")
    assert rehearsed.returncode == 0, rehearsed.stderr


def test_a_project_of_setup_py_without_remote_and_tags_is_read_too(tmp_path: Path) -> None:
    swim = MAIN.replace("def main():", "def never():").replace("def lines():", "def main():")
    folder = made(tmp_path / "otter", {"setup.py": SETUP, "swim.py": swim, **CAPITALS, **PAPERS, "LICENSE": MIT})
    progress = Progress()
    proposal = begun(folder, progress=progress)
    notes = "\n".join(proposal.notes)
    assert "there is no remote" in notes
    assert [(step.name, step.detail) for step in progress.steps][1:] == [
        ("set up", f"Python {platform.python_version()}  0 packages"),
        ("try", "otter --version prints 'otter'"),
    ]
    assert "there is no tag yet: the first release wants one such as v1.2" in notes
    product = config.read(folder / "release.toml")
    assert product.outlets == ("aur", "installer")
    assert product.executable == "otter.bin"  # a folder Otter is one of that name, where capitals do not count
    assert set(product.profiles) == {"local"}
    assert product.committer == "Somebody <somebody@example.invalid>"
    # Two lines, one of them with the interpreter's version: another machine would print another text.
    assert product.version_test is None
    assert [(test.args, test.expect) for test in product.command_tests] == [(("--version",), "otter")]
    assert not (folder / ".github").exists()


def test_a_project_in_a_folder_of_a_repository_of_several_is_found_by_its_name(tmp_path: Path) -> None:
    files = {
        f"{name}/pyproject.toml": HATCH.replace('"otter"', f'"{name}"').replace("urls =", "# urls =")
        for name in ("otter", "badger")
    }
    files |= {"otter/otter/__init__.py": "", "otter/otter/main.py": MAIN, **PAPERS, "otter/LICENSE": MIT}
    folder = made(tmp_path / "several", files)
    for tag in ("badger/v9.0", "otter/v1.1.0"):
        project.git(folder, "tag", tag)
    project.git(folder, "remote", "add", "origin", "https://gitlab.com/group/several.git")
    linux = Wishes(project="otter", targets=("linux-x64-baseline",))
    with pytest.raises(ConfigInvalidError, match="scoop has no use for any of"):
        begun(folder, replace(linux, outlets=("scoop",)))
    assert not (folder / "release.toml").exists()
    proposal = begun(folder, linux)
    assert any("gitlab.com is no GitHub" in note for note in proposal.notes)
    product = config.read(folder / "release.toml")
    assert product.build.project == "otter"
    assert product.tag == "otter/v{version}"
    assert product.homepage == "https://gitlab.com/group/several"


def test_a_project_without_a_console_script_that_starts_has_nothing_to_compile(tmp_path: Path) -> None:
    text = HATCH.partition("[project.scripts]")[0] + "[build-system]" + HATCH.partition("[build-system]")[2]
    folder = made(tmp_path / "otter", {"pyproject.toml": text, "otter/__init__.py": "", **PAPERS})
    with pytest.raises(ScriptsMissingError, match="otter has no console script"):
        init.proposed(folder, Wishes(), Nobody(), Progress())
    done = subprocess.run(
        ["git", "status", "--porcelain", "--ignored"], cwd=folder, capture_output=True, text=True, check=True
    )
    assert set(done.stdout.split()) <= {"!!", "dist/"}
    # No extra helps; more of them are tried than environments are kept.
    extras = "".join(f"optional-dependencies.{name} = ['{name}']\n" for name in ("idna", "six"))
    lines = f'scripts.otter = "otter:main"\n{extras}[build-system]'
    (folder / "pyproject.toml").write_text(text.replace("[build-system]", lines))
    (folder / "otter" / "__init__.py").write_text("import nowhere_to_be_found")
    with pytest.raises(ScriptsMissingError, match=r"otter does not start, .*: No module named 'nowhere_to_be_found'"):
        init.proposed(folder, Wishes(), Nobody(), Progress())


@pytest.mark.systems("linux", "darwin")
def test_a_person_is_asked_what_is_ambiguous_and_before_anything_is_replaced(tmp_path: Path) -> None:
    more = HATCH.replace('other = ["something"]\n', 'fast = []\ncli = ["idna"]\ndev = ["x"]\n').replace(
        "deep = [", "test = ["
    )
    # No command starts without one of the extras.
    main = {"otter/__init__.py": "", "otter/main.py": f"import idna\n{MAIN}"}
    files = {"pyproject.toml": more, **main, **PAPERS, "LICENSE": MIT}
    folder = made(tmp_path / "otter", {**files, "release.toml": "# mine\n"})
    with terminal(folder, "init") as screen:
        # Extras that are for its own developers are not offered.
        screen.until(lambda: "Which extras are inside?" in screen.text() and "[cli]" in screen.text())
        assert "  cli, fast\n" in screen.text()
        screen.type("cli fast\r")
        screen.until(lambda: "[otter otter-two]" in screen.text())
        assert "Which commands are shipped, the main one first?" in screen.text()
        screen.type("otter-tow\r")
        screen.until(lambda: "otter-tow: not among them" in screen.text())
        screen.type("otter-two\r")
        screen.until(lambda: "[aur installer]" in screen.text())
        screen.type("none\r")
        screen.until(lambda: "Replace release.toml? [y/N]" in screen.text())
        assert "-# mine" in screen.text()
        screen.type("y\r")
        assert screen.end() == 0
    product = config.read(folder / "release.toml")
    assert product.commands == ("otter-two",)
    assert product.build.extras == ("cli", "fast")
    assert product.outlets == ()
    # Once more: what was answered is what Enter takes.
    with terminal(folder, "init") as screen:
        screen.until(lambda: "[cli fast]" in screen.text())
        screen.type("\r")
        screen.until(lambda: "[otter-two]" in screen.text())
        screen.type("\r")
        screen.until(lambda: screen.text().count("[none]") == 1)
        screen.type("\r")
        assert screen.end() == 0
        assert "Replace" not in screen.text()
