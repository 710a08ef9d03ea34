"""Rules against what a call would do: which one decides, whatever their order."""

import itertools
from pathlib import Path

import pytest

from iterate.errors import RuleInvalid
from iterate.permissions import builtin
from iterate.permissions.judge import Judgement, judge, lasting
from iterate.permissions.need import Deed, Need
from iterate.permissions.rules import ACTIONS, SOURCES, Action, Rule, Source, table, tightening

ROOT = Path("/project")
HOME = "/people/me"


def rule(pattern: str, action: Action, source: Source = "user", deed: Deed = "bash") -> Rule:
    return Rule(deed=deed, pattern=pattern, action=action, source=source)


def command(text: str, *, is_look: bool = False, is_opaque: bool = False, is_grave: bool = False) -> Need:
    return Need(
        deed="bash",
        subject=text,
        words=tuple(text.split()),
        is_look=is_look,
        is_opaque=is_opaque,
        is_grave=is_grave,
    )


def of(need: Need, *rules: Rule, is_trusting: bool = False) -> Judgement:
    return judge([need], rules, ROOT, home=HOME, is_trusting=is_trusting)


def file(deed: Deed, subject: str) -> Need:
    return Need(deed=deed, subject=subject)


POOL = [
    rule(pattern, action, source)
    for pattern in ("*", "git *", "git push *", "git push")
    for action in ACTIONS
    for source in ("user", "project", "session")
]


def test_the_order_of_rules_never_matters() -> None:
    for rules in itertools.combinations(POOL, 3):
        made = {of(command("git push"), *each).action for each in itertools.permutations(rules)}
        named = {of(command("git push"), *each).rule for each in itertools.permutations(rules)}
        assert len(made) == len(named) == 1, rules


def test_a_deny_that_fits_decides_against_every_other_rule() -> None:
    for deny in (each for each in POOL if each.action == "deny"):
        for others in itertools.combinations(POOL, 2):
            assert of(command("git push"), deny, *others).action == "deny"


def test_a_rule_more_that_denies_or_asks_never_allows_more() -> None:
    for rules in itertools.combinations(POOL, 2):
        before = ACTIONS.index(of(command("git push"), *rules).action)
        for more in (each for each in POOL if each.action == "deny"):
            assert ACTIONS.index(of(command("git push"), *rules, more).action) >= before


def test_what_no_rule_fits_asks() -> None:
    assert of(command("make")).action == "ask"
    assert of(command("make"), rule("git *", "allow")).action == "ask"


def test_the_stronger_source_counts_and_of_one_source_the_rule_that_says_more() -> None:
    for weak, strong in itertools.combinations(SOURCES, 2):
        assert of(command("git push"), rule("git push", "allow", weak), rule("*", "ask", strong)).action == "ask"
        assert of(command("git push"), rule("git push", "ask", weak), rule("*", "allow", strong)).action == "allow"
    assert of(command("git push"), rule("git *", "allow"), rule("git push *", "ask")).action == "ask"
    assert of(command("git push"), rule("git push *", "allow"), rule("*", "ask")).action == "allow"
    assert of(command("git push"), rule("git push *", "allow"), rule("git push *", "ask")).action == "ask"


def test_a_call_is_as_strict_as_its_strictest_need() -> None:
    rules = (rule("ls *", "allow"), rule("rm *", "deny"))
    assert judge([command("ls"), command("make")], rules, ROOT).action == "ask"
    assert judge([command("ls"), command("rm x"), command("make")], rules, ROOT).action == "deny"
    assert judge([], rules, ROOT).action == "allow"


def test_what_is_grave_asks_whatever_is_allowed_and_is_never_remembered() -> None:
    everything = [rule("*", "allow", source) for source in SOURCES]
    made = of(command("rm -rf /", is_grave=True), *everything, is_trusting=True)
    assert (made.action, made.lasting, made.patterns) == ("ask", (), ())
    assert of(command("rm -rf /", is_grave=True), rule("rm *", "deny")).action == "deny"


@pytest.mark.parametrize(
    ("pattern", "text", "is_fit"),
    [
        ("git log *", "git log", True),
        ("git log *", "git log -3 --stat", True),
        ("git log *", "git logs", False),
        ("git log", "git log -3", False),
        ("git *", "gitk", False),
        ("git *", "/usr/bin/git status", True),
        ("git *", "./git status", False),
        ("git *", "GIT status", False),
        ("npm run test*", "npm run test:unit", True),
        ("npm * test", "npm run test", True),
        ("npm * test", "npm run x test", False),
    ],
)
def test_an_allow_fits_the_words_of_a_command(pattern: str, text: str, *, is_fit: bool) -> None:
    assert (of(command(text), rule(pattern, "allow")).action == "allow") is is_fit


