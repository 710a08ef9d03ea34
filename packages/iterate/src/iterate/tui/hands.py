"""What the person's keys do: those of the program, of the widget on top, of the line that is typed."""

from typing import TYPE_CHECKING

from iterate.terminal import keymap
from iterate.terminal.keymap import Bound, Chords, Keymap
from iterate.terminal.keys import Key
from iterate.terminal.sequences import Mouse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iterate.config.bindings import Context
    from iterate.settings import Settings
    from iterate.tui.completing import Completing
    from iterate.tui.program import Conversation

INTERRUPTED = 130


class Hands:
    """Keys as they come, read with the bindings of what is on top."""

    def __init__(self, program: "Conversation") -> None:
        self._program = program
        self._chords = Chords(Keymap())
        # Ctrl-C was the last key, so that another one leaves.
        self._is_warned = False
        # What could stand at the cursor; loaded before the first key, or when nobody waits for anything else.
        self.completing: Completing | None = None

    def furnish(self) -> None:
        """What the first frame did without."""
        if self.completing is None:
            from iterate.tui.completing import Completing

            self.completing = Completing(self._program, self._complete)

    def _complete(self, begin: int, end: int, text: str) -> None:
        """Put what was completed into the line."""
        editor = self._program.editor
        editor.cursor = end
        editor.replace(begin, text)

    @property
    def keymap(self) -> Keymap:
        """The bindings in force."""
        return self._chords.keymap

    @property
    def pending(self) -> str:
        """What was pressed of a sequence."""
        return self._chords.pending

    def learn(self) -> None:
        """The person's own keys are in force from now on; what is wrong of them is told, and is not."""
        from iterate.config import looks

        found = looks.hands()
        self._program.editor.use_vi(is_wanted=found.is_vi)
        sound = keymap.sound(found.own, found.leader)
        if found.own or found.leader:
            self._chords = Chords(Keymap(sound.own, sound.leader))
        if found.is_said:
            here = self._program.here
            self._program.work(lambda: slips(here) or sound.problems, self._judged)

    def _judged(self, problems: object) -> None:
        """What is wrong in the person's settings of the screen; told here and nowhere else: no server minds it."""
        from iterate.errors import ConfigInvalid

        if isinstance(problems, list) and problems:
            more = f", and {len(problems) - 1} more" if problems[1:] else ""
            said = f"a setting of yours is not in force: {problems[0]}{more}"
            self._program.fail(ConfigInvalid(said, "mend it: iterate config edit; iterate doctor names all"))
        elif twice := len(self.keymap.conflicts()):
            self._program.tell(f"{twice} {'key is' if twice == 1 else 'keys are'} wanted twice: /keys names them")

    def take(self, key: Key) -> None:
        """One key, or several characters that came together."""
        self.furnish()
        for bound in self._chords.read(key, self._contexts):
            for each in self._uncompleted(bound):
                if self._is_freed(each) or self._leafed(each):
                    continue
                was_warned, self._is_warned = self._is_warned, False
                self._act(each, was_warned=was_warned)
        if self.completing is not None:
            self.completing.look(self._program.editor.typed, self._program.editor.cursor, key.name)

    def _uncompleted(self, bound: Bound) -> "Sequence[Bound]":
        """What is left of a key once what completes the line had it: where it has no use for it, what it is below."""
        if bound.context != "completion" or self.completing is None:
            return (bound,)
        self._chords.forget()
        if self.completing.act(bound.action):
            return ()
        return list(self._chords.read(bound.key, self._below))

    def _contexts(self) -> "Sequence[Context]":
        below = self._below()
        is_line = self._program.top is None and below and not self._program.editor.is_searching
        return ("completion", *below) if is_line and self.completing is not None and self.completing.is_near else below

    def _below(self) -> "Sequence[Context]":
        top, stalls = self._program.top, self._program.scene.stalls
        if top is None and stalls is not None and stalls.leafing.context != "app":
            return (stalls.leafing.context,)
        if top is None:
            return self._program.editor.contexts
        return (top.context, "app") if top.context == "dialog" else (top.context,)

    def _act(self, bound: Bound, *, was_warned: bool) -> None:
        program = self._program
        match bound.action if bound.context == "app" else "":
            case "interrupt":
                self._interrupted(was_warned=was_warned)
            case "suspend":
                program.suspend()
            case "redraw":
                program.scene.wipe()
            case "leave":
                program.leave()
            case _ if any(each.act(bound.action, bound.key) for each in program.widgets):
                pass
            case "stop" if self._stopped(bound):
                pass
            case "next-mode":
                program.answering.next_mode()
            case "queue":
                program.editor.set(program.prompts.queue.take_back() or program.editor.text)
            case action if action and (self._unfolded(action) or self._commanded(action)):
                pass
            case _:
                self._line(bound)

    def _leafed(self, bound: Bound) -> bool:
        """On a screen of its own: whether the key is for the transcript or the panel."""
        program = self._program
        stalls = program.scene.stalls
        if stalls is None or (program.top is not None and bound.key.mouse is None):
            return False
        if program.top is not None and program.top.is_lasting and bound.key.mouse is not None:
            return program.top.act("", _inside(bound.key, bound.key.mouse, stalls.corner))
        if bound.action == "stop" and program.is_busy:
            # What runs is what somebody wants to end; what is marked ends with it.
            stalls.leafing.release()
            return False
        is_free = not program.editor.text and stalls.leafing.context == "app"
        if is_free and bound.key.text in {"n", "N"} and stalls.pages.wanted:
            return stalls.leafing.next(is_back=bound.key.text == "N")
        return stalls.leafing.act(bound.action, bound.key)

    def _is_freed(self, bound: Bound) -> bool:
        """Whether the person took its action from a key of dialogs: it answers nothing there any more."""
        top = self._program.top
        if bound.action or top is None or top.context != "dialog" or not self.keymap.is_freed("dialog", bound.key):
            return False
        from iterate.tui.rewind import Asked  # Where somebody has keys of their own.

        # It has letters of its own, which no binding names.
        return not (isinstance(top, Asked) and bound.key.name == "text")

    def _unfolded(self, action: str) -> bool:
        """In the scrollback, which stays as it is: show below it what was folded last, whole."""
        from iterate.terminal.log import Call, Thought

        story = self._program.scene.story
        if action not in {"open-call", "reasoning"}:
            return False
        found = [] if story is None else story.newest(Call if action == "open-call" else Thought)
        if found:
            self._program.say([*found, ()])
        return bool(found)

    def _stopped(self, bound: Bound) -> bool:
        """Escape: it ends a search or the insert mode of vi, or else the answer that runs."""
        program = self._program
        if program.top is None and program.editor.act("stop", bound.key):
            # Nothing longer begins with it.
            self._chords.forget()
            return True
        if program.is_busy:
            program.prompts.cancel()
        return program.is_busy

    def _commanded(self, action: str) -> bool:
        from iterate.tui import commands

        if self._program.bottom.act(action):
            return True
        return commands.act(self._program, action)

    def _line(self, bound: Bound) -> None:
        program = self._program
        editor, queue = program.editor, program.prompts.queue
        is_empty = editor.is_blank
        match bound.action:
            case "delete-or-leave" if not editor.text:
                program.leave()
            case "up" if not editor.text and queue.waiting:
                editor.set(queue.take_back())
            case "send" if is_empty and program.is_stuck:
                program.again()
            case "send" if is_empty and program.answering.has_plan:
                program.answering.carry_out()
            case _ if editor.act(bound.action, bound.key):
                pass
            case "open-editor":
                program.write_outside()
            case "send":
                program.entered()
            case _:
                pass

    def _interrupted(self, *, was_warned: bool) -> None:
        """Ctrl-C: it clears the line, ends the answer, and pressed twice leaves."""
        program = self._program
        editor, top = program.editor, program.top
        if was_warned:
            program.code = INTERRUPTED if program.is_busy else 0
            program.leave()
        elif top is not None and top.act("interrupt", Key("ctrl+c")):
            pass
        elif top is None and editor.is_searching:
            editor.act("interrupt", Key("ctrl+c"))
        elif top is None and editor.text:
            editor.clear()
        else:
            self._is_warned = True
            program.tell("Ctrl-C again leaves")
            if program.is_busy:
                program.prompts.cancel()


def slips(here: "Settings") -> list[str]:
    """For a thread: what is wrong in the settings of the screen."""
    from iterate import settings
    from iterate.config import layers

    return layers.slips(here, settings.environment())


def _inside(key: Key, mouse: Mouse, corner: tuple[int, int]) -> Key:
    """What the mouse did, as a box sees it that begins there."""
    return key._replace(mouse=mouse._replace(row=mouse.row - corner[0], column=mouse.column - corner[1]))
