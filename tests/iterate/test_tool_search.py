"""Our own search against ripgrep: the same files, the same lines, whatever the tree and the pattern."""

import asyncio
import contextlib
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.iterate.conftest import eventually
from tests.iterate.workshop import Workshop

from iterate.tools import crew, globs, ignore, pattern, search, seek, stand_in
from iterate.tools.pattern import BadPattern
from iterate.tools.search import Engine, Hit
from iterate.tools.stand_in import Options
from iterate.tools.tool import ToolFailed

RG = shutil.which("rg") or ""
pytestmark = pytest.mark.consumer("rg")
SLOW = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
ENGINE = Engine(words=(RG,), is_ripgrep=True)

NAMES = st.sampled_from(["a", "b", "ab", "a.c", "b.c", ".h", "build", "é", "x y", "A"])
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)
PIECES = st.sampled_from(
    [
        "*",
        "**",
        "?",
        "a",
        "b",
        "/",
        "/",
        ".c",
        ".",
        "[ab]",
        "[!a]",
        "[^b]",
        "build",
        "é",
        "x y",
        "\\a",
        "\\*",
        " ",
        "A",
        "#",
    ]
)


def is_read_alike(pieces: list[str]) -> bool:
    """Whether git and ripgrep agree: among others, "[!a]" is a "/" too for ripgrep. It is none for git and us."""
    return len(pieces) == 1 or not {"[!a]", "[^b]"} & set(pieces)


LINES = st.tuples(
    st.sampled_from(["", "", "", "!", "/", "!/"]), st.lists(PIECES, min_size=1, max_size=4).filter(is_read_alike)
).map(lambda each: each[0] + "".join(each[1]))
IGNORES = st.lists(LINES, max_size=4).map("\n".join)
FOLDERS = st.sampled_from(["", "a/", "b/", "a/b/", "build/"])
KINDS = st.sampled_from([".gitignore", ".ignore", ".rgignore"])


def planted(root: Path, paths: list[str], ignores: list[tuple[str, str, str]]) -> None:
    for path in paths:
        try:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text("word\n")
        except OSError:
            continue  # A file is where a folder would be.
    for folder, kind, text in ignores:
        if (root / folder).is_dir():
            (root / folder / kind).write_text(text)


@pytest.fixture
def root() -> Iterator[Path]:
    # Not below a folder whose ignore files would count.
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder).resolve()


@settings(max_examples=300, deadline=None, suppress_health_check=SLOW)
@given(
    paths=st.lists(PATHS, min_size=1, max_size=8),
    ignores=st.lists(st.tuples(FOLDERS, KINDS, IGNORES), max_size=3),
    is_hidden=st.booleans(),
    start=st.sampled_from(["", "", "a"]),
    has_git=st.booleans(),
)
@example(paths=["a/b", "a/a"], ignores=[("", ".gitignore", "a/*\n!a/b")], is_hidden=False, start="", has_git=False)
@example(
    paths=["a/b/c"], ignores=[("", ".gitignore", "b"), ("a/", ".ignore", "!b")], is_hidden=False, start="", has_git=True
)
@example(paths=["a/.h"], ignores=[("", ".gitignore", "!.h")], is_hidden=False, start="", has_git=False)
@example(paths=["a/b"], ignores=[("", ".gitignore", "**")], is_hidden=False, start="a", has_git=False)
def test_the_same_files_are_listed(
    root: Path,
    paths: list[str],
    ignores: list[tuple[str, str, str]],
    is_hidden: bool,  # noqa: FBT001
    start: str,
    has_git: bool,  # noqa: FBT001
) -> None:
    with tempfile.TemporaryDirectory(dir=root) as place:
        top = Path(place)
        planted(top, paths, ignores)
        if has_git and not (top / "a").is_file():
            (top / "a" / ".git").mkdir(parents=True, exist_ok=True)
        folder = top / start if (top / start).is_dir() else top
        words = ["--glob=!.git", *["--hidden"] * is_hidden]
        theirs = asyncio.run(search.listed(ENGINE, folder, words))
        ours = list(stand_in.paths(Options(is_hidden=is_hidden), os.fsencode(folder)))
        assert sorted(ours) == sorted(theirs)
        assert len(set(ours)) == len(ours)