@pytest.mark.parametrize("text", ["rm x", "RM x", "/bin/rm x", "./rm x", "../../bin/rm x", "C:\\bin\\rm x"])
def test_a_deny_overlooks_case_and_folders(text: str) -> None:
    assert of(command(text), rule("*", "allow"), rule("rm *", "deny")).action == "deny"


def test_a_wildcard_allows_no_command_that_cannot_be_told() -> None:
    opaque = command("git log $X", is_opaque=True)
    assert of(opaque, rule("git log *", "allow")).action == "ask"
    assert of(opaque, rule("git log $X", "allow")).action == "allow"
    assert of(opaque, rule("*", "allow")).action == "allow"
    assert of(opaque, rule("*", "allow"), rule("rm *", "deny")).action == "ask"


@pytest.mark.parametrize(
    ("pattern", "subject", "is_fit"),
    [
        ("*", "a/b.py", True),
        ("*.py", "a/b.py", True),
        ("*.py", "b.pyc", False),
        ("src/**", "src/a/b", True),
        ("src/**", "src", True),
        ("src/**", "src2/a", False),
        ("src/*", "src/a/b", False),
        ("src/**/test_*.py", "src/test_a.py", True),
        ("src/**/test_*.py", "src/a/b/test_a.py", True),
        ("/project/src/**", "src/a", True),
        ("a?c", "abc", True),
        ("[a]", "a", False),
        ("SRC/**", "src/a", False),
        ("src/", "src/a", True),
    ],
)
def test_an_allow_fits_the_path_of_a_file(pattern: str, subject: str, *, is_fit: bool) -> None:
    assert (of(file("edit", subject), rule(pattern, "allow", deed="edit")).action == "allow") is is_fit


def test_a_deny_overlooks_the_case_of_a_path_and_how_accents_are_written() -> None:
    for subject in ("Geheim/x", "geheim/X", "GEHEIM"):
        assert of(file("read", subject), rule("geheim/**", "deny", deed="read")).action == "deny"
    assert of(file("read", "cafe\u0301"), rule("caf\u00e9", "deny", deed="read")).action == "deny"


@pytest.mark.parametrize(
    ("pattern", "address", "is_fit"),
    [
        ("example.org", "https://example.org/a", True),
        ("example.org", "https://EXAMPLE.org:8443/", True),
        ("example.org", "https://example.org.evil.net/", False),
        ("example.org", "https://evil.net/example.org", False),
        ("example.org", "https://example.org@evil.net/", False),
        ("example.org", "https://evil.net\\@example.org/", False),
        ("*.example.org", "https://a.example.org/", True),
        ("*.example.org", "https://aexample.org/", False),
        ("https://example.org/docs/**", "https://example.org/docs/a/b", True),
        ("https://example.org/docs/**", "https://example.org/other", False),
        ("https://example.org", "http://example.org/", False),
        ("example.org:80", "http://example.org:8080/", False),
        ("example.org", "https://[::1", False),
    ],
)
def test_an_allow_fits_the_host_of_an_address(pattern: str, address: str, *, is_fit: bool) -> None:
    assert (of(file("fetch", address), rule(pattern, "allow", deed="fetch")).action == "allow") is is_fit


def test_servers_agents_and_skills_are_words() -> None:
    assert of(file("mcp", "files/read"), rule("files/*", "allow", deed="mcp")).action == "allow"
    assert of(file("mcp", "files2/read"), rule("files/*", "allow", deed="mcp")).action == "ask"
    assert of(file("task", "plan"), rule("plan", "allow", deed="task")).action == "allow"


SECRETS = [".env", "a/.env.local", "prod.env", "deploy/key.pem", ".ssh/id_rsa", ".aws/credentials", ".ENV", ".npmrc"]


@pytest.mark.parametrize("agent", ["build", "plan", "reviewer"])
def test_reading_is_free_but_for_secrets(agent: str) -> None:
    rules = builtin.rules(agent)
    assert judge([file("read", "src/a.py")], rules, ROOT).action == "allow"
    assert judge([file("read", ".env.example")], rules, ROOT).action == "allow"
    for secret in SECRETS:
        assert judge([file("read", secret)], rules, ROOT).action == "ask", secret


def test_a_rule_for_everything_allows_no_secret_and_one_that_names_it_does() -> None:
    rules = builtin.rules("build")
    for pattern, action in (("*", "ask"), ("**", "ask"), ("a/*", "ask"), (".env*", "allow"), ("<secrets>", "allow")):
        assert judge([file("read", "a/.env")], (*rules, rule(pattern, "allow", deed="read")), ROOT).action == action


