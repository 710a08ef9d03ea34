"""The tool `edit`: what it finds, what it refuses, and what of a file it leaves as it was."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.iterate.workshop import Workshop

from iterate.events import Json
from iterate.tools.edit import Replacement, edited
from iterate.tools.matching import Ambiguous, NotFound
from iterate.tools.memory import ChangedSince, NotRead
from iterate.tools.script import decoded
from iterate.tools.tool import ToolFailed


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path)


def edits(*pairs: tuple[str, str], replace_all: bool = False) -> Json:
    return [{"old_text": old, "new_text": new, "replace_all": replace_all} for old, new in pairs]


def once(before: bytes, old: str, new: str, *, replace_all: bool = False) -> bytes:
    return edited(before, [Replacement(old_text=old, new_text=new, replace_all=replace_all)])[0]


def test_a_file_that_was_read_is_changed_and_the_diff_is_given(shop: Workshop) -> None:
    path = shop.file("a.py", "one\ntwo\nthree\n")
    shop.run("read", path="a.py")
    result = shop.run("edit", path="a.py", edits=edits(("two", "2")))
    assert path.read_bytes() == b"one\n2\nthree\n"
    assert result.diff == "--- a/a.py\n+++ b/a.py\n@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\n"
    assert [(change.path, change.kind) for change in result.changes] == [(str(path), "modified")]
    assert shop.kept.before_ == {path: b"one\ntwo\nthree\n"}


def test_what_was_edited_may_be_edited_again_without_reading(shop: Workshop) -> None:
    path = shop.file("a.py", "one\n")
    shop.run("read", path="a.py")
    shop.run("edit", path="a.py", edits=edits(("one", "two")))
    shop.run("edit", path="a.py", edits=edits(("two", "three")))
    assert path.read_bytes() == b"three\n"


def test_a_file_that_was_not_read_is_not_changed(shop: Workshop) -> None:
    path = shop.file("a.py", "one\n")
    with pytest.raises(NotRead):
        shop.run("edit", path="a.py", edits=edits(("one", "two")))
    assert path.read_bytes() == b"one\n"


def test_a_file_that_changed_since_is_not_overwritten_even_with_the_same_times(shop: Workshop) -> None:
    path = shop.file("a.py", "one\n")
    times = path.stat()
    shop.run("read", path="a.py")
    path.write_bytes(b"ONE\n")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    with pytest.raises(ChangedSince):
        shop.run("edit", path="a.py", edits=edits(("ONE", "two")))
    assert path.read_bytes() == b"ONE\n"


def test_several_edits_are_made_in_order_or_none_at_all(shop: Workshop) -> None:
    path = shop.file("a.py", "one\ntwo\n")
    shop.run("read", path="a.py")
    with pytest.raises(NotFound, match="edit 2 of 2"):
        shop.run("edit", path="a.py", edits=edits(("one", "1"), ("gone", "x")))
    assert path.read_bytes() == b"one\ntwo\n"
    shop.run("edit", path="a.py", edits=edits(("one", "1"), ("1\ntwo", "1\n2")))
    assert path.read_bytes() == b"1\n2\n"


def test_a_text_that_is_there_twice_is_an_error_that_names_the_lines() -> None:
    with pytest.raises(Ambiguous, match="3 times, from lines 1, 3, 4"):
        once(b"x = 1\ny\nx = 1\nx = 1\n", "x = 1", "z")
    assert once(b"x\ny\nx\n", "x", "z", replace_all=True) == b"z\ny\nz\n"


def test_indentation_and_trailing_blanks_are_disregarded_where_the_text_is_not_there_exactly() -> None:
    before = b"class A:\n    def f(self):   \n        return 1\n"
    after = once(before, "def f(self):\n    return 1\n", "def f(self):\n    if self:\n        return 2\n")
    assert after == b"class A:\n    def f(self):\n        if self:\n            return 2\n"


def test_blanks_of_the_model_become_tabs_where_the_file_has_tabs() -> None:
    before = b"func f() {\n\tif x {\n\t\treturn 1\n\t}\n}\n"
    after = once(
        before, "    if x {\n        return 1\n    }", "    if x {\n        for {\n            y()\n        }\n    }"
    )
    assert after == b"func f() {\n\tif x {\n\t\tfor {\n\t\t\ty()\n\t\t}\n\t}\n}\n"


def test_an_exact_match_is_taken_before_one_with_other_indentation() -> None:
    assert once(b"  x\nx\n", "\nx\n", "\ny\n") == b"  x\ny\n"


def test_a_tolerant_match_that_is_there_twice_is_ambiguous_too() -> None:
    with pytest.raises(Ambiguous, match="lines 1, 3"):
        once(b"  a\n  b\n\ta\n\tb\n", "a\nb", "c")


def test_blank_lines_alone_match_nothing_tolerantly() -> None:
    with pytest.raises(NotFound):
        once(b"a\n \nb\n", "\n\n", "x")


def test_what_is_not_found_names_a_line_that_is() -> None:
    with pytest.raises(NotFound, match="line 2 of the file"):
        once(b"first\ndef long_name():\n    pass\n", "def long_name():\n    return", "x")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"one\r\ntwo\r\nthree\r\n", b"one\r\n2\r\n2b\r\nthree\r\n"),
        (b"one\ntwo\nthree", b"one\n2\n2b\nthree"),
        (b"one\r\ntwo\nthree\r\n", b"one\r\n2\n2b\nthree\r\n"),
        (b"\xef\xbb\xbfone\ntwo\nthree\n", b"\xef\xbb\xbfone\n2\n2b\nthree\n"),
        ("\ufeffone\r\ntwo\r\nthree".encode("utf-16-le"), "\ufeffone\r\n2\r\n2b\r\nthree".encode("utf-16-le")),
        ("\ufeffone\ntwo\nthree".encode("utf-16-be"), "\ufeffone\n2\n2b\nthree".encode("utf-16-be")),
        (b"\xe4\xf6\ntwo\n", b"\xe4\xf6\n2\n2b\n"),
        (b"\x84\xe4\x93\ntwo\n", b"\x84\xe4\x93\n2\n2b\n"),
        ("äöüß\n".encode() + b"\xff\ntwo\n", "äöüß\n".encode() + b"\xff\n2\n2b\n"),
        (b"one\x0ctwo\rtwo\ntwo\n", None),
    ],
)
def test_line_endings_marks_and_encodings_survive(before: bytes, after: bytes | None) -> None:
    if after is None:
        with pytest.raises(Ambiguous):
            once(before, "two", "2\n2b")
    else:
        assert once(before, "two", "2\n2b") == after


def test_lines_of_a_mixed_file_that_an_edit_names_but_keeps_keep_their_endings() -> None:
    before = b"a\r\nb\nc\r\nd\n"
    assert once(before, "a\nb\nc\nd\n", "a\nb\nC\nd\n") == b"a\r\nb\nC\r\nd\n"


def test_a_sign_that_the_encoding_lacks_is_refused_by_name() -> None:
    with pytest.raises(ToolFailed, match=r"latin-1, which has no place for '€'"):
        once(b"caf\xe9\n", "caf", "€")


def test_a_binary_file_is_not_edited() -> None:
    with pytest.raises(ToolFailed, match="binary"):
        once(b"a\0b", "a", "c")


LINE = st.text(st.sampled_from("ab \té€"), max_size=6)


@given(
    lines=st.lists(st.tuples(LINE, st.sampled_from(["\n", "\r\n"])), min_size=1, max_size=8),
    place=st.integers(0, 7),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_an_edit_and_its_inverse_give_back_every_byte(lines: list[tuple[str, str]], place: int, encoding: str) -> None:
    place %= len(lines)
    lines[place] = ("the line", lines[place][1])
    before = "".join(line + end for line, end in lines).encode(encoding)
    after = once(before, "the line", "another")
    assert decoded(after).text == decoded(before).text.replace("the line", "another")
    assert once(after, "another", "the line") == before


# A file that begins so is UTF-16, and holds the line in other bytes.
MARKS = (b"\xff\xfe", b"\xfe\xff")


@given(st.binary(max_size=40).filter(lambda each: not (b"\0" in each or b"the line" in each or each.startswith(MARKS))))
def test_bytes_around_an_edit_stay_whatever_they_are(around: bytes) -> None:
    assert once(around + b"\nthe line\n" + around, "the line", "new") == around + b"\nnew\n" + around