ATOMS = st.sampled_from(
    ["a", "b", "A", "é", "É", ".", r"\w", r"\d", r"\s", r"\W", r"\S", r"\b", r"\B", "^", "$", "[ab]", "[^ab]",
     r"[\w-]", "(", ")", "|", "*", "+", "?", "{", "}", "{2}", "{1,}", "{,2}", "[", "]", r"\.", r"\\", r"\/", " ", r"\t",
     "(?:", "-", "&&", "[a-c]", r"[^\s]", "[[]", "[]a]", "[a&&b]", "#", "~", "ß", "\u017f", "K", r"\x41", r"\u00e9"]
)  # fmt: skip
PATTERNS = st.lists(ATOMS, min_size=1, max_size=5).map("".join)
TEXTS = st.lists(
    st.sampled_from(
        ["a", "b", "A", "é", "É", " ", "\t", "\r", "{", "}", "[", "]", "-", ".", "0", "_", "K", "\u017f", "s", "ß", "&"]
    ),
    max_size=6,
).map("".join)
CONTENTS = st.tuples(st.lists(TEXTS, min_size=1, max_size=5), st.sampled_from(["\n", "\r\n"]), st.booleans()).map(
    lambda each: each[1].join(each[0]) + each[1] * each[2]
)
BYTES = st.one_of(
    CONTENTS.map(str.encode),
    CONTENTS.map(lambda text: text.encode("utf-8-sig")),
    CONTENTS.map(lambda text: text.encode("utf-16")),
    CONTENTS.map(lambda text: text.encode("latin-1", "replace")),
    st.binary(max_size=12).filter(lambda each: not each.startswith((b"\xff\xfe", b"\xfe\xff"))),
)


@settings(max_examples=600, deadline=None, suppress_health_check=SLOW)
@given(text=PATTERNS, content=BYTES, is_caseless=st.booleans(), is_literal=st.booleans())
@example(text="é", content=b"\xe9", is_caseless=False, is_literal=False)
@example(text=r"\W", content=b"x\xe9\xe9y\n\xe9", is_caseless=False, is_literal=False)
def test_the_same_lines_match(root: Path, text: str, content: bytes, is_caseless: bool, is_literal: bool) -> None:  # noqa: FBT001
    try:
        wanted = pattern.parsed(text, is_literal=is_literal)
    except BadPattern:
        return
    (root / "file").write_bytes(content)

    async def theirs() -> list[tuple[int, bytes | None]]:
        words = ["--ignore-case"] * is_caseless
        found = search.hits(ENGINE, root, wanted, words)
        return [(hit.line, hit.text) async for hit in found if isinstance(hit, Hit)]

    shape = re.compile(wanted.python, re.MULTILINE | (re.IGNORECASE if is_caseless else 0))
    ours = list(stand_in.lines(os.fsencode(root / "file"), shape))
    if b"\0" in content and not content.startswith((b"\xff\xfe", b"\xfe\xff")):
        # A binary file; ripgrep may tell of lines before the first NUL, and takes them back.
        assert ours == []
        return
    assert ours == asyncio.run(theirs())


@pytest.mark.parametrize(
    ("text", "is_refused"),
    [("$^", True), ("a$(b|^)", True), ("(a$|b)^", True), ("(a$|^b)", False), ("a$|^b", False), ("[$]^", False)],
)
def test_a_beginning_behind_an_end_is_refused(text: str, is_refused: bool) -> None:  # noqa: FBT001
    if is_refused:
        with pytest.raises(BadPattern, match="behind"):
            pattern.parsed(text)
    else:
        pattern.parsed(text)


