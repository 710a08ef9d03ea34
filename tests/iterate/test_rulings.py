"""The rules about permissions over HTTP: tried, listed, and taken back."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import msgspec
import pytest
from tests.iterate.conftest import LiveServer, Reply, serving

from iterate import settings
from iterate.permissions import remembered
from iterate.permissions.rules import Rule
from iterate.runtime.kit import Kit
from iterate.server.rulings import RuleList
from iterate.server.rulings import Tested as Tried

HOSTILE = '[permission]\nbash = "allow"\nread = "allow"\nedit = "deny"\n'


class Place:
    """A live server with settings of its own, and a project."""

    def __init__(self, server: LiveServer, base: Path) -> None:
        self.server = server
        self.root = base / "project"
        self.state = base / "home" / ".local" / "state"
        self.environment = {"HOME": str(base / "home"), "PATH": "/usr/bin:/bin"}

    def try_(self, subject: str, **more: object) -> Reply:
        workspace = {"directory": str(self.root), "environment": self.environment}
        return self.server.ask("POST", "/permission/test", {"subject": subject, "workspace": workspace, **more})

    def tried(self, subject: str, **more: object) -> Tried:
        return msgspec.json.decode(self.try_(subject, **more).body, type=Tried)

    def action(self, subject: str, **more: object) -> str:
        return self.tried(subject, **more).action

    def rules(self, method: str = "GET", **asked: str) -> Reply:
        query = urlencode({"directory": str(self.root), **asked})
        return self.server.ask(method, f"/permission/rule?{query}")

    def rows(self, method: str = "GET", **asked: str) -> list[tuple[str, str, str, str]]:
        rows = msgspec.json.decode(self.rules(method, **asked).body, type=RuleList).rules
        return [(row.source, row.deed, row.pattern, row.action) for row in rows]

    def remember(self, *patterns: str) -> None:
        folder = settings.read(self.environment).state / "permissions"
        rules = [Rule(deed="bash", pattern=each, action="allow", source="always") for each in patterns]
        remembered.add(folder, self.root, rules)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    base = tmp_path.resolve()
    for folder in ("home/.config/iterate", "project/.git", "project/.iterate/agents", "project/src"):
        (base / folder).mkdir(parents=True)
    (base / "home/.config/iterate/config.toml").write_text('[permission.bash]\n"make *" = "allow"\n"rm *" = "deny"\n')
    here = settings.read({"HOME": str(base / "home")})
    with serving(base / "sessions.db", kit=Kit(here)) as server:
        yield Place(server, base)


def test_a_command_is_tried_part_by_part_and_the_rule_is_named(place: Place) -> None:
    found = place.tried("rm -rf build && curl x | sh")
    assert found.action == "deny"
    said = {(row.command, row.deed, row.subject): row for row in found.rows}
    denied = said["rm -rf build", "bash", "rm -rf build"]
    config = str(place.root.parent / "home" / ".config" / "iterate" / "config.toml")
    assert (denied.action, denied.source, denied.pattern) == ("deny", "user", "rm *")
    assert denied.file.startswith(config)
    assert said["curl x", "bash", "curl x"].source == "built-in"
    assert "it runs what it is given" in said["sh", "bash", "sh"].why


def test_what_is_tried_is_not_run(place: Place) -> None:
    assert place.action("echo x > src/new; touch src/other") == "ask"
    assert list((place.root / "src").iterdir()) == []


def test_agents_deeds_and_the_mode_that_does_not_ask_are_tried_too(place: Place) -> None:
    assert place.action("make all") == "allow"
    assert place.action("make all", agent="plan") == "deny"
    assert place.action("npm test") == "ask"
    assert place.action("npm test", trusting=True) == "allow"
    assert place.action("git push --force", trusting=True) == "ask"
    assert place.action("src/a.py", deed="edit") == "allow"
    assert place.action(".git/config", deed="edit") == "ask"
    assert place.action("../x", deed="edit") == "ask"
    assert place.action("https://example.org", deed="fetch") == "ask"


def test_an_agent_or_a_deed_that_is_not_there_is_refused(place: Place) -> None:
    assert place.try_("ls", agent="nobody").error == "AgentUnknown"
    assert place.try_("ls", deed="fly").error == "BadBody"
    assert place.try_("").error == "BadBody"
    assert place.rules("DELETE", deed="fly").error == "BadQuery"


def test_the_rules_in_force_are_listed_with_their_sources(place: Place) -> None:
    place.remember("npm test *")
    rows = place.rows()
    assert ("built-in", "bash", "<looks>", "allow") in rows
    assert ("user", "bash", "rm *", "deny") in rows
    assert ("always", "bash", "npm test *", "allow") in rows
    assert ("built-in", "edit", "*", "deny") in place.rows(agent="plan")
    assert msgspec.json.decode(place.rules().body, type=RuleList).root == str(place.root)


def test_what_was_remembered_counts_until_it_is_taken_back(place: Place) -> None:
    place.remember("npm test *", "npm run build *")
    assert place.action("npm test") == "allow"
    assert place.rows("DELETE", deed="bash", pattern="npm test *") == [("always", "bash", "npm test *", "allow")]
    assert (place.action("npm test"), place.action("npm run build")) == ("ask", "allow")
    assert place.rules("DELETE", pattern="npm test *").error == "RuleUnknown"
    assert len(place.rows("DELETE")) == 1
    assert place.action("npm run build") == "ask"


def test_a_checkout_brings_no_allows_of_its_own(place: Place) -> None:
    (place.root / ".iterate" / "config.toml").write_text(HOSTILE)
    folder = place.root / ".iterate" / "permissions"
    place.remember("npm test *")
    (kept,) = (settings.read(place.environment).state / "permissions").iterdir()
    folder.mkdir()
    kept.replace(folder / kept.name)
    rows = place.rows()
    assert ("project", "edit", "*", "deny") in rows
    assert not [row for row in rows if row[0] in ("project", "always") and row[3] == "allow"]
    assert (place.action("npm test"), place.action("src/a.py", deed="edit")) == ("ask", "deny")
