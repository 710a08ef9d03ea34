"""Several commands of one product: what each is called by, what each brings along, and what no system could have."""

import gzip
import io
import os
import subprocess
import zipfile
from pathlib import Path

import pytest
from msgspec.structs import replace as changed
from tests.release import project, world

from release import calls, targets
from release import compile as compiling
from release.compile import extras, windows
from release.compile.extras import Brought
from release.errors import ConfigInvalidError, ProgramFailedError
from release.packagers import aur, commands, deb, homebrew, installer, naming, nothing, scoop, winget
from release.product import Build, Channel, Product, VersionTest

LINUX, WINDOWS = targets.named("linux-x64-baseline"), targets.named("windows-arm64")


def with_commands(*names: str, executable: str = "", **more: object) -> Product:
    """A product that ships these commands."""
    build = Build(targets=("linux-x64-baseline",), scripts=names, executable=executable)
    return changed(world.several(), build=build, **more)


def fourteen() -> tuple[str, ...]:
    return tuple(f"tool{number}" for number in range(14))


# --- names ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["-x", "a b", "con", "nul.txt", "Com1", "a/b", "ends.", "ü", "a$b"])
def test_a_command_that_some_system_could_not_have_is_refused_before_anything_is_built(name: str) -> None:
    with pytest.raises(ConfigInvalidError, match="command") as refused:
        naming.package(with_commands("fine", name), world.plan())
    assert "build.scripts" in refused.value.hint


def test_two_commands_that_are_one_file_where_capitals_do_not_count_are_refused() -> None:
    with pytest.raises(ConfigInvalidError, match=r"'tool' and 'Tool' are one file"):
        commands.need(with_commands("tool", "Tool"))


@pytest.mark.parametrize("name", ["my_tool.py", "pip3.12", "_hidden", "UPPER", "a+b", "x"])
def test_dots_underscores_and_capitals_are_legal(name: str) -> None:
    product = with_commands("fine", name)
    assert naming.package(product, world.plan()) == "weather-tools"
    assert f'=> "{name}"' in formula(product)


def test_a_program_is_told_which_command_it_is_only_where_its_own_name_does_not_say_so() -> None:
    product = with_commands("http", "https", "httpie", executable="httpie")
    assert [commands.chosen(product, each) for each in product.commands] == ["--as=http", "--as=https", ""]


# --- outlets -------------------------------------------------------------------------------------------------


def formula(product: Product, channel: Channel = Channel.LATEST) -> str:
    """A formula of a product."""
    (bundle,) = homebrew.PACKAGER.bundles(product, world.local(), world.release(product, world.plan(channel)), nothing)
    assert isinstance(bundle.files[0].content, bytes)
    return bundle.files[0].content.decode()


def test_every_package_names_each_of_fourteen_commands() -> None:
    product = changed(world.several(), build=changed(world.several().build, scripts=fourteen(), executable=""))
    release = world.derived(product, world.release(product, world.plan()))
    for packager in (homebrew.PACKAGER, scoop.PACKAGER, aur.PACKAGER, winget.PACKAGER, installer.PACKAGER):
        made = packager.bundles(product, world.local(), release, nothing)
        text = "".join(str(file.content) for bundle in made for file in bundle.files)
        assert all(name in text for name in fourteen()), packager.name


def test_a_command_that_may_be_a_strangers_package_is_in_conflict_with_it_and_replaces_nothing() -> None:
    product, plan = with_commands("black", "Black_d", "weather-tools", "pip3.12"), world.plan()
    (bundle,) = aur.PACKAGER.bundles(product, world.local(), world.release(product, plan), nothing)
    text = str(bundle.files[1].content)
    assert "conflicts=('weather-tools' 'weather-tools-dev-bin' 'black' 'Black_d' 'pip3.12')".replace("'", r"\'") in text
    assert "provides=('weather-tools=1.2.3')".replace("'", r"\'") in text
    control = deb.control(product, plan, world.artifact(product, plan, LINUX))
    # Debian's packages have no capitals and no underscores: none can be called Black_d.
    assert "\nConflicts: weather-tools-dev, black, pip3.12\nReplaces: weather-tools-dev\n" in control


def test_scoop_calls_the_program_plainly_where_it_is_called_as_the_command() -> None:
    product = with_commands("http", "httpie", executable="httpie")
    release = world.release(product, world.plan())
    (bundle,) = scoop.PACKAGER.bundles(product, world.local(), release, nothing)
    program = "weather-tools\\weather-tools\\httpie.exe"
    assert world.document(bundle.files[0].content)["bin"] == [[program, "http", "--as=http"], program]


