"""The tools `read`, `write`, `list` and `glob`, and what of files and folders they must not do."""

import asyncio
import os
import shutil
import stat
import sys
from pathlib import Path

import pytest
from tests.iterate.workshop import Workshop

from iterate.tools import files
from iterate.tools.memory import ChangedSince, NotRead
from iterate.tools.table import TABLE
from iterate.tools.tool import Tool, ToolFailed, Work

LINKS = pytest.mark.systems("linux", "darwin")


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path)


def test_the_table_is_sorted_and_every_argument_is_described_in_stable_words() -> None:
    names = [tool.name for tool in TABLE]
    assert names == sorted(set(names))
    for tool in TABLE:
        assert tool.schema.schema["type"] == "object", tool.name
        assert len(tool.schema.description) < 1000, tool.name


def test_wrong_arguments_are_named(shop: Workshop) -> None:
    with pytest.raises(ToolFailed, match=r"arguments of read.*path"):
        shop.run("read", pat="a")


# --- read


def test_lines_are_numbered_and_what_cannot_be_seen_is_said(shop: Workshop) -> None:
    shop.file("a", b"\xef\xbb\xbfone\r\ntwo")
    assert shop.run("read", path="a").text == "     1\tone\n     2\ttwo\n[lines end with CRLF; no newline at its end]"
    shop.file("b", b"caf\xe9\n")
    assert shop.run("read", path="b").text == "     1\tcafé\n[written in latin-1]"
    shop.file("c", "")
    assert shop.run("read", path="c").text == "c is empty."


def test_a_part_of_a_file_is_given_with_where_to_read_on(shop: Workshop) -> None:
    shop.file("a", "".join(f"{number}\n" for number in range(1, 5001)))
    assert shop.run("read", path="a", offset=10, limit=2).text == (
        "    10\t10\n    11\t11\n[lines 10 to 11 of 5000; read on with offset 12]"
    )
    assert "[lines 1 to 2000 of 5000; read on with offset 2001]" in shop.run("read", path="a").text
    assert shop.run("read", path="a", offset=4999).text == "  4999\t4999\n  5000\t5000\n[lines 4999 to 5000, the last]"
    with pytest.raises(ToolFailed, match="5000 lines"):
        shop.run("read", path="a", offset=5001)


def test_long_lines_and_many_bytes_are_cut_which_is_told(shop: Workshop) -> None:
    shop.file("a", "x" * 10_000 + "\n" + "é" * 1990 + "\n" * 2 + ("é" * 1990 + "\n") * 100)
    text = shop.run("read", path="a").text
    assert "[line cut: 10,000 signs]" in text
    assert "read on with offset" in text
    assert len(text.encode()) < 60_000


def test_a_file_larger_than_what_is_held_is_read_in_pieces(shop: Workshop) -> None:
    path = shop.file("a", "first\n")
    with path.open("r+b") as file:
        file.truncate(files.LARGEST + 10)
    assert shop.run("read", path="a", limit=1).text == "     1\tfirst\n[lines 1 to 1; read on with offset 2]"
    with path.open("ab") as file:
        file.write(b"\nlast\n")
    assert "     3\tlast" in shop.run("read", path="a", offset=2).text
    with pytest.raises(files.TooLarge):
        shop.run("edit", path="a", edits=[{"old_text": "first", "new_text": "x"}])


def test_binary_files_are_told_and_images_are_shown(shop: Workshop) -> None:
    shop.file("a.bin", b"\x7fELF\0\0")
    with pytest.raises(ToolFailed, match=r"a\.bin is binary, 6 bytes"):
        shop.run("read", path="a.bin")
    shop.file("a.png", b"\x89PNG\r\n\x1a\n\0\0")
    (image,) = shop.run("read", path="a.png").files
    assert (image.name, image.media_type) == ("a.png", "image/png")
    assert image.url.startswith("data:image/png;base64,iVBORw0KGgo")
    shop.file("large.png", b"\x89PNG\r\n\x1a\n" + bytes(6 << 20))
    with pytest.raises(ToolFailed, match="at most 3,932,160 are shown"):
        shop.run("read", path="large.png")


def test_what_is_not_there_comes_with_near_names(shop: Workshop) -> None:
    shop.file("src/settings.py")
    with pytest.raises(files.NotThere, match=r"did you mean src/settings.py\?"):
        shop.run("read", path="src/setings.py")
    with pytest.raises(files.NotThere, match=r"did you mean src\?"):
        shop.run("read", path="scr/settings.py")


