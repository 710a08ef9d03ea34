"""The tool `patch`: what it reads, where it fits, and that it is all or nothing."""

import difflib
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.iterate.workshop import Workshop

from iterate.tools import fuzzy, hunks
from iterate.tools.diffs import unified
from iterate.tools.hunks import BadPatch
from iterate.tools.matching import Ambiguous, NotFound
from iterate.tools.memory import ChangedSince, NotRead
from iterate.tools.tool import ToolFailed


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path)


def applied(text: str, patch: str) -> str:
    (only,) = hunks.parsed(patch)
    return fuzzy.applied(text, only.hunks)


def diff(body: str) -> str:
    return f"--- a/x\n+++ b/x\n{body}"


def test_a_patch_changes_makes_removes_and_renames_files_at_once(shop: Workshop) -> None:
    shop.file("a", "one\ntwo\n")
    shop.file("gone", "x\n")
    script = shop.file("old.sh", "#!/bin/sh\nexit 1\n")
    script.chmod(0o755)
    for name in ("a", "gone", "old.sh"):
        shop.run("read", path=name)
    result = shop.run(
        "patch",
        patch="diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1,2 +1,2 @@\n one\n-two\n+2\n"
        "--- /dev/null\n+++ b/new/made\n@@ -0,0 +1 @@\n+hello\n"
        "--- a/gone\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n"
        "diff --git a/old.sh b/new.sh\nrename from old.sh\nrename to new.sh\n--- a/old.sh\n+++ b/new.sh\n"
        "@@ -1,2 +1,2 @@\n #!/bin/sh\n-exit 1\n+exit 0\n",
    )
    assert (shop.root / "a").read_text() == "one\n2\n"
    assert (shop.root / "new/made").read_text() == "hello\n"
    assert (shop.root / "new.sh").read_text() == "#!/bin/sh\nexit 0\n"
    assert stat.S_IMODE((shop.root / "new.sh").stat().st_mode) == 0o755
    assert sorted(path.name for path in shop.root.iterdir()) == ["a", "new", "new.sh"]
    assert result.text == "Changed a\nMade new/made\nRemoved gone\nRemoved old.sh\nMade new.sh"
    assert len(result.changes) == 5


def test_the_other_form_of_patches_is_read_too(shop: Workshop) -> None:
    shop.file("a.py", "class A:\n    def f(self):\n        return 1\n\n    def g(self):\n        return 1\n")
    shop.file("gone", "x\n")
    shop.run("read", path="a.py")
    shop.run("read", path="gone")
    shop.run(
        "patch",
        patch="*** Begin Patch\n*** Update File: a.py\n*** Move to: b.py\n@@ def g(self):\n-        return 1\n"
        "+        return 2\n*** Add File: new\n+one\n+\n+two\n*** Delete File: gone\n*** End Patch\n",
    )
    assert (shop.root / "b.py").read_text().endswith("return 1\n\n    def g(self):\n        return 2\n")
    assert (shop.root / "new").read_text() == "one\n\ntwo\n"
    assert sorted(path.name for path in shop.root.iterdir()) == ["b.py", "new"]


def test_nothing_is_changed_where_one_hunk_of_one_file_does_not_fit(shop: Workshop) -> None:
    shop.file("a", "one\n")
    shop.file("b", "two\n")
    shop.run("read", path="a")
    shop.run("read", path="b")
    with pytest.raises(NotFound, match="b: hunk 1 of 1"):
        shop.run("patch", patch="--- a/a\n+++ b/a\n@@ -1 +1 @@\n-one\n+1\n--- a/b\n+++ b/b\n@@ -1 +1 @@\n-three\n+3\n")
    assert (shop.root / "a").read_text() == "one\n"
    assert shop.kept.before_ == {}


def test_files_that_were_written_are_put_back_where_a_later_one_fails(shop: Workshop) -> None:
    shop.file("a", "one\n")
    shop.file("b/c", "two\n")
    shop.run("read", path="a")
    # A folder cannot be made where a file is.
    shop.file("z", "")
    with pytest.raises(ToolFailed):
        shop.run(
            "patch", patch="--- a/a\n+++ b/a\n@@ -1 +1 @@\n-one\n+1\n--- /dev/null\n+++ b/z/new\n@@ -0,0 +1 @@\n+3\n"
        )
    assert (shop.root / "a").read_text() == "one\n"


def test_what_was_not_read_or_changed_since_is_not_patched(shop: Workshop) -> None:
    path = shop.file("a", "one\n")
    change = diff("@@ -1 +1 @@\n-one\n+1\n").replace("/x", "/a")
    with pytest.raises(NotRead):
        shop.run("patch", patch=change)
    shop.run("read", path="a")
    path.write_text("one\nmore\n")
    with pytest.raises(ChangedSince):
        shop.run("patch", patch=change)
    assert path.read_text() == "one\nmore\n"


def test_a_file_that_a_patch_would_make_is_not_overwritten(shop: Workshop) -> None:
    path = shop.file("a", "one\n")
    shop.run("read", path="a")
    with pytest.raises(ToolFailed, match="there already"):
        shop.run("patch", patch="--- /dev/null\n+++ b/a\n@@ -0,0 +1 @@\n+x\n")
    assert path.read_text() == "one\n"


