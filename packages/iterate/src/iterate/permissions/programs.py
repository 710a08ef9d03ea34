"""Programs of which it is known that they only look, and the options and operands with which they do more.

A row is there because its manual was read for a way to write a file, start a program or change the system. What is not
here is not known to look.
"""

import re
from collections.abc import Callable, Sequence

from msgspec import Struct

from iterate.permissions.git import look_at as git
from iterate.permissions.words import Word


class Look(Struct, frozen=True, kw_only=True):
    """A command that only looks: the operands that are files, of which it shows what is in them."""

    files: tuple[Word, ...] = ()
    # Another folder that it works in.
    folder: Word | None = None
    # Without a file it reads all that lies in the folder; hidden files may be left out.
    is_deep: bool = False
    has_hidden: bool = True


def look_at(name: str, words: Sequence[Word]) -> Look | None:
    """What the command looks at; None when it is not known to look only."""
    row = TABLE.get(name)
    if row is not None:
        return _searching(name, words, _plain(row, words))
    reader = READERS.get(name)
    if reader is not None:
        return reader(words)
    if name in VERSIONS and [word.value for word in words[1:]] in (["--version"], ["-V"], ["-version"], ["version"]):
        return Look()
    return None


# Where the first word stands that an option of `test` or `printf` would be.
FIRST_OPERAND = 2


def _searching(name: str, words: Sequence[Word], look: Look | None) -> Look | None:
    options = [word.shown for word in words[1:] if word.shown.startswith("-")]
    is_deep = name in ("rg", "ag") or any(re.fullmatch(r"-\w*[rR]\w*|--(?:dereference-)?recursive", o) for o in options)
    if look is None or not is_deep or name not in ("rg", "ag", "grep", "egrep", "fgrep"):
        return look
    shows_hidden = name.endswith("grep") or any(
        re.fullmatch(r"-\w*[u.]\w*|--hidden|--unrestricted", o) for o in options
    )
    return Look(files=look.files, is_deep=True, has_hidden=shows_hidden)


class Row(Struct, frozen=True, kw_only=True):
    """What is known of a program: what its operands are, and which options make it do more.

    files: from which operand on they are files (0: the first); None when none is. most: how many there may be.
    """

    files: int | None = None
    most: int | None = None
    letters: str = ""
    names: tuple[str, ...] = ()
    # Options whose value is a word of its own, and no operand.
    valued: str = ""
    # Options that bring the first operand, such as the -e of grep.
    brings: str = ""
    # Words that are not known may stand among the operands.
    is_open: bool = False


def _plain(row: Row, words: Sequence[Word]) -> Look | None:
    unknown = [number for number, word in enumerate(words) if word.value is None]
    if unknown and (not row.is_open or (row.letters and (unknown[0] < FIRST_OPERAND or any(w.is_many for w in words)))):
        return None
    options, operands, lists = _parted(row, words)
    names = [text[2:].partition("=")[0] for text in options if text.startswith("--")]
    letters = "".join(text[1:] for text in options if not text.startswith("--"))
    if set(letters) & set(row.letters) or any(bad.startswith(name) for bad in row.names for name in names):
        return None
    if row.most is not None and len(operands) > row.most:
        return None
    if row.files is None:
        return Look()
    is_brought = row.brings and (set(letters) & set(row.brings) or {"regexp", "file", "files"} & set(names))
    return Look(files=(*operands[0 if is_brought else row.files :], *lists))


def _parted(row: Row, words: Sequence[Word]) -> tuple[list[str], list[Word], list[Word]]:
    """Options, operands without what is the value of an option, and files that options name."""
    options: list[str] = []
    operands: list[Word] = []
    lists: list[Word] = []
    rest = list(words[1:])
    while rest:
        word = rest.pop(0)
        text = word.shown
        if text == "--":
            return options, operands + rest, lists
        if text == "-" or not text.startswith("-"):
            operands.append(word)
            continue
        options.append(text)
        if not text.startswith("--") and text[-1] in row.valued and rest:
            value = rest.pop(0)
            lists += [value] * (text[-1] == "f" and "f" in row.brings)
    return options, operands, lists


