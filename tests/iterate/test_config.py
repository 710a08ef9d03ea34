"""What is done about newer versions, the one key that is read alone: what is refused, and what overrules it."""

import os
from pathlib import Path

import pytest

from iterate import config, settings
from iterate.config import Autoupdate, toml
from iterate.errors import ConfigInvalid
from iterate.settings import Settings


def written(folder: Path, content: str | bytes, variables: dict[str, str] | None = None) -> Settings:
    """The settings of a home whose file of settings has this content."""
    read = settings.read({"HOME": str(folder)} | (variables or {}))
    assert read.config is not None
    read.config.parent.mkdir(parents=True)
    read.config.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read


def test_without_a_file_the_person_is_notified(tmp_path: Path) -> None:
    assert config.autoupdate(settings.read({"HOME": str(tmp_path)})) is Autoupdate.NOTIFY


@pytest.mark.parametrize("word", list(Autoupdate))
def test_each_word_is_taken(tmp_path: Path, word: Autoupdate) -> None:
    assert config.autoupdate(written(tmp_path, f'autoupdate = "{word}"\n')) is word


@pytest.mark.parametrize(
    "content", ["", "# nothing\n", "[providers.x]\nkey = 1\n", "theme = 'dark'\n", "modle = 'x'\n"]
)
def test_what_is_not_said_is_the_default_and_keys_of_a_newer_version_are_passed_over(
    tmp_path: Path, content: str
) -> None:
    assert config.autoupdate(written(tmp_path, content)) is Autoupdate.NOTIFY


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    assert config.autoupdate(written(tmp_path, b'\xef\xbb\xbfautoupdate = "auto"\r\n')) is Autoupdate.AUTO


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("autoupdate = \n", "line 1"),
        ("autoupdate = 'Auto'\n", '"notify", "auto", "off"'),
        ("autoupdate = true\n", "not True"),
        ("autoupdate = false\n", "not False"),
        ("autoupdate = ['auto']\n", "one of"),
        ("[autoupdate]\nx = 1\n", "one of"),
        ("auto_update = 'off'\n", "did you mean autoupdate"),
        ("Autoupdate = 'off'\n", "did you mean autoupdate"),
        ("autoupdaet = 'off'\n", "did you mean autoupdate"),
        (b"autoupdate = '\xff'\n", "UTF-8"),
        ("x = " + "[" * 100_000, "config.toml"),
        ("x = " + "1" * 5_000, "digits"),
        ("#" * (toml.LIMIT_BYTES + 1), "larger"),
    ],
)
def test_what_cannot_be_understood_is_a_named_failure_that_says_where(
    tmp_path: Path, content: str | bytes, said: str
) -> None:
    with pytest.raises(ConfigInvalid, match=r"config\.toml") as caught:
        config.autoupdate(written(tmp_path, content))
    assert said in str(caught.value)


@pytest.mark.systems("linux", "darwin")
def test_a_pipe_or_a_folder_of_that_name_is_a_named_failure_and_nobody_waits(tmp_path: Path) -> None:
    read = settings.read({"HOME": str(tmp_path)})
    assert read.config is not None
    read.config.parent.mkdir(parents=True)
    os.mkfifo(read.config)
    with pytest.raises(ConfigInvalid, match="is no file"):
        config.autoupdate(read)
    read.config.unlink()
    read.config.mkdir()
    with pytest.raises(ConfigInvalid):
        config.autoupdate(read)


def test_a_link_to_the_file_is_followed(tmp_path: Path) -> None:
    read = written(tmp_path, 'autoupdate = "off"')
    assert read.config is not None
    read.config.rename(tmp_path / "elsewhere.toml")
    read.config.symlink_to(tmp_path / "elsewhere.toml")
    assert config.autoupdate(read) is Autoupdate.OFF


@pytest.mark.parametrize("value", ["true", "1", "yes", "TRUE", "on", "anything"])
def test_the_variable_wins_over_the_file_even_over_one_that_is_broken(tmp_path: Path, value: str) -> None:
    assert config.autoupdate(written(tmp_path, "auto", {"ITERATE_DISABLE_AUTOUPDATE": value})) is Autoupdate.OFF


@pytest.mark.parametrize("value", ["", "0", "false", "No", " off "])
def test_a_word_for_no_disables_nothing(tmp_path: Path, value: str) -> None:
    read = written(tmp_path, 'autoupdate = "auto"', {"ITERATE_DISABLE_AUTOUPDATE": value})
    assert config.autoupdate(read) is Autoupdate.AUTO


@pytest.mark.parametrize(
    "variables",
    [{"CI": "true"}, {"CI": "1"}, {"TF_BUILD": "True"}, {"JENKINS_URL": "http://x/"}, {"TEAMCITY_VERSION": "2026.1"}],
)
def test_continuous_integration_asks_nobody(tmp_path: Path, variables: dict[str, str]) -> None:
    assert config.autoupdate(written(tmp_path, 'autoupdate = "auto"', variables)) is Autoupdate.OFF


def test_ci_that_says_no_is_none(tmp_path: Path) -> None:
    assert config.autoupdate(written(tmp_path, "", {"CI": "false"})) is Autoupdate.NOTIFY
