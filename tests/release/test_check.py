"""What is known before anything is compiled is told before, by name, and all of it at once."""

import json
import socket
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.release import project

from release import check, network
from release.check.finding import WORK, Finding, Stage, Subject, Verdict
from release.errors import ConfigInvalidError, DiskFullError, PortTakenError, ReleaseError, TagMissingError
from release.product import Channel
from release.wheel import Wheel, read


def report(folder: Path, *stages: Stage, channel: Channel | None = None) -> check.Report:
    product = project.product(folder)
    return check.whole(product, channel=channel, results=folder / "dist", stages=stages or tuple(Stage))


def finding(folder: Path, name: str, channel: Channel | None = None) -> Finding:
    (found,) = (each for each in report(folder, channel=channel).findings if each.name == name)
    return found


def lines(folder: Path, name: str) -> list[str]:
    return [remark.line for remark in finding(folder, name).remarks]


def changed(folder: Path, name: str, *pairs: tuple[str, str]) -> None:
    """Replace a part of a file's text, and commit it."""
    path = folder / name
    text = path.read_text()
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new, 1)
    path.write_text(text)
    project.commit(folder, "changed")


def written(folder: Path, *files: str, text: str = "") -> None:
    """Write files, all with the same text, and commit them."""
    for name in files:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    project.commit(folder, "written")


def test_of_a_sound_project_nothing_is_refused_and_every_check_has_a_name_and_a_time(tmp_path: Path) -> None:
    found = report(project.make(tmp_path, port=network.free_port())).findings
    assert {each.name: each.detail for each in found if each.verdict is Verdict.REFUSED} == {}
    names = [each.name for each in found]
    assert len(set(names)) == len(names)
    assert all(each.seconds >= 0 for each in found)
    assert {"names", "summary", "licence", "tags", "templates", "ports", "tools", "environment", "data files"} <= set(
        names
    )


def test_one_report_names_everything_and_ends_with_the_code_of_what_it_found(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    changed(
        folder,
        "release.toml",
        ('"Swims on its back"', '"A swimmer."'),
        ('license = "MIT"', 'license = "Mit"'),
        ('scripts = ["otter"]', 'scripts = ["oter"]'),
    )
    found = report(folder)
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
    found = finding(folder, "templates")
    assert found.verdict is Verdict.REFUSED
    assert "formula.rb.j2:1" in found.detail


def test_a_change_that_is_not_committed_is_a_remark_and_the_rest_is_checked(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    (folder / "new.py").write_text("")
    found = report(folder)
    assert "new.py" in found.findings[0].remarks[0].line
    assert found.failure is None
    assert len(found.findings) > 5


def test_where_nothing_can_be_planned_that_is_one_finding_and_the_rest_is_checked(tmp_path: Path) -> None:
    found = report(project.make(tmp_path), channel=Channel.LATEST)
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
        (folder / name).write_text(text)
    changed(folder, "release.toml", ('scripts = ["otter"]', f'scripts = ["{script}"]'))
    return folder


@pytest.mark.parametrize("files", DECLARED.values(), ids=DECLARED.keys())
def test_scripts_are_found_wherever_a_backend_has_them_declared(tmp_path: Path, files: dict[str, str]) -> None:
    assert finding(declaring(tmp_path, files), "scripts").verdict is Verdict.OK


@pytest.mark.parametrize("files", DECLARED.values(), ids=DECLARED.keys())
def test_a_script_that_nobody_declares_is_refused_with_the_nearest(tmp_path: Path, files: dict[str, str]) -> None:
    found = finding(declaring(tmp_path, files, script="oter"), "scripts")
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
    ],
)
def test_scripts_that_are_computed_wait_for_the_wheel(tmp_path: Path, files: dict[str, str]) -> None:
    found = finding(declaring(tmp_path, files, script="invented"), "scripts")
    assert found.verdict is Verdict.SKIPPED
    assert "wheel" in found.detail


