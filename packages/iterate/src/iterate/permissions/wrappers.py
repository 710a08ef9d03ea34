"""Commands that start other commands: what is inside them, so that it is judged as if it stood alone."""

import re
from collections.abc import Callable, Sequence
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from iterate.permissions import effects
from iterate.permissions.words import Word, literal, unknown

# Variables that change how a program talks, and nothing of what it does.
HARMLESS = re.compile(
    r"LC_\w+|LANG|LANGUAGE|TZ|NO_COLOR|FORCE_COLOR|CLICOLOR(_FORCE)?|COLUMNS|LINES|CI|NODE_ENV|RUST_BACKTRACE|RUST_LOG"
    r"|PYTHONUNBUFFERED|PYTHONDONTWRITEBYTECODE|PYTHONHASHSEED|DEBIAN_FRONTEND|GOOS|GOARCH|CGO_ENABLED|VERBOSE"
)
SHELLS = frozenset({"sh", "bash", "dash", "zsh", "ksh", "ash", "mksh", "rbash"})


class Inside(Struct, frozen=True, kw_only=True):
    """What a command starts.

    none: nothing but itself. command: another one, judged in its place. also: another one, judged beside it. script:
    a text that a shell reads. opaque: something that cannot be told.
    """

    kind: Literal["none", "command", "also", "script", "opaque"]
    words: tuple[Word, ...] = ()
    more: tuple[tuple[Word, ...], ...] = ()
    script: str = ""
    why: str = ""
    # What is set for it that may change what it does.
    sets: tuple[str, ...] = ()
    # A folder that it is started in.
    folder: Word | None = None


NONE = Inside(kind="none")


def inside(words: Sequence[Word], *, is_fed: bool) -> Inside:
    """What these words start; `is_fed` says whether something is written into their input."""
    name = base(words[0])
    if name in SHELLS:
        return _shell(words, is_fed=is_fed)
    if name in INTERPRETERS:
        return _interpreter(name, words, is_fed=is_fed)
    reader = WRAPPERS.get(name)
    return reader(words) if reader else NONE


def base(word: Word) -> str:
    """The name of a program without its folder and version; empty when it is not known."""
    name = re.split(r"[/\\]", word.value or "")[-1]
    return re.sub(r"^(python|pypy|ruby|perl|lua|node|php|guile|tclsh)-?[\d.]+$", r"\1", name.removesuffix(".exe"))


def _opaque(why: str) -> Inside:
    return Inside(kind="opaque", why=why)


def _skip(words: Sequence[Word], valued: str, flags: str = "", long_valued: Sequence[str] = ()) -> int | None:
    """Where the words after the options begin; None where an option is not known.

    `valued` and `flags` are single letters; long options are known only when they take a value, or have it after `=`.
    """
    at = 1
    while at < len(words):
        text = words[at].value
        if text is None:
            return None if not words[at].head or words[at].head.startswith("-") else at
        if text == "--":
            return at + 1
        if not text.startswith("-") or text == "-":
            return at
        name, separator, _ = text.partition("=")
        if text.startswith("--"):
            step = {True: 1 if separator else 2, False: 1 if name in LONG_FLAGS else 0}[name in long_valued]
        else:
            step = _short(text[1:], valued, flags)
        if not step:
            return None
        at += step
    return at


def _short(letters: str, valued: str, flags: str) -> int:
    """How many words a group of short options takes; 0 where one is not known."""
    for number, letter in enumerate(letters, 1):
        if letter in valued:
            return 1 if number < len(letters) else 2
        if letter not in flags:
            return 0
    return 1


LONG_FLAGS = frozenset(
    {
        "--foreground", "--preserve-status", "--verbose", "--ignore-environment", "--null", "--no-run-if-empty",
        "--exit", "--portability", "--background", "--wait", "--fork", "--ctty", "--interactive",
    }
)  # fmt: skip


