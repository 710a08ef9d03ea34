"""Files over HTTP: listed, read, found, compared with git and watched; never from outside of the project."""

import json
import os
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

import pytest

from iterate import fuzzy
from iterate.undo.keeping import Keeping
from iterate.undo.undo import Undo

if TYPE_CHECKING:
    from tests.iterate.conftest import LiveServer

pytestmark = pytest.mark.systems("linux", "darwin")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    (root / "src").mkdir(parents=True)
    (root / "ignored").mkdir()
    (root / ".gitignore").write_text("ignored/\n*.pyc\n")
    (root / "src" / "main.py").write_text("print('hällo')\n")
    (root / "src" / "maintain.py").write_text("x = 1\n")
    (root / "ignored" / "secret.py").write_text("x = 1\n")
    (tmp_path / "outside.txt").write_text("outside")
    return root


def asked(server: "LiveServer", route: str, /, **query: object) -> dict[str, object]:
    reply = server.ask("GET", f"{route}?{urlencode(query)}")
    content = json.loads(reply.body)
    assert isinstance(content, dict)
    return content


def refused(server: "LiveServer", route: str, /, **query: object) -> str:
    return server.ask("GET", f"{route}?{urlencode(query)}").error


def test_a_folder_is_listed_with_folders_first(gate_server: "LiveServer", project: Path) -> None:
    (project / "link").symlink_to("src")
    told = asked(gate_server, "/file", directory=project)
    assert isinstance(told["entries"], list)
    assert [(each["name"], each["kind"]) for each in told["entries"]] == [
        ("ignored", "folder"), ("src", "folder"), (".gitignore", "file"), ("link", "link"),
    ]  # fmt: skip
    assert told["is_whole"] is True


def test_a_file_is_read_in_pieces_that_cut_no_character(gate_server: "LiveServer", project: Path) -> None:
    whole = asked(gate_server, "/file/content", directory=project, path="src/main.py")
    assert (whole["text"], whole["size"], whole["is_whole"]) == ("print('hällo')\n", 16, True)
    # Byte 9 is in the middle of the ä.
    part = asked(gate_server, "/file/content", directory=project, path="src/main.py", limit=9)
    assert (part["text"], part["is_whole"]) == ("print('h", False)
    (project / "picture").write_bytes(b"\xff\xd8\x00")
    assert asked(gate_server, "/file/content", directory=project, path="picture")["base64"] == "/9gA"
    (project / "large").write_bytes(b"x" * (3 << 20))
    large = asked(gate_server, "/file/content", directory=project, path="large", limit=9_999_999)
    assert len(str(large["text"])) == 1 << 20
    assert asked(gate_server, "/file/content", directory=project, path="large", offset=3 << 20)["text"] == ""


@pytest.mark.parametrize(
    "path",
    [
        "../outside.txt",
        "src/../../outside.txt",
        "/etc/passwd",
        "out",
        "out/x",
        "folder/outside.txt",
        "~",
        "a\0b",
        "x" * 5000,
    ],
)
@pytest.mark.parametrize("route", ["/file", "/file/content"])
def test_nothing_outside_of_the_project_is_reached(
    gate_server: "LiveServer", project: Path, route: str, path: str
) -> None:
    (project / "out").symlink_to("../outside.txt")
    (project / "folder").symlink_to("..")
    assert refused(gate_server, route, directory=project, path=path) == "FileOutside"


def test_what_is_no_project_or_no_file_is_named(gate_server: "LiveServer", project: Path) -> None:
    os.mkfifo(project / "pipe")
    assert refused(gate_server, "/file", directory="relative") == "BadQuery"
    assert refused(gate_server, "/file", directory=project / "none") == "FileMissing"
    assert refused(gate_server, "/file", directory=project, path="src/main.py") == "FileMissing"
    assert refused(gate_server, "/file/content", directory=project, path="src") == "FileMissing"
    assert refused(gate_server, "/file/content", directory=project, path="pipe") == "FileMissing"
    assert refused(gate_server, "/file/content", directory=project, path="src/main.py", offset="-1") == "BadQuery"
    assert refused(gate_server, "/file/search", directory=project, kind="other") == "BadQuery"
    assert refused(gate_server, "/file/search", directory=project, kind="content", query="(") == "SearchBroken"


