"""Changing one key of a text and leaving the rest: comments, order, line ends; and a file, its links and its rights."""

import os
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iterate.config import change, named, writing
from iterate.config.lines import statements
from iterate.errors import ConfigInvalid, ConfigUnwritable, SettingUnknown

FILE = """\
# My settings.
model = "a/1"   # the good one

[limits]
# Not more.
steps = 50
tokens = 9_000

[permission.bash]
"git *" = "allow"
'rm *' = "deny"

[mcp]
a = {command = ["x"], enabled = true} # mine

[[hooks]]
on = "before"
command = [
  "check", # ]
]
"""


@pytest.mark.parametrize(
    ("path", "value", "old", "new"),
    [
        (("model",), "b/2", 'model = "a/1"   # the', 'model = "b/2"   # the'),
        (("limits", "steps"), 7, "steps = 50\n", "steps = 7\n"),
        (("limits", "cost_usd"), 1.5, "tokens = 9_000\n", "tokens = 9_000\ncost_usd = 1.5\n"),
        (("small_model",), "s", "the good one\n", 'the good one\nsmall_model = "s"\n'),
        (("permission", "bash", "git *"), "ask", '"git *" = "allow"', '"git *" = "ask"'),
        (("permission", "bash", "rm *"), "ask", "'rm *' = \"deny\"", "'rm *' = \"ask\""),
        (("permission", "bash", "a.b"), "ask", '= "deny"\n', '= "deny"\n"a.b" = "ask"\n'),
        (("mcp", "a", "enabled"), False, "enabled = true} # mine", "enabled = false} # mine"),
        (("mcp", "a", "url"), "u", "enabled = true}", 'enabled = true, url = "u"}'),
        (("shell", "network"), True, '"check", # ]\n]\n', '"check", # ]\n]\n\n[shell]\nnetwork = true\n'),
        (("mcp", "b", "command"), ["y"], '"check", # ]\n]\n', '"check", # ]\n]\n\n[mcp.b]\ncommand = ["y"]\n'),
        (("instructions",), ["a", "b"], "the good one\n", 'the good one\ninstructions = ["a", "b"]\n'),
    ],
)
def test_one_key_changes_and_everything_else_stays_as_it_is_written(
    path: tuple[str, ...], value: object, old: str, new: str
) -> None:
    assert change.put(FILE, path, value) == FILE.replace(old, new)


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        (("model",), 'model = "a/1"   # the good one\n', ""),
        (("limits", "steps"), "steps = 50\n", ""),
        (("permission", "bash", "git *"), '"git *" = "allow"\n', ""),
        (("mcp", "a", "enabled"), ", enabled = true}", "}"),
        (("mcp", "a"), 'a = {command = ["x"], enabled = true} # mine\n', ""),
        (("hooks",), '[[hooks]]\non = "before"\ncommand = [\n  "check", # ]\n]\n', ""),
        (("permission",), '[permission.bash]\n"git *" = "allow"\n\'rm *\' = "deny"\n', ""),
    ],
)
def test_one_key_goes_and_everything_else_stays(path: tuple[str, ...], old: str, new: str) -> None:
    assert change.take(FILE, path) == FILE.replace(old, new)


@pytest.mark.parametrize("path", [("agent",), ("limits", "cost_usd"), ("mcp", "a", "url"), ("shell", "mode")])
def test_what_is_not_said_cannot_go(path: tuple[str, ...]) -> None:
    assert change.take(FILE, path) is None