def test_wrong_numbers_do_not_matter_where_a_hunk_fits_once() -> None:
    text = "".join(f"{number}\n" for number in range(100))
    assert applied(text, diff("@@ -7,2 +9,9 @@\n 49\n-50\n+fifty\n")) == text.replace("50\n", "fifty\n")


def test_a_hunk_that_fits_twice_goes_where_its_number_says_or_nowhere() -> None:
    text = "a\nb\na\nb\n"
    assert applied(text, diff("@@ -3,2 +3,2 @@\n a\n-b\n+c\n")) == "a\nb\na\nc\n"
    with pytest.raises(Ambiguous, match="lines 1, 3"):
        applied(text, diff("@@ -2,2 +2,2 @@\n a\n-b\n+c\n"))
    with pytest.raises(Ambiguous):
        applied(text, diff("@@\n a\n-b\n+c\n"))


def test_hunks_behind_a_hunk_that_moved_move_with_it() -> None:
    text = "new\n" * 3 + "a\nx\nb\n" + "a\nx\nb\n"
    patch = diff("@@ -1,1 +1,1 @@\n-a\n+A\n@@ -4,2 +4,2 @@\n a\n-x\n+y\n")
    with pytest.raises(Ambiguous):
        applied(text, patch)
    assert applied(
        "new\n" + text, diff("@@ -1 +1 @@\n new\n new\n new\n new\n-a\n+A\n@@ -8,2 +8,2 @@\n a\n-x\n+y\n")
    ) == ("new\n" * 4 + "A\nx\nb\na\ny\nb\n")


def test_blanks_and_indentation_may_differ_and_stay_those_of_the_file() -> None:
    assert applied("\tif x:  \n\t\ty\n", diff("@@\n if x:\n-    y\n+    z\n")) == "\tif x:  \n\t\tz\n"


def test_context_that_is_wrong_at_the_ends_is_dropped() -> None:
    assert applied("a\nb\nc\nd\n", diff("@@ -1,4 +1,4 @@\n A\n b\n-c\n+C\n D\n")) == "a\nb\nC\nd\n"


@pytest.mark.parametrize(
    ("before", "body", "after"),
    [
        ("a\nb", "@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+c\n", "a\nc\n"),
        ("a\nb\n", "@@ -1,2 +1,2 @@\n a\n-b\n+c\n\\ No newline at end of file\n", "a\nc"),
        ("a\nb", "@@ -1,2 +1,3 @@\n a\n b\n+c\n", "a\nb\nc"),
        ("a\r\nb\r\n", "@@ -1,2 +1,2 @@\n a\n-b\n+c\n", "a\r\nc\r\n"),
        ("a\r\nb\nc\r\n", "@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n", "a\r\nB\nc\r\n"),
        ("", "@@ -0,0 +1 @@\n+a\n", "a\n"),
        ("a\n", "@@ -1 +0,0 @@\n-a\n", ""),
    ],
)
def test_ends_of_lines_and_files_are_kept_unless_the_patch_says_otherwise(before: str, body: str, after: str) -> None:
    assert applied(before, diff(body)) == after


@pytest.mark.parametrize("text", ["hello", "--- a/x\n+++ b/x\n@@ -1 +1 @@\nno sign\n", diff("@@ -1 +1 @@\n same\n")])
def test_what_is_no_patch_is_named(shop: Workshop, text: str) -> None:
    with pytest.raises(BadPatch):
        shop.run("patch", patch=text)
    assert shop.needs("patch", patch="hello") == []


def test_every_file_of_a_patch_is_judged(shop: Workshop) -> None:
    needs = shop.needs("patch", patch="--- a/in\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n--- /dev/null\n+++ b/../out\n")
    assert [(need.deed, need.subject) for need in needs] == [
        ("edit", "in"), ("outside", str(shop.root.parent / "out")), ("edit", str(shop.root.parent / "out"))
    ]  # fmt: skip


LINES = st.lists(st.sampled_from(["a\n", "b\n", "  c\n", "\td\n", "\n", "é\n"]), max_size=14)


@given(old=LINES, new=LINES, context=st.integers(0, 3))
def test_what_difflib_says_of_two_texts_makes_the_one_of_the_other(
    old: list[str], new: list[str], context: int
) -> None:
    text = "".join(difflib.unified_diff(old, new, "a/x", "b/x", n=context))
    try:
        after = applied("".join(old), text) if text else "".join(old)
    except Ambiguous:
        # Without context a hunk may fit elsewhere, and its number may be where it does not.
        assert context == 0
        return
    assert after == "".join(new)


@given(old=LINES, new=LINES, is_ended=st.booleans())
def test_our_own_diffs_are_patches(old: list[str], new: list[str], is_ended: bool) -> None:  # noqa: FBT001
    before, after = "".join(old), "".join(new)
    if not is_ended:
        before, after = before.rstrip("\n"), after.rstrip("\n")
    text = unified(before, after, "x")
    assert (applied(before, text) if text else before) == after


def test_a_diff_of_a_huge_file_is_made_in_time_and_is_right() -> None:
    before = "x\n" * 30_000 + "y\n" * 30_000
    after = "y\n" * 30_000 + "x\n" * 30_001
    assert applied(before, unified(before, after, "x")) == after
