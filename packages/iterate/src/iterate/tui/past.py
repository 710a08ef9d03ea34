"""What was typed in this folder before, and what is typed now and not sent yet, kept for the next time."""

from typing import TYPE_CHECKING

from iterate.terminal import drafts, history

if TYPE_CHECKING:
    from iterate.tui.program import Conversation


class Past:
    """The history of one folder, and the draft of this program."""

    def __init__(self, program: "Conversation") -> None:
        state, directory = program.here.state, program.directory
        self._program = program
        self._history = history.History(history.file_of(state, directory))
        # The number of the line's last change that is kept, and whether the next one will be.
        self._version = program.editor.version
        self._is_keeping = False
        is_left = False
        for each in drafts.left(state, directory):
            # Where the disk is full, the draft stays for the next program.
            for text in each.texts:
                each.is_kept = self._history.add(text) and each.is_kept
            is_left = True
        self._draft = drafts.Draft(state, directory)
        program.editor.recall.refresh = self._history.fresh
        if is_left:
            program.tell("Up brings back what was not sent the last time")

    def add(self, text: str) -> None:
        """A text was sent: it is no draft any more."""
        self._history.add(text)
        self._program.editor.remembered(text)
        self._keep()

    def keep_soon(self) -> None:
        """What a key changed is kept a moment later, however many follow."""
        if not self._is_keeping and self._version != self._program.editor.version:
            self._is_keeping = True
            self._program.after(drafts.LATEST_S, self._keep)

    def close(self) -> None:
        """The program ends."""
        self._keep()
        self._draft.close()

    def _keep(self) -> None:
        program, self._is_keeping = self._program, False
        self._version = program.editor.version
        waiting = [each.text for each in program.prompts.queue.waiting]
        self._draft.keep([*waiting, program.editor.text], program.session)
