"""What the line at the bottom and the side panel are made of: figures, the window, the person's own line."""

from typing import TYPE_CHECKING

from iterate.heard import Heard
from iterate.tui import place, status
from iterate.tui.beneath import Beneath
from iterate.tui.figures import Figures
from iterate.tui.status import Facts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from iterate.terminal.rows import Row
    from iterate.tui.beneath import Stream
    from iterate.tui.contract import Body, Size, Widget
    from iterate.tui.panel import Section, Server
    from iterate.tui.program import Conversation
    from iterate.tui.status_command import StatusCommand

MICRO = 1_000_000
_MINUTE = 60


class Bottom:
    """These of one program."""

    def __init__(self, program: "Conversation") -> None:
        self._program = program
        self.figures = Figures()
        self.beneath = Beneath(program, lambda: self.figures, self._follow)
        self.beneath.hear = self._below
        self.folded: frozenset[Section] = frozenset()
        self.is_hidden = False
        # Whether MCP servers were asked after, which is of use to the panel alone.
        self._has_looked = False
        self.servers: Sequence[Server] = ()
        self._cap = 0
        self._folder = ("", "", "")
        # What fits into a model, by its name; asked for once.
        self._windows: dict[str, int] = {}
        self._command: StatusCommand | None = None

    def furnish(self) -> None:
        """What the first frame did without."""
        of = self._program.scene.of
        if of.status:
            from iterate.tui.status_command import StatusCommand

            self._command = StatusCommand(self._program, of.status, of.status_ms / 1000)

    def config(self, config: Heard) -> None:
        """The settings that count here."""
        cap = config.inner("limits").fields.get("cost_usd")
        self._cap = round(cap * MICRO) if isinstance(cap, int | float) else 0

    def leave(self) -> None:
        """The program ends."""
        if self._command is not None:
            self._command.close()

    def opened(self, session: str) -> None:
        """Another session."""
        self.beneath.close()
        self.figures = Figures(session)

    def take(self, event: Heard, *, is_past: bool = False) -> None:
        """Hear of one event of the session; what is past is in the sum that came with it."""
        self.figures.take(event)
        if event.is_ending and not is_past:
            self._sum_up()
            # The answer may have gone to another branch, and started a server.
            self._folder = ("", "", "")
            if self._has_looked:
                self.look_at_servers()
        if event.kind in {"task", "part", "done", "failed"}:
            self.beneath.look()

    def facts(self) -> Facts:
        """How it stands."""
        program = self._program
        mode, model = program.answerer()
        short, branch = self._where()
        figures = self.figures
        return Facts(
            keys=program.pressed(),
            mode=mode,
            model=model,
            context=figures.context,
            window=self._window(model) if figures.context else 0,
            micro_usd=figures.micro_usd,
            answer_micro_usd=figures.answer_micro_usd,
            cap_micro_usd=self._cap,
            queued=len(program.prompts.queue.waiting),
            asked=program.asking.count if program.asking is not None else 0,
            state=program.state,
            works=self._works(),
            behind=len(shells) if isinstance(shells := program.kept.get("shells"), list) else 0,
            folder=short,
            branch=branch,
            hint=self._hint(),
        )

    def _works(self) -> str:
        """That an answer runs, and how long: looked at as often as what counts seconds is, so not where all waits."""
        program = self._program
        if not program.is_answering or program.waits or program.state:
            return ""
        spent = 0 if program.now.since is None else int(program.clock() - program.now.since)
        minutes = f"{spent // _MINUTE} min " if spent >= _MINUTE else ""
        return f"working {minutes}{spent % _MINUTE} s" if spent else "working"

    def _hint(self) -> str:
        """What Esc would do now, or where help is."""
        program = self._program
        if (top := program.top) is not None:
            return f"{self._leaving(top)} {top.escapes}"
        stop = program.keymap.said("app", "stop")
        stalls, editor = program.scene.stalls, program.editor
        if stalls is not None and stalls.leafing.escapes and (stalls.leafing.context != "app" or not program.is_busy):
            return f"{stop} {stalls.leafing.escapes}"
        if editor.is_searching:
            return f"{stop} ends the search"
        if program.is_offering:
            return "Esc hides these"
        if program.is_busy:
            does = "goes to normal mode" if editor.mode == "insert" else "stops"
            return f"{stop} {does}" if stop else ""
        return "/sessions goes back" if program.now.is_below else "/help"

    def _leaving(self, top: "Widget") -> str:
        """The key that leaves what is on top."""
        return ("" if top.context == "editor" else self._program.keymap.said(top.context, "cancel")) or "Esc"

    def row(self, room: int) -> "Row":
        """The line at the bottom: ours, or what the person's command said last."""
        facts = self.facts()
        if self._command is None:
            return status.row(facts, room)
        self._command.look(facts, session=self._program.session, directory=self._program.directory)
        if not self._command.line or facts.state:
            # What is wrong with the connection is told whatever the command says.
            return status.row(facts, room)
        from iterate.tui import status_command

        has_colour = self._program.scene.of.depth != "none"
        return status_command.beside(facts, self._command.line, room, has_colour=has_colour)

    def width(self, columns: int) -> int:
        """How many columns of a screen the panel takes; 0 where it is hidden or has no room."""
        from iterate.tui import panel

        return 0 if self.is_hidden else panel.width(columns)

    def act(self, action: str) -> bool:
        """Hide the panel, or show it; fold a section, or open it. Whether it was an action for that."""
        if action == "side-panel":
            self.is_hidden = not self.is_hidden
        elif action.startswith("section-"):
            self.fold(int(action.removeprefix("section-")))
        else:
            return False
        self._program.refresh()
        return True

    def panel(self, room: "Size") -> "list[Row]":
        """What stands beside the transcript."""
        from iterate.tui import panel

        if not self._has_looked:
            # Not while something is painted.
            self._has_looked = True
            self._program.after(0.0, self.look_at_servers)
        return panel.panel(panel.seen(self.figures, self.facts(), self.servers), room, self.folded)

    def fold(self, number: int) -> None:
        """Fold a section of the panel, or open it."""
        from iterate.tui import panel

        self.folded = frozenset(panel.turned(self.folded, number))
        self._program.refresh()

    def look_at_servers(self) -> None:
        """Ask how the MCP servers are."""
        from iterate.client import quoted

        path = f"/mcp?directory={quoted(self._program.directory)}"
        self._program.call("GET", path, then=self._served, otherwise=lambda _: None)

    def _where(self) -> tuple[str, str]:
        """The folder as people say it, and its branch."""
        directory = self._program.directory
        if self._folder[0] != directory:
            short = place.short(directory, str(self._program.here.home))
            self._folder = (directory, short, place.branch(directory))
        return self._folder[1:]

    def _served(self, body: "Body") -> None:
        from iterate.tui import panel

        rows = Heard("", "", body).rows("servers")
        self.servers = [panel.Server(each.word("name"), each.word("state"), each.count("tools")) for each in rows]

    def _below(self, event: Heard) -> None:
        """An event of an agent that works for this session."""
        self.figures.take(event)
        self._program.scene.take_below(event, self._program.clock())
        if self._program.asking is not None:
            self._program.asking.take(event)
        self._program.now.stir()

    def _follow(self, session: str, news: "Callable[[Stream], None]") -> "Stream":
        from iterate.tui.link import Following

        return Following(self._program.door, session, "", self._program.post, news)

    def _sum_up(self) -> None:
        """What the session cost with all below, as the server counts it."""
        session = self._program.session or self.figures.session
        figures = self.figures

        def told(body: "Body") -> None:
            cost = Heard("", "", body).inner("session").fields.get("total_cost_micro_usd")
            figures.cost(cost if isinstance(cost, int) else None)

        if session:
            # All of a session is much to read for a sum; its last prompt comes with it.
            path = f"/session/{session}/earlier?prompts=1"
            self._program.call("GET", path, then=told, otherwise=lambda _: None)

    def _window(self, model: str) -> int:
        if model and model not in self._windows:
            self._windows[model] = 0

            def told(body: "Body") -> None:
                rows = Heard("", "", body).rows("models")
                self._windows |= {each.word("name"): each.count("window") for each in rows}

            from iterate.client import quoted

            path = f"/model?directory={quoted(self._program.directory)}"
            self._program.call("GET", path, then=told, otherwise=lambda _: None)
        return self._windows.get(model, 0)
