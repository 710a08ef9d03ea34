"""What requests do with what waits for a person: list it, and give the word. The first one counts."""

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
        decided = Decided(decision=call.body.decision, message=call.body.message)
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
