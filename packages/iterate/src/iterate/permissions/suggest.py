"""The pattern that an answer is remembered under: as narrow as it can be and still be of use."""

from iterate.permissions.need import Need
from iterate.permissions.patterns import is_guarded, is_secret

# Commands of which a person means all calls, by how many words name what they do. Whatever starts programs given to
# it is not among them.
BY_WORDS: dict[str, int] = {
    "pytest": 1, "mypy": 1, "pyright": 1, "ruff": 2, "black": 1, "isort": 1, "flake8": 1, "tsc": 1, "eslint": 1,
    "prettier": 1, "jest": 1, "vitest": 1, "rubocop": 1, "mkdir": 1, "touch": 1, "gofmt": 1, "rustfmt": 1,
}  # fmt: skip
BY_SUBCOMMAND: dict[str, frozenset[str]] = {
    "git": frozenset(
        {"add", "commit", "fetch", "pull", "push", "stash", "switch", "merge", "rebase", "tag", "mv", "restore"}
    ),
    "cargo": frozenset({"build", "test", "check", "clippy", "fmt", "doc"}),
    "go": frozenset({"build", "test", "vet", "fmt", "mod"}),
    "npm": frozenset({"test", "ci"}),
    "pnpm": frozenset({"test"}),
    "yarn": frozenset({"test"}),
    "dotnet": frozenset({"build", "test"}),
    "uv": frozenset({"sync", "lock"}),
}  # fmt: skip
RUNNERS = frozenset({"npm", "pnpm", "yarn"})


def lasting_pattern(need: Need, home: str = "") -> str:
    """The pattern for this need; empty where only the very same person can say it again."""
    match need.deed:
        case "bash":
            return _of_command(need)
        case "outside":
            return _of_outside(need.subject, home)
        case "read" | "edit" | "task" | "skill" | "mcp":
            return "" if set("*?<") & set(need.subject) else need.subject
        case "fetch":
            return need.subject.partition("://")[2].split("/", 1)[0].rpartition("@")[2] or need.subject


def _of_command(need: Need) -> str:
    words = need.words
    if not words:
        return ""
    first, second = words[0], words[1] if len(words) > 1 else ""
    if not need.is_opaque:
        if BY_WORDS.get(first) == 1:
            return f"{first} *"
        if second.isidentifier() and (BY_WORDS.get(first) or second in BY_SUBCOMMAND.get(first, ())):
            return f"{first} {second} *"
        if first in RUNNERS and second == "run" and len(words) > 2 and words[2].replace(":", "").isalnum():  # noqa: PLR2004
            return f"{first} run {words[2]} *"
    # As a pattern these would fit more than what was asked for.
    if any(not word or set("*?$`") & set(word) or word != "".join(word.split()) for word in words):
        return ""
    return " ".join(words)


def _of_outside(subject: str, home: str) -> str:
    if set("*?") & set(subject) or not subject.startswith("/"):
        return ""
    folder = subject.rpartition("/")[0]
    is_wide = folder.count("/") < 2 or (home and (home + "/").startswith(folder + "/"))  # noqa: PLR2004
    return subject if is_wide or is_secret(subject) or is_guarded(subject) else f"{folder}/**"