@pytest.mark.parametrize(
    ("expression", "needle"),
    [
        (r"word12\d\b", b"word12"),
        ("a|b", b""),
        ("(?:foo|bar)baz", b"baz"),
        ("x*abc+d", b"ab"),
        ("ab(cd)ef", b"abcdef"),
        ("(?i:abc)d", b"d"),
        ("^import", b"import"),
        ("é", b""),
    ],
)
def test_what_every_match_must_hold_is_known(expression: str, needle: bytes) -> None:
    wanted = pattern.parsed(expression)
    assert seek.required(re.compile(wanted.python, re.MULTILINE)) == needle
    assert seek.required(re.compile(wanted.python, re.MULTILINE | re.IGNORECASE)) == b""


def test_a_file_of_another_encoding_is_searched_byte_by_byte_as_ripgrep_does(tmp_path: Path) -> None:
    for name, content in {"latin": b"caf\xe9 one\n", "utf16": "café one\n".encode("utf-16")}.items():
        (tmp_path / name).write_bytes(content)
    wanted = [pattern.parsed(each) for each in ("é", "one", r"\W")]

    async def found(engine: Engine) -> list[list[tuple[bytes, bytes | None]]]:
        return [
            sorted([(hit.path, hit.text) async for hit in search.hits(engine, tmp_path, each) if isinstance(hit, Hit)])
            for each in wanted
        ]

    assert asyncio.run(found(search.OWN)) == asyncio.run(found(ENGINE))


def test_our_own_program_prints_what_ripgrep_prints(tmp_path: Path) -> None:
    shop = Workshop(tmp_path)
    for name in ("a", "b/c", "b/d e", "b/.hidden"):
        shop.file(name, "one\nword\nword\n")
    wanted = pattern.parsed("wor.")

    async def both() -> None:
        for engine in (ENGINE, search.OWN):
            found = search.hits(engine, shop.root, wanted)
            hits = [(hit.path, hit.line, hit.text) async for hit in found if isinstance(hit, Hit)]
            assert sorted(hits) == [(name, line, b"word") for name in (b"a", b"b/c", b"b/d e") for line in (2, 3)]
            assert sorted(await search.listed(engine, shop.root)) == [b"a", b"b/c", b"b/d e"]

    asyncio.run(both())


def test_ignore_files_above_the_project_count_until_a_repository_begins(root: Path) -> None:
    (root / "top" / "inner").mkdir(parents=True)
    (root / ".gitignore").write_text("far\n")
    (root / "top" / ".gitignore").write_text("near\n")
    for name in ("far", "near", "seen"):
        (root / "top" / "inner" / name).write_text("x")
    for has_git, left in ((False, [b"seen"]), (True, [b"far", b"seen"])):
        if has_git:
            (root / "top" / ".git").mkdir()
        folder = root / "top" / "inner"
        assert sorted(asyncio.run(search.listed(ENGINE, folder))) == left
        assert sorted(stand_in.paths(Options(), os.fsencode(folder))) == left


@pytest.mark.parametrize(
    ("text", "path", "fits"),
    [
        ("*.py", b"a/b.py", True),
        ("*.py", b"a/b.pyc", False),
        ("a/*.py", b"a/b/c.py", False),
        ("a/**", b"a/b/c.py", True),
        ("**/c.py", b"c.py", True),
        ("a/**/c", b"a/c", True),
        ("{a,b}/*.{c,d}", b"b/x.d", True),
        ("?.py", "é.py".encode(), True),
        ("[é]", "é".encode(), True),
        ("[!é]", "é".encode(), False),
        ("[!a]", b"b", True),
        ("a[b", b"a", None),
        ("{a", b"a", None),
        ("/a/b", b"a/b", True),
        ("./a", b"a", True),
        ("a*b*c", b"aXbYbZc", True),
        ("*ab*ab", b"abab", True),
        ("*ab*ab", b"ab", False),
        ("*.{tar.*,t?z}", b"x.tar.gz", True),
        ("**/a/b/**/c", b"a/a/b/x/b/c", True),
        ("**/a/b/**/c", b"a/b", False),
        ("x/**/**/y", b"x/y", True),
        ("a/**", b"a", False),
        ("a**b", b"a/b", False),
        ("[a/b]", b"/", False),
        ("{a,b{c,d}}e", b"bde", True),
        (r"a\*b", b"a*b", True),
        (r"a\{b", b"a{b", True),
        ("a\\", b"a", None),
        ("{a,b}" * 11, b"a", None),
    ],
)
def test_globs_fit_what_they_say(text: str, path: bytes, fits: bool | None) -> None:  # noqa: FBT001
    if fits is None:
        with pytest.raises(globs.BadGlob):
            globs.compiled(text)
    else:
        assert (globs.compiled(text).match(path) is not None) == fits


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("*a" * 9 + "b", b"a" * 60),
        ("**/a/" * 9 + "b", b"a/" * 60),
        ("**/*a/" * 5 + "b", b"aaaa/" * 30),
        ("{*a,*b}" * 7 + "c", b"ab" * 30),
        ("[ab]*" * 9 + "c", b"ab" * 30),
    ],
)
def test_no_pattern_and_no_path_make_a_search_wait(text: str, path: bytes) -> None:
    begun = time.process_time()
    assert globs.compiled(text).match(path) is None
    (line,) = ignore.parsed(text.encode())
    assert line.shape.match(path) is None
    # Tried in every way it would be minutes.
    assert time.process_time() - begun < 2


