"""Whether a pattern fits what a call would do, and how exactly it says so.

Paths: `*` alone fits everything; a pattern without `/` fits the last name at any depth, as in a .gitignore; one with
`/` fits from the project's folder on, where `**` stands for any number of folders. One that begins with `/`, `~/` or
a drive is for paths outside the project. Commands: words, where `*` as the last one stands for any rest, none
included. Addresses: a host or `*.host`, with a scheme and a path where they matter. All else: one word with `*`.
"""

import re
from functools import lru_cache

from iterate.permissions.need import Need
from iterate.permissions.wildcards import Wildcards

# Files that hold keys and passwords.
SECRETS = (
    ".env", ".env.*", "*.env", ".envrc", "*.pem", "*.key", "*.p12", "*.pfx", "*.jks", "*.keystore", "*.kdbx", "*.ppk",
    "id_rsa*", "id_dsa*", "id_ecdsa*", "id_ed25519*", ".netrc", "_netrc", ".npmrc", ".pypirc", ".pgpass", ".htpasswd",
    ".git-credentials", "credentials", "credentials.json", "credentials.toml", "credentials.yml", "credentials.yaml",
    "secrets.json", "secrets.toml", "secrets.yml", "secrets.yaml", "service-account*.json", "*.tfstate",
    "*.tfstate.backup", "terraform.tfvars", "auth.json", ".dockercfg", "kubeconfig", "master.key",
    "**/.ssh/**", "**/.aws/**", "**/.gnupg/**", "**/.kube/**", "**/.docker/config.json", "**/.config/gcloud/**",
    "**/.azure/**", "**/.password-store/**",
)  # fmt: skip
# What is shown to everybody, although its name looks like a secret.
OPEN = (".env.example", ".env.sample", ".env.template", ".env.dist", "*.pub")
# Files that other programs obey by themselves: whoever writes one has something run later, outside any sandbox.
GUARDED = (
    "**/.git/**", ".git", "**/.hg/**", "**/.svn/**", "**/.iterate/**", "**/.vscode/**", "**/.idea/**",
    "**/.cursor/**", "**/.claude/**", "**/.devcontainer/**", "**/.husky/**", "**/.githooks/**", ".envrc",
    ".pre-commit-config.yaml", ".gitmodules", ".npmrc", ".yarnrc.yml", ".bashrc", ".bash_profile", ".bash_login",
    ".profile", ".zshrc", ".zshenv", ".zprofile", ".gitconfig", ".mcp.json", ".netrc", "**/.ssh/**", "**/.gnupg/**",
    "**/.aws/**", "**/.kube/**", "**/.config/autostart/**", "**/.config/systemd/**", "**/.config/fish/**",
    "**/.config/git/**", "**/Library/LaunchAgents/**",
)  # fmt: skip
# Names of sets, which stand where a pattern stands.
LOOKS, CHANGES, SECRET, GUARD = "<looks>", "<changes>", "<secrets>", "<guarded>"
# Where programs of the system lie: `/usr/bin/git` is `git`, `./git` is not.
SYSTEM = ("/bin/", "/usr/bin/", "/usr/local/bin/", "/sbin/", "/usr/sbin/", "/opt/homebrew/bin/")


def fits(pattern: str, need: Need, *, is_strict: bool, home: str = "") -> bool:
    """Whether the pattern fits; `is_strict` is for what denies or asks, which overlooks case and folders."""
    match need.deed:
        case "bash":
            return _fits_command(pattern, need, is_strict=is_strict)
        case "read" | "edit" | "outside":
            return _fits_file(pattern, need, is_strict=is_strict, home=home)
        case "fetch":
            return _fits_address(pattern, need.subject, is_strict=is_strict)
        case "mcp" | "task" | "skill":
            return _word(pattern, is_strict=is_strict).fullmatch(need.subject) is not None


