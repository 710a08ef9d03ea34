"""Prompts on their way: to the session that they were written for, once, and back to the person where refused."""

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

import pytest

from iterate.errors import Failure, ModelMissing, ServerLost, SessionBusy, SessionUnknown, StartFailed, StateUnusable
from iterate.tui.prompts import Prompts

if TYPE_CHECKING:
    from iterate.tui.contract import Body
    from iterate.tui.door import Door
    from iterate.tui.program import Conversation


class Server:
    """A server that keeps what it is asked; what fails there is written down."""

    def __init__(self) -> None:
        self.prompts: list[tuple[str, str, Body]] = []
        self.begun = 0
        self.problem: Failure | None = None
        # There is no server at all.
        self.absence: Failure | None = None
        self.is_elsewhere = True

    def ask(self, question: Callable[["Server"], tuple[str, str]]) -> tuple[str, str]:
        if self.absence is not None:
            raise self.absence
        return question(self)

    def create_session(self, _workspace: object) -> str:
        self.begun += 1
        return f"ses_{self.begun}"

    def prompt(self, session: str, prompt: object) -> str:
        if self.problem is not None:
            raise self.problem
        self.prompts.append((session, getattr(prompt, "text", ""), getattr(prompt, "more", {})))
        return ""

    def call(self, method: str, path: str) -> None:
        self.prompts.append((method, path, {}))


class Talk:
    """A program whose jobs end when a test says so."""

    def __init__(self) -> None:
        self.door = cast("Door", Server())
        self.server = cast("Server", self.door)
        self.session = ""
        self.directory = "/work"
        self.is_answering = False
        self.is_opening = False
        self.jobs: list[Callable[[], None]] = []
        self.told: list[str] = []
        self.failures: list[Failure] = []
        self.back: list[tuple[str, list[Body], Failure]] = []
        self.cancelled: list[str] = []
        self.is_bereft = False
        self.prompts = Prompts(cast("Conversation", self))

    def start(
        self,
        job: Callable[[], tuple[str, str]],
        then: Callable[[tuple[str, str]], None],
        otherwise: Callable[[Failure], None],
    ) -> None:
        def do() -> None:
            try:
                sent = job()
            except Failure as failure:
                otherwise(failure)
            else:
                then(sent)

        self.jobs.append(do)

    def call(self, _method: str, path: str, **_: object) -> None:
        self.cancelled.append(path)

    def tell(self, text: str) -> None:
        self.told.append(text)

    def fail(self, failure: Failure) -> None:
        self.failures.append(failure)

    def refused(self, text: str, files: "tuple[Body, ...]", failure: Failure) -> None:
        self.back.append((text, list(files), failure))

    def begun(self, session: str) -> None:
        self.session = session

    def bereft(self) -> None:
        self.session, self.is_bereft = "", True

    def send(self, text: str) -> None:
        self.prompts.send(text, "", "")

    def do(self) -> None:
        """Whatever is on its way arrives, or does not."""
        jobs, self.jobs = self.jobs, []
        for each in jobs:
            each()

    def hear(self) -> None:
        """The session has the prompt that was sent."""
        sent = self.prompts.queue.sent
        assert sent is not None
        self.prompts.queue.heard(sent.id)

    def open(self, session: str) -> None:
        """Another session is opened."""
        self.prompts.leave(self.prompts.queue.ids)
        self.session = session

    @property
    def texts(self) -> list[tuple[str, str]]:
        return [(session, text) for session, text, _ in self.server.prompts]


def test_a_prompt_that_arrives_after_another_session_was_opened_changes_nothing_there() -> None:
    talk = Talk()
    talk.session = "ses_old"
    talk.send("written for the old one")
    talk.open("ses_new")
    talk.do()
    assert talk.texts == [("ses_old", "written for the old one")]
    assert talk.session == "ses_new"
    # The next one is not held back by it.
    talk.send("for the new one")
    talk.do()
    assert talk.texts[-1] == ("ses_new", "for the new one")


def test_a_first_prompt_that_arrives_late_does_not_open_its_session_over_the_one_that_was_chosen() -> None:
    talk = Talk()
    talk.send("begins a session")
    talk.open("ses_chosen")
    talk.do()
    assert talk.texts == [("ses_1", "begins a session")]
    assert talk.session == "ses_chosen"
    # Nor where nothing is open: a new session was wanted.
    talk.open("")
    talk.send("one")
    talk.open("")
    talk.do()
    assert talk.session == ""


