"""What init reads without building anything: remotes, tags, summaries, licences; and the workflow that it writes."""

import re
import subprocess
import sys
import tomllib
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from release import init, schema
from release.init import mending, remote, systems, tags, text, trying, workflow
from release.init import project as where
from release.init.text import Written
from release.packagers import homebrew
from release.product import CommandTest, VersionTest
from release.wheel import Script, python

TOOLS = Path(sys.executable).parent


@pytest.mark.parametrize(
    "address",
    [
        "https://github.com/acme/otter",
        "https://github.com/acme/otter.git",
        "https://github.com/acme/otter/",
        "https://user:secret@github.com/acme/otter.git",
        "https://www.github.com/acme/otter/tree/main/docs",
        "http://github.com/acme/otter",
        "git@github.com:acme/otter.git",
        "github.com:acme/otter",
        "ssh://git@github.com/acme/otter.git",
        "ssh://git@github.com:22/acme/otter",
        "ssh://git@ssh.github.com:443/acme/otter.git",
        "git://github.com/acme/otter.git",
        "git+https://github.com/acme/otter",
    ],
)
def test_owner_and_repository_are_read_from_every_form_of_a_remote(address: str) -> None:
    found = remote.parse(address)
    assert found == remote.Remote(host="github.com", path="acme/otter")
    assert found.is_github
    assert found.page == "https://github.com/acme/otter"


@pytest.mark.parametrize(
    ("address", "page"),
    [
        ("https://gitlab.com/group/team/otter.git", "https://gitlab.com/group/team/otter"),
        ("git@gitlab.com:group/otter.git", "https://gitlab.com/group/otter"),
        ("ssh://git@codeberg.org/acme/otter", "https://codeberg.org/acme/otter"),
        ("git@bitbucket.org:acme/otter.git", "https://bitbucket.org/acme/otter"),
        ("https://git.example.invalid:8443/acme/otter", "https://git.example.invalid/acme/otter"),
        ("https://github.com.example.invalid/acme/otter", "https://github.com.example.invalid/acme/otter"),
    ],
)
def test_a_repository_elsewhere_is_no_github(address: str, page: str) -> None:
    found = remote.parse(address)
    assert found is not None
    assert not found.is_github
    assert found.page == page


@pytest.mark.parametrize(
    "address", ["/srv/otter.git", "../otter", "file:///srv/otter.git", r"C:\work\otter", "", "https://github.com/acme"]
)
def test_a_path_of_this_machine_is_no_place_of_the_web(address: str) -> None:
    assert remote.parse(address) is None


def test_without_a_remote_the_metadata_say_where_the_source_is() -> None:
    urls = {"Homepage": "https://otter.invalid", "Source Code": "https://github.com/acme/otter/"}
    assert remote.of_urls(urls) == remote.Remote(host="github.com", path="acme/otter")
    assert remote.of_urls({"Homepage": "https://otter.invalid", "Tracker": "https://github.com/a/b/issues"}) is None


@pytest.mark.parametrize(
    ("found", "names", "form", "newest"),
    [
        (("v1.2.3", "v1.2.2"), (), "v{version}", "v1.2.3"),
        (("3.2.4", "3.2.3", "v0.9.0"), (), "{version}", "3.2.4"),
        (("release-1.4", "release-1.3"), (), "release-{version}", "release-1.4"),
        (("badger/v9.0", "otter/v1.2.0", "otter/v1.1.0"), ("otter",), "otter/v{version}", "otter/v1.2.0"),
        (("badger-v9.0", "otter-v1.2.0"), ("otter",), "otter-v{version}", "otter-v1.2.0"),
        (("otter@1.2.0", "badger@2.0.0"), ("badger",), "badger@{version}", "badger@2.0.0"),
        (("24.10.0", "23.1.0"), (), "{version}", "24.10.0"),
        (("v2.0.0rc1", "v1.9.0"), (), "v{version}", "v1.9.0"),
        (("v2.0.0rc1",), (), "v{version}", "v2.0.0rc1"),
        (("v0.0.0-dev-20260102030405", "1.0.0"), (), "{version}", "1.0.0"),
        (("nightly", "v1", "v1.2.3"), (), "v{version}", "v1.2.3"),
        (("0.26-release", "0.25-release"), (), "{version}-release", "0.26-release"),
        (("v2.0.0-beta", "v1.9.0"), (), "v{version}", "v1.9.0"),
    ],
)
def test_the_form_of_the_last_tags_is_the_form(
    found: tuple[str, ...], names: tuple[str, ...], form: str, newest: str
) -> None:
    read = tags.form(found, names)
    assert (read.text, read.newest, read.odd) == (form, newest, "")


