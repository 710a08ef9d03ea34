"""release.toml is read strictly: all mistakes are named at once, each with its whole key."""

from pathlib import Path

import pytest
from tests.release import project

from release import config
from release.errors import ConfigInvalidError, ConfigMissingError
from release.packagers.homebrew import Homebrew


def changed(tmp_path: Path, *pairs: tuple[str, str]) -> Path:
    """A project's release.toml with some of its text replaced."""
    path = project.make(tmp_path) / "release.toml"
    text = path.read_text()
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new, 1)
    path.write_text(text)
    return path


def mistakes(path: Path) -> str:
    with pytest.raises(ConfigInvalidError) as caught:
        config.read(path)
    assert caught.value.hint
    return str(caught.value)


def test_a_whole_file_becomes_a_product(tmp_path: Path) -> None:
    otter = project.product(project.make(tmp_path))
    assert otter.name == "otter"
    assert otter.build.targets == project.SOME
    assert otter.root == tmp_path.resolve()
    assert otter.command_tests[0].args == ("say", "fish")
    assert otter.table(Homebrew).tap == "acme/tap"
    assert otter.profiles["local"].places["archives"] == "file:public/site"


def test_the_file_is_found_from_a_folder_below(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    assert config.find(folder / "src" / "otter") == folder / "release.toml"


def test_no_file_anywhere_is_a_named_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigMissingError) as refused:
        config.find(tmp_path)
    assert "release init" in refused.value.hint


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('summary = "', 'sumary = "', "sumary: unknown key; did you mean 'summary'?"),
        ('summary = "', 'sumary = "', "summary: missing"),
        ('scripts = ["otter"]', 'scripts = ["otter"]\ncolour = 1', "build.colour: unknown key"),
        ("local = true", "local = true\ncolour = 1", "profiles.local.colour: unknown key"),
        ('name = "otter"', "name = 3", "name: expected str, got 3"),
        ('summary = "Swims on its back"', "summary = 3", "summary: expected str, got 3"),
        ('packages = ["otter"]', 'packages = "otter"', "build.packages: expected array, got 'otter'"),
        ('packages = ["otter"]', "packages = [1]", "build.packages[0]: expected str, got 1"),
        ("targets = [", "targets = []\nexclude = [", "build.targets: expected array of length >= 1"),
        ("local = true", 'local = "yes"', "profiles.local.local: expected bool, got 'yes'"),
        ('serve = "public"', 'serve = "public"\n[profiles.far.more]', "profiles.far.more: unknown key"),
        ("[build]", "service = 1\n[build]", "service: expected a table, got 1"),
        ("[[command_tests]]", "[command_tests]", "command_tests: expected array, got a table"),
        ('expect = "fish"', "expect = true", "command_tests[0].expect: expected str, got true"),
        ('expect = "fish"', "", "command_tests[0].expect: missing"),
        ("[profiles.local]", "[profiles]\nmore = 1\n[profiles.local]", "profiles.more: expected a table, got 1"),
        ('name = "otter"', 'name = "Otter"', "name: expected lower-case letters, digits and single hyphens"),
        ('name = "otter"', 'name = "otter--two"', "name: expected lower-case letters, digits and single hyphens"),
        ('tap = "acme/tap"', 'tap = "acme"', "homebrew.tap: expected OWNER/NAME, got 'acme'"),
        ('tap = "acme/tap"', 'tap = "acme/tap"\ncolour = 1', "homebrew.colour: unknown key"),
        (
            '[homebrew]\ntap = "acme/tap"',
            "",
            "there is no [homebrew] with tap: profiles.local.places.homebrew needs it",
        ),
        ("[scoop]", "scoop = 1\n[scop]", "homebrew.scoop: unknown key"),
        ('"linux-x64"', '"linux-x46"', "build.targets[0]: no target is called 'linux-x46', only linux-x64,"),
        ('readme = "README.md"', 'readme = "READ.md"', "readme: 'READ.md' is not a file below"),
        (
            'project = "."',
            'project = "src"',
            "build.project: no pyproject.toml, setup.py or setup.cfg is in 'src' below",
        ),
        ("Otter Release <release@example.invalid>", "Otter Release", "committer: expected 'Name <mail@host>'"),
        ('name = "otter"', 'root = "/"\nname = "otter"', "root: unknown key"),
        ('name = "otter"', 'tables = []\nname = "otter"', "tables: unknown key"),
        ('name = "otter"', 'templates = "gone"\nname = "otter"', "templates: 'gone' is not a folder below"),
        ("[homebrew]", "[service]\nrun = []\nstop = []\nalready_running = true\n[homebrew]", "expected int, got true"),
        ("[build]", "[build]\ntargets = []", "is not TOML"),
        ('name = "otter"', "name = ", "is not TOML"),
    ],
)
def test_a_mistake_is_named_with_its_whole_key(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert said in mistakes(changed(tmp_path, (old, new)))


@pytest.mark.parametrize(
    ("old", "new", "key", "near"),
    [
        ("archive_url", "archiv_url", "profiles.local.archiv_url", "archive_url"),
        ('archives = "file', 'archive = "file', "profiles.local.places.archive", "archives"),
        ('homebrew = "git+file', 'hombrew = "git+file', "profiles.local.places.hombrew", "homebrew"),
        ("[homebrew]", "[homebru]", "homebru", "homebrew"),
        ("tap =", "tapp =", "homebrew.tapp", "tap"),
        ("bucket =", "buckets =", "scoop.buckets", "bucket"),
        ("expect =", "expects =", "command_tests[0].expects", "expect"),
        ("[scoop]", "[channel]\nrotdays = 3\n[scoop]", "channel.rotdays", "root_days"),
        ("[scoop]", "[server_test]\nhealt = '/'\n[scoop]", "server_test.healt", "health"),
        ("[scoop]", "[service]\nruns = ['x']\n[scoop]", "service.runs", "run"),
        ('"linux-x64-baseline"', '"linux-baseline-x64"', "build.targets[1]", "linux-x64-baseline"),
    ],
)
def test_an_unknown_name_names_the_nearest_in_every_kind_of_table(
    tmp_path: Path, old: str, new: str, key: str, near: str
) -> None:
    lines = mistakes(changed(tmp_path, (old, new))).splitlines()
    assert any(f"{key}: " in line and line.endswith(f"did you mean '{near}'?") for line in lines), lines


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            'scripts = ["otter"]\n',
            'scripts = ["otter"]\nhomepage = "x"\n',
            "build.homepage: unknown key; it belongs at the top",
        ),
        ("[build]", 'scripts = ["otter"]\n[build]', "scripts: unknown key; it belongs in [build]"),
        ("[build]", 'tap = "acme/tap"\n[build]', "tap: unknown key; it belongs in [homebrew]"),
        ("[profiles.local.places]", 'health = "/"\n[profiles.local.places]', "it belongs in [server_test]"),
        (
            'archives = "file:public/site"',
            'archives = "file:public/site"\nserve = "x"',
            "profiles.local.places.serve: no outlet is called 'serve'",
        ),
        ("[build]", 'archive_url = "x"\n[build]', "archive_url: unknown key; it belongs in [profiles.NAME]"),
        (
            "local = true",
            'local = true\naur = "x"',
            "profiles.local.aur: unknown key; it belongs in [profiles.NAME.places]",
        ),
        ("[homebrew]", "[profiles.homebrew]", "profiles.homebrew.tap: unknown key; it belongs in [homebrew]"),
    ],
)
def test_a_key_in_the_wrong_table_is_told_where_it_belongs(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert said in mistakes(changed(tmp_path, (old, new)))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("{package}.git", "{name}.git", "profiles.local.places.aur: nothing fills in {name}, only {package}"),
        ("/{tag}/{file}", "/{tga}/{file}", "profiles.local.archive_url: nothing fills in {tga}, only {tag}, {version}"),
        ("/{tag}/{file}", "/{tag}/all", "profiles.local.archive_url: {file} must be in it"),
        (
            'serve = "public"',
            'serve = "public"\nmirrors = ["http://a/{file}", "http://b/{tag}"]',
            "profiles.local.mirrors[1]: {file} must be in it",
        ),
        (
            'serve = "public"',
            'serve = "public"\nsites = ["http://a/", "http://b"]',
            "profiles.local.sites[1]: expected http://HOST/ or https://HOST/PATH/, got 'http://b'",
        ),
        ("{channel}.json", "latest.json", "profiles.local.channel_url: {channel} must be in it"),
        ("[build]", 'completions = ["c"]\n[build]', "completions: {shell} must be in it"),
        (
            "[build]",
            'completions = ["{shell}", "{name}"]\n[build]',
            "completions: nothing fills in {name}, only {shell}",
        ),
        (
            "[homebrew]",
            '[server_test]\nargs = ["--json={port}{host}"]\nhealth = "/"\n[homebrew]',
            "server_test.args: nothing fills in {host}, only {port}; the text itself is {{host}}",
        ),
        (
            "[homebrew]",
            '[server_test]\nargs = ["x"]\nhealth = "/"\n[homebrew]',
            "server_test.args: {port} must be in it",
        ),
    ],
)
def test_every_field_of_a_template_is_checked_when_it_is_read(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert said in mistakes(changed(tmp_path, (old, new)))


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("public/site", "'public/site' is no address of a place: write one such as file:public/site"),
        ("ftp://host/x", "is no address of a place: write one such as"),
        ("https://host/x.git", "is no address of a place: write one such as"),
        ("file:", "write it as file:public/site"),
        ("file:public#main", "write it as file:public/site"),
        ("git+file:public/tap.git#", "write it as git+file:public/tap.git#main"),
        ("git+https:acme/tap", "write it as git+https://HOST/OWNER/tap.git#main"),
        ("git+file:~/tap.git", "write it as git+file:public/tap.git#main"),
        ("git+file:tap.git#refs/heads/main", "write it as git+file:public/tap.git#main"),
        ("git+file:tap.git#-f", "write it as git+file:public/tap.git#main"),
        ("git+file:tap.git#a b", "write it as git+file:public/tap.git#main"),
        ("git+file:tap.git#a..b", "write it as git+file:public/tap.git#main"),
        ("git+file:tap.git#a~1", "write it as git+file:public/tap.git#main"),
        ("git+file:tap.git#a.lock", "write it as git+file:public/tap.git#main"),
        ("github:acme", "write it as github:OWNER/REPOSITORY"),
        ("github:acme/otter/more", "write it as github:OWNER/REPOSITORY"),
        ("github:acme/otter", "is not on this machine, and the profile says local = true"),
        ("git+ssh://git@host/tap.git", "is not on this machine, and the profile says local = true"),
    ],
)
def test_an_address_that_leads_nowhere_is_told(tmp_path: Path, address: str, said: str) -> None:
    told = mistakes(changed(tmp_path, ('homebrew = "git+file:public/tap.git"', f'homebrew = "{address}"')))
    assert "profiles.local.places.homebrew: " in told
    assert said in told


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    told = mistakes(
        changed(
            tmp_path,
            ('name = "otter"', 'nmae = "otter"'),
            ('scripts = ["otter"]', "scripts = [7]"),
            ("/{tag}/{file}", "/{file}/{no}"),
            ('expect = "fish"', "expct = true"),
            ('tap = "acme/tap"', 'tap = "acme"'),
        )
    )
    assert "has 7 mistakes" in told
    for key in (
        "nmae: unknown",
        "name: missing",
        "build.scripts[0]: expected str",
        "profiles.local.archive_url: nothing fills in {no}",
        "command_tests[0].expct: unknown",
        "command_tests[0].expect: missing",
        "homebrew.tap: expected OWNER/NAME",
    ):
        assert f"\n  {key}" in told