def _passed(  # One for each thing that differs.
    valued: str, flags: str = "", long_valued: Sequence[str] = (), operands: int = 0
) -> Callable[[Sequence[Word]], Inside]:
    """A wrapper that changes nothing of what the inner command does."""

    def read(words: Sequence[Word]) -> Inside:
        at = _skip(words, valued, flags, long_valued)
        if at is None:
            return _opaque("its options are not known")
        rest = tuple(words[at + operands :])
        return Inside(kind="command", words=rest) if rest else NONE

    return read


def _nice(words: Sequence[Word]) -> Inside:
    given = [word for number, word in enumerate(words) if number == 0 or not re.fullmatch(r"-\d+", word.value or "")]
    return _passed("n", long_valued=("--adjustment",))(given)


def _env(words: Sequence[Word]) -> Inside:
    if any((word.value or "").startswith(("-S", "--split")) or word.value is None for word in words[1:2]):
        return _opaque("it splits a text into a command")
    at = _skip(words, "uC", "i0v", ("--unset", "--chdir"))
    if at is None:
        return _opaque("its options are not known")
    folder = next((words[n + 1] for n in range(1, at - 1) if words[n].value in ("-C", "--chdir")), None)
    sets = []
    if any((word.value or "").startswith(("-C", "--chdir=")) and word.value != "-C" for word in words[1:at]):
        return _opaque("it starts somewhere else")
    while at < len(words) and "=" in words[at].head:
        name = words[at].head.partition("=")[0]
        if not HARMLESS.fullmatch(name):
            sets.append(name)
        at += 1
    rest = tuple(words[at:])
    if not rest:
        return _opaque("it shows the environment, which may hold keys")
    return Inside(kind="command", words=rest, sets=tuple(sets), folder=folder)


def _command(words: Sequence[Word]) -> Inside:
    if len(words) > 1 and words[1].value in ("-v", "-V"):
        return NONE
    return _passed("", "p")(words)


def _exec(words: Sequence[Word]) -> Inside:
    return _passed("a", "cl")(words)


def _time(words: Sequence[Word]) -> Inside:
    if any((word.value or "").startswith(("-o", "--output", "-a")) for word in words[1:4]):
        return _opaque("it writes a file")
    return _passed("f", "pvq", ("--format",))(words)


def _also(valued: str, flags: str, long_valued: Sequence[str] = ()) -> Callable[[Sequence[Word]], Inside]:
    """A wrapper that matters itself: another user, another machine."""

    def read(words: Sequence[Word]) -> Inside:
        at = _skip(words, valued, flags, long_valued)
        if at is None:
            return _opaque("its options are not known")
        rest = list(words[at:])
        while rest and re.match(r"[A-Za-z_]\w*=", rest[0].head):
            rest.pop(0)
        return Inside(kind="also", words=tuple(rest), why="it acts as somebody else")

    return read


def _xargs(words: Sequence[Word]) -> Inside:
    at = _skip(words, "aEIdLnPsR", "0rtxpo", ("--max-args", "--max-procs", "--delimiter", "--arg-file", "--replace"))
    if at is None:
        return _opaque("its options are not known")
    marks = [words[n + 1].value or "" for n in range(1, at - 1) if words[n].value == "-I"]
    marks += [(word.value or "")[2:] for word in words[1:at] if (word.value or "").startswith("-I")]
    mark = next((each for each in marks if each), "")
    rest = list(words[at:]) or [literal("echo")]
    if mark:
        inner = tuple(unknown(word.text) if mark in word.shown else word for word in rest)
    else:
        inner = (*rest, unknown("..."))
    return Inside(kind="command", words=inner)


def _find(words: Sequence[Word]) -> Inside:
    """`find ... -exec command {} ;`: the command gets what lies below the folders that are named."""
    starts = []
    for word in words[1:]:
        if (word.value or "").startswith(("-", "(", "!")) and word.value not in ("-L", "-P", "-H"):
            break
        if word.value not in ("-L", "-P", "-H"):
            starts.append(word)
    found: list[tuple[Word, ...]] = []
    rest = list(words[1:])
    while rest:
        word = rest.pop(0)
        if word.value in ("-exec", "-execdir", "-ok", "-okdir"):
            inner: list[Word] = []
            while rest and rest[0].value not in (";", "+"):
                inner.append(rest.pop(0))
            found.append(_placed(inner, _below(words, starts)))
        elif word.value is None and word.is_many:
            # It may be any test or action.
            return _opaque("what it tests and does is not known")
    return Inside(kind="also", more=tuple(found)) if found else NONE