@pytest.mark.parametrize(
    ("text", "scripts"),
    [
        ('[project]\nname = "otter"\n[project.scripts]\nswim = "o:swim"\ndive = "o:dive"\n', ("swim", "dive")),
        ('[tool.poetry.scripts]\nswim = "o:swim"\ndive = "o:dive"\n', ("swim", "dive")),
        ("[project]\nscripts = 1\n", ()),
        ("no TOML", ()),
    ],
)
def test_scripts_come_as_the_project_lists_them(tmp_path: Path, text: str, scripts: tuple[str, ...]) -> None:
    assert where.listed(tmp_path) == ()
    (tmp_path / "pyproject.toml").write_text(text)
    assert where.listed(tmp_path) == scripts


@pytest.mark.parametrize(
    ("name", "scripts", "main"),
    [
        ("otter", ("dive", "otter", "otterd"), "otter"),
        ("otter", ("echo_otter_conf", "otterctl", "otterd"), "otterctl"),
        ("otter-fm", ("dive", "otter"), "otter"),
        ("otter", ("dive", "swim"), "dive"),
    ],
)
def test_the_main_script_is_the_one_called_like_the_product_or_nearly(
    name: str, scripts: tuple[str, ...], main: str
) -> None:
    declared = [Script(name=each, module="otter", function="main") for each in scripts]
    assert init.main_of((name,), declared).name == main


def test_a_pre_release_among_the_tags_is_noticed() -> None:
    assert tags.candidate(("v1.3.0rc1", "v1.2.0"), "v{version}") == "v1.3.0rc1"
    assert tags.candidate(("v1.3.0.dev1", "v1.2.0", "1.3.0rc1", "v0.0.0-dev-20260102030405"), "v{version}") == ""


def test_tags_that_are_no_versions_are_said_and_the_usual_form_is_taken() -> None:
    assert tags.form((), ()) == tags.Form()
    assert tags.form(("nightly", "stable"), ()) == tags.Form(odd="nightly")


@pytest.mark.parametrize(
    ("said", "mended"),
    [
        ("Swims on its back", "Swims on its back"),
        ("A tool that swims.", "Tool that swims"),
        ("otter is a command line tool for swimming.", "Command-line tool for swimming"),
        ("Otter - the swimmer", "Swimmer"),
        ("An otter is a command line tool.", "Command-line tool"),
        ("OTTER: an HTTP client", "HTTP client"),
        ("An otter that swims.", "Swims"),
        ("Program that swims", "Program that swims"),
        ("  Two   spaces\nand lines ", "Two spaces and lines"),
        ("🦦 Swims fast ✨", "Swims fast"),
        ("Fetches, prints etc.", "Fetches, prints etc"),
        (
            "Swims on its back in every river. It also dives, sleeps, eats and does a great many other things all day.",
            "Swims on its back in every river",
        ),
        (
            "Swims and dives and sleeps and eats and does a great many other things that nobody would need to read",
            "Swims and dives and sleeps and eats and does a great many other things",
        ),
        (
            "Command line program that swims in rivers and dives for clams and sea urchins in several very cold oceans",
            "Command-line program that swims in rivers and dives for clams and sea urchins",
        ),
        (
            "Tool that greets people, e.g. friends, and waves at those who leave the room early and alone.",
            "Tool that greets people, e.g. friends",
        ),
        (
            "Command-line utility that creates projects from project templates, e.g. creating a Python package",
            "Command-line utility that creates projects from project templates",
        ),
        (
            "Reads what Dr. Otter and others wrote, vs. what they swim. Then it prints that in many colours and forms",
            "Reads what Dr. Otter and others wrote, vs. what they swim",
        ),
        (
            "Swims in rivers, e.g., wide rivers and lakes and seas and oceans and ponds and pools and tubs everywhere",
            "Swims in rivers",
        ),
        ("", ""),
        ("otter", ""),
    ],
)
def test_a_summary_is_mended_as_outlets_take_it(said: str, mended: str) -> None:
    assert mending.summary(said, "otter") == mended
    if mended:
        assert homebrew.description(mended, "otter") == mended