def test_a_byte_order_mark_is_read_over(tmp_path: Path) -> None:
    path = project.make(tmp_path) / "release.toml"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert config.read(path).name == "otter"


@pytest.mark.parametrize("content", [b"\xff\xfen\x00", b"name = '\xe9'"])
def test_another_encoding_is_a_named_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "release.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigMissingError, match="cannot be read"):
        config.read(path)


def test_braces_that_are_no_field_are_text(tmp_path: Path) -> None:
    table = """[server_test]\nargs = ['--set={"a": {"port": {port}}}', "{{port}}"]\nhealth = "/"\n[homebrew]"""
    otter = config.read(changed(tmp_path, ("[homebrew]", table)))
    assert otter.server_test is not None
    assert otter.server_test.args == ('--set={"a": {"port": {port}}}', "{{port}}")


def test_every_project_can_rehearse(tmp_path: Path) -> None:
    told = mistakes(
        changed(
            tmp_path, ("[profiles.local]", "[profiles.here]"), ("[profiles.local.places]", "[profiles.here.places]")
        )
    )
    assert "there is no [profiles.local]" in told


def test_an_outlet_without_a_place_needs_no_table(tmp_path: Path) -> None:
    path = changed(
        tmp_path,
        ('[homebrew]\ntap = "acme/tap"\n', ""),
        ('homebrew = "git+file:public/tap.git"\n', ""),
        ('homebrew = "git+file:far/tap.git"\n', ""),
    )
    assert not any(isinstance(table, Homebrew) for table in config.read(path).tables)


