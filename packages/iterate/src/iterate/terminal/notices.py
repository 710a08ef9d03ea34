"""Telling somebody who looks elsewhere: a notice of the desktop where the terminal shows one, else its bell."""

from iterate.terminal.capabilities import Capabilities

_BELL = "\x07"
_MOST = 200


def notice(title: str, text: str, known: Capabilities) -> str:
    """What makes the terminal tell it; its bell rings where nobody knows whether it shows anything."""
    said, head = _plain(text), _plain(title)
    match known.notice:
        case "osc9":
            return f"\x1b]9;{head}: {said}\x1b\\"
        case "osc99":
            return f"\x1b]99;i=iterate:d=0;{head}\x1b\\\x1b]99;i=iterate:d=1:p=body;{said}\x1b\\"
        case "osc777":
            # Terminals of GNOME show it only where their distribution has added that.
            return f"\x1b]777;notify;{head};{said}\x1b\\{_BELL if known.name == 'vte' else ''}"
        case "bell":
            return _BELL


def _plain(text: str) -> str:
    """Nothing that ends the sequence, or a part of it."""
    return "".join(each if each.isprintable() and each != ";" else " " for each in text)[:_MOST]
