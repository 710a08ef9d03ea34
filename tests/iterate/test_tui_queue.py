"""What is sent while an answer runs: in order, once, taken back, kept where nothing can be reached."""

from iterate.terminal import rows
from iterate.tui.queued import Queue, Waiting


def queue(*texts: str) -> Queue:
    made = Queue()
    for number, text in enumerate(texts):
        made.add(Waiting(text, f"prm_{number}"))
    return made


def test_one_is_on_its_way_at_a_time_and_the_next_follows_when_it_was_heard_of() -> None:
    waiting = queue("one", "two")
    first = waiting.next()
    assert first is not None
    assert first.text == "one"
    assert waiting.next() is None
    waiting.heard("prm_elsewhere")
    assert waiting.next() is None
    waiting.heard("prm_0")
    second = waiting.next()
    assert second is not None
    assert second.text == "two"


def test_what_did_not_arrive_is_the_first_again_under_its_id() -> None:
    waiting = queue("one", "two")
    waiting.next()
    waiting.back(is_held=True)
    assert [each.id for each in waiting.waiting] == ["prm_0", "prm_1"]
    assert waiting.next() is None
    assert "tries again" in rows.plain(waiting.rows(60)[-1])
    waiting.is_held = False
    again = waiting.next()
    assert again is not None
    assert again.id == "prm_0"


def test_one_that_was_heard_of_after_all_is_not_sent_again() -> None:
    waiting = queue("one", "two")
    waiting.next()
    waiting.back(is_held=True)
    waiting.heard("prm_0")
    assert [each.text for each in waiting.waiting] == ["two"]


def test_the_last_one_is_taken_back_first_and_none_where_none_waits() -> None:
    waiting = queue("one", "two")
    assert [waiting.take_back(), waiting.take_back(), waiting.take_back()] == ["two", "one", ""]


def test_each_is_one_row_that_fits_and_of_many_the_first_are_shown() -> None:
    waiting = queue("first\nline", *("long " * 40 for _ in range(6)))
    shown = waiting.rows(30)
    assert all(rows.columns(each) <= 30 for each in shown)
    assert rows.plain(shown[0]) == "queued: first ..."
    assert "and 3 more" in [rows.plain(each) for each in shown]
    assert queue().rows(30) == []


def test_what_waits_for_one_session_goes_to_no_other() -> None:
    waiting = queue("one", "two", "three")
    assert waiting.next() is not None
    assert waiting.forget(waiting.ids) == ["two", "three"]
    assert waiting.next() is None
    waiting.add(Waiting("four", "4"))
    found = waiting.next()
    assert found is not None
    assert found.text == "four"