def _fd(words: Sequence[Word]) -> Inside:
    """`fd ... -x command`: the command gets what is found."""
    at = next((n for n, word in enumerate(words) if (word.value or "") in _FD_STARTS), 0)
    if not at:
        return NONE
    end = next((n for n in range(at + 1, len(words)) if words[n].value == ";"), len(words))
    inner = tuple(unknown(word.text) if "{" in word.shown else word for word in words[at + 1 : end])
    if not any("{" in word.shown for word in words[at + 1 : end]):
        inner = (*inner, unknown("..."))
    return Inside(kind="also", more=(inner,)) if len(inner) > 1 else NONE


_FD_STARTS = frozenset({"-x", "-X", "--exec", "--exec-batch"})


def _below(words: Sequence[Word], starts: Sequence[Word]) -> list[Word]:
    """What `{}` stands for: all below the folders, or some of it; where links are followed, nobody knows."""
    texts = [word.shown for word in words]
    if {"-L", "-follow", "-H"} & set(texts):
        return [unknown("{}")]
    is_some = effects.is_some(texts)
    return [replace(word, is_some=is_some) for word in starts or [literal(".")]]


def _placed(inner: Sequence[Word], starts: Sequence[Word]) -> tuple[Word, ...]:
    made: list[Word] = []
    for number, word in enumerate(inner):
        if word.value == "{}" and number:
            made += starts
        elif "{}" in word.shown:
            made.append(unknown(word.text))
        else:
            made.append(word)
    return tuple(made)


def _shell(words: Sequence[Word], *, is_fed: bool) -> Inside:
    at = 1
    while at < len(words) and (text := words[at].value) is not None and re.fullmatch(r"-[a-zA-Z]+|--[a-z]+", text):
        if text.startswith("--"):
            is_known = text in ("--norc", "--noprofile", "--posix", "--login")
        elif "c" in text:
            return _text_of(words, at, text)
        else:
            is_known = re.fullmatch(r"-[eluxvn]+", text) is not None
        if not is_known:
            return _opaque("its options are not known")
        at += 1
    if at < len(words):
        return _opaque("what it runs is not known") if words[at].value is None else NONE
    return _opaque("it runs what it is given" if is_fed else "it is a shell")


def _text_of(words: Sequence[Word], at: int, options: str) -> Inside:
    if not re.fullmatch(r"-[celuxvif]+", options) or at + 1 >= len(words):
        return _opaque("its options are not known")
    script = words[at + 1]
    if script.value is None or script.is_glob:
        return _opaque("the text that it runs is not known")
    return Inside(kind="script", script=script.value)


def _eval(words: Sequence[Word]) -> Inside:
    texts = [word.value for word in words[1:] if not word.is_glob and not word.is_many]
    if len(texts) != len(words) - 1 or any(text is None for text in texts):
        return _opaque("the text that it runs is not known")
    return Inside(kind="script", script=" ".join(text or "" for text in texts).removeprefix("-- "))


def _trap(words: Sequence[Word]) -> Inside:
    words = [word for word in words if word.value != "--"]
    if len(words) < 3 or words[1].value in ("-", "", "-l", "-p"):  # noqa: PLR2004
        return NONE
    if words[1].value is None:
        return _opaque("the text that it runs is not known")
    return Inside(kind="script", script=words[1].value)


def _watch(words: Sequence[Word]) -> Inside:
    at = _skip(words, "nq", "bcdegtwx", ("--interval",))
    texts = [word.value for word in words[at:]] if at is not None else [None]
    if any(text is None for text in texts):
        return _opaque("the text that it runs is not known")
    return Inside(kind="script", script=" ".join(text or "" for text in texts))


