"""The message of a prompt: the words of the command line or standard input, never more than a prompt may have."""

import errno
import re
import select
import sys
from typing import BinaryIO, TextIO, override

import click

from iterate import settings
from iterate.errors import UsageError

# As much as the server takes in one request. More is not read, however much comes.
LIMIT_BYTES = settings.TEXT_LIMIT_BYTES

# What can be an option: -x, --word, --word=any value. Whatever else begins with a dash is text, such as a list
# (`- one`), a rule (`---`), an arrow (`-->`), a number (`-5`) or a sentence in quotes (`"--force does what?"`).
_OPTION = re.compile(r"--?[A-Za-z]\S*|--[A-Za-z][\w-]*=.*", re.DOTALL)


def read(words: tuple[str, ...]) -> str:
    """The words joined, or standard input for `-` and for no word at all; raises `UsageError`."""
    text = " ".join(words)
    if text == "-" or (not words and sys.stdin is not None and not sys.stdin.isatty()):
        text = _decoded(sys.stdin)
    if not text.strip():
        raise UsageError("there is no message to send", 'iterate run "hello" sends one')
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise UsageError("the message is not UTF-8 text", "check the locale of your terminal")
    return text


def _decoded(source: TextIO | None) -> str:
    if source is None:
        raise _closed()
    try:
        return _bounded(source.buffer).decode()
    except UnicodeDecodeError as problem:
        raise UsageError("standard input is not UTF-8 text", "pipe text, not a binary file") from problem
    except OSError as problem:
        if problem.errno == errno.EBADF:
            raise _closed() from problem
        raise UsageError(f"standard input cannot be read: {problem.strerror}", "pipe text, or a file") from problem


def _closed() -> UsageError:
    # The interpreter does not start with a folder as standard input; a compiled program closes it before.
    return UsageError("standard input is closed, or a folder", 'iterate run "hello" needs none')


def _bounded(source: BinaryIO) -> bytes:
    content = bytearray()
    while len(content) <= LIMIT_BYTES and (part := _part(source, LIMIT_BYTES + 1 - len(content))) != b"":
        if part is None:
            select.select([source], [], [])
        else:
            content += part
    if len(content) > LIMIT_BYTES:
        raise UsageError(
            f"the message is larger than {LIMIT_BYTES} bytes", "send less, or name the file in the message"
        )
    return bytes(content)


def _part(source: BinaryIO, size: int) -> bytes | None:
    """What has come; None when nothing has and more may, because another program set the pipe not to wait."""
    return source.read(size)


class MessageCommand(click.Command):
    """A command whose words are text: those that begin with a dash and cannot be an option need no `--`."""

    @override
    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the words behind a `--` when click would take one of them for an option."""
        return super().parse_args(ctx, self._sorted(ctx, args))

    def _sorted(self, ctx: click.Context, args: list[str]) -> list[str]:
        """The options first, then `--` and the words; as they are when no word begins with a dash."""
        with_value = {
            name
            for one in self.get_params(ctx)
            if isinstance(one, click.Option) and not one.is_flag
            for name in one.opts
        }
        options: list[str] = []
        words: list[str] = []
        rest = list(args)
        while rest and rest[0] != "--":
            word = rest.pop(0)
            if not _OPTION.fullmatch(word):
                words.append(word)
                continue
            options.append(word)
            if word in with_value and rest:
                options.append(rest.pop(0))
        if not any(word.startswith("-") and word != "-" for word in words):
            return args
        return [*options, "--", *words, *rest[1:]]