@pytest.mark.parametrize(
    ("stamp", "expect", "channel", "asserted"),
    [
        ("tool/_stamp.py", "{version}", Channel.DEV, "assert_match version.to_s, shell"),
        ("tool/_stamp.py", "tool {version}", Channel.DEV, 'assert_match "tool 0.0.0-dev-20260102030405", shell'),
        ("", "{version}", Channel.LATEST, "assert_match version.to_s, shell"),
        ("", "tool {version} (x)", Channel.LATEST, 'assert_match "tool 1.2.3 (x)", shell'),
        ("", "tool {version} (x)", Channel.DEV, 'assert_match "tool", shell'),
        ("", "{version}", Channel.DEV, "\n    shell"),
    ],
)
def test_a_formula_asks_for_the_version_as_far_as_it_is_known(
    stamp: str, expect: str, channel: Channel, asserted: str
) -> None:
    test = VersionTest(args=("-V", "it's"), expect=expect)
    product = with_commands("tool", version_test=test)
    product = changed(product, build=changed(product.build, stamp=stamp))
    assert asserted + "_output(\"#{bin}/tool -V 'it'\\\"'\\\"'s'\")" in formula(product, channel)


def test_a_formula_that_knows_nothing_of_the_version_asks_for_help_and_every_command_for_its_build() -> None:
    text = formula(with_commands("tool", "other", version_test=None))
    assert '\n    shell_output("#{bin}/tool --help")\n' in text
    for command in ("tool", "other"):
        assert f'assert_match version.to_s, shell_output("_RELEASE_STAMP=1 #{{bin}}/{command}")' in text


# --- what an archive has ---------------------------------------------------------------------------------------


def program(folder: Path, product: Product, script: str) -> Path:
    """A program in the folder of an archive, and the texts of the product beside it."""
    path = folder / product.program(LINUX)
    path.parent.mkdir(parents=True)
    path.write_text(f"#!/bin/sh\n{script}")
    path.chmod(0o755)
    return path


def laid(folder: Path, product: Product, brought: Brought | None) -> dict[str, str]:
    """What lies beside the program."""
    for text in (product.license_file, product.readme):
        (product.root / text).write_text("text\n")
    extras.lay(product, LINUX, folder, brought, folder.parent / "work", project.Quiet())
    found = (path for part in ("completions", "man") for path in sorted((folder / part).glob("*")))
    return {path.relative_to(folder).as_posix(): path.read_text() for path in found}


def test_every_command_prints_its_own_completions_and_manual_page_under_its_own_name(tmp_path: Path) -> None:
    product = with_commands("http", "https", executable="http.bin", completions=("complete", "{shell}"), man=("man",))
    product = changed(product, root=tmp_path)
    program(tmp_path / "archive", product, 'echo "${0##*/} $*"\n')
    assert laid(tmp_path / "archive", product, Brought(data=tmp_path / "none")) == {
        "completions/_http": "http complete zsh\n",
        "completions/_https": "https complete zsh\n",
        "completions/http.bash": "http complete bash\n",
        "completions/http.fish": "http complete fish\n",
        "completions/https.bash": "https complete bash\n",
        "completions/https.fish": "https complete fish\n",
        "man/http.1": "http man\n",
        "man/https.1": "https man\n",
    }


def test_a_command_may_be_asked_for_its_completion_by_a_variable_of_its_own(tmp_path: Path) -> None:
    product = with_commands("http", "http-two", completions=("_{command}_COMPLETE={shell}_source",))
    product = changed(product, root=tmp_path)
    program(tmp_path / "archive", product, 'echo "${0##*/} ${_HTTP_COMPLETE} ${_HTTP_TWO_COMPLETE} $#"\n')
    assert laid(tmp_path / "archive", product, Brought(data=tmp_path / "none")) == {
        "completions/_http": "http zsh_source  0\n",
        "completions/_http-two": "http-two  zsh_source 0\n",
        "completions/http.bash": "http bash_source  0\n",
        "completions/http.fish": "http fish_source  0\n",
        "completions/http-two.bash": "http-two  bash_source 0\n",
        "completions/http-two.fish": "http-two  fish_source 0\n",
    }
    assert 'assert_match "http", shell_output("_HTTP_COMPLETE=bash_source #{bin}/http")' in formula(product)
    by_words = changed(product, completions=("completion", "{shell}"))
    assert 'assert_match "http", shell_output("#{bin}/http completion bash")' in formula(by_words)


