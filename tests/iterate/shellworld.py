"""A project, a home and something beside them, and what the rules say of a command there."""

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from iterate.permissions import builtin, shell
from iterate.permissions.judge import Judgement, judge
from iterate.permissions.need import Need
from iterate.permissions.rules import Rule

# Where programs of the system lie on every machine that runs the tests.
PATH = "/usr/local/bin:/usr/bin:/bin"


class World(Struct, frozen=True, kw_only=True):
    """One project."""

    root: Path
    environment: Mapping[str, str]

    def needs(self, text: str) -> tuple[Need, ...]:
        """What a command needs."""
        return shell.needs(text, self.root, self.root, self.environment)

    def judge(self, text: str, *rules: Rule, agent: str = "build", is_trusting: bool = False) -> Judgement:
        """What is done about it."""
        everything = (*builtin.rules(agent), *rules)
        home = self.environment.get("HOME", "")
        return judge(self.needs(text), everything, self.root, home=home, is_trusting=is_trusting)

    def is_grave(self, text: str) -> bool:
        """Whether it asks always."""
        return any(need.is_grave for need in self.needs(text))


def make(base: Path) -> World:
    """A world in a folder of its own."""
    root = base.resolve() / "one" / "project"
    for folder in ("src", "build/deep", ".git/objects", "docs"):
        (root / folder).mkdir(parents=True)
    (root.parent / "other").mkdir()
    (root.parent / "other" / "file").write_text("outside")
    home = base.resolve() / "home"
    (home / "papers").mkdir(parents=True)
    (home / ".bashrc").write_text("x")
    (root / "src" / "a.py").write_text("a = 1\n")
    (root / "src" / "b c.py").write_text("b = 1\n")
    (root / "README.md").write_text("# x\n")
    (root / "script.sh").write_text("echo\n")
    (root / ".env").write_text("KEY=1\n")
    (root / ".git" / "config").write_text("[core]\n\tbare = false\n")
    (root / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    (root / "out").symlink_to(root.parent / "other")
    (root / "leak").symlink_to(root.parent / "other" / "file")
    environment = {
        "HOME": str(home),
        "PATH": PATH,
        "FILE": "src/a.py",
        "SPACED": "a b",
        "EMPTY": "",
        "API_TOKEN": "t",
        "UP": "..",
        "OLDPWD": str(root.parent),
    }
    return World(root=root, environment=environment)