@pytest.mark.parametrize(
    ("text", "path", "value", "after"),
    [
        ("", ("model",), "x", 'model = "x"\n'),
        ("# only words", ("model",), "x", '# only words\nmodel = "x"\n'),
        ("", ("limits", "steps"), 1, "[limits]\nsteps = 1\n"),
        ("limits.steps = 1", ("limits", "tokens"), 2, "limits.steps = 1\nlimits.tokens = 2\n"),
        ("limits = {}", ("limits", "tokens"), 2, "limits = {tokens = 2}"),
        ("limits = {steps = 1}", ("limits",), {"tokens": 2}, "[limits]\ntokens = 2\n"),
        ("[limits]\nsteps = 1\n", ("limits",), {"tokens": 2}, "[limits]\ntokens = 2\n"),
        ("[a]\nx = 1\n", ("model",), "x", 'model = "x"\n\n[a]\nx = 1\n'),
        ("# top\n\n[a]\nx = 1\n", ("model",), "x", '# top\n\nmodel = "x"\n\n[a]\nx = 1\n'),
        ('model = """\na # [b]\n"""\n', ("model",), "x", 'model = "x"\n'),
        ("model = 'a' # \"why\"\n", ("model",), "x", 'model = "x" # "why"\n'),
        ('model = "a"\r\nagent = "b"\r\n', ("agent",), "x", 'model = "a"\r\nagent = "x"\r\n'),
        ('model = "a"\r\n', ("agent",), "x", 'model = "a"\r\nagent = "x"\r\n'),
        ('\ufeffmodel = "a"\n', ("model",), "x", '\ufeffmodel = "x"\n'),
        ("  [a]\n  x = 1\n", ("a", "y"), 2, "  [a]\n  x = 1\n  y = 2\n"),
        ("[a]\n[a.b]\nx = 1\n", ("a", "y"), 2, "[a]\ny = 2\n[a.b]\nx = 1\n"),
        ("[a.b]\nx = 1\n", ("a", "y"), 2, "[a.b]\nx = 1\n\n[a]\ny = 2\n"),
        ('"a.b" = 1\n', ("a", "b"), 2, '"a.b" = 1\n\n[a]\nb = 2\n'),
        ('"\\u0061" = 1\n', ("a",), 2, '"\\u0061" = 2\n'),
        ("a = [\n 1, # ]\n 2,\n] # end\nb = 1\n", ("a",), [3], "a = [3] # end\nb = 1\n"),
    ],
)
def test_a_key_is_put_where_a_person_would_look_for_it(
    text: str, path: tuple[str, ...], value: object, after: str
) -> None:
    assert change.put(text, path, value) == after


def test_a_value_is_spelt_so_that_it_is_read_again() -> None:
    value = {"a b": 'quote " back \\ \x07\x7f ä \U0001f600', "c": [1, -2.5, True, {"": []}]}
    assert tomllib.loads(f"x = {change.spelt(value)}")["x"] == value
    with pytest.raises(ConfigUnwritable):
        change.spelt(None)


NAMES = st.sampled_from(["a", "b", "c d", "e.f", ""])
VALUES = st.one_of(
    st.integers(-5, 5), st.booleans(), st.text("a\"'#[]{}\\\n\t=é", max_size=6), st.lists(st.integers(0, 2), max_size=2)
)
TABLES = st.recursive(
    st.dictionaries(NAMES, VALUES, max_size=3),
    lambda inner: st.dictionaries(NAMES, st.one_of(VALUES, inner), max_size=3),
    max_leaves=6,
)


@given(TABLES, st.lists(NAMES, min_size=1, max_size=3), VALUES, st.integers(0, 2))
def test_whatever_is_there_the_new_text_says_the_old_one_with_the_change(
    table: dict[str, object], path: list[str], value: object, style: int
) -> None:
    text = written(table, style)
    assert change.pruned(tomllib.loads(text)) == change.pruned(table)
    try:
        after = change.put(text, tuple(path), value)
    except ConfigUnwritable:
        return
    found: object = tomllib.loads(after)
    for key in path:
        assert isinstance(found, dict)
        found = found[key]
    assert found == value
    gone = change.take(after, tuple(path))
    assert gone is not None
    assert change.take(gone, tuple(path)) is None
    assert len(list(statements(after))) >= 1


