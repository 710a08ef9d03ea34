"""A server that hands over after an upgrade: its answer, its readers and its terminals lose nothing."""

import threading

import pytest
from benchmarks.faults.worlds import Event, eventually, source, until_ending, world

pytestmark = [pytest.mark.processes, pytest.mark.systems("linux")]
WORDS = " ".join("abcdefghijklmnopqrst")


def shown(events: list[Event]) -> str:
    return "".join(str(event["text"]) for event in events if event["type"] == "delta")


def test_a_server_that_hands_over_loses_no_answer_no_reader_and_no_terminal() -> None:
    with world(source()) as there:
        there.configure('model = "echo/slow"\n')
        old = there.serve()
        session, heard = old.session(), list[Event]()
        terminal = old.ask("POST", "/pty", {"command": ["/bin/sh"]})["id"]

        def read() -> None:
            for event in old.prompt(session, WORDS):
                heard.append(event)

        reader = threading.Thread(target=read)
        reader.start()
        assert eventually(lambda: len(heard) > 3)
        assert old.ask("POST", "/global/handover", {"version": "9.9.9"}) == {"running": 1}
        assert "ServerStopping" in str(old.ask("POST", "/session", {}))
        new = there.serve()
        # A reader that goes on at the new server, from what it read last at the old one.
        place = str(heard[-1]["@"])
        rest = until_ending(new.read(session, place))
        reader.join(60)
        assert (heard[-1]["type"], shown(heard)) == ("done", WORDS)
        after = [str(event["@"]) for event in heard].index(place) + 1
        assert shown(rest) == shown(heard[after:])
        assert rest[-1] == heard[-1]
        # The old one stays for its shell, and goes with it.
        assert old.child.poll() is None
        assert old.ask("GET", f"/pty/{terminal}")["is_running"] is True
        assert new.ask("GET", f"/pty/{terminal}")["error"]
        old.ask("DELETE", f"/pty/{terminal}")
        assert eventually(lambda: old.child.poll() == 0)
        assert until_ending(new.prompt(session, "more"))[-1]["type"] == "done"
        new.stop()
