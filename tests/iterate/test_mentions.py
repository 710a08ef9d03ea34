"""What a text of somebody else names as `@path`."""

import time
from pathlib import Path

import pytest

from iterate.project.mentions import MOST, harmless
from iterate.tools.attach import mentioned


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    root.mkdir()
    for name in ("a.py", ".env", "id_rsa", "x y.txt", "../key", "../key.", "../key)"):
        (root / name).write_text("x")
    return root


@pytest.mark.parametrize(
    "text",
    [
        "@../key",
        '@"../key"',
        "(@../key)",
        "@../key.",
        "@@../key",
        "@@@../key @@.env",
        "@a.py/../../key",
        "@.//.env",
        "@.env, @id_rsa",
        "x\n@../key",
        "@{base}/key",
        "@~/key",
        '@"{base}/project/.env"',
        "@a.py@../key",
        "@(@../key",
        "@a.py@@@../key@",
        "see @../key, (@.env) and @id_rsa!",
        "@../key" + " @a.py" * 2000,
        "@" + "./" * 3000 + "../key",
    ],
)
def test_what_leads_out_or_may_hold_keys_is_named_without_its_sign(root: Path, text: str) -> None:
    home = str(root.parent)
    given = text.replace("{base}", home)
    assert mentioned(given, root, home) or text.count("@") > 1
    assert mentioned(harmless(given, root, root), root, home) == ()


@pytest.mark.parametrize("text", ["@a.py", '@"x y.txt"', "me@example.org", "@none.py", "no sign", "@", "a @ b", "@\0"])
def test_what_lies_in_the_project_stays_as_it_is(root: Path, text: str) -> None:
    assert harmless(text, root, root) == text


@pytest.mark.parametrize("text", ["@notes:note://all", '@"notes:note://all my notes"', "(@a.py:1)"])
def test_what_is_read_from_a_server_is_named_without_its_sign(root: Path, text: str) -> None:
    assert harmless(text, root, root) == text.replace("@", "")


def test_a_text_that_is_full_of_signs_takes_no_time(root: Path) -> None:
    begun = time.process_time()
    for sign in ("@", "@~", "@.a", "@../"):
        harmless(sign * 10_000, root, root)
        harmless(sign * (MOST - 1) + "x" * 100_000, root, root)
    assert time.process_time() - begun < 20
