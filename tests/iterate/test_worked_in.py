"""The folder that is worked in: where there is none, nothing is done, and never in another one."""

import os
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path

import pytest

from iterate import settings
from iterate.cli import sending
from iterate.cli.sending import Asked, Where
from iterate.errors import FolderUnusable
from iterate.reach import Wanted
from iterate.settings import Screen
from iterate.terminal.keyboard import Keyboard
from iterate.tui import shell
from iterate.tui.options import Options
from iterate.tui.program import Conversation
from iterate.waiting import Voice

pytestmark = pytest.mark.systems("linux")
HERE = Wanted()
THERE = Wanted(url="http://127.0.0.1:1")


@pytest.fixture(params=["gone", "unnamed"])
def nowhere(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """A folder that no server can be told of, which is the current one."""
    folder = tmp_path / ("gone" if request.param == "gone" else os.fsdecode(b"n\xff"))
    folder.mkdir()
    with chdir(folder):
        if request.param == "gone":
            folder.rmdir()
        yield tmp_path
        os.chdir(tmp_path)


@pytest.mark.parametrize("options", [Options(), Options(is_newest=True), Options(session="ses_1")])
def test_a_conversation_does_not_begin_there(nowhere: Path, options: Options) -> None:
    here = settings.read({"HOME": str(nowhere), "ITERATE_HOME": str(nowhere)})
    with pytest.raises(FolderUnusable, match="folder") as caught:
        Conversation(here, Screen(), Keyboard(0), None, options)
    assert (caught.value.exit_code, "folder" in caught.value.hint) == (18, True)


@pytest.mark.parametrize("where", [Where("", HERE), Where("", HERE, is_newest=True), Where("last", HERE)])
def test_a_prompt_goes_nowhere_before_any_server_is_looked_for(nowhere: Path, where: Where) -> None:
    def none(_text: str) -> None:
        raise AssertionError

    here = settings.read({"HOME": str(nowhere), "ITERATE_HOME": str(nowhere)})
    with pytest.raises(FolderUnusable):
        sending.send(here, Asked("hi", "", {}), where, lambda *_: pytest.fail("was sent"), Voice(none, none))
    assert not [*nowhere.glob("**/server.json")]


@pytest.mark.usefixtures("nowhere")
def test_a_folder_of_another_machine_needs_none_here() -> None:
    assert not Options(session="last").folder(is_elsewhere=True)
    assert Options(directory="/there").folder(is_elsewhere=True) == "/there"


@pytest.mark.usefixtures("nowhere")
def test_one_that_is_named_by_its_whole_path_will_do() -> None:
    assert settings.folder("/srv") == "/srv"
    with pytest.raises(FolderUnusable):
        settings.folder("below")


def test_a_line_for_the_shell_runs_in_no_other_folder() -> None:
    with pytest.raises(FolderUnusable):
        shell.body({"directory": "", "environment": {"HOME": "/home/me"}}, "rm -rf *")