def test_our_own_file_is_valid() -> None:
    assert config.read(project.ROOT / "release.toml").build.targets


@pytest.mark.parametrize(
    "brace", ["{Tag}", "{tag }", "{0}", "{}", "{version-x}", "{tag!r}", "{tag:>9}", "{", "}", "{{tag}"]
)
def test_an_address_holds_no_brace_that_is_no_field(tmp_path: Path, brace: str) -> None:
    path = changed(tmp_path, ("example.invalid/{tag}/{file}", f"example.invalid/{brace}/{{file}}"))
    assert "profiles.far.archive_url: '" in mistakes(path)


def test_a_place_holds_no_brace_that_is_no_field(tmp_path: Path) -> None:
    assert "'{Package}' is no field" in mistakes(changed(tmp_path, ("far/aur/{package}", "far/aur/{Package}")))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('committer = "A\\u0000 <a@example.invalid>"', r"committer: the character '\x00' cannot be in it"),
        ('templates = "a\\u001b[31m"', r"templates: the character '\x1b' cannot be in it"),
        ('"a\\u001b[31mb" = 1', r"'a\x1b[31mb': unknown key"),
        ('"" = 1', "'': unknown key"),
        ("x = " + "[" * 3000 + "]" * 3000, "is not TOML"),
        ("x = " + "9" * 5000, "is not TOML"),
    ],
)
def test_what_no_terminal_and_no_program_takes_is_a_named_mistake(tmp_path: Path, line: str, said: str) -> None:
    path = project.make(tmp_path) / "release.toml"
    key = line.partition(" ")[0]
    kept = [each for each in path.read_text().splitlines() if not each.startswith(f"{key} =")]
    path.write_text("\n".join([line, *kept]))
    assert said in mistakes(path)


@pytest.mark.parametrize("stamp", ["../stamp.py", "/etc/stamp.py", "otter/../../stamp.py", "otter/stamp.txt"])
def test_a_stamp_is_a_module_below_the_source(tmp_path: Path, stamp: str) -> None:
    assert "build.stamp: expected" in mistakes(changed(tmp_path, ("otter/_stamp.py", stamp)))