def test_files_are_found_by_letters_of_their_name_and_by_a_line(gate_server: "LiveServer", project: Path) -> None:
    told = asked(gate_server, "/file/search", directory=project, query="main")
    assert told["found"] == [{"path": "src/main.py", "line": None}, {"path": "src/maintain.py", "line": None}]
    told = asked(gate_server, "/file/search", directory=project, query="x = ", kind="content")
    assert told["found"] == [{"path": "src/maintain.py", "line": 1}]
    told = asked(gate_server, "/file/search", directory=project, query="m", limit=1)
    assert (len(list(told["found"] or ())), told["is_whole"]) == (1, False)  # type: ignore[call-overload]


def test_every_file_is_listed_with_links_and_hidden_ones_and_without_what_git_ignores(
    gate_server: "LiveServer", project: Path
) -> None:
    (project / "src" / "link").symlink_to("main.py")
    (project / "outside").symlink_to("..")
    (project / "name with blank").write_text("")
    os.mkfifo(project / "pipe")
    told = asked(gate_server, "/file/tree", directory=project)
    assert told == {
        "folders": [
            {"path": "", "names": [".gitignore", "name with blank", "outside"]},
            {"path": "src/", "names": ["link", "main.py", "maintain.py"]},
        ],
        "is_whole": True,
    }
    assert refused(gate_server, "/file/tree", directory=project / "none") == "FileMissing"


def test_a_note_is_kept_and_taken_back_over_http(gate_server: "LiveServer", project: Path) -> None:
    def sent(path: str, **body: object) -> dict[str, object]:
        reply = gate_server.ask("POST", path, body)
        content = json.loads(reply.body)
        assert isinstance(content, dict)
        return content

    told = asked(gate_server, "/memory", directory=project)
    assert isinstance(told["memories"], list)
    assert told["memories"][0] == {
        "where": "project",
        "file": str(project.resolve() / "AGENTS.md"),
        "is_there": False,
        "end": "",
    }
    noted = sent("/memory", line="use tabs", directory=str(project))
    assert (project / "AGENTS.md").read_text() == "- use tabs\n"
    assert sent("/memory/undo", **noted, directory=str(project)) == {"forgotten": True}
    assert not (project / "AGENTS.md").exists()
    assert "error" in sent("/memory/undo", **noted, directory=str(project))
    assert "error" in sent("/memory", line="x", directory="relative")


def test_the_best_match_is_the_one_that_people_mean() -> None:
    paths = ["docs/readme.md", "src/server/route.py", "src/routes/server.py", "tests/test_server.py", "a/sxexrxver"]
    assert fuzzy.best("server", paths, 9)[0] == "src/routes/server.py"
    assert fuzzy.best("srvroute", paths, 9) == ["src/server/route.py"]
    assert fuzzy.best("zzz", paths, 9) == []
    assert len(fuzzy.best("", paths, 3)) == 3


def git(root: Path, *words: str) -> None:
    subprocess.run(
        ["git", "-c", "user.name=a", "-c", "user.email=b@c", *words], cwd=root, check=True, capture_output=True
    )


def test_the_status_is_gits(gate_server: "LiveServer", project: Path) -> None:
    assert asked(gate_server, "/file/status", directory=project)["is_git"] is False
    git(project, "init", "-qb", "main")
    git(project, "add", ".")
    git(project, "commit", "-qm", "first")
    (project / "src" / "main.py").write_text("other\n")
    (project / "new name.py").write_text("")
    git(project, "mv", "src/maintain.py", "src/kept.py")
    told = asked(gate_server, "/file/status", directory=project)
    assert (told["is_git"], told["branch"], told["is_whole"]) == (True, "main", True)
    assert isinstance(told["changed"], list)
    assert {(each["path"], each["state"], each["was"]) for each in told["changed"]} == {
        ("src/main.py", " M", None), ("new name.py", "??", None), ("src/kept.py", "R ", "src/maintain.py"),
    }  # fmt: skip


