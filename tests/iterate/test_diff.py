"""Diffs as rows: one column or two, numbers, marked words, what became of a file, and much of it in little time."""

from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iterate.settings import Sides
from iterate.terminal import diff, rows
from iterate.terminal.flow import text_of
from iterate.terminal.rows import Row

CHANGE = """diff --git a/x.py b/x.py
index 1..2 100644
--- a/x.py
+++ b/x.py
@@ -9,4 +9,4 @@ def f():
 same
-return compute(first, 1)
+return compute(second, 1)
 after
-gone
\\ No newline at end of file
+here
"""


def plain(of: Iterable[Row]) -> list[str]:
    return [rows.plain(each) for each in of]


def marked(of: Iterable[Row]) -> list[str]:
    return [each.text for row in of for each in row if each.style.endswith("-word")]


def test_lines_have_numbers_and_the_words_that_changed_are_marked() -> None:
    found = diff.rows(CHANGE, 60)
    assert plain(found) == [
        "x.py",
        "@@ -9,4 +9,4 @@ def f():",
        " 9  same",
        "10 -return compute(first, 1)",
        "10 +return compute(second, 1)",
        "11  after",
        "12 -gone",
        "  no newline at the end of the file",
        "12 +here",
    ]
    assert marked(found) == ["first", "second"]


def test_two_columns_stand_side_by_side_where_there_is_room() -> None:
    found = plain(diff.drawn(CHANGE, 100, "auto").rows)
    assert found[3].partition(" │ ")[0].rstrip() == "10 -return compute(first, 1)"
    assert found[3].partition(" │ ")[2] == "10 +return compute(second, 1)"
    assert plain(diff.drawn(CHANGE, 99, "auto").rows) == plain(diff.drawn(CHANGE, 99, "unified").rows)
    assert "│" in "".join(plain(diff.drawn(CHANGE, 60, "split").rows))
    assert "│" not in "".join(plain(diff.drawn(CHANGE, 20, "split").rows))


@pytest.mark.parametrize(
    ("head", "shown"),
    [
        ("diff --git a/n b/n\nnew file mode 100755\n--- /dev/null\n+++ b/n", "n  new file, mode 100755"),
        ("--- /dev/null\n+++ b/n", "n  new file"),
        ("diff --git a/n b/n\ndeleted file mode 100644\n--- a/n\n+++ /dev/null", "n  deleted file"),
        ("diff --git a/o b/n\nsimilarity index 90%\nrename from o\nrename to n\n--- a/o\n+++ b/n", "n  renamed from o"),
        ("diff --git a/o b/n\nsimilarity index 100%\nrename from o\nrename to n", "n  renamed from o"),
        ("diff --git a/p.png b/p.png\nBinary files a/p.png and b/p.png differ", "p.png  binary"),
        ("diff --git a/s b/s\nold mode 100644\nnew mode 100755", "s  old mode 100644, new mode 100755"),
        ("--- a/old name\n+++ b/new name", "new name  was old name"),
    ],
)
def test_what_became_of_a_file_stands_beside_its_name(head: str, shown: str) -> None:
    assert plain(diff.rows(head, 60))[0] == shown
    assert plain(diff.rows(f"{head}\n@@ -1 +1 @@\n-a\n+b\n--- a/z\n+++ b/z\n@@ -1 +1 @@\n-a\n+b", 60))[:1] == [shown]


@settings(deadline=None)
@given(
    st.text(alphabet="ab +-@\\\n日\t", max_size=200), st.integers(1, 130), st.sampled_from(["auto", "unified", "split"])
)
def test_any_text_is_drawn_and_no_row_is_too_wide(text: str, room: int, sides: Sides) -> None:
    for each in diff.drawn(f"--- a/x\n+++ b/x\n@@ -1,9 +1,9 @@\n{text}", room, sides).rows:
        assert rows.columns(each) <= max(room, 2), each


def test_nothing_of_a_long_line_is_lost() -> None:
    long = " ".join(f"word{number}" for number in range(60))
    found = diff.rows(f"@@ -1 +1 @@\n-{long}\n+{long} more", 40)
    assert f"-{long}" in text_of(found).split("\n")


def test_of_a_long_diff_only_what_is_wanted_is_drawn() -> None:
    text = "--- a/x\n+++ b/x\n@@ -1,10000 +1,10000 @@\n" + "".join(f"-old {n}\n+new {n}\n" for n in range(10_000))
    found = diff.drawn(text, 80, "auto", 40)
    assert (len(found.rows), found.more) == (40, 20_002 - 40)
    assert diff.counted(text) == (10_000, 10_000)


PYTHON = """--- a/x.py
+++ b/x.py
@@ -1,4 +1,4 @@
 import os
-def plover(n):
+def plover(n, m):
 \treturn "x" * n
-# gone
+# new one
"""


def styles(found: list[Row]) -> list[list[tuple[str, str]]]:
    return [[(each.text, each.style) for each in of if each.style != "gutter"] for of in found]


def test_code_in_a_diff_has_its_colours_beside_the_words_that_changed() -> None:
    found = styles(diff.rows(PYTHON, 60, has_code=True))
    assert found[2] == [(" ", ""), ("import", "keyword"), (" os", "")]
    assert found[3] == [
        ("-", "removed"), ("def", "removed-keyword"), (" ", "removed"), ("plover", "removed-name"), ("(n):", "removed"),
    ]  # fmt: skip
    assert ("def", "added-keyword") in found[4]
    assert (", m", "added-word") in found[4]
    assert ('"x"', "string") in found[5]
    assert found[7][1:] == [("# new one", "added-comment")]
    # The text is the same, whatever colours it has.
    plain = [rows.plain(each) for each in diff.rows(PYTHON, 60)]
    assert [rows.plain(each) for each in diff.rows(PYTHON, 60, has_code=True)] == plain
    assert [rows.plain(each) for each in diff.rows(PYTHON, 120, sides="split", has_code=True)] == [
        rows.plain(each) for each in diff.rows(PYTHON, 120, sides="split")
    ]


def test_a_file_of_no_language_is_shown_as_it_was() -> None:
    text = PYTHON.replace("x.py", "x.plover")
    assert diff.rows(text, 60, has_code=True) == diff.rows(text, 60)


def test_code_of_many_lines_is_coloured_as_far_as_anybody_looks() -> None:
    added = "".join(f"+x = {number}\n" for number in range(3000))
    found = styles(diff.rows(f"--- /dev/null\n+++ b/x.py\n@@ -0,0 +1,3000 @@\n{added}", 60, has_code=True))
    assert len(found) == 3002
    assert found[50][-1] == ("48", "added-number")
    assert found[-1][-1] == ("+x = 2999", "added")


@settings(deadline=None)
@given(
    st.lists(st.text(st.characters(exclude_characters="\n\r"), max_size=30), min_size=1, max_size=6),
    st.integers(20, 130),
)
def test_colours_change_no_text(lines: list[str], room: int) -> None:
    before, after = lines, [each[::-1] for each in lines]
    body = "".join(f"-{each}\n" for each in before) + "".join(f"+{each}\n" for each in after)
    text = f"--- a/x.py\n+++ b/x.py\n@@ -1,{len(lines)} +1,{len(lines)} @@\n{body}"
    assert [rows.plain(each) for each in diff.rows(text, room, has_code=True)] == [
        rows.plain(each) for each in diff.rows(text, room)
    ]