@pytest.mark.parametrize(
    ("said", "classifier", "text", "licence"),
    [
        ("MIT", "", "", "MIT"),
        ("MIT OR Apache-2.0", "", "", "MIT OR Apache-2.0"),
        ("", "License :: OSI Approved :: MIT License", "", "MIT"),
        (
            "BSD",
            "License :: OSI Approved :: BSD License",
            "Redistribution and use in source and binary forms",
            "BSD-2-Clause",
        ),
        (
            "",
            "License :: OSI Approved :: BSD License",
            "Redistribution and use in source\nand binary forms ... Neither the name of",
            "BSD-3-Clause",
        ),
        (
            "BSD-derived",
            "",
            "Redistribution and use in source and binary forms. 5. You must cause the modified files to carry notices",
            "BSD-3-Clause-Modification",
        ),
        (
            "BSD",
            "",
            "Redistribution and use in source and binary forms. 3. All advertising materials mentioning features",
            "BSD-4-Clause",
        ),
        (
            "",
            "",
            "to any person ... to whom the Software is furnished to do so.\n\nTHE SOFTWARE IS PROVIDED",
            "MIT-0",
        ),
        (
            "",
            "",
            "software\nfor any purpose with or without fee is hereby granted.\n\nTHE SOFTWARE IS PROVIDED",
            "0BSD",
        ),
        ("Apache License 2.0", "", "", "Apache-2.0"),
        ("Apache 2", "", "", "Apache-2.0"),
        ("The MIT License", "", "", "MIT"),
        ("GPLv3+", "", "", "GPL-3.0-or-later"),
        ("", "License :: OSI Approved :: GNU General Public License v3 or later (GPLv3+)", "", "GPL-3.0-or-later"),
        ("", "", "MIT License\n\nPermission is hereby granted, free of charge, to any\nperson obtaining a copy", "MIT"),
        ("Permission is hereby granted, free of charge, to any person obtaining a copy " * 3, "", "", "MIT"),
        ("Proprietary", "License :: Other/Proprietary License", "All rights reserved.", ""),
        ("", "", "", ""),
    ],
)
def test_a_licence_gets_its_name_of_spdx(said: str, classifier: str, text: str, licence: str) -> None:
    assert mending.licence(said, [classifier] if classifier else [], text) == licence


@pytest.mark.parametrize(
    ("said", "second", "licence"),
    [
        ("Apache-2.0 or MIT at your choice", "Apache Software License", "Apache-2.0 OR MIT"),
        ("MIT/Apache", "Apache Software License", "Apache-2.0 OR MIT"),
        ("dual", "BSD License", ""),
        ("", "Apache Software License", ""),
        ("", "MIT License", "MIT"),
    ],
)
def test_two_licences_are_one_expression_where_words_say_how_and_else_nobody_guesses(
    said: str, second: str, licence: str
) -> None:
    text = "Permission is hereby granted, free of charge, to any person obtaining a copy"
    classifiers = [
        "License :: OSI Approved",
        "License :: OSI Approved :: MIT License",
        f"License :: OSI Approved :: {second}",
    ]
    assert mending.licence(said, classifiers, text) == licence


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ((), ""),
        (("OS Independent",), "darwin linux windows"),
        (("POSIX",), "darwin linux"),
        (("Unix", "Microsoft :: Windows"), "darwin linux windows"),
        (("POSIX :: Linux",), "linux"),
        (("POSIX :: Linux", "POSIX :: BSD :: FreeBSD"), "linux"),
        (("POSIX :: Linux", "MacOS :: MacOS X"), "darwin linux"),
        (("Microsoft :: Windows :: Windows 10",), "windows"),
        (("POSIX :: BSD",), ""),
    ],
)
def test_classifiers_name_the_systems_that_a_project_is_for(said: tuple[str, ...], wanted: str) -> None:
    classifiers = ["Topic :: Utilities :: Linux", *(f"Operating System :: {each}" for each in said)]
    assert " ".join(sorted(systems.named(classifiers))) == wanted


