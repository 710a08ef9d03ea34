"""What requests do with what waits for a person: list it, and give the word. The first one counts."""

from iterate.events import PermissionAsked
from iterate.runtime.asking import Answered, Decided
from iterate.server.problems import BadBody
from iterate.server.route import Call, Context
from iterate.server.shapes import Nothing, PermissionBody, Permissions, QuestionBody, Questions, Taken


class Asked:
    """The permissions and questions of one server."""

    def __init__(self, context: Context) -> None:
        self._runtime = context.runtime
        self._asking = context.runtime.asking

    async def permissions(self, call: Call[Nothing]) -> Permissions:
        """List the permissions that wait."""
        session = call.query.get("session")
        waiting = self._runtime.numbered(self._asking.permissions.list())
        return Permissions(permissions=tuple(each for each in waiting if session in (None, each.session)))

    async def permit(self, call: Call[PermissionBody]) -> Taken:
        """Say whether a call may run."""
        body = call.body
        waiting = self._asking.permissions.find(call.path["id"])
        if waiting is not None:
            _check_patterns(body, waiting)
            _check_files(body, waiting)
        decided = Decided(decision=body.decision, message=body.message, patterns=body.patterns, files=body.files)
        self._asking.permissions.give(call.path["id"], decided)
        return Taken()

    async def questions(self, call: Call[Nothing]) -> Questions:
        """List the questions that wait."""
        session = call.query.get("session")
        waiting = self._runtime.numbered(self._asking.questions.list())
        return Questions(questions=tuple(each for each in waiting if session in (None, each.session)))

    async def answer(self, call: Call[QuestionBody]) -> Taken:
        """Answer questions."""
        answers = call.body.answers
        waiting = self._asking.questions.find(call.path["id"])
        if answers is not None and waiting is not None and len(answers) != len(waiting.questions):
            raise BadBody(f"there are {len(waiting.questions)} questions - at `$.answers`", "send a row for each")
        self._asking.questions.give(call.path["id"], Answered(answers=answers))
        return Taken()


def _check_patterns(body: PermissionBody, asked: PermissionAsked) -> None:
    """What an answer is remembered for is about what was asked, and of a kind that may be remembered."""
    if body.patterns is None:
        return
    if body.decision not in ("session", "always") or not body.patterns:
        raise BadBody("patterns go with session or always, and are at least one - at `$.patterns`", "once has none")
    deeds = {each.partition(" ")[0] for each in asked.patterns}
    for text in body.patterns:
        deed, _, pattern = text.strip().partition(" ")
        if deed not in deeds or not pattern.strip():
            what = f"write {' or '.join(sorted(deeds))}, a space and a pattern" if deeds else "this asks every time"
            raise BadBody(f"{text!r} is no pattern of what was asked - at `$.patterns`", what)


def _check_files(body: PermissionBody, asked: PermissionAsked) -> None:
    """Files to take are some of those asked about, and those that belong together are together."""
    if body.files is None:
        return
    if body.decision == "deny" or not body.files:
        raise BadBody("who takes files allows at least one - at `$.files`", "deny takes none")
    known = {each.path: each.group for each in asked.files}
    for path in body.files:
        if path not in known:
            raise BadBody(f"{path!r} was not asked about - at `$.files`", "take paths of the question's files")
    for group in {known[path] for path in body.files} - {0}:
        together = [path for path, each in known.items() if each == group]
        if left := [path for path in together if path not in body.files]:
            raise BadBody(f"{', '.join(together)} belong together - at `$.files`", f"take {', '.join(left)} as well")
