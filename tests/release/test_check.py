"""What is known before anything is compiled is told before, by name, and all of it at once."""

import json
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.release import checking as world
from tests.release import project

from release import check
from release.check.finding import Stage, Verdict
from release.errors import ConfigInvalidError, PortTakenError, ReleaseError, TagMissingError, WheelVersionError
from release.product import Channel


def test_of_a_sound_project_nothing_is_refused_and_every_check_has_a_name_and_a_time(tmp_path: Path) -> None:
    found = world.report(project.make(tmp_path)).findings
    assert {each.name: each.detail for each in found if each.verdict is Verdict.REFUSED} == {}
    names = [each.name for each in found]
    assert len(set(names)) == len(names)
    assert all(each.seconds >= 0 for each in found)
    assert {"names", "summary", "licence", "tags", "templates", "ports", "tools", "environment", "data files"} <= set(
        names
    )


def test_one_report_names_everything_and_ends_with_the_code_of_what_it_found(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    world.changed(
        folder,
        "release.toml",
        ('"Swims on its back"', '"A swimmer."'),
        ('license = "MIT"', 'license = "Mit"'),
        ('scripts = ["otter"]', 'scripts = ["oter"]'),
    )
    found = world.report(folder)
    refused = {each.name for each in found.findings if each.verdict is Verdict.REFUSED}
    assert refused == {"summary", "licence", "scripts"}, "templates say nothing again that was told"
    assert isinstance(found.failure, ConfigInvalidError)
    assert len(found.failure.parts) == 3
    told = found.as_json()
    assert told["result"] == "refused"


def test_what_only_a_template_has_against_it_is_told_by_the_templates(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    (folder / "packaging" / "homebrew").mkdir(parents=True, exist_ok=True)
    (folder / "packaging" / "homebrew" / "formula.rb.j2").write_text("{{ summary }}")
    project.commit(folder, "a template that quotes nothing")
    found = world.finding(folder, "templates")
    assert found.verdict is Verdict.REFUSED
    assert "formula.rb.j2:1" in found.detail


def test_a_change_that_is_not_committed_is_a_remark_and_the_rest_is_checked(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    (folder / "new.py").write_text("")
    found = world.report(folder)
    assert "new.py" in found.findings[0].remarks[0].line
    assert found.failure is None
    assert len(found.findings) > 5


def test_where_nothing_can_be_planned_that_is_one_finding_and_the_rest_is_checked(tmp_path: Path) -> None:
    found = world.report(project.make(tmp_path), channel=Channel.LATEST)
    assert isinstance(found.failure, TagMissingError)
    assert [each.name for each in found.findings if each.verdict is Verdict.REFUSED] == ["checkout"]
    assert len(found.findings) > 5


# --- scripts and packages ---------------------------------------------------------------------------------------

PROJECT = '[project]\nname = "otter"\nversion = "0"\n'
SETUP_CFG = "[metadata]\nname = otter\n[options.entry_points]\nconsole_scripts =\n    otter = otter.main:main\n"
SETUP_PY = "from setuptools import setup\nsetup(name='otter', entry_points={})\n"
DECLARED = {
    "PEP 621": {"pyproject.toml": PROJECT + 'scripts = { otter = "otter.main:main" }\n'},
    "a GUI script": {"pyproject.toml": PROJECT + 'gui-scripts = { otter = "otter.main:main" }\n'},
    "Poetry": {"pyproject.toml": '[tool.poetry]\nname = "otter"\n[tool.poetry.scripts]\notter = "otter.main:main"\n'},
    "Poetry's long form": {
        "pyproject.toml": '[tool.poetry.scripts]\notter = { reference = "otter.main:main", type = "console" }\n'
    },
    "Flit": {
        "pyproject.toml": '[tool.flit.metadata]\nmodule = "otter"\n[tool.flit.scripts]\notter = "otter.main:main"\n'
    },
    "setup.cfg": {"pyproject.toml": "", "setup.cfg": SETUP_CFG},
    "setup.py, a list": {
        "pyproject.toml": "",
        "setup.py": SETUP_PY.replace("{}", "{'console_scripts': ['otter = otter.main:main']}"),
    },
    "setup.py, a text": {
        "pyproject.toml": "",
        "setup.py": SETUP_PY.replace("{}", "'[console_scripts]\\notter = otter.main:main\\n'"),
    },
}


def declaring(tmp_path: Path, files: dict[str, str], script: str = "otter") -> Path:
    folder = project.make(tmp_path)
    (folder / "pyproject.toml").unlink()
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    world.changed(folder, "release.toml", ('scripts = ["otter"]', f'scripts = ["{script}"]'))
    return folder


@pytest.mark.parametrize("files", DECLARED.values(), ids=DECLARED.keys())
def test_scripts_are_found_wherever_a_backend_has_them_declared(tmp_path: Path, files: dict[str, str]) -> None:
    assert world.finding(declaring(tmp_path, files), "scripts").verdict is Verdict.OK


@pytest.mark.parametrize("files", DECLARED.values(), ids=DECLARED.keys())
def test_a_script_that_nobody_declares_is_refused_with_the_nearest(tmp_path: Path, files: dict[str, str]) -> None:
    found = world.finding(declaring(tmp_path, files, script="oter"), "scripts")
    assert found.verdict is Verdict.REFUSED
    assert "'oter'" in found.detail
    assert "did you mean 'otter'?" in found.detail


@pytest.mark.parametrize(
    "files",
    [
        {"pyproject.toml": PROJECT + 'dynamic = ["scripts"]\n'},
        {"pyproject.toml": "", "setup.py": SETUP_PY.replace("{}", "points()")},
        {"pyproject.toml": "", "setup.py": "from setuptools import setup\nsetup(**everything)\n"},
        {"pyproject.toml": ""},
        {"pyproject.toml": PROJECT, "raft/__main__.py": "print()\n"},
        {"pyproject.toml": PROJECT + '[tool.setuptools]\nscript-files = ["bin/invented"]\n'},
        {"pyproject.toml": PROJECT + '[tool.uv.build-backend.data]\nscripts = "bin"\n'},
        {"pyproject.toml": '[tool.poetry.scripts]\nother = { reference = "bin/invented", type = "file" }\n'},
        {"pyproject.toml": "", "setup.cfg": f"{SETUP_CFG}[options]\nscripts = bin/invented\n"},
        {"pyproject.toml": "", "setup.py": SETUP_PY.replace("{}", "{}, scripts=['bin/invented']")},
    ],
)
def test_scripts_that_are_computed_wait_for_the_wheel(tmp_path: Path, files: dict[str, str]) -> None:
    found = world.finding(declaring(tmp_path, files, script="invented"), "scripts")
    assert found.verdict is Verdict.SKIPPED
    assert "wheel" in found.detail


def test_a_script_that_starts_no_function_is_refused(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    world.changed(folder, "pyproject.toml", ('"otter.main:main"', '"otter/main.py"'))
    assert "module:function" in world.finding(folder, "scripts").detail


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("release.toml", 'packages = ["otter"]', 'packages = ["oter"]'),
        ("release.toml", 'packages = ["otter"]', 'packages = ["otter", "invented"]'),
        ("pyproject.toml", "otter.main:main", "invented.main:main"),
    ],
)
def test_a_package_that_git_does_not_know_is_refused_by_name(tmp_path: Path, file: str, old: str, new: str) -> None:
    folder = project.make(tmp_path)
    (folder / "src" / "invented").mkdir()  # there, and never committed
    world.changed(folder, file, (old, new))
    found = world.finding(folder, "packages")
    assert found.verdict is Verdict.REFUSED
    assert "'oter'" in found.detail or "'invented'" in found.detail


def test_namespaces_single_modules_and_other_folders_are_packages_too(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    world.written(folder, "lib/sea/animals/core.py", "single.py", "other/place/deep/x.py")
    world.changed(
        folder, "release.toml", ('packages = ["otter"]', 'packages = ["sea", "single", "deep", "sea.animals"]')
    )
    assert world.finding(folder, "packages").verdict is Verdict.OK


def test_a_package_that_a_compiler_makes_waits_for_the_wheel(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    world.written(folder, "rust/lib.rs")
    world.changed(folder, "pyproject.toml", ("otter.main:main", "fast:main"))
    assert world.finding(folder, "packages").verdict is Verdict.SKIPPED


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("setup.py", "from setuptools import setup\nsetup(package_dir={'deep.sea': 'src'})\n"),
        ("pyproject.toml", '[tool.hatch.build.targets.wheel.sources]\n"src" = "deep"\n'),
        ("pyproject.toml", '[[tool.poetry.packages]]\ninclude = "src"\nto = "deep"\n'),
    ],
)
def test_a_package_under_another_name_than_its_folder_waits_for_the_wheel_which_then_tells(
    tmp_path: Path, file: str, text: str
) -> None:
    folder = project.make(tmp_path)
    world.changed(folder, "pyproject.toml", ("otter.main:main", "deep.sea:main"))
    path = folder / file
    world.written(folder, file, text=(path.read_text() if path.exists() else "") + text)
    assert world.finding(folder, "packages").verdict is Verdict.SKIPPED
    world.wheel(folder, "deep/sea/__init__.py", "otter/main.py", scripts="otter = deep.sea:main")
    assert world.finding(folder, "packages").verdict is Verdict.OK
    world.wheel(folder, "deeper/sea/__init__.py", "otter/main.py", scripts="otter = deep.sea:main")
    found = world.finding(folder, "packages")
    assert found.verdict is Verdict.REFUSED
    assert "'deep', which is not in otter-0-py3-none-any.whl" in found.detail


def test_a_test_of_a_command_that_is_not_shipped_is_refused(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    world.changed(folder, "release.toml", ('expect = "fish"', 'expect = "fish"\nscript = "oter"'))
    found = world.finding(folder, "scripts")
    assert found.verdict is Verdict.REFUSED
    assert "[[command_tests]] names the script 'oter', which is not shipped; did you mean 'otter'?" in found.detail


def test_an_extra_that_the_project_does_not_have_is_refused_whatever_its_spelling(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    world.changed(
        folder,
        "pyproject.toml",
        ('version = "0"', 'version = "0"\noptional-dependencies = { Deep_Sea = [] }'),
    )
    world.changed(folder, "release.toml", ('scripts = ["otter"]', 'scripts = ["otter"]\nextras = ["deep-sea"]'))
    assert world.finding(folder, "extras").verdict is Verdict.OK
    world.changed(folder, "release.toml", ('"deep-sea"', '"deep-see"'))
    found = world.finding(folder, "extras")
    assert found.verdict is Verdict.REFUSED
    assert "'deep-see'" in found.detail


def test_another_version_than_the_tag_says_is_refused_before_a_wheel_is_built(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    world.changed(folder, "release.toml", ('stamp = "otter/_stamp.py"\n', ""))
    project.git(folder, "tag", "v1.2.3")
    found = world.finding(folder, "version")
    assert isinstance(found.failure, WheelVersionError)
    project.git(folder, "tag", "-d", "v1.2.3")
    world.changed(folder, "pyproject.toml", ('version = "0"', 'version = "1.2.3"'))
    project.git(folder, "tag", "v1.2.3")
    assert world.finding(folder, "version").verdict is Verdict.OK
    project.git(folder, "tag", "-d", "v1.2.3")
    world.changed(folder, "pyproject.toml", ('version = "1.2.3"', 'dynamic = ["version"]'))
    project.git(folder, "tag", "v1.2.3")
    assert world.finding(folder, "version").verdict is Verdict.SKIPPED


# --- names and words --------------------------------------------------------------------------------------------


def npm(folder: Path, name: str) -> None:
    world.changed(
        folder,
        "release.toml",
        ("[profiles.local.places]", '[profiles.local.places]\nnpm = "file:public/npm"\ndeb = "file:public/deb"'),
        ('name = "otter"', f'name = "{name}"'),
    )


@pytest.mark.parametrize(("name", "said"), [("http", "npm"), ("x", "Debian")])
def test_a_name_that_one_ecosystem_does_not_take_is_refused_with_its_name(tmp_path: Path, name: str, said: str) -> None:
    folder = project.make(tmp_path)
    npm(folder, name)
    found = world.finding(folder, "names")
    assert found.verdict is Verdict.REFUSED
    assert said in found.detail


def test_a_command_that_shells_keep_for_themselves_is_a_remark(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    world.changed(folder, "release.toml", ('scripts = ["otter"]', 'scripts = ["otter", "time"]'))
    assert "'time'" in world.lines(folder, "names")[0]


def test_another_licence_in_the_metadata_is_a_remark(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    world.changed(folder, "pyproject.toml", ('version = "0"', 'version = "0"\nlicense = "Apache-2.0"'))
    assert "Apache-2.0" in world.lines(folder, "licence")[0]
    world.changed(folder, "pyproject.toml", ("Apache-2.0", "MIT"))
    assert world.finding(folder, "licence").verdict is Verdict.OK


def test_tags_that_are_no_versions_are_a_remark_and_versions_are_not(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    assert "no tag yet" in world.lines(folder, "tags")[0]
    project.git(folder, "tag", "summer")
    assert "summer" in world.lines(folder, "tags")[0]
    project.git(folder, "tag", "v0.0.1-rc.1")
    assert world.finding(folder, "tags").verdict is Verdict.OK


def invented_script(folder: Path) -> None:
    world.changed(folder, "release.toml", ('scripts = ["otter"]', 'scripts = ["invented"]'))


def invented_package(folder: Path) -> None:
    world.changed(folder, "release.toml", ('packages = ["otter"]', 'packages = ["invented"]'))


@pytest.mark.processes
@pytest.mark.parametrize("invent", [invented_script, invented_package])
@pytest.mark.parametrize("words", [("plan",), ("build", "--fake"), ("run", "--fake", "--target", "all"), ("check",)])
def test_an_invented_script_or_package_stops_a_plan_a_rehearsal_and_a_check(
    tmp_path: Path, invent: Callable[[Path], None], words: tuple[str, ...]
) -> None:
    folder = project.make(tmp_path)
    invent(folder)
    done = project.command(folder, *words)
    assert done.returncode == ConfigInvalidError.exit_code
    assert "'invented'" in done.stderr
    assert not (folder / "dist" / "rehearsal" / "artifacts").exists()


BACKEND = """\
import zipfile

INFO = "otter-0.dist-info"
FILES = {
    "otter/main.py": "",
    f"{INFO}/METADATA": "Metadata-Version: 2.4\\nName: otter\\nVersion: 0\\n",
    f"{INFO}/WHEEL": "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
    f"{INFO}/entry_points.txt": "[console_scripts]\\notter = otter.main:main\\n",
    f"{INFO}/RECORD": "",
}


def build_wheel(folder, config_settings=None, metadata_directory=None):
    with zipfile.ZipFile(f"{folder}/otter-0-py3-none-any.whl", "w") as packed:
        for name, text in FILES.items():
            packed.writestr(name, text)
    return "otter-0-py3-none-any.whl"
"""


@pytest.mark.processes
def test_a_rehearsal_builds_the_wheel_where_only_that_knows_the_scripts(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    system = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    (folder / "pyproject.toml").write_text(f'{PROJECT}dynamic = ["scripts"]\n{system}')
    world.written(folder, "backend.py", text=BACKEND)
    done = project.command(folder, "build", "--fake")
    assert done.returncode == 0, done.stderr
    world.changed(folder, "release.toml", ('scripts = ["otter"]', 'scripts = ["invented"]'))
    done = project.command(folder, "build", "--fake")
    assert done.returncode == ConfigInvalidError.exit_code, done.stderr
    assert "'invented'" in done.stderr
    assert "it has otter" in done.stderr


@pytest.mark.processes
def test_a_rehearsal_is_refused_over_a_taken_port_before_anything_is_built(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        folder = project.make(tmp_path, port=taken.getsockname()[1])
        done = project.command(folder, "run", "--fake", "--target", "all")
        assert done.returncode == PortTakenError.exit_code, done.stderr
        assert not (folder / "dist" / "rehearsal" / "artifacts").exists()


@pytest.mark.processes
@pytest.mark.systems("linux", "darwin")
def test_the_words_tell_a_table_or_json_and_the_code_of_the_worst(tmp_path: Path) -> None:
    folder = project.make(tmp_path / "otter")
    env = project.path_with(tmp_path / "bin", "git")
    done = project.command(folder, "check", "--json", env=env)
    told = json.loads(done.stdout)
    assert done.returncode == 22, "no compiler on this PATH"
    rows = {each["name"]: each for each in told["checks"]}
    assert rows["tools"]["result"] == "refused"
    assert "C compiler" in rows["tools"]["detail"]
    assert rows["tools"]["hint"]
    assert rows["names"]["result"] == "ok"
    shown = project.command(folder, "check", env=env)
    assert "REFUSED" in shown.stdout
    assert "error: no C compiler" in shown.stderr


def test_no_check_is_made_twice(tmp_path: Path) -> None:
    names = [each.name for stage in Stage for each in check.checks(stage)]
    assert len(set(names)) == len(names)


def test_a_plan_tells_everything_that_is_refused_in_one_error(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    world.changed(
        folder, "release.toml", ('"Swims on its back"', '"A swimmer."'), ('scripts = ["otter"]', 'scripts = ["oter"]')
    )
    with pytest.raises(ReleaseError) as caught:
        check.planned(project.product(folder), channel=Channel.DEV, results=folder / "dist")
    assert "A swimmer." in str(caught.value)
    assert "'oter'" in str(caught.value)