_TEXT = Row(is_open=True)
_FILES = Row(files=0)
_JQ = Row(files=1, letters="Lf", names=("library-path", "from-file", "arg", "args", "slurpfile", "rawfile", "argjson"))
_SORT_NAMES = ("output", "compress-program", "temporary-directory", "files0-from")
_FAMILIES: tuple[tuple[str, Row], ...] = (
    ("echo true false : pwd sleep seq expr exit return break continue basename dirname shift times", _TEXT),
    ("whoami id groups uname nproc uptime locale logname tty users cal", Row()),
    ("which whereis type numfmt factor getconf free pgrep lscpu lsblk tr", Row()),
    (
        "cat wc tac nl od hexdump stat df realpath readlink cmp comm join fold fmt column expand unexpand rev",
        _FILES,
    ),
    ("md5sum sha1sum sha224sum sha256sum sha384sum sha512sum b2sum cksum sum tsort rev", _FILES),
    ("base64 base32", Row(files=0, letters="o", names=("output",))),
    ("jobs", Row(letters="x")),
    ("zcat bzcat lsattr getfacl namei", _FILES),
    ("ls dir", Row(files=0, valued="I")),
    ("test", Row(is_open=True, letters="vR")),
    ("printf", Row(is_open=True, letters="v")),
    ("head", Row(files=0, valued="nc")),
    ("tail", Row(files=0, valued="ncs")),
    ("cut", Row(files=0, valued="dfbc")),
    ("paste", Row(files=0, valued="d")),
    ("du", Row(files=0, valued="dt")),
    ("hostname", Row(most=0, letters="bFy", names=("file",))),
    ("grep egrep fgrep", Row(files=1, valued="efmABC", brings="ef", letters="R", names=("dereference-recursive",))),
    (
        "rg",
        Row(
            files=1,
            valued="efgtTmABCrMEj",
            brings="ef",
            letters="zL",
            names=("pre", "hostname-bin", "search-zip", "follow"),
        ),
    ),
    ("ag", Row(files=1, valued="mABCG", names=("pager", "follow"), letters="zf")),
    ("sort", Row(files=0, valued="ktS", letters="oT", names=_SORT_NAMES)),
    ("uniq", Row(files=0, most=1, valued="fsw")),
    ("diff", Row(files=0, letters="l", names=("paginate",), valued="UCWIx")),
    ("tree", Row(files=0, letters="oR", names=("output",), valued="LIP")),
    ("file", Row(files=0, letters="CzZmf", names=("compile", "uncompress", "magic-file"))),
    ("xxd", Row(files=0, most=1, letters="r", valued="lsc")),
    (
        "fd fdfind",
        Row(
            files=1,
            letters="xXL",
            names=("exec", "exec-batch", "search-path", "base-directory", "follow"),
            valued="edtE",
        ),
    ),
)
TABLE: dict[str, Row] = {name: row for names, row in _FAMILIES for name in names.split()}
# Programs that are asked for their version; with more than that they are not known to look.
VERSIONS = frozenset(
    {
        "python", "python3", "node", "npm", "npx", "pnpm", "yarn", "bun", "deno", "cargo", "rustc", "go", "gcc", "g++",
        "clang", "make", "cmake", "docker", "java", "javac", "ruby", "gem", "git", "uv", "pip", "pip3", "php", "perl",
        "tsc", "ruff", "mypy", "pytest", "black", "kubectl", "helm", "terraform", "gh",
    }
)  # fmt: skip


def _find(words: Sequence[Word]) -> Look | None:
    texts = [word.value for word in words[1:]]
    if any(text is None for text in texts):
        return None
    acts = re.compile(r"-(?:exec|execdir|ok|okdir|delete|fls|fprint\w*|files0-from)$")
    if any(acts.match(text or "") for text in texts):
        return None
    starts = []
    for word in words[1:]:
        text = word.value or ""
        if text in ("-L", "-P", "-H") or text.startswith(("-O", "-D")):
            continue
        if text.startswith("-") or text in ("(", "!", ")", ","):
            break
        starts.append(word)
    return Look(files=tuple(starts))


_SED = re.compile(
    r"(?:(?:\d+|\$|/[^/\\]*/)(?:,(?:\d+|\$|\+\d+|/[^/\\]*/))?\s*)?!?\s*"
    r"(?:[pdq=]|s([/|,#@])(?:\\.|(?!\1)[^\\\n])*\1(?:\\[^\n]|(?!\1)[^\\\n])*\1[gpIi\d]*)"
)