def is_secret(subject: str) -> bool:
    """Whether a file of that path holds keys or passwords, by its name."""
    # A variable of the environment is written with its `$`.
    return subject.startswith("$") or (_is_one(subject, SECRETS) and not _is_one(subject, OPEN))


def is_guarded(subject: str) -> bool:
    """Whether other programs obey a file of that path."""
    return _is_one(subject, GUARDED)


def exactness(pattern: str) -> tuple[int, int]:
    """How much a pattern says: of two that fit, the larger one says more."""
    if pattern == "*":
        return (0, 0)
    if pattern.startswith("<"):
        return (1, 0)
    literal = len(re.sub(r"\*+", "", pattern))
    return (3 if "*" not in pattern and "?" not in pattern else 2, literal)


def _is_one(subject: str, patterns: tuple[str, ...]) -> bool:
    return _any(patterns).fullmatch(fold(subject)) is not None


@lru_cache(maxsize=8)
def _any(patterns: tuple[str, ...]) -> re.Pattern[str]:
    """One expression for all: a search asks for each file that it found."""
    return re.compile("|".join(f"(?:{_path(each, is_strict=True).expression})" for each in patterns), re.DOTALL)


def _fits_file(pattern: str, need: Need, *, is_strict: bool, home: str) -> bool:
    subject = need.subject
    if pattern == SECRET:
        return is_secret(subject)
    if pattern == GUARD:
        return is_guarded(subject)
    is_absolute = subject.startswith(("/", "~")) or subject[1:3] == ":/"
    if pattern == "*":
        # An edit outside needs a word of its own: that everything here may be changed says nothing of it.
        is_fit = need.deed == "outside" or is_strict or not is_absolute
    else:
        expanded = home.rstrip("/") + pattern[1:] if home and pattern.startswith("~/") else pattern
        is_elsewhere = expanded.startswith("/") or expanded[1:3] == ":/"
        if need.deed != "outside" and is_absolute != is_elsewhere and not is_strict:
            return False
        text = fold(subject) if is_strict else subject
        is_fit = _path(expanded, is_strict=is_strict).fits(text)
    if is_strict or not _is_wide(pattern):
        return is_fit
    is_special = {"read": is_secret, "edit": is_guarded}.get(need.deed)
    return is_fit and not (is_special and is_special(subject))


def _is_wide(pattern: str) -> bool:
    """Whether the last part of a pattern is a wildcard alone, which reaches no secret."""
    return pattern.rsplit("/", 1)[-1] in {"*", "**"}


def _fits_command(pattern: str, need: Need, *, is_strict: bool) -> bool:
    if pattern == "*":
        return True
    if pattern in (LOOKS, CHANGES):
        return need.is_look == (pattern == LOOKS)
    wanted = pattern.split()
    words = list(need.words) or need.subject.split()
    if need.is_opaque and not is_strict and wanted[-1:] == ["*"]:
        return False
    spellings = [words]
    if words and words[0].startswith(SYSTEM):
        spellings.append([words[0].rpartition("/")[2], *words[1:]])
    elif words and is_strict:
        spellings.append([re.split(r"[/\\]", words[0])[-1], *words[1:]])
    if any(_fits_words(wanted, each, is_strict=is_strict) for each in spellings):
        return True
    if is_strict:
        return any(_fits_options(wanted, each) for each in spellings)
    return " ".join(words) == pattern


def is_started_by(pattern: str, need: Need) -> bool:
    """Whether a later word of a command begins what fits: a program that no table knows may start it."""
    wanted, words = pattern.split(), list(need.words)
    return pattern not in ("*", LOOKS, CHANGES) and any(
        _fits_words(wanted, words[at:], is_strict=True) for at in range(1, len(words))
    )