def written(table: dict[str, object], style: int, path: tuple[str, ...] = ()) -> str:
    """The table as TOML: with heads, with dots, or in braces."""
    rows, heads = [], []
    for key, value in table.items():
        if isinstance(value, dict) and value and style == 0:
            name = ".".join(change.key_spelt(each) for each in (*path, key))
            heads.append(f"[{name}] # head\n{written(value, style, (*path, key))}")
        elif isinstance(value, dict) and value and style == 1:
            rows += [f"{change.key_spelt(key)}.{row}" for row in written(value, style).splitlines() if row]
        elif value != {}:
            rows.append(f"{change.key_spelt(key)} = {change.spelt(value)} # why")
    return "\n".join([*rows, *heads]) + "\n"


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("model", ("model",)),
        ("limits.steps", ("limits", "steps")),
        ('providers."my.own".base_url', ("providers", "my.own", "base_url")),
        ("permission.bash.'rm *'", ("permission", "bash", "rm *")),
        ("mcp.x.env.TOKEN", ("mcp", "x", "env", "TOKEN")),
        ("permission.bash", ("permission", "bash")),
        ("'$schema'", ("$schema",)),
    ],
)
def test_a_name_is_a_path(name: str, path: tuple[str, ...]) -> None:
    assert named.keys(name) == path


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("modle", "did you mean model?"),
        ("limits.step", "there is no setting limits.step; did you mean limits.steps?"),
        ("permission.bsh", "did you mean permission.bash?"),
        ("model.x", "there is no setting model.x"),
        ("permission.bash.x.y", "there is no setting permission.bash.x.y"),
        ("", "no name"),
        ("a b", "no name"),
        ("x = 1", "no name"),
        ("x\ny", "no name"),
        ("hooks.0", "there is no setting hooks.0"),
    ],
)
def test_a_name_that_there_is_not_is_named_with_the_nearest(name: str, said: str) -> None:
    with pytest.raises(SettingUnknown) as caught:
        named.keys(name)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("model", "a/1", "a/1"),
        ("model", '"a/1"', "a/1"),
        ("model", "true", "true"),
        ("model", "3", "3"),
        ("limits.steps", "3", 3),
        ("limits.cost_usd", "3", 3),
        ("shell.network", "true", True),
        ("shell.mode", "plain", "plain"),
        ("instructions", '["a"]', ["a"]),
        ("permission.bash", "ask", "ask"),
        ("permission.bash", '{"rm *" = "deny"}', {"rm *": "deny"}),
    ],
)
def test_a_value_is_what_its_key_may_be(name: str, text: str, value: object) -> None:
    assert named.read(text, named.keys(name)) == value


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("limits.steps", "many", "limits.steps is a whole number"),
        ("limits.steps", "0", ">= 1"),
        ("shell.mode", "all", '"show", "keep", "plain"'),
        ("instructions", "a", "instructions is"),
        ("mcp.x", '{comand = ["x"]}', "did you mean command?"),
    ],
)
def test_a_value_that_its_key_may_not_be_is_refused(name: str, text: str, said: str) -> None:
    with pytest.raises(ConfigInvalid) as caught:
        named.read(text, named.keys(name))
    assert said in str(caught.value)


@pytest.mark.systems("linux", "darwin")
def test_a_file_keeps_its_rights_its_link_and_its_other_names(tmp_path: Path) -> None:
    real, link, other = tmp_path / "dotfiles" / "c.toml", tmp_path / "config.toml", tmp_path / "other.toml"
    real.parent.mkdir()
    real.write_text("a = 1\n")
    real.chmod(0o640)
    link.symlink_to(real)
    assert writing.change(link, lambda text: text + "b = 2\n", is_private=True)
    assert link.is_symlink()
    assert (real.read_text(), real.stat().st_mode & 0o777) == ("a = 1\nb = 2\n", 0o640)
    os.link(real, other)
    assert writing.change(link, lambda _: "c = 3\n", is_private=True)
    assert (real.read_text(), other.read_text()) == ("c = 3\n", "c = 3\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["config.toml", "dotfiles", "other.toml"]
    assert [path.name for path in real.parent.iterdir()] == ["c.toml"]


@pytest.mark.systems("linux", "darwin")
def test_a_new_file_of_the_person_is_for_this_user_alone(tmp_path: Path) -> None:
    file = tmp_path / "iterate" / "config.toml"
    writing.change(file, lambda _: "a = 1\n", is_private=True)
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_a_change_by_somebody_else_meanwhile_is_not_lost(tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    file.write_text("a = 1\n")
    seen: list[str] = []

    def edit(text: str) -> str:
        seen.append(text)
        if len(seen) == 1:
            file.write_text("a = 1\nb = 2\n")
        return text + "c = 3\n"

    assert writing.change(file, edit, is_private=True)
    assert file.read_text() == "a = 1\nb = 2\nc = 3\n"


@pytest.mark.parametrize("content", [b"a = ", b"\xff", b"a = 1\na = 2\n"])
def test_a_file_that_nobody_can_read_is_left_alone(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "c.toml"
    file.write_bytes(content)
    with pytest.raises(ConfigInvalid):
        writing.change(file, lambda text: change.put(text, ("a",), 1), is_private=True)
    assert file.read_bytes() == content


def test_what_cannot_be_written_is_told_and_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigUnwritable, match="cannot be written"):
        writing.change(tmp_path / "file" / "c.toml", lambda _: "a = 1\n", is_private=True)
    (tmp_path / "folder.toml").mkdir()
    with pytest.raises(ConfigInvalid):
        writing.change(tmp_path / "folder.toml", lambda _: "a = 1\n", is_private=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder.toml"]