def test_a_line_of_an_ignore_file_that_is_no_pattern_is_left_out() -> None:
    assert [line.word for line in ignore.parsed(b"[a\n\n# x\n!b\n/\nc/\n")] == ["ignored", "wanted"]


@pytest.mark.processes
def test_both_find_the_same_among_100_000_files(root: Path) -> None:
    for folder in range(1000):
        below = root / f"d{folder % 40}" / f"s{folder}"
        below.mkdir(parents=True)
        for number in range(100):
            with (below / f"f{number}.{'log' if number % 10 == 0 else 'py'}").open("w") as file:
                file.write(f"word{(folder * 100 + number) % 977} one\ntwo\n")
    (root / ".gitignore").write_text("*.log\nd7/\n")
    wanted = pattern.parsed(r"word12\b")

    async def found(engine: Engine) -> tuple[list[bytes], list[tuple[bytes, int, bytes | None]]]:
        hits = [hit async for hit in search.hits(engine, root, wanted) if isinstance(hit, Hit)]
        return sorted(await search.listed(engine, root)), sorted((hit.path, hit.line, hit.text) for hit in hits)

    theirs, ours = asyncio.run(found(ENGINE)), asyncio.run(found(search.OWN))
    assert len(theirs[0]) == 100_000 * 39 // 40 * 9 // 10
    assert len(theirs[1]) > 80
    assert ours == theirs


def test_a_pattern_that_only_one_engine_refuses_is_told(tmp_path: Path) -> None:
    shop = Workshop(tmp_path)
    shop.environment["PATH"] = os.environ["PATH"]
    shop.file("a", "x\n")
    with pytest.raises(ToolFailed, match="size limit"):
        shop.run("grep", pattern="((a{1000}){1000}){20}")


def at_work(root: Path) -> list[psutil.Process]:
    """The processes that search below a folder."""
    found = []
    for each in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if "__search" in each.cmdline() and each.cwd() == str(root):
                found.append(each)
    return found


@pytest.mark.processes
@pytest.mark.systems("linux")
def test_a_search_that_is_left_ends_with_all_that_share_its_work(root: Path) -> None:
    # The files of a folder come before those below it.
    for number in range(1001):
        (root / str(number)).write_text("c\n")
    (root / "below").mkdir()
    for number in range(900):
        (root / "below" / str(number)).write_text("a" * 40 + "b\n")
    wanted = 1 if crew.size() == 1 else 1 + crew.size()

    async def left() -> None:
        found = search.hits(search.OWN, root, pattern.parsed("(a+)+[cd]"))
        # It takes Python for ever.
        looking = asyncio.ensure_future(anext(found))
        try:
            await asyncio.to_thread(eventually, lambda: len(at_work(root)) == wanted)
        finally:
            looking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await looking
        await found.aclose()

    asyncio.run(left())
    eventually(lambda: not at_work(root))