def _fits_options(wanted: list[str], words: list[str]) -> bool:
    """Whether what is denied is there in another order: `rm -rf *` is also `rm -f x -r`."""
    if wanted[-1] != "*" or not words:
        return False
    if words[0].lower() == "git":
        words = words[:1] + _without_global(words[1:])
    asked, options, names = _split(wanted[:-1])
    operands, letters, longs = _split(words)
    return (
        len(operands) >= len(asked)
        and all(_word(one, is_strict=True).fullmatch(other) for one, other in zip(asked, operands, strict=False))
        and options <= letters
        and all(any(name.startswith(long) or long.startswith(f"{name}=") for long in longs) for name in names)
    )


def _without_global(words: list[str]) -> list[str]:
    at = 0
    while at < len(words) and words[at].startswith("-"):
        at += 2 if words[at] in ("-C", "-c", "--git-dir", "--work-tree", "--namespace") else 1
    return words[at:]


def _split(words: list[str]) -> tuple[list[str], set[str], set[str]]:
    """Operands, letters of short options, and long options."""
    operands = [word for word in words if not word.startswith("-")]
    letters = {each for word in words if re.fullmatch(r"-[A-Za-z]+", word) for each in word[1:]}
    return operands, letters, {word for word in words if word.startswith("--") and word != "--"}


def _fits_words(wanted: list[str], words: list[str], *, is_strict: bool) -> bool:
    if wanted[-1] == "*":
        wanted = wanted[:-1]
        if len(words) < len(wanted):
            return False
        words = words[: len(wanted)]
    # A word with a space in it is one word of the command and several of the pattern.
    return len(words) == len(wanted) and all(
        _word(one, is_strict=is_strict).fullmatch(other) for one, other in zip(wanted, words, strict=True)
    )


def _fits_address(pattern: str, subject: str, *, is_strict: bool) -> bool:
    # An address of this machine or its network is allowed by its number only, not in one breath with the internet.
    is_private = subject.startswith("private://")
    if pattern == "*":
        return is_strict or not is_private
    from urllib.parse import urlsplit  # A server that starts has no need of it.

    try:
        asked = urlsplit(subject if "://" in subject else f"https://{subject}")
        wanted = urlsplit(pattern if "://" in pattern else f"//{pattern}")
        has_port = wanted.port is None or wanted.port == asked.port
    except ValueError:
        return False
    host, name = asked.hostname or "", wanted.hostname or ""
    # Programs disagree about such addresses; nobody writes them to be understood.
    if not host or not has_port or re.search(r"[\\\s@]", asked.netloc + asked.path):
        return False
    is_any = name == "*" and (is_strict or not is_private)
    is_host = host.endswith(name[1:]) if name.startswith("*.") else name == host or is_any
    return (
        is_host
        and wanted.scheme in {"", asked.scheme}
        and (wanted.path in {"", "/"} or _path(wanted.path, is_strict=False).fits(asked.path))
    )


@lru_cache(maxsize=2048)
def _path(pattern: str, *, is_strict: bool) -> Wildcards:
    text = fold(pattern) if is_strict else pattern
    if "/" not in text.rstrip("/"):
        text = f"**/{text}"
    if text.endswith("/"):
        text += "**"
    return Wildcards(text.removeprefix("./"))


@lru_cache(maxsize=2048)
def _word(pattern: str, *, is_strict: bool) -> re.Pattern[str]:
    first, *others = (
        "".join("." if each == "?" else re.escape(each) for each in part) for part in re.split(r"\*+", pattern)
    )
    # What stands between two `*` is looked for once, at the first place where it is: another one would give no more.
    between = "".join(f"(?>.*?{part})" for part in others[:-1])
    text = f"{first}{between}.*{others[-1]}" if others else first
    return re.compile(text, re.DOTALL | (re.IGNORECASE if is_strict else 0))


def fold(text: str) -> str:
    """A path as a disk sees it that overlooks case and the way of writing accents."""
    if text.isascii():
        return text.lower()
    import unicodedata

    return unicodedata.normalize("NFC", text).casefold()