# Where programs stand that read a text of their own language, the option that brings it.
INTERPRETERS: dict[str, str] = {
    "python": "c", "pypy": "c", "node": "eprp", "nodejs": "ep", "deno": "", "bun": "e", "perl": "eE", "ruby": "e",
    "php": "rBRE", "lua": "e", "Rscript": "e", "osascript": "e", "pwsh": "c", "powershell": "c", "tclsh": "",
    "guile": "c",
    "julia": "eE", "ipython": "c", "fish": "c", "nu": "c", "groovy": "e", "scala": "e", "elixir": "e",
}  # fmt: skip


def _interpreter(name: str, words: Sequence[Word], *, is_fed: bool) -> Inside:
    letters = INTERPRETERS[name]
    for word in words[1:]:
        text = word.value
        if text is None:
            return _opaque("what it runs is not known")
        if text in ("eval", "repl", "-") or text.lower() in ("--eval", "--print", "-command", "-encodedcommand"):
            return _opaque("it runs a text that no table knows")
        if not text.startswith("-"):
            return NONE
        if re.match(r"--(?:eval|print|import|require|command)", text) or (
            letters and re.match(rf"-[A-Za-z0-9.]*[{letters}]", text) and not text.startswith(("--", "-m"))
        ):
            return _opaque("it runs a text that no table knows")
        if text in ("-m", "-V", "--version", "-v"):
            return NONE
    return _opaque("it runs what it is given" if is_fed else "it reads what it runs from its input")


def _never(why: str) -> Callable[[Sequence[Word]], Inside]:
    return lambda _words: _opaque(why)


WRAPPERS: dict[str, Callable[[Sequence[Word]], Inside]] = {
    "env": _env,
    "command": _command,
    "builtin": _passed(""),
    "exec": _exec,
    "nohup": _passed(""),
    "setsid": _passed("", "cfw"),
    "stdbuf": _passed("ioe", "", ("--input", "--output", "--error")),
    "nice": _nice,
    "ionice": _passed("cn", "t"),
    "timeout": _passed("ks", "v", ("--kill-after", "--signal"), operands=1),
    "gtimeout": _passed("ks", "v", ("--kill-after", "--signal"), operands=1),
    "time": _time,
    "caffeinate": _passed("tw", "dimsu"),
    "busybox": _passed(""),
    "toybox": _passed(""),
    "coproc": _passed(""),
    "xargs": _xargs,
    "gxargs": _xargs,
    "find": _find,
    "gfind": _find,
    "fd": _fd,
    "fdfind": _fd,
    "eval": _eval,
    "trap": _trap,
    "watch": _watch,
    "sudo": _also("ugphCDRTrt", "AbEeHiKklnPSsvV", ("--user", "--group")),
    "doas": _also("uC", "ns"),
    "pkexec": _also("", ""),
    "chroot": _never("it runs in another root"),
    "su": _never("it acts as somebody else"),
    "runuser": _never("it acts as somebody else"),
    "ssh": _never("it runs on another machine"),
    "parallel": _never("it makes commands of texts"),
    "source": _never("what the file holds runs in this shell"),
    ".": _never("what the file holds runs in this shell"),
    "alias": _never("it gives words another meaning"),
    "enable": _never("it loads what the shell is made of"),
    "shopt": _never("it changes how commands are read"),
    "complete": _never("it starts what it is told"),
    "mapfile": _never("it may start what it is told"),
    "readarray": _never("it may start what it is told"),
    "bind": _never("it may start what it is told"),
    "let": _never("names are calculated"),
    "fc": _never("it runs what was run before"),
    "script": _never("it starts a shell"),
    "unshare": _never("it leaves the sandbox"),
    "nsenter": _never("it leaves the sandbox"),
    "ld.so": _never("it starts what it is told"),
    "expect": _never("it starts what it is told"),
    "at": _never("it runs later"),
    "batch": _never("it runs later"),
    "crontab": _never("it runs later"),
    "systemd-run": _never("it runs elsewhere"),
    "gdb": _never("it runs what it is told"),
    "vim": _never("an editor starts what it is told"),
    "vi": _never("an editor starts what it is told"),
    "nvim": _never("an editor starts what it is told"),
    "ex": _never("an editor starts what it is told"),
    "ed": _never("an editor starts what it is told"),
    "emacs": _never("an editor starts what it is told"),
}