FULL = Written(
    name="otter",
    summary='Says "swim"',
    license="MIT",
    license_file="project/LICENSE",
    readme="project/README.md",
    repository="acme/otter",
    tag="otter/v{version}",
    outlets=("homebrew", "scoop", "aur", "deb", "winget", "npm", "installer"),
    completions=("completion", "{shell}"),
    project="project",
    scripts=("otter", "otterd"),
    extras=("fast",),
    executable="otter.bin",
    python="3.12",
    targets=("linux-x64-baseline", "darwin-arm64"),
    version_test=VersionTest(args=("-V",), expect="otter {version}"),
)


def test_what_is_written_is_twenty_lines_at_most_and_means_what_was_found() -> None:
    lines = FULL.text.splitlines()
    assert len(lines) <= 20
    assert lines[0] == schema.FIRST_LINE
    read = tomllib.loads(FULL.text)
    assert read["summary"] == 'Says "swim"'
    assert read["build"]["executable"] == "otter.bin"
    assert read["version_test"] == {"args": ["-V"], "expect": "otter {version}"}


@pytest.mark.parametrize("is_version", [True, False])
def test_the_longest_file_has_twenty_lines_and_is_valid_by_the_schema(is_version: bool) -> None:  # noqa: FBT001
    nowhere = replace(FULL, repository="", homepage="https://otter.invalid", committer="A <a@example.invalid>")
    test = CommandTest(args=("--help",), expect='Swims "on" its back')
    longest = nowhere if is_version else replace(nowhere, version_test=None, command_test=test)
    for each in (FULL, longest):
        errors = jsonschema.Draft7Validator(schema.schema()).iter_errors(tomllib.loads(each.text))
        assert list(errors) == []
        assert len(each.text.splitlines()) <= 20
    read = tomllib.loads(longest.text)
    assert read.get("version_test") == ({"args": ["-V"], "expect": "otter {version}"} if is_version else None)
    tests = [{"args": ["--help"], "expect": 'Swims "on" its back'}]
    assert read.get("command_tests") == (None if is_version else tests)


def test_what_the_tool_would_say_by_itself_is_left_out() -> None:
    short = Written(
        name="otter",
        summary="Swims",
        license="MIT",
        repository="acme/otter",
        outlets=("aur",),
        scripts=("otter",),
        targets=("linux-x64-baseline",),
        command_test=CommandTest(args=("--help",), expect="Usage"),
    )
    read = tomllib.loads(short.text)
    assert set(read) == {"name", "summary", "license", "repository", "outlets", "build", "command_tests"}
    assert set(read["build"]) == {"targets"}