@pytest.mark.systems("linux")
def test_a_repository_makes_git_run_nothing_that_leaves_a_trace(gate_server: "LiveServer", project: Path) -> None:
    git(project, "init", "-qb", "main")
    (project / ".gitattributes").write_text("* filter=evil\n")
    trace = project / "trace"
    for key in ("core.fsmonitor", "filter.evil.clean", "filter.evil.process"):
        git(project, "config", key, f"sh -c 'touch {trace}; cat'")
    git(project, "-c", "core.fsmonitor=", "config", "core.hooksPath", str(project))
    (project / "src" / "main.py").write_text("other\n")
    asked(gate_server, "/file/status", directory=project)
    assert not trace.exists()


def test_changes_are_told_and_ignored_ones_are_not(server: "LiveServer", project: Path) -> None:
    with server.stream("GET", f"/file/watch?directory={quote(str(project))}") as frames:
        events = frames.events()
        assert next(events) == {"type": "watch.began", "files": 3, "folders": 2, "is_whole": True}
        time.sleep(0.2)
        (project / "ignored" / "more.py").write_text("")
        (project / "src" / "x.pyc").write_text("")
        (project / "src" / "new.py").write_text("")
        assert next(events)["changes"] == [{"path": "src/new.py", "change": "added"}]
        (project / "src" / "main.py").write_text("changed\n")
        assert next(events)["changes"] == [{"path": "src/main.py", "change": "changed"}]
        (project / "src" / "new.py").unlink()
        assert next(events)["changes"] == [{"path": "src/new.py", "change": "removed"}]
        (project / "lib" / "deep").mkdir(parents=True)
        (project / "lib" / "deep" / "in.py").write_text("")
        seen = [next(events), next(events)]
        assert {"path": "lib/deep/in.py", "change": "added"} in (seen[1].get("changes") or ())  # type: ignore[operator]
        (project / "lib" / "deep" / "in.py").write_text("1")
        assert next(events)["changes"] == [{"path": "lib/deep/in.py", "change": "changed"}]


@pytest.mark.systems("linux", "darwin")
def test_without_git_the_status_is_what_became_of_what_agents_changed(server: "LiveServer", project: Path) -> None:
    root = project.resolve()
    undo = Undo(server.store.parent / "undo")
    (project / "old.txt").write_text("1\n")
    for names in (("old.txt", "new.txt"), ("old.txt", "gone.txt", "src/main.py")):
        kept = undo.change("ses_1", f"call of {names}", root)
        assert isinstance(kept, Keeping)
        kept.keep([root / name for name in names])
        for name in names:
            (root / name).write_text(f"{names}\n")
        kept.finish()
    (project / "src" / "main.py").unlink()
    (project / "gone.txt").unlink()  # It was not there before either.
    told = asked(server, "/file/status", directory=project)
    assert (told["is_git"], told["branch"], told["is_whole"]) == (False, None, True)
    assert isinstance(told["changed"], list)
    assert {(each["path"], each["state"]) for each in told["changed"]} == {
        ("old.txt", " M"), ("new.txt", "??"), ("src/main.py", " D"),
    }  # fmt: skip


def test_the_status_of_a_folder_in_a_repository_is_about_that_folder(gate_server: "LiveServer", project: Path) -> None:
    git(project, "init", "-qb", "main")
    git(project, "add", ".")
    git(project, "commit", "-qm", "first")
    (project / "above.txt").write_text("")
    (project / "src" / "main.py").write_text("other\n")
    told = asked(gate_server, "/file/status", directory=project / "src")
    assert isinstance(told["changed"], list)
    assert [(each["path"], each["state"]) for each in told["changed"]] == [("main.py", " M")]
