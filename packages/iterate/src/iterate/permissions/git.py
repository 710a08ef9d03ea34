"""Calls of git that only look; everything else about git that must be known from its words."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec import Struct

from iterate.permissions.words import Word

# Options, of any of the subcommands below, that write a file or start a program. git takes any beginning of a name.
STARTING = (
    "output", "output-directory", "ext-diff", "textconv", "open-files-in-pager", "show-signature", "exec",
    "upload-pack", "receive-pack", "filters", "no-index", "paginate", "interactive", "edit",
)  # fmt: skip
# What a repository's own settings may make these calls start.
PROGRAM_KEYS = re.compile(
    rb"fsmonitor|external|textconv|pager|sshcommand|hookspath|askpass|editor|^\s*\[\s*include"
    rb"|^\s*(?:clean|smudge|process|helper|command|cmd|program|gpg)\s*=|worktree\s*=",
    re.IGNORECASE | re.MULTILINE,
)
LARGEST_CONFIG = 256 * 1024


class Call(Struct, frozen=True, kw_only=True):
    """A call of git: what it does, with which words, in which folder."""

    does: str
    words: tuple[Word, ...]
    folder: Word | None = None
    # Options before the subcommand that change what git is.
    is_bent: bool = False


class Found(Struct, frozen=True, kw_only=True):
    """A call that looks: the operands that name files, and the folder that it works in."""

    files: tuple[Word, ...] = ()
    folder: Word | None = None


def call(words: Sequence[Word]) -> Call | None:
    """The parts of a call; None when what it does is not known."""
    at, folder, is_bent = 1, None, False
    while at < len(words):
        text = words[at].value
        if text is None:
            return None
        if text == "-C" and at + 1 < len(words):
            # Several add up; one is enough to be told.
            is_bent = is_bent or folder is not None
            folder = words[at + 1]
            at += 2
        elif text in ("--no-pager", "-P", "--no-optional-locks", "--literal-pathspecs", "--no-replace-objects"):
            at += 1
        elif text.startswith("-"):
            is_bent = True
            at += (
                2 if text in ("-c", "--git-dir", "--work-tree", "--namespace", "--config-env", "--super-prefix") else 1
            )
        else:
            return Call(does=text, words=tuple(words[at + 1 :]), folder=folder, is_bent=is_bent)
    return Call(does="", words=(), folder=folder, is_bent=is_bent)


def look_at(words: Sequence[Word]) -> Found | None:
    """What a call of git looks at; None when it is not known to look only."""
    found = call(words)
    if found is None or found.is_bent or any(word.value is None for word in found.words):
        return None
    if len(words) == 2 and words[1].value in ("--version", "--help", "-h", "version"):  # noqa: PLR2004
        return Found()
    check = LOOKS.get(found.does)
    texts = [word.value or "" for word in found.words]
    if check is None or any(_starts(text) for text in texts) or not check(texts):
        return None
    return Found(files=_shown(found.words), folder=found.folder)


def starts_programs(folder: Path) -> bool:
    """Whether the settings of the repository around a folder make git start programs; an unreadable file might."""
    for each in (folder, *folder.parents):
        meta = each / ".git"
        if meta.is_file():
            # A worktree or a submodule: its settings lie elsewhere, with those who made it.
            text = meta.read_bytes()[:4096].decode(errors="replace")
            target = text.partition("gitdir:")[2].strip()
            return not target or _has_keys(each / target)
        if meta.is_dir():
            return _has_keys(meta)
        if (each / "HEAD").is_file() and (each / "objects").is_dir():
            # The folder itself is a repository, which anybody could have put into a checkout.
            return True
    return False


def _has_keys(meta: Path) -> bool:
    places = [meta / "config", meta / "config.worktree"]
    if meta.parent.name == "worktrees":
        places.append(meta.parent.parent / "config")
    for place in places:
        try:
            content = place.read_bytes()
        except FileNotFoundError:
            continue
        except OSError:
            return True
        if len(content) > LARGEST_CONFIG or PROGRAM_KEYS.search(content):
            return True
    return False


def _starts(text: str) -> bool:
    if not text.startswith("--") or text == "--":
        return False
    name = text[2:].partition("=")[0]
    return any(bad.startswith(name) for bad in STARTING)


def _shown(words: Sequence[Word]) -> tuple[Word, ...]:
    """Operands that are files: those behind `--`, those that lead out, and what is named inside a commit."""
    made: list[Word] = []
    is_path = False
    for word in words:
        text = word.value or ""
        if text == "--":
            is_path = True
        elif is_path or text.startswith(("/", "~", "../")) or text == "..":
            made.append(word)
        elif ":" in text and not text.startswith("-"):
            made.append(Word(text=word.text, value=text.partition(":")[2] or "."))
    return tuple(made)


def _any(_texts: list[str]) -> bool:
    return True


def _only(*allowed: str) -> Callable[[list[str]], bool]:
    """Whether all words are among these options: no operand, nothing else."""
    known = re.compile("|".join(allowed))
    return lambda texts: all(known.fullmatch(text) for text in texts)


def _first(*allowed: str) -> Callable[[list[str]], bool]:
    return lambda texts: bool(texts) and texts[0] in allowed


def _branch(texts: list[str]) -> bool:
    listing = r"-[avvrlq]+|--all|--list|--remotes|--verbose|--show-current|--(?:no-)?color.*|--sort=.*|--format=.*"
    asks = r"--(?:merged|no-merged|contains|no-contains|points-at)(?:=.*)?"
    if not all(re.fullmatch(rf"{listing}|{asks}|[^-].*", text) for text in texts):
        return False
    names = [text for text in texts if not text.startswith("-")]
    return not names or any(re.fullmatch(r"--list|-[avr]*l[avr]*|" + asks, text) for text in texts)


def _tag(texts: list[str]) -> bool:
    listing = r"-l|--list|-n\d*|--sort=.*|--format=.*|--(?:no-)?(?:contains|merged)(?:=.*)?|[^-].*"
    is_list = texts[:1] in ([], ["-l"], ["--list"], ["-n"])
    return is_list and all(re.fullmatch(listing, text) for text in texts)


def _config(texts: list[str]) -> bool:
    # Of everything (-l) keys may be a part.
    match [text for text in texts if text not in ("--local", "--global", "--system", "--worktree")]:
        case ["--get" | "--get-all" | "get", name]:
            return not re.search(r"token|pass|extraheader|credential", name, re.IGNORECASE)
        case _:
            return False


LOOKS: dict[str, Callable[[list[str]], bool]] = {
    **dict.fromkeys(
        ("status", "log", "diff", "show", "blame", "annotate", "rev-parse", "ls-files", "ls-tree", "describe",
         "shortlog", "rev-list", "name-rev", "merge-base", "check-ignore", "check-attr", "count-objects",
         "for-each-ref",
         "show-ref", "cherry", "whatchanged", "diff-tree", "diff-files", "diff-index", "var", "version", "cat-file",
         "range-diff", "verify-pack"),
        _any,
    ),
    "grep": lambda texts: not any(re.match(r"-[A-Za-z]*O", text) for text in texts),
    "branch": _branch,
    "tag": _tag,
    "remote": _only("-v", "--verbose"),
    "stash": _first("list", "show"),
    "reflog": lambda texts: not texts or texts[0] == "show" or texts[0].startswith(("-", "HEAD")),
    "worktree": _first("list"),
    "submodule": _only("status"),
    "config": _config,
    "bisect": _only("log"),
    "notes": _first("list", "show"),
}  # fmt: skip


def loses(words: Sequence[Word]) -> str:
    """Why a call may lose what nobody else has; empty when it does not."""
    found = call(words)
    if found is None:
        return ""
    texts = [word.shown for word in found.words]
    check = LOSING.get(found.does)
    return (check(texts) if check else "") or ""


def _letters(texts: Sequence[str], wanted: str) -> bool:
    return any(re.fullmatch(rf"-[A-Za-z]*[{wanted}][A-Za-z]*", text) for text in texts)


def _named(texts: Sequence[str], *names: str) -> bool:
    """Whether a long option is there, as a whole or as a beginning that means it."""
    return any(
        name.startswith(text[2:].partition("=")[0]) and len(text) > 3  # noqa: PLR2004
        for text in texts
        if text.startswith("--")
        for name in names
    )


def _push(texts: Sequence[str]) -> str:
    refs = [text for text in texts if not text.startswith("-")]
    is_forced = _letters(texts, "fd") or _named(texts, "force", "force-with-lease", "mirror", "delete", "prune")
    is_forced = is_forced or any(ref.startswith(("+", ":")) for ref in refs)
    return "it overwrites or removes what others have" if is_forced else ""


def _if(why: str, letters: str = "", *names: str) -> Callable[[Sequence[str]], str]:
    return lambda texts: why if (letters and _letters(texts, letters)) or _named(texts, *names) else ""


def _checkout(texts: Sequence[str]) -> str:
    is_lost = _letters(texts, "fB") or _named(texts, "force") or "--" in texts or "." in texts
    return "changes that were not committed are overwritten" if is_lost else ""


def _restore(texts: Sequence[str]) -> str:
    is_index = ("--staged" in texts or "-S" in texts) and "--worktree" not in texts and not _letters(texts, "W")
    return "" if is_index else "changes that were not committed are overwritten"


def _stash(texts: Sequence[str]) -> str:
    return "what was put aside is removed" if texts and texts[0] in ("drop", "clear") else ""


def _worktree(texts: Sequence[str]) -> str:
    return "a working tree is removed" if texts[:1] in (["remove"], ["prune"]) else ""


def _reflog(texts: Sequence[str]) -> str:
    return "the way back is removed" if texts and texts[0] in ("expire", "delete") else ""


def _checkout_index(texts: Sequence[str]) -> str:
    return "changes that were not committed are overwritten" if _letters(texts, "f") or _named(texts, "force") else ""


def _rm(texts: Sequence[str]) -> str:
    is_index = "--cached" in texts or _letters(texts, "n") or "--dry-run" in texts
    is_lost = _letters(texts, "f") or _named(texts, "force") or set(texts) & {".", "*", ":/"}
    return "files are removed with what was not committed of them" if is_lost and not is_index else ""


def _clean(texts: Sequence[str]) -> str:
    # That it wants to be forced is a setting, which may be off.
    return "" if _letters(texts, "n") or _named(texts, "dry-run") else "files that git does not have are removed"


LOSING: dict[str, Callable[[Sequence[str]], str]] = {
    "clean": _clean,
    "rm": _rm,
    "read-tree": _if("changes that were not committed are overwritten", "", "reset"),
    "checkout-index": _checkout_index,
    "reset": _if("changes that were not committed are overwritten", "", "hard", "merge"),
    "push": _push,
    "checkout": _checkout,
    "switch": _if("changes that were not committed are overwritten", "fC", "force", "discard-changes", "force-create"),
    "restore": _restore,
    "stash": _stash,
    "branch": _if("a branch is removed or moved", "DMfd", "delete", "force"),
    "tag": _if("a tag is removed or moved", "df", "delete", "force"),
    "update-ref": _if("a branch is removed", "d", "stdin"),
    "reflog": _reflog,
    "gc": _if("the way back is removed", "", "prune", "aggressive"),
    "prune": lambda _texts: "the way back is removed",
    "filter-branch": lambda _texts: "the history is written anew",
    "filter-repo": lambda _texts: "the history is written anew",
    "worktree": _worktree,
    "remote": lambda texts: "a remote is removed" if texts and texts[0] in ("rm", "remove", "prune") else "",
    "submodule": lambda texts: "a submodule is removed" if texts[:1] == ["deinit"] else "",
}
