"""Notices in the head of an answer: who gets one, when it counts as told, and that it is told once."""

from pathlib import Path

import pytest
from tests.iterate.conftest import LiveServer, eventually, serving

from iterate.server.bulletin import Bulletin


class Board:
    """A board with one notice for everybody, which notes what became of it."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.settled: list[bool] = []

    def reserve(self, version: str) -> Bulletin | None:
        self.asked.append(version)
        return None if True in self.settled else Bulletin(key="2.0.0", line="iterate 2.0.0 is out")

    def settle(self, bulletin: Bulletin, *, is_told: bool) -> None:
        assert bulletin.key == "2.0.0"
        self.settled.append(is_told)


ASKS = {"Iterate-Notices": "1.0.0"}


def prompted(server: LiveServer, headers: dict[str, str]) -> dict[str, str]:
    return server.ask("POST", f"/session/{server.begin()}/prompt", {"text": "hi"}, headers=headers).headers


def test_who_can_show_a_notice_gets_it_once_and_with_the_whole_answer_it_counts_as_told(tmp_path: Path) -> None:
    board = Board()
    with serving(tmp_path / "sessions.db", board=board) as server:
        assert prompted(server, ASKS)["iterate-notice"] == "iterate 2.0.0 is out"
        assert "iterate-notice" not in prompted(server, ASKS)
    assert (board.asked, board.settled) == (["1.0.0", "1.0.0"], [True])


def test_who_does_not_ask_for_notices_gets_none(tmp_path: Path) -> None:
    board = Board()
    with serving(tmp_path / "sessions.db", board=board) as server:
        assert "iterate-notice" not in prompted(server, {})
    assert (board.asked, board.settled) == ([], [])


def test_a_refusal_carries_no_notice_and_it_stays_to_be_told(tmp_path: Path) -> None:
    board = Board()
    with serving(tmp_path / "sessions.db", board=board) as server:
        refused = server.ask("POST", "/session/ses_none/prompt", {"text": "hi"}, headers=ASKS)
        assert refused.status == 404
        assert "iterate-notice" not in refused.headers
        assert prompted(server, ASKS)["iterate-notice"]
    assert board.settled == [False, True]


def test_without_the_secret_nobody_learns_of_a_notice(tmp_path: Path) -> None:
    board = Board()
    with serving(tmp_path / "sessions.db", board=board) as server:
        stranger = server.ask("GET", "/doc", headers={**ASKS, "Authorization": "Bearer no"})
        assert stranger.status == 401
    assert board.asked == []


def test_a_client_that_leaves_in_the_middle_was_not_told(tmp_path: Path) -> None:
    board = Board()
    with serving(tmp_path / "sessions.db", board=board) as server:
        body = {"text": "a b c d e f g h", "model": "echo/slow"}
        with server.stream("POST", f"/session/{server.begin()}/prompt", body, headers=ASKS) as frames:
            next(iter(frames))
        eventually(lambda: bool(board.settled))
    assert board.settled == [False]


@pytest.mark.parametrize("version", ["", "\xff", "x" * 5000])
def test_any_version_is_taken_as_it_comes(tmp_path: Path, version: str) -> None:
    board = Board()
    with serving(tmp_path / "sessions.db", board=board) as server:
        prompted(server, {"Iterate-Notices": version})
    assert board.asked == ([version] if version else [])