def _sed(words: Sequence[Word]) -> Look | None:
    scripts: list[str] = []
    files: list[Word] = []
    rest = list(words[1:])
    has_script = False
    while rest:
        word = rest.pop(0)
        text = word.value
        if text is None or text.startswith("--"):
            return None
        if re.fullmatch(r"-[nErszu]*", text) and text != "-":
            continue
        if re.fullmatch(r"-[nErszu]*e", text) and rest:
            has_script = True
            scripts.append(rest.pop(0).value or "w")
        elif text.startswith("-") and text != "-":
            return None
        else:
            files.append(word)
    if not has_script and files:
        scripts.append(files.pop(0).value or "w")
    for script in scripts:
        # In brackets a delimiter delimits nothing, so that what looks like two commands may be one that writes.
        if "[" in script and re.search(r"[;\n]", script):
            return None
        if not all(_SED.fullmatch(part.strip()) for part in re.split(r"[;\n]", script) if part.strip()):
            return None
    return Look(files=tuple(files)) if scripts else None


def _awk(words: Sequence[Word]) -> Look | None:
    rest = list(words[1:])
    while rest and (rest[0].shown.startswith(("-F", "-v"))):
        if rest.pop(0).shown in ("-F", "-v") and rest:
            rest.pop(0)
    if not rest or any(word.value is None for word in rest) or rest[0].shown.startswith("-"):
        return None
    # Its texts are not taken out: what is a text, a division or an expression there only awk itself knows.
    program = rest[0].shown
    if re.search(r"[|>@]|getline|system|close|fflush|ENVIRON|PROCINFO|SYMTAB|FUNCTAB|ARGV|\bin[pP]lace", program):
        return None
    return Look(files=tuple(word for word in rest[1:] if not re.match(r"[A-Za-z_]\w*=", word.shown)))


def _tar(words: Sequence[Word]) -> Look | None:
    if len(words) < 3 or not re.fullmatch(r"-?(?=\w*t)[tvzjJf]*f", words[1].value or ""):  # noqa: PLR2004
        return None
    if any(word.value is None or word.value.startswith("-") for word in words[2:]) or ":" in words[2].shown:
        return None
    return Look(files=(words[2],))


def _date(words: Sequence[Word]) -> Look | None:
    texts = [word.value or "" for word in words[1:]]
    at = 0
    while at < len(texts):
        if texts[at] in ("-d", "-r"):
            at += 1
        elif not re.fullmatch(r"\+.*|-[uRI]\w*|--(?:utc|universal|date=.*|iso-8601\S*|rfc-\S+)", texts[at], re.DOTALL):
            return None
        at += 1
    return Look()


def _ps(words: Sequence[Word]) -> Look | None:
    # A bare `e` shows the environments of others.
    known = r"aux|ax|-[efAlj]+|-[opuC]|[\w,%=]*,[\w,%=]+|pid|comm|args|\d+"
    return Look() if all(re.fullmatch(known, word.value or "?") for word in words[1:]) else None


def _jq(words: Sequence[Word]) -> Look | None:
    # Its programs can ask for the environment and for other files.
    if any(re.search(r"\benv\b|\bENV\b|\binclude\b|\bimport\b|input_filename", word.shown) for word in words):
        return None
    return _plain(_JQ, words)


def _set(words: Sequence[Word]) -> Look | None:
    texts = [word.value or "?" for word in words[1:]]
    return (
        Look()
        if texts and all(re.fullmatch(r"[-+][euxof]+|pipefail|errexit|nounset|xtrace", text) for text in texts)
        else None
    )


def _assigning(words: Sequence[Word]) -> Look | None:
    names = [word.value or "[" for word in words[1:] if not (word.value or "").startswith("-")]
    is_plain = all(re.fullmatch(r"\w+", name) for name in names)
    is_odd = any(name in ("PATH", "IFS", "HOME", "ENV") or name.startswith(("LD_", "BASH", "GIT_")) for name in names)
    return Look() if is_plain and not is_odd else None


def _command(words: Sequence[Word]) -> Look | None:
    return Look() if len(words) > 1 and words[1].value in ("-v", "-V") else None


def _strings(words: Sequence[Word]) -> Look | None:
    # It takes more words from a file behind an @.
    return None if any(word.head.startswith("@") for word in words[1:]) else _plain(_FILES, words)


READERS: dict[str, Callable[[Sequence[Word]], Look | None]] = {
    "strings": _strings,
    "find": _find,
    "sed": _sed,
    "awk": _awk,
    "gawk": _awk,
    "mawk": _awk,
    "tar": _tar,
    "date": _date,
    "jq": _jq,
    "ps": _ps,
    "set": _set,
    "read": _assigning,
    "wait": _assigning,
    "command": _command,
    "git": lambda words: None if (found := git(words)) is None else Look(files=found.files, folder=found.folder),
}
