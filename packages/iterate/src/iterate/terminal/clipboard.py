"""Copying to the clipboard of whoever sees the terminal, also over ssh: a sequence that it obeys (OSC 52)."""

from iterate.settings import Emulator

# Terminals take no longer ones (xterm, and hterm before it); in bytes of the text.
MOST_BYTES = 74_994
# GNU screen hands on no longer pieces, in characters of a sequence.
_PIECE = 700


def copied(text: str, of: Emulator) -> str:
    """What puts a text onto the clipboard; empty where that cannot be, or the text is too long."""
    import base64

    content = text.encode(errors="replace")
    if of.name == "linux" or len(content) > MOST_BYTES:
        return ""
    sequence = f"\x1b]52;c;{base64.b64encode(content).decode()}\x07"
    match of.name:
        case "tmux":
            # tmux obeys the first where it is let (set-clipboard on), and hands on the second (allow-passthrough on).
            return f"{sequence}\x1bPtmux;{sequence.replace('\x1b', '\x1b\x1b')}\x1b\\"
        case "screen":
            pieces = [sequence[begin : begin + _PIECE] for begin in range(0, len(sequence), _PIECE)]
            return "".join(f"\x1bP{piece}\x1b\\" for piece in pieces)
        case _:
            return sequence
