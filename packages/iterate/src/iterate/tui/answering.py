"""Who answers: the model and the agent, chosen or usual, and the modes that Shift-Tab goes through."""

from typing import TYPE_CHECKING

from iterate.errors import ConfigInvalid, Failure
from iterate.heard import Heard
from iterate.tui import place
from iterate.tui.door import LOST, is_away
from iterate.tui.frame import MARK

if TYPE_CHECKING:
    from iterate.client import Client
    from iterate.tui.contract import Body
    from iterate.tui.program import Conversation

PLAN, BUILD = "plan", "build"
# Between two looks for a server at an address that is away, in seconds; the last one counts for all others.
AWAY_S = (0.3, 1.0, 2.0, 2.0, 5.0, 10.0)
# Columns from which on a mark has room for a mode, and what of its name is always seen.
_MARKED, _NAMED = 12, 4
CARRY_OUT = "Carry out the plan."
HINT = "Enter carries the plan out; or say what is to be different"


class Answering:
    """What is known of who answers, where the person chose nothing."""

    def __init__(self, program: "Conversation") -> None:
        self._program = program
        self._model = place.model(program.here)
        self._agent = ""
        self.modes: list[str] = []
        # The plan agent has ended its answer, so that the plan can be carried out.
        self.has_plan = False
        self._is_welcome = False
        # How often the server at an address was not there, and whether it is looked for again by itself.
        self._tries = 0
        self._is_coming = False

    @property
    def model(self) -> str:
        """The one that answers next, where it is known."""
        return self._program.model or self._model

    @property
    def agent(self) -> str:
        """The same of the agent."""
        return self._program.agent or self._agent

    def look(self) -> None:
        """Ask the server, which is started meanwhile."""
        program = self._program
        directory = program.directory

        def ask(client: "Client") -> "tuple[Body, Body]":
            from iterate.client import quoted

            asked = f"?directory={quoted(directory)}"
            return client.call("GET", f"/agent{asked}"), client.call("GET", f"/config{asked}")

        program.start(lambda: program.door.ask(ask), self._looked, self._not_looked)

    def look_later(self) -> None:
        """The server at an address is away: ask again by itself, at longer and longer intervals."""
        if not self._is_coming:
            self._is_coming = True
            self._program.after(AWAY_S[min(self._tries, len(AWAY_S) - 1)], self._look_again)

    def _look_again(self) -> None:
        self._is_coming = False
        if self._tries or self._program.prompts.queue.is_held:
            self._tries += 1
            self.look()

    def heard(self, model: str, agent: str) -> None:
        """Who answered last in this session, and so does next where nobody else is chosen."""
        self._model, self._agent = model or self._model, agent or self._agent

    def ended(self, event: Heard) -> None:
        """An answer has come to its end."""
        self.has_plan = event.kind == "done" and self._agent == PLAN == self.agent

    def next_mode(self) -> None:
        """The next agent that can be talked with answers from now on."""
        program, modes, now = self._program, self.modes, self.agent
        self.has_plan = False
        if modes:
            program.agent = modes[(modes.index(now) + 1) % len(modes) if now in modes else 0]
        else:
            program.tell("the agents are not known yet")

    def marked(self, room: int) -> str:
        """The mark before the line where there is no row that tells the mode: with the mode, but the usual one."""
        usual = self.modes[0] if self.modes else BUILD
        name = self.agent[: max(_NAMED, room // 4)] if self.agent != usual else ""
        return f"{name}{MARK}" if room >= _MARKED else MARK

    def carry_out(self) -> None:
        """The plan is approved: another agent carries it out."""
        self.has_plan = False
        self._program.agent = BUILD if BUILD in self.modes or not self.modes else self.modes[0]
        self._program.send(CARRY_OUT)

    def _looked(self, told: "tuple[Body, Body]") -> None:
        program = self._program
        agents, config = Heard("", "", told[0]), Heard("", "", told[1]).inner("config")
        program.state = ""
        self._tries = 0
        if program.prompts.queue.is_held and not program.session:
            program.prompts.again()
        program.bottom.config(config)
        self.modes = [each.word("name") for each in agents.rows("agents") if each.word("mode") != "sub"]
        self._agent = self._agent or agents.word("default")
        self._model = self._model or program.here.model or config.word("model")
        if not self.model and not program.session and not self._is_welcome:
            self._is_welcome = True
            from iterate.tui import welcome

            welcome.show(program)

    def _not_looked(self, failure: Failure) -> None:
        program = self._program
        if not is_away(failure):
            is_ours = isinstance(failure, ConfigInvalid)
            program.state = f"{'the settings are refused' if is_ours else 'no server'}: Enter tries again"
            program.fail(failure)
            return
        program.state = LOST
        if not self._tries:
            self._tries = 1
            program.fail(failure)
        self.look_later()