def test_a_prompt_that_is_refused_after_another_session_was_opened_is_told_and_does_not_come_back() -> None:
    talk = Talk()
    talk.session = "ses_old"
    talk.send("old")
    talk.server.problem = SessionBusy("an answer runs")
    talk.open("ses_new")
    talk.do()
    assert [str(each) for each in talk.failures] == ["an answer runs"]
    assert (talk.back, talk.is_answering, talk.prompts.queue.waiting) == ([], False, [])


def test_what_waits_for_one_session_is_not_sent_to_the_next_and_said_so() -> None:
    talk = Talk()
    talk.session, talk.is_answering = "ses_old", True
    talk.send("one")
    talk.send("two")
    talk.open("ses_new")
    talk.is_answering = False
    talk.prompts.pump()
    talk.do()
    assert talk.texts == []
    assert talk.told == ["2 prompts that waited were not sent; Up finds what was typed"]


@pytest.mark.parametrize("problem", [ServerLost("gone"), StartFailed("no room")])
def test_what_does_not_arrive_is_kept_and_sent_again_to_the_session_that_was_begun_for_it(problem: Failure) -> None:
    talk = Talk()
    talk.send("hello")
    talk.server.problem = problem
    talk.do()
    assert [each.text for each in talk.prompts.queue.waiting] == ["hello"]
    assert (talk.failures, talk.back) == ([problem], [])
    talk.server.problem = None
    talk.prompts.again()
    talk.do()
    assert talk.texts == [("ses_1", "hello")]
    assert talk.server.begun == 1


def test_a_prompt_that_found_no_server_is_kept_whatever_the_reason() -> None:
    talk = Talk()
    talk.server.absence = StateUnusable("the folder is none")
    talk.send("hello")
    talk.do()
    assert [each.text for each in talk.prompts.queue.waiting] == ["hello"]
    assert talk.prompts.queue.is_held
    assert talk.back == []


def test_a_prompt_that_is_refused_goes_back_with_what_was_added_and_the_next_one_is_sent() -> None:
    talk = Talk()
    talk.session = "ses_1"
    talk.prompts.send("first", "", "", files=[{"name": "named.txt"}], added=[{"name": "shell.txt"}])
    talk.send("second")
    talk.server.problem = ModelMissing("nothing says which model is to answer")
    talk.do()
    ((text, files, failure),) = talk.back
    assert (text, files) == ("first", [{"name": "shell.txt"}])
    # What to do about it can be done right here.
    assert "/models" in failure.hint
    talk.server.problem = None
    talk.do()
    assert talk.texts == [("ses_1", "second")]


def test_both_kinds_of_files_go_with_a_prompt() -> None:
    talk = Talk()
    talk.session = "ses_1"
    talk.prompts.send("look", "", "", files=[{"name": "named.txt"}], added=[{"name": "shell.txt"}])
    talk.do()
    assert talk.server.prompts[0][2] == {"files": [{"name": "shell.txt"}, {"name": "named.txt"}]}


def test_a_new_session_that_a_prompt_is_refused_in_is_removed() -> None:
    talk = Talk()
    talk.server.problem = ModelMissing("none")
    talk.send("hello")
    talk.do()
    assert talk.texts == [("DELETE", "/session/ses_1")]
    assert talk.session == ""


def test_one_that_somebody_else_was_sooner_than_waits_for_that_answer() -> None:
    talk = Talk()
    talk.session = "ses_1"
    talk.server.problem = SessionBusy("an answer runs")
    talk.send("mine")
    talk.do()
    assert talk.is_answering
    assert [each.text for each in talk.prompts.queue.waiting] == ["mine"]
    assert talk.failures == []


def test_one_for_a_session_that_was_deleted_begins_a_new_one() -> None:
    talk = Talk()
    talk.session = "ses_gone"
    talk.server.problem = SessionUnknown("there is none")
    talk.send("hello")
    talk.do()
    talk.server.problem = None
    talk.do()
    assert talk.is_bereft
    assert talk.texts == [("ses_1", "hello")]


def test_one_that_is_ended_while_it_is_on_its_way_is_ended_when_it_is_there() -> None:
    talk = Talk()
    talk.send("hello")
    talk.prompts.cancel()
    assert talk.cancelled == []
    talk.do()
    assert talk.cancelled == ["/session/ses_1/cancel"]
    talk.hear()
    talk.send("more")
    talk.do()
    assert len(talk.cancelled) == 1
