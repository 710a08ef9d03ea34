"""Settings: what is read from the environment, and what it means."""

from pathlib import Path

import pytest

from iterate import places, settings
from iterate.errors import NoHome


@pytest.mark.parametrize(
    ("channel", "version", "name"),
    [
        ("latest", "1.2.3", "iterate"),
        ("latest", "1.2.3-rc.1", "iterate"),
        ("dev", "0.0.0-dev-20260102030405", "iterate-dev"),
        ("snapshot", "0.0.0-snapshot-fast-start-20260102030405", "iterate-snapshot-fast-start"),
        ("snapshot", "0.0.0-snapshot-2-20260102030405", "iterate-snapshot-2"),
        ("snapshot", "0.0.0-snapshot-../../x-20260102030405", "iterate-snapshot"),
        ("source", "0.0.0-source", "iterate-source"),
        ("", "0.0.1", "iterate-source"),
    ],
)
def test_every_channel_and_branch_has_a_folder_of_its_own(channel: str, version: str, name: str) -> None:
    assert places.folder_name(channel, version) == name


def test_the_sides_lie_below_the_folders_and_the_first_is_the_folders(tmp_path: Path) -> None:
    read = settings.read({"HOME": str(tmp_path)})
    assert read.side(0) == read
    assert read.side(2).state == read.state / "sides" / "2"
    assert read.side(2).data == read.data / "sides" / "2"
    assert read.side(2).home == read.home


def test_the_defaults_are_below_home(tmp_path: Path) -> None:
    read = settings.read({"HOME": str(tmp_path)})
    assert read.state == tmp_path / ".local" / "state" / "iterate-source"
    assert read.data == tmp_path / ".local" / "share" / "iterate-source"
    assert (read.model, read.start_timeout, read.stop_timeout) == ("", 30.0, 10.0)


def test_xdg_folders_come_first_and_need_no_home(tmp_path: Path) -> None:
    read = settings.read({"XDG_STATE_HOME": str(tmp_path / "s"), "XDG_DATA_HOME": str(tmp_path / "d")})
    assert (read.state, read.data) == (tmp_path / "s" / "iterate-source", tmp_path / "d" / "iterate-source")


@pytest.mark.parametrize("value", ["", "relative", "./x", "~"])
def test_a_folder_that_is_not_absolute_is_ignored(tmp_path: Path, value: str) -> None:
    read = settings.read({"HOME": str(tmp_path), "XDG_STATE_HOME": value})
    assert read.state == tmp_path / ".local" / "state" / "iterate-source"


@pytest.mark.parametrize("home", [{}, {"HOME": ""}, {"HOME": "relative"}])
def test_no_home_is_a_named_failure(home: dict[str, str]) -> None:
    with pytest.raises(NoHome, match="XDG_STATE_HOME"):
        settings.read(home)


@pytest.mark.parametrize("text", ["", "soon", "-1", "-0.001", "nan", "inf", "-inf", "3600.1", "1e9"])
def test_a_timeout_that_makes_no_sense_is_the_default(tmp_path: Path, text: str) -> None:
    assert settings.read({"HOME": str(tmp_path), "ITERATE_START_TIMEOUT": text}).start_timeout == 30.0


def test_values_are_taken(tmp_path: Path) -> None:
    read = settings.read({"HOME": str(tmp_path), "ITERATE_MODEL": "a/b", "ITERATE_STOP_TIMEOUT": "2.5"})
    assert (read.model, read.stop_timeout) == ("a/b", 2.5)


@pytest.mark.parametrize(("text", "seconds"), [("0", 0.0), ("0.0", 0.0), ("3600", 3600.0), (" 7 ", 7.0)])
def test_a_timeout_from_0_to_3600_is_taken(tmp_path: Path, text: str, seconds: float) -> None:
    read = settings.read({"HOME": str(tmp_path), "ITERATE_START_TIMEOUT": text, "ITERATE_STOP_TIMEOUT": text})
    assert (read.start_timeout, read.stop_timeout) == (seconds, seconds)


def test_the_file_of_settings_is_one_for_all_channels_and_needs_no_home_of_its_own(tmp_path: Path) -> None:
    assert settings.read({"HOME": str(tmp_path)}).config == tmp_path / ".config" / "iterate" / "config.toml"
    elsewhere = settings.read({"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / "c")})
    assert elsewhere.config == tmp_path / "c" / "iterate" / "config.toml"
    homeless = settings.read({"XDG_STATE_HOME": str(tmp_path / "s"), "XDG_DATA_HOME": str(tmp_path / "d")})
    assert homeless.config is None


def test_what_is_known_of_signed_sites_is_kept_once_for_all_channels(tmp_path: Path) -> None:
    assert settings.updates({"HOME": str(tmp_path)}) == tmp_path / ".local" / "state" / "iterate-updates"
    assert settings.updates({"XDG_STATE_HOME": str(tmp_path)}) == tmp_path / "iterate-updates"
    with pytest.raises(NoHome):
        settings.updates({})


def test_the_network_is_reached_as_the_variables_say_small_letters_first() -> None:
    assert settings.surroundings({}) == settings.Surroundings()
    read = settings.surroundings(
        {
            "http_proxy": "http://small:1",
            "HTTP_PROXY": "http://capital:1",
            "ALL_PROXY": "http://all:1",
            "NO_PROXY": " Example.com ,,.test",
            "SSL_CERT_FILE": "certificates.pem",
        }
    )
    assert (read.http_proxy, read.https_proxy) == ("http://small:1", "http://all:1")
    assert (read.direct, read.certificates) == (("example.com", ".test"), "certificates.pem")
