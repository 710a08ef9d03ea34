"""What was typed, kept for several programs at once; what was not sent, kept for the next one."""

import json
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from tests import limits

from iterate.terminal import drafts, history
from iterate.terminal.drafts import Draft
from iterate.terminal.history import History


def test_programs_that_add_at_once_lose_nothing(tmp_path: Path) -> None:
    file = history.file_of(tmp_path, "/a")

    def add(name: str) -> None:
        mine = History(file)
        for number in range(100):
            mine.add(f"{name} {number}")

    threads = [threading.Thread(target=add, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = history.read(file)
    assert sorted(found) == sorted(f"{name} {number}" for name in "abcd" for number in range(100))
    assert [each for each in found if each[0] == "a"] == [f"a {number}" for number in range(100)]


def test_a_file_that_is_shortened_keeps_what_others_add_meanwhile(tmp_path: Path) -> None:
    file = history.file_of(tmp_path, "/a")
    stop = threading.Event()
    added: list[str] = []

    def add() -> None:
        while not stop.is_set():
            text = f"small {len(added)}"
            history.add(file, text)
            added.append(text)

    thread = threading.Thread(target=add)
    thread.start()
    for number in range(30):
        history.add(file, f"{number}" + "x" * 200_000)
    stop.set()
    thread.join()
    assert file.stat().st_size < 3 * history.LIMIT_BYTES
    kept = [each for each in history.read(file) if each.startswith("small")]
    assert kept == added[len(added) - len(kept) :]
    assert kept


def test_what_another_program_adds_is_found_by_who_looks_next(tmp_path: Path) -> None:
    file = history.file_of(tmp_path, "/a")
    one, other = History(file), History(file)
    assert one.fresh() == []
    other.add("first\nof two lines")
    assert one.fresh() == ["first\nof two lines"]
    one.add("second")
    other.add("second")
    assert list(one.fresh()) == list(other.fresh()) == ["first\nof two lines", "second"]


def test_a_line_that_was_cut_off_spoils_no_other(tmp_path: Path) -> None:
    file = history.file_of(tmp_path, "/a")
    history.add(file, "whole")
    with file.open("ab") as output:
        output.write(b'"cut o')
    mine = History(file)
    assert mine.fresh() == ["whole"]
    mine.add("next")
    assert mine.fresh() == ["whole", "next"]
    assert history.read(file) == ["whole", "next"]
    assert stat.S_IMODE(file.with_suffix(".lock").stat().st_mode) == 0o600


def test_a_text_that_is_too_long_or_cannot_be_kept_is_remembered_by_this_program(tmp_path: Path) -> None:
    mine = History(history.file_of(tmp_path, "/a"))
    mine.add("x" * history.LIMIT_BYTES)
    assert [len(each) for each in mine.fresh()] == [history.LIMIT_BYTES]
    (tmp_path / "file").write_text("")
    mine = History(tmp_path / "file" / "no" / "folder.jsonl")
    mine.add("here")
    assert mine.fresh() == ["here"]


def left(state: Path, directory: str = "/a") -> list[tuple[str, ...]]:
    return [each.texts for each in drafts.left(state, directory)]


def test_a_draft_of_a_program_that_lives_is_nobody_elses(tmp_path: Path) -> None:
    draft = Draft(tmp_path, "/a")
    draft.keep(["queued", "", "typed\nmore"], "ses_1")
    assert left(tmp_path) == []
    draft.close()
    assert left(tmp_path, "/b") == []
    assert left(tmp_path) == [("queued", "typed\nmore")]
    assert left(tmp_path) == []
    assert list((tmp_path / "drafts").iterdir()) == []


def test_a_draft_that_was_sent_leaves_nothing(tmp_path: Path) -> None:
    draft = Draft(tmp_path, "/a")
    draft.keep(["  "])
    assert not (tmp_path / "drafts").exists()
    draft.keep(["typed"])
    (file,) = (tmp_path / "drafts").glob("*.json")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    draft.keep([""])
    draft.close()
    assert list((tmp_path / "drafts").iterdir()) == []


def test_a_draft_that_is_no_json_or_of_long_ago_goes(tmp_path: Path) -> None:
    draft = Draft(tmp_path, "/a")
    draft.keep(["typed"])
    draft.close()
    (file,) = (tmp_path / "drafts").glob("*.json")
    file.write_bytes(b"\xff")
    assert left(tmp_path) == []
    file.write_text(json.dumps({"texts": ["old"]}))
    os.utime(file, (time.time() - drafts.OLDEST_S - 60,) * 2)
    assert left(tmp_path) == []
    assert not file.exists()


@pytest.mark.processes
@pytest.mark.systems("linux", "darwin")
def test_a_draft_outlives_a_program_that_is_killed(tmp_path: Path) -> None:
    program = (
        "import sys, time, pathlib\n"
        "from iterate.terminal.drafts import Draft\n"
        "draft = Draft(pathlib.Path(sys.argv[1]), '/a')\n"
        "draft.keep(['typed'])\n"
        "print('kept', flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"kept\n"
        assert left(tmp_path) == []
        process.send_signal(signal.SIGKILL)
    assert left(tmp_path) == [("typed",)]


def test_a_draft_that_could_not_be_kept_elsewhere_stays_for_the_next_program(tmp_path: Path) -> None:
    draft = Draft(tmp_path, "/a")
    draft.keep(["typed"])
    draft.close()
    for each in drafts.left(tmp_path, "/a"):
        each.is_kept = False
    assert left(tmp_path) == [("typed",)]
    assert left(tmp_path) == []


def test_a_file_of_nonsense_is_no_exception_and_what_is_whole_in_it_is_there(tmp_path: Path) -> None:
    file = history.file_of(tmp_path, "/a")
    file.parent.mkdir(parents=True)
    file.write_bytes(b"[" * 100_000 + b'\n"whole"\n{}\n\x00\xff\n"\\ud800"\n12\n')
    assert history.read(file)[0] == "whole"
    assert History(file).add("more")
    draft = Draft(tmp_path, "/a")
    draft.keep(["typed"])
    draft.close()
    (kept,) = (tmp_path / "drafts").glob("*.json")
    kept.write_bytes(b"[" * 100_000)
    assert left(tmp_path) == []


def test_what_no_file_has_outlives_a_file_that_another_program_shortened(tmp_path: Path) -> None:
    file = history.file_of(tmp_path, "/a")
    mine = History(file)
    assert mine.add("kept")
    assert not mine.add("x" * history.LIMIT_BYTES)
    for number in range(12):
        history.add(file, f"{number}" + "y" * 200_000)
    assert any(each[0] == "x" for each in mine.fresh())


@pytest.mark.systems("linux", "darwin")
def test_a_file_that_may_not_grow_has_whole_lines_and_the_program_goes_on(tmp_path: Path) -> None:
    file = history.file_of(tmp_path, "/a")
    history.add(file, "first")
    mine, draft = History(file), Draft(tmp_path, "/a")
    with limits.files_of(20):
        assert not mine.add("a text that has no room")
        draft.keep(["a draft that has no room"])
    draft.keep(["a draft that has no room"])
    draft.close()
    assert list(mine.fresh()) == ["first", "a text that has no room"]
    assert file.read_bytes() == b'"first"\n'
    assert left(tmp_path) == [("a draft that has no room",)]


def test_what_killed_programs_left_behind_goes_after_a_while(tmp_path: Path) -> None:
    folder = tmp_path / "drafts"
    folder.mkdir()
    for end in (".lock", ".json.new"):
        file = folder / f"{history.name_of('/a')}.aa{end}"
        file.write_text("")
        os.utime(file, (time.time() - drafts.OLDEST_S - 60,) * 2)
    assert left(tmp_path) == []
    assert list(folder.iterdir()) == []