def test_the_agent_build_edits_the_project_but_not_what_other_programs_obey() -> None:
    rules = (*builtin.rules("build"), rule("*", "allow", deed="edit"))
    assert judge([file("edit", "src/a.py")], rules, ROOT).action == "allow"
    for guarded in (
        ".git/hooks/pre-commit",
        ".git/config",
        ".GIT/config",
        ".vscode/tasks.json",
        ".ssh/authorized_keys",
        ".iterate/config.toml",
    ):
        assert judge([file("edit", guarded)], rules, ROOT).action == "ask", guarded
    assert judge([file("edit", "/etc/passwd")], rules, ROOT).action == "ask"


def test_the_agent_plan_changes_nothing_whatever_else_is_allowed() -> None:
    rules = (*builtin.rules("plan"), *(rule("*", "allow", "always", deed) for deed in ("edit", "bash")))
    assert judge([file("edit", "a")], rules, ROOT, is_trusting=True).action == "deny"
    assert judge([command("make")], rules, ROOT, is_trusting=True).action == "deny"
    assert judge([command("ls", is_look=True)], rules, ROOT).action == "allow"


def test_outside_asks_and_reading_there_does_not_allow_writing_there() -> None:
    outside = rule("/usr/include/**", "allow", "always", "outside")
    rules = (*builtin.rules("build", readable=["/people/me/outputs"]), outside)
    assert judge([file("outside", "/etc/passwd")], rules, ROOT).action == "ask"
    assert judge([file("outside", "/usr/include/stdio.h")], rules, ROOT).action == "allow"
    assert judge([file("outside", "/people/me/outputs/a.txt")], rules, ROOT).action == "allow"
    both = [file("outside", "/usr/include/stdio.h"), file("edit", "/usr/include/stdio.h")]
    assert judge(both, rules, ROOT).action == "ask"
    named = rule("/usr/include/**", "allow", "user", "edit")
    assert judge(both, (*rules, named), ROOT).action == "allow"
    at_home = rule("~/notes/**", "allow", "user", "outside")
    assert judge([file("outside", "/people/me/notes/a")], (at_home,), ROOT, home=HOME).action == "allow"


def test_the_mode_that_does_not_ask_still_asks_for_what_no_sandbox_holds() -> None:
    rules = builtin.rules("build")
    for need, action in (
        (command("make"), "allow"),
        (Need(deed="outside", subject="/etc/hosts", via="cat /etc/hosts"), "allow"),
        (file("edit", ".git/hooks/pre-commit"), "ask"),
        (file("outside", "/etc/hosts"), "ask"),
        (file("fetch", "https://example.org"), "ask"),
        (file("mcp", "files/write"), "ask"),
        (file("read", ".env"), "ask"),
    ):
        assert judge([need], rules, ROOT, is_trusting=True).action == action, need
    assert of(command("make"), rule("make *", "deny"), is_trusting=True).action == "deny"


@pytest.mark.parametrize(
    ("need", "pattern"),
    [
        (command("git push origin main"), "git push *"),
        (command("npm run build --watch"), "npm run build *"),
        (command("pytest -q tests"), "pytest *"),
        (command("make test"), "make test"),
        (command("python x.py"), "python x.py"),
        (command("rm *.py"), ""),
        (command("git -c a=b push"), "git -c a=b push"),
        (command("git push $X", is_opaque=True), ""),
        (file("outside", "/usr/include/sys/types.h"), "/usr/include/sys/**"),
        (file("outside", "/people/me/.bashrc"), "/people/me/.bashrc"),
        (file("outside", "/etc/passwd"), "/etc/passwd"),
        (file("outside", "/people/me/.ssh/id_rsa"), "/people/me/.ssh/id_rsa"),
        (file("fetch", "https://docs.example.org/a/b"), "docs.example.org"),
        (file("edit", ".git/config"), ".git/config"),
        (file("mcp", "files/read"), "files/read"),
    ],
)
def test_what_is_remembered_is_narrow_and_lets_the_same_call_pass(need: Need, pattern: str) -> None:
    made = of(need)
    assert [each.pattern for each in made.lasting] == ([pattern] if pattern else [])
    if pattern:
        assert of(need, *lasting(made, "always")).action == "allow"


def test_a_table_becomes_rules_and_names_what_is_wrong_with_it() -> None:
    made = table({"edit": "deny", "bash": {"git *": "allow"}}, "user", "config.toml")
    assert [(each.deed, each.pattern, each.action) for each in made] == [
        ("edit", "*", "deny"),
        ("bash", "git *", "allow"),
    ]
    for wrong in ({"shell": "deny"}, {"bash": "yes"}, {"bash": {"": "deny"}}, {"bash": {"x": "perhaps"}}):
        with pytest.raises(RuleInvalid, match=r"permission\."):
            table(wrong, "user")


def test_of_a_file_that_nobody_trusted_only_what_tightens_counts() -> None:
    made = tightening(table({"bash": {"*": "allow", "rm *": "deny", "make *": "ask"}}, "project"))
    assert [each.action for each in made] == ["deny", "ask"]