def test_names_outside_the_project_are_not_told_to_who_guesses(shop: Workshop) -> None:
    (shop.root.parent / "secret.txt").write_text("x")
    with pytest.raises(files.NotThere) as problem:
        shop.run("read", path="../secrt.txt")
    assert "secret" not in str(problem.value)


def test_a_folder_is_listed(shop: Workshop) -> None:
    shop.file("a/b")
    shop.file("c")
    assert shop.run("read", path=".").text == "a/\nc"


def test_nul_and_what_is_no_unicode_reach_no_model(shop: Workshop) -> None:
    shop.file("a", "é ö ü\n".encode() + b"\xff\x1b[31m\n")
    assert shop.run("read", path="a").text == "     1\té ö ü\n     2\t\ufffd\x1b[31m"


# --- paths


@LINKS
def test_what_a_path_leads_to_is_judged(shop: Workshop) -> None:
    out = shop.root.parent / "out"
    out.write_text("x")
    (shop.root / "link").symlink_to(out)
    (shop.root / "up").symlink_to("..")
    for path in ("link", "../out", "up/out", str(out), "a/../../out"):
        assert [(need.deed, need.subject) for need in shop.needs("read", path=path)] == [("outside", str(out))], path
    assert [(need.deed, need.subject) for need in shop.needs("write", path="link", content="")] == [
        ("outside", str(out)), ("edit", str(out))
    ]  # fmt: skip
    assert [need.subject for need in shop.needs("read", path="up/project/a")] == ["a"]


@LINKS
def test_a_link_that_was_put_there_after_the_judgement_leads_nowhere(shop: Workshop) -> None:
    shop.file("a", "mine\n")
    out = shop.root.parent / "out"
    out.write_text("secret\n")
    tool = next(tool for tool in TABLE if tool.name == "read")
    given, work = tool.decode({"path": "a"}), shop.work()
    tool.needs(given, work)
    (shop.root / "a").unlink()
    (shop.root / "a").symlink_to(out)
    with pytest.raises(ToolFailed, match="but led to"):
        asyncio.run(running(tool, given, work))


async def running(tool: Tool, given: object, work: Work) -> None:
    await tool.run(given, work)


