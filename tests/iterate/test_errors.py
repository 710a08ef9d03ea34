"""Failures, their exit codes, and the page that lists them."""

import re
from pathlib import Path

from iterate import errors
from iterate.errors import Failure

PAGE = Path(__file__).parents[2] / "docs" / "server.md"
# Reserved: 0 is success, 1 a bug, 126 and up belong to the shell; 130 is Ctrl-C.
FAILURES = sorted(
    (
        value
        for value in vars(errors).values()
        if isinstance(value, type) and issubclass(value, Failure) and value is not Failure
    ),
    key=lambda failure: failure.exit_code,
)


def test_each_failure_has_an_exit_code_of_its_own() -> None:
    codes = [failure.exit_code for failure in FAILURES]
    assert len(set(codes)) == len(codes)
    assert all(1 < code < 126 or code == 141 for code in codes)


def test_each_failure_says_what_to_do() -> None:
    assert [failure.__name__ for failure in FAILURES if not failure.hint] == ["OutputClosed"]


def test_the_page_lists_every_exit_code() -> None:
    rows = re.findall(r"^\| (\d+) \| `(\w+)` \|", PAGE.read_text(), re.MULTILINE)
    assert [(int(code), name) for code, name in rows] == [(failure.exit_code, failure.__name__) for failure in FAILURES]


def test_every_code_is_in_a_range_that_says_whose_move_it_is() -> None:
    ranges = [
        range(int(low), int(high) + 1)
        for low, high in re.findall(r"^\| (\d+) to (\d+) \|", PAGE.read_text(), re.MULTILINE)
    ]
    # A mistyped command, what scripts know of services that do not run, and SIGPIPE have codes that others gave them.
    left = {failure.exit_code for failure in FAILURES} - {2, 3, 4, 141}
    assert [code for code in sorted(left) if sum(code in each for each in ranges) != 1] == []
    assert [each for each in ranges if not left & set(each)] == []


def test_help_takes_its_exit_codes_from_the_classes() -> None:
    for path in sorted((Path(errors.__file__).parent / "cli").glob("*.py")):
        written = re.search(r"exits? with [1-9]", path.read_text(encoding="utf-8"), re.IGNORECASE)
        assert written is None, f"{path.name}: say {{NAME.exit_code}} of the failure, instead of a number"


def test_a_hint_of_the_moment_replaces_the_usual_one() -> None:
    failure = FAILURES[0]("what happened", "what to do")
    assert (str(failure), failure.hint, failure.name) == ("what happened", "what to do", FAILURES[0].__name__)