@pytest.mark.parametrize("form", ["v{version}", "{version}", "release-{version}", "otter/v{version}", "c++{version}"])
@pytest.mark.parametrize("branch", ["main", "release/next", "a+b"])
def test_the_workflow_is_what_github_takes_and_zizmor_has_nothing_to_say(
    tmp_path: Path, form: str, branch: str
) -> None:
    path = tmp_path / workflow.PATH
    path.parent.mkdir(parents=True)
    written = Written(
        name="otter", summary="", license="MIT", tag=form, targets=("linux-arm64", "windows-x64-baseline")
    )
    text = workflow.text(written, branch)
    path.write_text(text)
    assert not re.search(r"@[A-Z]+@", text)
    assert "runner: [ubuntu-24.04, windows-2022]" in text
    for command in (
        ["check-jsonschema", "--builtin-schema", "vendor.github-workflows", str(path)],
        [
            "zizmor",
            "--offline",
            "--strict-collection",
            "--no-progress",
            "--persona=pedantic",
            str(tmp_path / ".github"),
        ],
    ):
        done = subprocess.run([TOOLS / command[0], *command[1:]], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_workflow_leaves_another_one_of_the_usual_name_alone(tmp_path: Path) -> None:
    assert workflow.place(tmp_path) == workflow.PATH
    there = tmp_path / workflow.PATH
    there.parent.mkdir(parents=True)
    there.write_text(workflow.text(FULL, "main") + "# changed since\n")
    assert workflow.place(tmp_path) == workflow.PATH
    there.write_text("name: Publish to PyPI\n")
    assert workflow.place(tmp_path) == workflow.OTHERWISE


@pytest.mark.parametrize(("help_text", "expect"), [("Otter v1.8.1 swims", "Otter"), ("Otter 2 swims", "Otter 2 swims")])
def test_the_text_that_help_is_known_by_has_no_part_of_a_version(tmp_path: Path, help_text: str, expect: str) -> None:
    (tmp_path / "otter.py").write_text(f"import sys\nprint({help_text!r})\nsys.exit('--help' not in sys.argv)\n")
    plain = trying.Plain(
        python=python.ask(Path(sys.executable)), root=tmp_path, work=tmp_path / "home", versions=("1.8",)
    )
    found = trying.tests(plain, Script(name="otter", module="otter", function=""))
    assert found.command is not None
    assert found.command.expect == expect


CLICK = """\
import os, sys
said = {
    "bash_source": "_OTTER_TWO_COMPLETE=bash_complete; complete -o nosort otter-two",
    "zsh_source": "#compdef otter-two _OTTER_TWO_COMPLETE",
    "fish_source": "complete --no-files --command otter-two _OTTER_TWO_COMPLETE",
}
if FISH:
    print(said.get(os.environ.get("_OTTER_TWO_COMPLETE"), "no"))
"""


@pytest.mark.parametrize(("answers", "words"), [("True", ("_{command}_COMPLETE={shell}_source",)), ("False", ())])
def test_a_program_of_click_completes_by_a_variable(tmp_path: Path, answers: str, words: tuple[str, ...]) -> None:
    (tmp_path / "click").mkdir()
    (tmp_path / "otter.py").write_text(CLICK.replace("FISH", answers))
    plain = trying.Plain(python=python.ask(Path(sys.executable)), root=tmp_path, work=tmp_path / "home", versions=())
    assert trying.by_variable(plain, Script(name="otter-two", module="otter", function="")) == words


@pytest.mark.parametrize(
    ("printed", "version_test"),
    [
        ("otter 1.8", "otter {version}"),
        ("otter 1.8, the swimmer", "otter {version}, the swimmer"),
        ("otter (1.8)", "otter ({version})"),
        ("otter 1.8 (C extension active - AVX2)", ""),
        ("otter 1.8 [linux]", ""),
        ("otter 1.8, Python 3.13", ""),
    ],
)
def test_what_a_version_is_known_by_holds_on_every_machine(tmp_path: Path, printed: str, version_test: str) -> None:
    (tmp_path / "otter.py").write_text(f"print({printed!r})\n")
    plain = trying.Plain(
        python=python.ask(Path(sys.executable)), root=tmp_path, work=tmp_path / "home", versions=("1.8",)
    )
    found = trying.tests(plain, Script(name="otter", module="otter", function=""))
    assert (found.version.expect if found.version else "") == version_test
    assert version_test or (found.command is not None and found.command.expect == "otter")


def test_a_script_that_is_a_module_is_run_as_python_m_runs_it(tmp_path: Path) -> None:
    (tmp_path / "otter").mkdir()
    (tmp_path / "otter" / "__main__.py").write_text("import sys\nprint(__name__, *sys.argv)\n")
    plain = trying.Plain(python=python.chosen("", tmp_path), root=tmp_path, work=tmp_path / "home", versions=())
    done = plain.run(Script(name="otter", module="otter.__main__", function=""), "--version")
    assert (done.code, done.out) == (0, "__main__ otter --version\n")


def test_every_line_of_release_toml_fits_a_terminal_and_the_file_stays_short() -> None:
    names = tuple(f"otter-number-{number}" for number in range(9))
    written = Written(
        name="otter",
        summary="Swims",
        license="MIT",
        repository="acme/otter",
        outlets=("homebrew", "scoop", "aur", "installer"),
        scripts=names,
        targets=("linux-x64-baseline", "linux-arm64", "darwin-arm64", "darwin-x64-baseline", "windows-x64-baseline"),
        version_test=VersionTest(args=("--version",), expect="otter {version}"),
    )
    lines = written.text.splitlines()
    assert max(map(len, lines)) < 80
    assert len(lines) <= text.LINES
    assert tuple(tomllib.loads(written.text)["build"]["scripts"]) == names
    many = replace(written, scripts=names * 5, extras=names * 5)
    assert len(many.text.splitlines()) <= text.LINES
    assert tuple(tomllib.loads(many.text)["build"]["extras"]) == names * 5