@LINKS
def test_no_link_is_followed_at_the_moment_of_opening(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a").write_text("x")
    (tmp_path / "link").symlink_to("real")
    with pytest.raises(ToolFailed):
        files.content(tmp_path.resolve() / "link" / "a")
    with pytest.raises(ToolFailed):
        files.replace(tmp_path.resolve() / "link" / "b", None, b"x")
    assert [path.name for path in (tmp_path / "real").iterdir()] == ["a"]


@pytest.mark.parametrize("path", ["a\0b", "x" * 300, "a/" * 3000 + "b", "~nobody/x"])
def test_paths_that_can_be_none_are_told(shop: Workshop, path: str) -> None:
    for name, more in (("read", {}), ("write", {"content": "x"}), ("list", {}), ("grep", {"pattern": "x"})):
        with pytest.raises(ToolFailed):
            shop.run(name, path=path, **more)
    assert list(shop.root.iterdir()) == []


@pytest.mark.systems("linux")
@pytest.mark.parametrize("kind", ["pipe", "socket", "device"])
def test_what_is_no_file_is_told_and_never_waited_for(shop: Workshop, kind: str) -> None:
    path = shop.root / "odd"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        os.mknod(path, stat.S_IFSOCK | 0o600)
    else:
        path = Path(os.devnull)

    async def all_of_them() -> None:
        async with asyncio.timeout(5):
            for name, more in (("read", {}), ("write", {"content": "x"}), ("edit", EDIT)):
                with pytest.raises(ToolFailed):
                    await shop.begin(name, path=str(path), **more)
            await shop.begin("grep", path=str(shop.root), pattern="x")

    asyncio.run(all_of_them())


EDIT = {"edits": [{"old_text": "a", "new_text": "b"}]}


# --- write


def test_a_new_file_is_made_with_its_folders_and_the_usual_mode(shop: Workshop) -> None:
    result = shop.run("write", path="a/b/c.txt", content="hello\n")
    assert (shop.root / "a/b/c.txt").read_bytes() == b"hello\n"
    assert result.text == "Made a/b/c.txt, 1 line."
    usual = shop.file("usual")
    if sys.platform != "win32":
        assert (shop.root / "a/b/c.txt").stat().st_mode == usual.stat().st_mode
    assert result.diff == "--- /dev/null\n+++ b/a/b/c.txt\n@@ -0,0 +1 @@\n+hello\n"
    assert sorted(path.name for path in (shop.root / "a/b").iterdir()) == ["c.txt"]


def test_what_is_there_must_have_been_read_and_must_be_the_same(shop: Workshop) -> None:
    path = shop.file("a", "one\n")
    with pytest.raises(NotRead):
        shop.run("write", path="a", content="x")
    shop.run("read", path="a")
    path.write_text("two\n")
    with pytest.raises(ChangedSince):
        shop.run("write", path="a", content="x")
    shop.run("read", path="a")
    shop.run("write", path="a", content="three\n")
    assert path.read_text() == "three\n"


def test_a_file_that_was_removed_since_is_told_once(shop: Workshop) -> None:
    path = shop.file("a", "one\n")
    shop.run("read", path="a")
    path.unlink()
    with pytest.raises(ChangedSince, match="removed"):
        shop.run("write", path="a", content="x")
    shop.run("write", path="a", content="x")
    assert path.read_text() == "x"


def test_a_file_that_is_written_anew_keeps_its_endings_mark_encoding_and_mode(shop: Workshop) -> None:
    path = shop.file("a", b"\xef\xbb\xbfone\r\ntwo\r\n")
    path.chmod(0o750)
    mode = path.stat().st_mode
    shop.run("read", path="a")
    shop.run("write", path="a", content="1\n2\n3\n")
    assert path.read_bytes() == b"\xef\xbb\xbf1\r\n2\r\n3\r\n"
    assert path.stat().st_mode == mode
    latin = shop.file("b", b"caf\xe9\n")
    shop.run("read", path="b")
    shop.run("write", path="b", content="thé\n")
    assert latin.read_bytes() == b"th\xe9\n"
    assert "UTF-8 now" in shop.run("write", path="b", content="1 €\n").text
    assert latin.read_bytes() == "1 €\n".encode()


@LINKS
def test_links_of_both_kinds_stay_what_they_are(shop: Workshop) -> None:
    target = shop.file("target", "one\n")
    (shop.root / "soft").symlink_to("target")
    (shop.root / "hard").hardlink_to(target)
    shop.run("read", path="soft")
    shop.run("edit", path="soft", edits=[{"old_text": "one", "new_text": "two"}])
    assert (shop.root / "soft").readlink() == Path("target")
    assert (shop.root / "hard").read_text() == target.read_text() == "two\n"
    assert target.stat().st_nlink == 2


@pytest.mark.systems("linux")
def test_attributes_survive_and_no_other_file_is_left(shop: Workshop) -> None:
    path = shop.file("a", "one\n")
    try:
        os.setxattr(path, "user.note", b"mine")
    except OSError:
        pytest.skip("the file system has no attributes")
    shop.run("read", path="a")
    shop.run("edit", path="a", edits=[{"old_text": "one", "new_text": "two"}])
    assert os.getxattr(path, "user.note") == b"mine"
    assert os.listdir(shop.root) == ["a"]  # noqa: PTH208


@LINKS
@pytest.mark.skipif(getattr(os, "geteuid", lambda: 0)() == 0, reason="root may write everything")
def test_a_file_that_one_may_not_write_is_not_replaced(shop: Workshop) -> None:
    path = shop.file("a", "one\n")
    path.chmod(0o444)
    shop.run("read", path="a")
    with pytest.raises(ToolFailed, match="Permission"):
        shop.run("edit", path="a", edits=[{"old_text": "one", "new_text": "two"}])
    assert path.read_text() == "one\n"


def test_a_file_that_changes_between_the_check_and_the_writing_is_kept(shop: Workshop) -> None:
    path = shop.file("a", "two\n")
    with pytest.raises(ChangedSince):
        files.replace(path, b"one\n", b"three\n")
    with pytest.raises(ChangedSince):
        files.replace(path, None, b"three\n")
    with pytest.raises(ChangedSince):
        files.replace(path, b"one\n", None)
    assert path.read_text() == "two\n"
    assert [each.name for each in shop.root.iterdir()] == ["a"]


# --- list and glob


@pytest.fixture(params=["own", "rg"])
def searching(shop: Workshop, request: pytest.FixtureRequest) -> Workshop:
    if request.param == "rg":
        if not shutil.which("rg"):
            pytest.skip("no ripgrep here")
        shop.environment["PATH"] = os.environ["PATH"]
    return shop


def test_a_tree_is_listed_without_what_is_hidden_or_ignored(shop: Workshop) -> None:
    for name in ("src/a.py", "src/deep/er/b.py", "build/x", ".env", "z"):
        shop.file(name)
    shop.file(".gitignore", "build\n")
    assert shop.run("list").text == "src/\n  a.py\n  deep/\nz"
    assert shop.run("list", depth=4, path="src").text == "a.py\ndeep/\n  er/\n    b.py"
    assert shop.run("list", hidden=True, ignored=True, depth=1).text == ".env\n.gitignore\nbuild/\nsrc/\nz"


def test_files_are_found_by_a_pattern_of_their_paths(searching: Workshop) -> None:
    for name in ("a.py", "src/b.py", "src/sub/c.pyi", "src/d.txt", ".hidden.py", "build/e.py"):
        searching.file(name)
    searching.file(".gitignore", "build/\n")
    assert searching.run("glob", pattern="*.py").text == "a.py\nsrc/b.py"
    assert searching.run("glob", pattern="src/**/*.{py,pyi}").text == "src/b.py\nsrc/sub/c.pyi"
    assert searching.run("glob", pattern="**/[cd].*", path="src").text == "src/d.txt\nsrc/sub/c.pyi"
    assert searching.run("glob", pattern="*.py", hidden=True, ignored=True).text == (
        ".hidden.py\na.py\nbuild/e.py\nsrc/b.py"
    )
    assert searching.run("glob", pattern="*.rs").text == "No file matches that is not hidden or ignored."


def test_names_with_line_breaks_and_odd_bytes_are_shown_on_one_line(searching: Workshop) -> None:
    try:
        (Path(os.fsdecode(os.fsencode(searching.root) + b"/a\nb\xff"))).write_text("word\n")
    except OSError:
        pytest.skip("the file system has no such names")
    assert searching.run("glob", pattern="a*").text == "a\\nb\ufffd"
    assert searching.run("grep", pattern="word").text == "a\\nb\ufffd\n     1\tword"
    assert searching.run("list").text == "a\\nb\ufffd"


def test_more_than_a_model_reads_is_put_aside_whole_and_may_be_read(searching: Workshop) -> None:
    for number in range(1200):
        searching.file(f"{number:04}", "word\n")
    result = searching.run("glob", pattern="*")
    assert result.text.splitlines()[:500] == [f"{number:04}" for number in range(500)]
    assert "[cut here: 700 more lines, 5,999 bytes in all. The whole is in " in result.text
    assert Path(result.full).read_text().splitlines() == [f"{number:04}" for number in range(1200)]
    assert stat.S_IMODE(Path(result.full).stat().st_mode) & 0o077 == 0 or sys.platform == "win32"
    assert searching.needs("read", path=result.full) == []
    assert "1199" in searching.run("read", path=result.full, offset=1190).text


def test_a_program_of_the_project_is_never_taken_for_ripgrep(shop: Workshop) -> None:
    rogue = shop.file("bin/rg", "#!/bin/sh\ntouch ran\n")
    rogue.chmod(0o755)
    shop.file("a", "word\n")
    shop.environment["PATH"] = os.pathsep.join([str(shop.root / "bin"), "bin", "."])
    assert shop.run("grep", pattern="word").text == "a\n     1\tword"
    assert not list(shop.root.glob("**/ran"))


def test_secrets_are_found_only_by_who_names_their_file(searching: Workshop) -> None:
    searching.file("server.key", "word\n")
    searching.file("a", "word\n")
    assert searching.run("grep", pattern="word").text == (
        "a\n     1\tword\n[1 file that may hold keys or passwords left out: search each by its path]"
    )
    assert searching.run("grep", pattern="word", path="server.key").text == "server.key\n     1\tword"


# --- the person


def test_the_list_of_things_to_do_is_set_whole(shop: Workshop) -> None:
    result = shop.run("todo", items=[{"text": "a", "status": "done"}, {"text": "b"}])
    assert [(item.text, item.status) for item in shop.todo] == [("a", "done"), ("b", "open")]
    assert (result.text, result.title) == ("[x] a\n[ ] b", "todo: 1 of 2 left")


def test_a_question_waits_for_its_answer(shop: Workshop) -> None:
    shop.person.replies = (("blue", "red"), ())
    asked = [{"text": "Which?", "choices": ["red", "blue"], "many": True}, {"text": "Why?"}]
    assert shop.run("question", questions=asked).text == "Which?\n-> blue, red\nWhy?\n-> (nothing)"
    assert [(each.text, each.is_many) for each in shop.person.questions] == [("Which?", True), ("Why?", False)]
    shop.person.replies = None
    assert "did not want to answer" in shop.run("question", questions=asked).text


def test_a_task_is_judged_by_its_agent_and_answers_with_its_text(shop: Workshop) -> None:
    assert [(need.deed, need.subject) for need in shop.needs("task", agent="plan", prompt="x")] == [("task", "plan")]
    assert shop.run("task", agent="plan", prompt="think").text == "plan did for call2: think"