def test_a_script_that_starts_no_function_is_refused(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    changed(folder, "pyproject.toml", ('"otter.main:main"', '"otter/main.py"'))
    assert "module:function" in finding(folder, "scripts").detail


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
    changed(folder, file, (old, new))
    found = finding(folder, "packages")
    assert found.verdict is Verdict.REFUSED
    assert "'oter'" in found.detail or "'invented'" in found.detail


def test_namespaces_single_modules_and_other_folders_are_packages_too(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    written(folder, "lib/sea/animals/core.py", "single.py", "other/place/deep/x.py")
    changed(folder, "release.toml", ('packages = ["otter"]', 'packages = ["sea", "single", "deep", "sea.animals"]'))
    assert finding(folder, "packages").verdict is Verdict.OK


def test_a_package_that_a_compiler_makes_waits_for_the_wheel(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    written(folder, "rust/lib.rs")
    changed(folder, "pyproject.toml", ("otter.main:main", "fast:main"))
    assert finding(folder, "packages").verdict is Verdict.SKIPPED


# --- names and words --------------------------------------------------------------------------------------------


def npm(folder: Path, name: str) -> None:
    changed(
        folder,
        "release.toml",
        ("[profiles.local.places]", '[profiles.local.places]\nnpm = "file:public/npm"\ndeb = "file:public/deb"'),
        ('name = "otter"', f'name = "{name}"'),
    )


@pytest.mark.parametrize(("name", "said"), [("http", "npm"), ("x", "Debian")])
def test_a_name_that_one_ecosystem_does_not_take_is_refused_with_its_name(tmp_path: Path, name: str, said: str) -> None:
    folder = project.make(tmp_path)
    npm(folder, name)
    found = finding(folder, "names")
    assert found.verdict is Verdict.REFUSED
    assert said in found.detail


def test_a_command_that_shells_keep_for_themselves_is_a_remark(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    changed(folder, "release.toml", ('scripts = ["otter"]', 'scripts = ["otter", "time"]'))
    assert "'time'" in lines(folder, "names")[0]


def test_another_licence_in_the_metadata_is_a_remark(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    changed(folder, "pyproject.toml", ('version = "0"', 'version = "0"\nlicense = "Apache-2.0"'))
    assert "Apache-2.0" in lines(folder, "licence")[0]
    changed(folder, "pyproject.toml", ("Apache-2.0", "MIT"))
    assert finding(folder, "licence").verdict is Verdict.OK


def test_tags_that_are_no_versions_are_a_remark_and_versions_are_not(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    assert "no tag yet" in lines(folder, "tags")[0]
    project.git(folder, "tag", "summer")
    assert "summer" in lines(folder, "tags")[0]
    project.git(folder, "tag", "v0.0.1-rc.1")
    assert finding(folder, "tags").verdict is Verdict.OK


# --- sources ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import importlib\nimportlib.import_module(name)", "build.include"),
        ("import importlib as i\ni.import_module(f'otter.{name}')", "build.include"),
        ("from importlib import import_module\nimport_module(name)", "build.include"),
        ("from importlib import import_module as load\nload('.'.join(name))", "build.include"),
        ("name = input()\n__import__(name)", "build.include"),
        ("import importlib.util\nimportlib.util.find_spec(name)", "build.include"),
        ("from importlib.metadata import entry_points\nentry_points(group='otter.plugins')", "loads plugins"),
        ("import pkg_resources\npkg_resources.iter_entry_points('otter')", "loads plugins"),
        ("import pkgutil\npkgutil.iter_modules(path)", "lists modules"),
        ("from pkgutil import walk_packages\nwalk_packages(path)", "lists modules"),
        ("import runpy\nrunpy.run_module(name)", "build.include"),
        ("from importlib import metadata\nmetadata.version(name)", "build.metadata"),
    ],
)
def test_an_import_by_variable_is_a_remark_with_its_file_and_line(tmp_path: Path, code: str, said: str) -> None:
    folder = project.make(tmp_path)
    written(folder, "src/otter/plug.py", "tests/test_plug.py", text=code)
    (line,) = lines(folder, "dynamic imports")
    assert line.startswith("src/otter/plug.py:2: ")
    assert said in line
    assert report(folder).failure is None


@pytest.mark.parametrize(
    "code",
    [
        "import importlib\nimportlib.import_module('otter.main')",
        "__import__('otter')",
        "from importlib.metadata import version\nversion('otter')",
        "def import_module(name): ...\nimport_module(name)",
        "'importlib.import_module(name)'",
        "import importlib.util\nimportlib.import_module(  # not Python",
    ],
)
def test_what_the_compiler_sees_by_itself_is_no_remark(tmp_path: Path, code: str) -> None:
    folder = project.make(tmp_path)
    written(folder, "src/otter/plug.py", text=code)
    assert lines(folder, "dynamic imports") == []


def test_a_package_with_data_and_the_name_of_the_program_is_refused_with_the_key(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    assert finding(folder, "data files").verdict is Verdict.OK
    written(folder, "src/otter/words.json")
    found = finding(folder, "data files")
    assert found.failure is not None
    assert 'executable = "otter.bin"' in found.failure.hint


@pytest.mark.parametrize("name", ["src/otter/py.typed", "src/otter/types.pyi", "src/weasel/words.json"])
def test_other_files_beside_modules_are_no_conflict(tmp_path: Path, name: str) -> None:
    folder = project.make(tmp_path)
    written(folder, name, "src/weasel/__init__.py")
    assert finding(folder, "data files").verdict is Verdict.OK


def wheel(folder: Path, *files: str, scripts: str = "otter = otter.main:main") -> Wheel:
    """A wheel of the project with these files, and what its metadata says."""
    path = folder / "dist" / WORK / "wheel" / "otter-0-py3-none-any.whl"
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as packed:
        for file in files:
            packed.writestr(file, "")
        packed.writestr("otter-0.dist-info/METADATA", "Metadata-Version: 2.1\nName: otter\nVersion: 0\n")
        packed.writestr("otter-0.dist-info/entry_points.txt", f"[console_scripts]\n{scripts}\n")
        packed.writestr("otter-0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\n")
        packed.writestr("otter-0.dist-info/RECORD", "")
    (path.parents[1] / "commit").write_text(project.git(folder, "rev-parse", "HEAD"))
    return read(path)


def test_data_that_is_in_git_and_not_in_the_wheel_is_a_remark_once_the_wheel_is_there(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    written(folder, "src/otter/main.py", "src/weasel/__init__.py", "src/weasel/a.json", "src/weasel/b.json")
    changed(folder, "release.toml", ('packages = ["otter"]', 'packages = ["otter", "weasel"]'))
    assert "the wheel says" in finding(folder, "data files").detail
    wheel(folder, "otter/main.py", "weasel/__init__.py", "weasel/a.json")
    (line,) = lines(folder, "data files")
    assert line.startswith("src/weasel/b.json: this file of weasel")


def test_the_wheel_of_another_commit_says_nothing(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    changed(folder, "pyproject.toml", ("scripts = {", 'dynamic = ["scripts"]\n[tool.other]\nscripts = {'))
    assert finding(folder, "scripts").verdict is Verdict.SKIPPED
    wheel(folder, "otter/main.py", scripts="weasel = otter.main:main")
    assert "'otter'" in finding(folder, "scripts").detail
    assert "otter-0-py3-none-any.whl" in finding(folder, "scripts").detail
    project.commit(folder, "another")
    assert finding(folder, "scripts").verdict is Verdict.SKIPPED


def test_an_extension_module_in_a_package_with_the_name_of_the_program_is_refused(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    wheel(folder, "otter/main.py", "otter/fast.cpython-313-x86_64-linux-gnu.so")
    assert finding(folder, "data files").verdict is Verdict.REFUSED


# --- the machine --------------------------------------------------------------------------------------------------


def subject(folder: Path, **more: object) -> Subject:
    product = project.product(folder)
    planned = check.planned(product, channel=Channel.DEV, results=folder / "dist")
    free = more.get("free")
    return Subject(
        product=product,
        planned=planned,
        dist=Path(str(more.get("dist", folder / "dist"))),
        stand_in=bool(more.get("stand_in")),
        served=frozenset() if more.get("serves_nothing") else None,
        free=(lambda _folder: int(str(free))) if free is not None else (lambda _folder: 10**12),
    )


def named(found: check.Report, name: str) -> Finding:
    return next(each for each in found.findings if each.name == name)


def test_a_python_that_the_project_does_not_take_is_refused(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    changed(folder, "pyproject.toml", ('version = "0"', 'version = "0"\nrequires-python = ">=3.12,<3.12.1"'))
    found = finding(folder, "environment")
    assert found.verdict is Verdict.REFUSED
    assert ">=3.12,<3.12.1" in found.detail


def test_a_full_disk_is_refused_before_a_build_fills_it_and_a_rehearsal_needs_less(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    full = named(check.made(subject(folder, free=10**8), Stage.BUILT), "environment")
    assert isinstance(full.failure, DiskFullError)
    assert named(check.made(subject(folder, free=10**8, stand_in=True), Stage.BUILT), "environment").failure is None
    scarce = named(check.made(subject(folder, free=10**9), Stage.BUILT), "environment")
    assert scarce.verdict is Verdict.REMARK


def test_results_that_cannot_be_written_are_refused(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    (folder / "dist").write_text("a file")
    found = named(check.made(subject(folder, dist=folder / "dist" / "below"), Stage.BUILT), "environment")
    assert found.verdict is Verdict.REFUSED
    assert "may not be written" in found.detail


def test_a_port_that_another_program_has_is_refused_where_something_will_be_served(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        folder = project.make(tmp_path, port=taken.getsockname()[1])
        found = named(check.made(subject(folder), Stage.BUILT), "ports")
        assert isinstance(found.failure, PortTakenError)
        assert named(check.made(subject(folder, serves_nothing=True), Stage.BUILT), "ports").failure is None
    assert named(check.made(subject(folder), Stage.BUILT), "ports").verdict is Verdict.OK


def test_a_port_that_another_run_of_the_tool_serves_is_ours(tmp_path: Path) -> None:
    from release.verify.serve import serving

    folder = project.make(tmp_path, port=network.free_port())
    (folder / "dist" / "public").mkdir(parents=True)
    with serving(project.product(folder).profiles["local"], folder / "dist"):
        found = named(check.made(subject(folder), Stage.BUILT), "ports")
    assert found.verdict is Verdict.REMARK
    assert "another run" in found.remarks[0].text


# --- what begins with it --------------------------------------------------------------------------------------------


def invented_script(folder: Path) -> None:
    changed(folder, "release.toml", ('scripts = ["otter"]', 'scripts = ["invented"]'))


def invented_package(folder: Path) -> None:
    changed(folder, "release.toml", ('packages = ["otter"]', 'packages = ["invented"]'))


@pytest.mark.processes
@pytest.mark.parametrize("invent", [invented_script, invented_package])
@pytest.mark.parametrize("words", [("plan",), ("build", "--fake"), ("run", "--fake", "--target", "all"), ("check",)])
def test_an_invented_script_or_package_stops_a_plan_a_rehearsal_and_a_check(
    tmp_path: Path, invent: Callable[[Path], None], words: tuple[str, ...]
) -> None:
    folder = project.make(tmp_path, port=network.free_port())
    invent(folder)
    done = project.command(folder, *words)
    assert done.returncode == ConfigInvalidError.exit_code
    assert "'invented'" in done.stderr
    assert not (folder / "dist" / "rehearsal" / "artifacts").exists()


@pytest.mark.consumer("uv")
def test_a_rehearsal_builds_the_wheel_where_only_that_knows_the_scripts(tmp_path: Path) -> None:
    folder = project.make(tmp_path, port=network.free_port())
    (folder / "setup.py").write_text(
        "from setuptools import setup\n"
        "setup(name='otter', version='0', package_dir={'': 'src'}, packages=['otter'], entry_points="
        "{'console_scripts': [f'{name} = otter.main:main' for name in ('otter',)]})\n"
    )
    (folder / "pyproject.toml").write_text("")
    project.commit(folder, "a script that is computed")
    done = project.command(folder, "build", "--fake")
    assert done.returncode == 0, done.stderr
    changed(folder, "release.toml", ('scripts = ["otter"]', 'scripts = ["invented"]'))
    done = project.command(folder, "build", "--fake")
    assert done.returncode == ConfigInvalidError.exit_code, done.stderr
    assert "'invented'" in done.stderr


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
    folder = project.make(tmp_path / "otter", port=network.free_port())
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
    changed(
        folder, "release.toml", ('"Swims on its back"', '"A swimmer."'), ('scripts = ["otter"]', 'scripts = ["oter"]')
    )
    with pytest.raises(ReleaseError) as caught:
        check.planned(project.product(folder), channel=Channel.DEV, results=folder / "dist")
    assert "A swimmer." in str(caught.value)
    assert "'oter'" in str(caught.value)
