"""The files of settings: which layer wins, where each value is from, what is wrong in them and on which line."""

import os
import re
import time
from pathlib import Path

import pytest

from iterate import config, settings
from iterate.config import layers
from iterate.config.layers import Layer, Loaded
from iterate.config.lines import line_of
from iterate.config.root import root_of
from iterate.config.sections import Config
from iterate.errors import ConfigInvalid
from iterate.settings import Settings


class Place:
    """A person's home with one project in it."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.project = self.home / "work" / "project"
        (self.project / ".git").mkdir(parents=True)
        self.variables: dict[str, str] = {"HOME": str(self.home)}

    @property
    def settings(self) -> Settings:
        return settings.read(self.variables)

    def user(self, text: str) -> Path:
        return written(self.home / ".config" / "iterate" / "config.toml", text)

    def own(self, text: str, folder: str = ".") -> Path:
        return written(self.project / folder / ".iterate" / "config.toml", text)

    def above(self, text: str) -> Path:
        file = written(self.home / "extra.toml", text)
        self.variables["ITERATE_CONFIG"] = str(file)
        return file

    def load(self, folder: str = ".") -> Loaded:
        (self.project / folder).mkdir(parents=True, exist_ok=True)
        return layers.load(self.settings, str(self.project / folder), self.variables)


def written(file: Path, text: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_without_files_all_is_as_built_in(place: Place) -> None:
    found = place.load()
    assert found.config == Config()
    assert (found.sources, found.files, found.left_out) == ({}, (), ())


def test_the_environment_wins_over_the_project_and_that_over_the_person_key_by_key(place: Place) -> None:
    place.user("[limits]\nsteps = 50\ntokens = 9000\ncost_usd = 3\n")
    place.own("[limits]\nsteps = 20\ntokens = 8000\n")
    place.own("[limits]\nsteps = 10\n", "inner")
    place.above("[limits]\nsteps = 99\n[shell]\nnetwork = true\n")
    limits = place.load("inner").config.limits
    assert (limits.steps, limits.tokens, limits.cost_usd) == (99, 8000, 3.0)
    del place.variables["ITERATE_CONFIG"]
    assert place.load("inner").config.limits.steps == 10
    assert place.load().config.limits.steps == 20


@pytest.mark.parametrize(("file", "why"), [("gone.toml", "which is not there"), ("", "no whole path")])
def test_a_file_that_the_variable_names_and_that_is_not_there_is_told(place: Place, file: str, why: str) -> None:
    place.variables["ITERATE_CONFIG"] = str(place.home / file) if file else "extra.toml"
    with pytest.raises(ConfigInvalid, match=why) as caught:
        place.load()
    assert "unset it" in caught.value.hint
    place.above('model = "a/1"\n')
    assert place.load().config.model == "a/1"
    place.variables["ITERATE_CONFIG"] = ""
    assert place.load().config == Config()


def test_the_variable_for_the_model_wins_over_every_file(place: Place) -> None:
    place.user('model = "a/1"\n')
    place.above('model = "b/2"\n')
    assert place.load().config.model == "b/2"
    place.variables["ITERATE_MODEL"] = "c/3"
    assert place.load().config.model == "c/3"
    assert place.load().sources[("model",)].layer is Layer.ENVIRONMENT


def test_every_value_knows_who_said_it_and_where(place: Place) -> None:
    user = place.user('# mine\nmodel = "a/1"\n\n[limits]\nsteps = 50\ntokens = 7\n')
    own = place.own("limits.steps = 20\n")
    sources = place.load().sources
    assert sources[("model",)] == (Layer.USER, user, 2)
    assert sources[("limits", "steps")] == (Layer.PROJECT, own, 1)
    assert sources[("limits", "tokens")] == (Layer.USER, user, 6)
    assert ("limits", "cost_usd") not in sources


def test_rules_are_joined_by_pattern_and_each_layer_s_own_are_kept(place: Place) -> None:
    user = place.user('[permission]\nbash = "ask"\n[permission.edit]\n"docs/*" = "allow"\n')
    own = place.own('[permission.bash]\n"rm *" = "deny"\n')
    found = place.load()
    assert found.config.permission == {"bash": {"*": "ask", "rm *": "deny"}, "edit": {"docs/*": "allow"}}
    assert [(each.deed, each.pattern, each.action, each.source.file) for each in found.rules] == [
        ("bash", "*", "ask", user),
        ("edit", "docs/*", "allow", user),
        ("bash", "rm *", "deny", own),
    ]


def test_instructions_of_all_layers_are_added_up(place: Place) -> None:
    place.user('instructions = ["~/style.md"]\n')
    place.own('instructions = ["docs/rules.md"]\n')
    assert place.load().config.instructions == ("~/style.md", "docs/rules.md")


def test_a_file_that_changes_or_comes_or_goes_is_read_again(place: Place) -> None:
    assert place.load().config.model is None
    file = place.user('model = "a/1"\n')
    assert place.load().config.model == "a/1"
    file.write_text('model = "b/22"\n')
    assert place.load().config.model == "b/22"
    file.unlink()
    assert place.load().config.model is None


def test_what_did_not_change_is_not_read_again(place: Place) -> None:
    place.user('model = "a/1"\n')
    assert place.load() is place.load()


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ('modle = "a/1"\n', 1, "there is no setting modle; did you mean model?"),
        ("\n\n[limit]\nsteps = 1\n", 3, "there is no setting limit; did you mean limits?"),
        ("[limits]\n# why\nstep = 1\n", 3, "there is no setting limits.step; did you mean steps?"),
        ('[permission]\nread = "ask"\nbsh = "deny"\n', 3, "there is no setting permission.bsh; did you mean bash?"),
        ('[providers."my.own"]\nbaseurl = "x"\n', 2, 'providers."my.own".baseurl; did you mean base_url?'),
        ("[providers.x.models.y]\nwindows = 1\n", 2, "providers.x.models.y.windows; did you mean window?"),
        (
            '[[hooks]]\non="before"\ncommand=["a"]\n[[hooks]]\non="after"\ncommand=["b"]\ntool=["c"]\n',
            7,
            "hooks[1].tool",
        ),
        ("zzz = 1\n", 1, "there is no setting zzz; there are: $schema, agent, autoupdate"),
        ('limits = {steps = "x"}\n', 1, "limits.steps is a whole number, not text"),
        ("model = 1\n", 1, "model is text, not a whole number"),
        ('[shell]\nmode = "all"\n', 2, 'shell.mode is one of "show", "keep", "plain", not \'all\''),
        (
            'permission.bash."rm *" = "never"\n',
            1,
            'permission.bash."rm *" is one of "allow", "ask", "deny", not \'never\'',
        ),
        ("permission.bash = 3\n", 1, 'permission.bash is one of "allow", "ask", "deny", not 3'),
        ("limits = 3\n", 1, "limits is table, not a whole number"),
        ("[[hooks]]\non = 'before'\n", 1, "hooks[0] needs command"),
        ('instructions = [\n  "a", # }]\n  3,\n]\n', 1, "instructions[1] is text, not a whole number"),
        ('x = """\nmodel = 3\n"""\nmodel = 4\n', 1, "there is no setting x"),
        ("[limits]\nsteps = 0\n", 2, "limits.steps is a whole number >= 1"),
        ("autoupdate = true\n", 1, '"notify", "auto", "off"'),
        ("[server]\nidle_minutes = -1\n", 2, "server.idle_minutes is number >= 0"),
        ("a = \n", 1, "line 1"),
    ],
)
@pytest.mark.parametrize("layer", ["user", "own", "above"])
def test_each_mistake_is_named_with_file_and_line_in_every_layer(
    place: Place, text: str, line: int, said: str, layer: str
) -> None:
    file = {"user": place.user, "own": place.own, "above": place.above}[layer](text)
    with pytest.raises(ConfigInvalid) as caught:
        place.load()
    assert said in str(caught.value)
    if text != "a = \n":
        assert str(caught.value).startswith(f"{file}:{line}: ")


def test_all_mistakes_of_a_file_are_told_at_once(place: Place) -> None:
    place.user("modle = 1\n[limits]\nsteps = 'x'\n")
    with pytest.raises(ConfigInvalid) as caught:
        place.load()
    assert len(str(caught.value).splitlines()) == 2


def test_the_check_of_the_person_s_own_file_needs_no_project(place: Place) -> None:
    config.check(place.settings)
    place.user("modle = 1\n")
    with pytest.raises(ConfigInvalid, match="did you mean model"):
        config.check(place.settings)


@pytest.mark.parametrize(
    ("text", "path", "line"),
    [
        ("a = 1\r\nb = 2\r\n", ("b",), 2),
        ('a = """\n[b]\n"""\n[b]\nc = 1\n', ("b", "c"), 5),
        ("a = '''\nb = 1'''\nb = 2\n", ("b",), 3),
        ("a = [ # ]\n 1,\n]\nb = 1\n", ("b",), 4),
        ('"a b".c = 1\n', ("a b", "c"), 1),
        ('a = "#"\nb = 1 # c = 2\n', ("b",), 2),
        ("[[a]]\nb = 1\n[[a]]\nb = 2\n[a.c]\nd = 1\n", ("a", 1, "c", "d"), 6),
        ("a.b.c = 1\n", ("a", "b"), None),
        ("a.b = {c = 1}\n", ("a", "b", "c"), 1),
        ("", ("a",), None),
        ('a = "\\"\\\\"\nb = 1', ("b",), 2),
    ],
)
def test_a_key_is_found_on_its_line_whatever_stands_before_it(
    text: str, path: tuple[str | int, ...], line: int | None
) -> None:
    assert line_of(text, path) == line


def test_a_file_with_very_many_keys_is_read_in_a_moment_and_has_a_bound_for_rules(place: Place) -> None:
    rules = [f'"a{number}" = "deny"' for number in range(layers.MOST_RULES)]
    servers = [f"x{number} = {{ base_url = 'http://a/' }}" for number in range(5000)]
    file = place.own("\n".join(["[permission.read]", *rules, "[providers]", *servers]))
    begun = time.process_time()
    found = place.load()
    assert (len(found.rules), found.rules[-1].source.line) == (layers.MOST_RULES, layers.MOST_RULES + 1)
    # Looked for from the beginning for each key it would be minutes.
    assert time.process_time() - begun < 20
    written(file, "\n".join(["[permission.read]", *rules, '"one more" = "deny"']))
    with pytest.raises(ConfigInvalid, match="more than 1000 rules"):
        place.load()


def test_what_is_said_of_a_whole_or_of_a_part_takes_the_place_of_what_was_said_of_it(place: Place) -> None:
    place.user(
        '[permission.bash]\n"a *" = "ask"\n"b *" = "ask"\n[providers.x]\nbase_url = "http://a/"\nheaders = {a = "1"}\n'
    )
    place.above('[permission.bash]\n"a *" = "deny"\n[providers.x.headers]\nb = "2"\n')
    sources = place.load().sources
    assert [sources[("permission", "bash", each)].layer for each in ("a *", "b *")] == [Layer.ENVIRONMENT, Layer.USER]
    assert [sources[("providers", "x", "headers", each)].layer for each in "ab"] == [Layer.USER, Layer.ENVIRONMENT]
    assert list(sources)[-1] == ("providers", "x", "headers", "b")


def test_the_root_is_the_nearest_repository_or_the_folder_itself(tmp_path: Path) -> None:
    home = tmp_path / "home"
    inner = home / "a" / "b" / "c"
    inner.mkdir(parents=True)
    assert root_of(inner, home) == inner
    (home / "a" / ".git").mkdir()
    assert root_of(inner, home) == home / "a"
    # A worktree and a submodule have a file there.
    (inner.parent / ".git").write_text("gitdir: elsewhere\n")
    assert root_of(inner, home) == inner.parent


def test_a_repository_of_dotfiles_makes_no_project_of_the_home(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "work").mkdir(parents=True)
    (home / ".git").mkdir()
    (tmp_path / ".git").mkdir()
    assert root_of(home / "work", home) == home / "work"
    assert root_of(home, home) == home


@pytest.mark.systems("linux")
@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="only root gives files away")
def test_a_repository_that_somebody_else_put_above_claims_nothing(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    (shared / "mine").mkdir(parents=True)
    (shared / ".git").mkdir()
    assert root_of(shared / "mine", tmp_path / "home") == shared
    os.chown(shared / ".git", 12345, 12345)
    assert root_of(shared / "mine", tmp_path / "home") == shared / "mine"
    # A checkout of another user is one where the folder is theirs too, as in a container.
    os.chown(shared / "mine", 12345, 12345)
    assert root_of(shared / "mine", tmp_path / "home") == shared


@pytest.mark.systems("linux", "darwin")
def test_a_project_s_file_that_leads_out_of_it_is_refused(place: Place) -> None:
    secret = written(place.home / "secret", "password")
    (place.project / ".iterate").mkdir()
    (place.project / ".iterate" / "config.toml").symlink_to(secret)
    with pytest.raises(ConfigInvalid, match="leads out of the project") as caught:
        place.load()
    assert "password" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("[keys.editor]\nnosuch = ['ctrl+x']\n", 2, "there is no setting keys.editor.nosuch"),
        ("[keys.editor]\nundo = ['ctrl+z', 'nonsense+q']\n", 2, "keys.editor.undo"),
        ("[keys.editor]\nundo = 'ctrl+z'\n", 2, "keys.editor.undo is"),
        ("[keys]\nleader = 5\n", 2, "keys.leader is"),
        ("keys = 5\n", 1, "keys is"),
        ("[terminal]\nmode = 'half'\n", 2, "terminal.mode is one of"),
        ("[terminal]\nstatus_command = ['x', 5]\n", 2, "terminal.status_command"),
        ("[terminal]\ncolor = 'red'\n", 2, "there is no setting terminal.color"),
    ],
)
def test_what_is_wrong_in_settings_of_the_screen_stops_no_work_and_is_told_by_checks(
    place: Place, text: str, line: int, said: str
) -> None:
    file = place.user(text)
    place.own("model = 'a/b'\n[permission]\nbash = 'deny'\n")
    found = place.load()
    assert found.config.keys == Config().keys
    assert found.config.terminal == Config().terminal
    assert found.config.permission == {"bash": {"*": "deny"}}
    (told,) = layers.slips(place.settings, place.variables)
    assert told.startswith(f"{file}:{line}: ")
    assert said in told
    for strict in (
        lambda: config.check(place.settings),
        lambda: layers.check(place.settings, str(place.project), place.variables),
        lambda: layers.load(place.settings, str(place.project), place.variables, is_strict=True),
    ):
        with pytest.raises(ConfigInvalid, match=re.escape(told)):
            strict()


def test_the_rest_of_the_settings_of_the_screen_counts_beside_a_slip(place: Place) -> None:
    place.user("[terminal]\nmode = 'half'\ntheme = 'day'\n[keys.editor]\nundo = ['no+q']\nredo = ['f5']\n")
    found = place.load().config
    assert found.terminal.theme == "day"
    assert found.keys.editor == {"redo": ("f5",)}


def test_a_slip_elsewhere_is_refused_beside_one_of_the_screen_and_is_none_of_the_screen_s(place: Place) -> None:
    place.user("[terminal]\nmode = 'half'\n[limits]\nstep = 1\n")
    with pytest.raises(ConfigInvalid, match="did you mean steps") as caught:
        place.load()
    assert "terminal" not in str(caught.value)
    assert len(layers.slips(place.settings, place.variables)) == 1
    place.user("a = \n")
    assert layers.slips(place.settings, place.variables) == []