def test_a_command_that_prints_nothing_of_itself_is_left_out_and_the_main_one_must(tmp_path: Path) -> None:
    product = with_commands("main", "other", "window", completions=("complete", "{shell}"))
    product = changed(product, root=tmp_path)
    script = 'case "${0##*/}" in main) echo main ;; window) echo window ;; *) echo no; exit 3 ;; esac\n'
    program(tmp_path / "archive", product, script)
    found = laid(tmp_path / "archive", product, Brought(data=tmp_path / "none", gui=("window",)))
    # One with a window is not asked: it would open it.
    assert sorted(found) == ["completions/_main", "completions/main.bash", "completions/main.fish"]
    program(tmp_path / "bad", product, "exit 3\n")
    with pytest.raises(ProgramFailedError):
        laid(tmp_path / "bad", product, Brought(data=tmp_path / "none"))


def test_what_a_wheel_brings_for_shells_and_man_goes_into_the_archive(tmp_path: Path) -> None:
    product = changed(with_commands("tool", completions=("complete", "{shell}")), root=tmp_path)
    program(tmp_path / "archive", product, 'echo "tool printed $*"\n')
    data = tmp_path / "data"
    for path, content in {
        "share/man/man1/tool.1": b"page",
        "share/man/man5/tool.conf.5.gz": gzip.compress(b"packed page"),
        "man/man8/toold.8": b"old way",
        "share/bash-completion/completions/tool": b"bash",
        "etc/bash_completion.d/other.bash": b"bash too",
        "share/zsh/site-functions/_tool": b"zsh",
        "share/fish/vendor_completions.d/tool.fish": b"fish",
        "share/doc/tool/README": b"no",
        "share/man/man1/no page": b"no",
        "share/zsh/site-functions/helper": b"no",
    }.items():
        (data / path).parent.mkdir(parents=True, exist_ok=True)
        (data / path).write_bytes(content)
    assert laid(tmp_path / "archive", product, Brought(data=data)) == {
        "completions/_tool": "zsh",
        "completions/other.bash": "bash too",
        "completions/tool.bash": "bash",
        "completions/tool.fish": "fish",
        "man/tool.1": "page",
        "man/tool.conf.5": "packed page",
        "man/toold.8": "old way",
    }


def test_each_command_has_a_program_of_its_own_on_windows_that_starts_the_one_program(tmp_path: Path) -> None:
    product = with_commands("http", "httpie", "gui", executable="httpie")
    windows.put(product, LINUX, tmp_path)
    assert not list(tmp_path.iterdir())
    windows.put(product, WINDOWS, tmp_path, gui=("gui",))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["gui.exe", "http.exe"]
    content = (tmp_path / "http.exe").read_bytes()
    assert content.startswith(b"MZ")
    assert b'#!"<launcher_dir>\\httpie.exe" --as\nPK' in content
    assert zipfile.ZipFile(io.BytesIO(content)).namelist() == ["__main__.py"]
    assert content != (tmp_path / "gui.exe").read_bytes()
    windows.put(product, WINDOWS, tmp_path)
    assert content == (tmp_path / "http.exe").read_bytes()


@pytest.mark.skipif(os.name == "nt", reason="links")
def test_a_program_is_started_by_the_name_of_each_command(tmp_path: Path) -> None:
    product = with_commands("http", "http.bin", executable="http.bin")
    path = program(tmp_path / "archive", product, 'echo "${0##*/}"\n')
    assert calls.commands(product, path, tmp_path / "links") == calls.commands(product, path, tmp_path / "links")
    found = calls.commands(product, path, tmp_path / "links")
    assert found["http.bin"] == path
    said = subprocess.run([found["http"]], capture_output=True, text=True, check=True, timeout=60).stdout
    assert said == "http\n"


def test_a_rehearsal_has_every_command_in_its_archives(tmp_path: Path) -> None:
    otter = changed(project.product(project.make(tmp_path / "otter")), completions=("c", "{shell}"), man=("man",))
    product = changed(otter, build=changed(otter.build, scripts=("otter", "other"), executable="otter.bin"))
    planned = world.plan(planned=[LINUX, WINDOWS])
    compiling.build(product, planned, planned.targets, tmp_path / "dist", stand_in=True, progress=project.Quiet())
    with zipfile.ZipFile(tmp_path / "dist" / "artifacts" / product.archive(planned.version, WINDOWS)) as packed:
        names = set(packed.namelist())
    ours = {f"otter/otter/{name}.exe" for name in ("otter", "other", "otter.bin")}
    pages = {"otter/man/otter.1", "otter/man/other.1", "otter/completions/_other", "otter/completions/other.bash"}
    assert ours | pages <= names
