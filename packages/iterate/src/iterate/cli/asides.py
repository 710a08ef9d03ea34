"""What a conversation in lines of words does beside prompts: a line for the shell, a note, the keys, the rules."""

import os
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from iterate import interrupts
from iterate.errors import UsageError
from iterate.heard import Heard
from iterate.terminal import rows, screen

if TYPE_CHECKING:
    from iterate.cli.talk import Talk
    from iterate.client import Body
    from iterate.tui.shell import Output

_ROOM = 80
_LINES = (
    "Enter sends the line; \\ at its end begins another one.\n"
    "Ctrl-C throws the line away, or ends the answer; pressed twice it leaves. Ctrl-D leaves.\n"
    "A question is answered by its number or letter, and Enter.\n"
    "The terminal itself edits the line. Without --plain these keys are in force:\n"
)


def shell(talk: "Talk", text: str) -> None:
    """Run a line as `!` does elsewhere: what it prints is shown as it comes, and goes along with the next prompt."""
    from iterate.cli.options import workspace
    from iterate.talk import Talk as Socket
    from iterate.tui import shell as shells

    is_shown = not text.startswith("!")
    line = text.lstrip("!").strip()
    if not line:
        raise UsageError("! runs what stands behind it", "such as !make test")
    where = {**workspace()._asdict(), "directory": talk.directory}
    client = talk.client()
    begun = Heard("", "", client.call("POST", "/pty", shells.body(where, line)))
    socket = Socket(client.server, f"/pty/{begun.word('id')}/connect")
    reader, writer = os.pipe()
    output, printed = shells.Output(), _Printed()

    def take(data: bytes) -> None:
        output.take(data)
        printed.show(output)

    def stop() -> None:
        socket.send(b"\x03")

    try:
        with interrupts.Calling(stop, stays=True):
            reason = shells.follow(socket, reader, printed.waiting, take)
    finally:
        socket.close()
        os.close(reader)
        os.close(writer)
    printed.end(output)
    code = shells.coded(reason)
    talk.say(f"exit {code}" + ("; what it printed goes to the model with the next prompt" if is_shown else ""))
    if is_shown:
        talk.added.append(shells.told(line, output.lines(), code, output.lost))


class _Printed:
    """How much of an output was shown."""

    def __init__(self) -> None:
        from collections import deque

        # Nothing is typed into it.
        self.waiting: deque[bytes] = deque()
        self._count = 0

    def show(self, output: "Output") -> None:
        """Its lines that are whole since."""
        lines = output.whole()
        new = lines[max(0, self._count - output.lost) :]
        self._count = output.lost + len(lines)
        screen.show("".join(f"{rows.plain((rows.span(each),))}\n" for each in new))

    def end(self, output: "Output") -> None:
        """What stands behind the last line end."""
        for each in output.lines()[len(output.whole()) :]:
            screen.show(f"{rows.plain((rows.span(each),))}\n")


def note(talk: "Talk", text: str) -> bool:
    """Keep a line for every agent, where the person says; False where it is to be a prompt."""
    line = text.strip()
    client = talk.client()
    where = urlencode({"directory": talk.directory})
    found = Heard("", "", client.call("GET", f"/memory?{where}")).rows("memories")
    for number, each in enumerate(found, 1):
        talk.say(f"{number}: {each.word('where')}, {each.word('file')}")
    talk.say(f"{len(found) + 1}: nowhere, it is a prompt")
    said = (talk.ask("keep it where? a number, or Enter for nowhere at all: ") or "").strip()
    if said == str(len(found) + 1):
        return False
    if not (said.isascii() and said.isdigit() and 1 <= int(said) <= len(found)):
        talk.say("nothing is kept")
        return True
    body: Body = {"line": line, "directory": talk.directory, "where": found[int(said) - 1].word("where")}
    kept = client.call("POST", "/memory", body)
    talk.kept = {**kept, "directory": talk.directory, "where": body["where"]}
    talk.say(f"kept in {Heard('', '', kept).word('file')}; /memory undo takes it back")
    return True


def memory(talk: "Talk", rest: str) -> None:
    """The files of notes, or the last note taken back."""
    client = talk.client()
    if rest == "undo":
        if talk.kept is None:
            raise UsageError("no note was kept since the start", "/memory shows what the files say")
        kept, talk.kept = talk.kept, None
        client.call("POST", "/memory/undo", kept)
        talk.say(f"taken back from {kept.get('file')}")
        return
    where = urlencode({"directory": talk.directory})
    for each in Heard("", "", client.call("GET", f"/memory?{where}")).rows("memories"):
        talk.say(f"{each.word('file')}:")
        talk.say(rows.plain((rows.span(each.word("end")),)))


def keys(_talk: "Talk", _rest: str) -> None:
    """What keys do here, and elsewhere."""
    from iterate.config import looks
    from iterate.terminal import keymap
    from iterate.tui import helping

    found = looks.hands()
    sound = keymap.sound(found.own, found.leader)
    bound = helping.bound(keymap.Keymap(sound.own, sound.leader), _ROOM)
    screen.show(_LINES + "".join(f"not in force: {each}\n" for each in sound.problems))
    screen.show("".join(f"{rows.plain(each).rstrip()}\n" for each in bound))


def permissions(talk: "Talk", rest: str) -> None:
    """The rules in force, with numbers; `forget` and a number takes one back."""
    from iterate.tui import rule_list

    client = talk.client()
    here = "?" + urlencode({"directory": talk.directory})
    agent = f"&{urlencode({'agent': talk.agent})}" if talk.agent else ""
    found = Heard("", "", client.call("GET", f"/permission/rule{here}{agent}")).rows("rules")
    verb, _, number = rest.partition(" ")
    if verb == "forget":
        place = int(number) if number.isascii() and number.isdigit() else 0
        if not 1 <= place <= len(found) or found[place - 1].word("source") != rule_list.REMEMBERED:
            raise UsageError(f"{number or 'nothing'!r} is no rule that was always allowed", "/permissions lists them")
        client.call("DELETE", rule_list.forgetting(here, found[place - 1]))
        talk.say(f"forgotten: {rule_list.words(found[place - 1])}")
        return
    for place, each in enumerate(found, 1):
        talk.say(f"{place}: {rule_list.words(each)}, {each.word('source')} {each.word('file')}".rstrip())
    talk.say("/permissions forget NUMBER takes back one that is there for always")
