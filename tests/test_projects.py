"""The list of real projects, their work, and the page that is made from what was seen."""

from pathlib import Path

import msgspec
import pytest
from benchmarks.projects import listing, outcome, page, trial
from benchmarks.projects.outcome import Outcome
from benchmarks.projects.works import WORKS
from tests.repository import read

SEEN = Outcome(name="httpie", version="3", tool="abc", date="2026-01-02", python="3.13.0", ended="done")


def test_every_project_that_is_listed_has_work_and_a_digest() -> None:
    for each in listing.projects():
        assert WORKS[each.name].__doc__, f"benchmarks/projects/works: no work for {each.name}"
        assert len(each.sha256) == 64, f"projects.toml: no sha256 of {each.name}"


def test_the_page_of_projects_is_what_was_seen() -> None:
    assert read("docs/projects.md") == page.page(listing.projects(), outcome.read()), (
        "docs/projects.md is made: python -m benchmarks.projects.run --page"
    )


def test_what_was_seen_of_one_project_replaces_what_was_seen_of_it_before(tmp_path: Path) -> None:
    kept = tmp_path / "results.json"
    other = msgspec.structs.replace(SEEN, name="black")
    for each in (SEEN, other, msgspec.structs.replace(SEEN, ended="build", said="no compiler")):
        outcome.keep(each, kept)
    assert {name: seen.ended for name, seen in outcome.read(kept).items()} == {"black": "done", "httpie": "build"}


def test_a_row_that_cannot_be_written_leaves_the_rows_that_are_there(tmp_path: Path) -> None:
    kept = tmp_path / "results.json"
    outcome.keep(SEEN, kept)
    (tmp_path / "results.new").mkdir()
    with pytest.raises(OSError, match=r"results\.new"):
        outcome.keep(msgspec.structs.replace(SEEN, name="black"), kept)
    assert list(outcome.read(kept)) == ["httpie"]


@pytest.mark.parametrize(
    ("seen", "wanted"),
    [
        ({"plain_ms": 200.0, "compiled_ms": 100.0}, "0.50 (100/200 ms)"),
        ({"archive": 12_340_000}, "12.3 MB"),
        ({"typed": 6, "person_seconds": 60.0}, "2.0"),
        ({"ended": "check", "said": "no summary"}, "**failed at check**"),
        ({"plain_ms": 200.0, "compiled_ms": 210.0}, "**1.05 times the start-up of the plain script, 1.0 at most**"),
        ({"toml_lines": 21}, "**21 lines of release.toml, 20 at most**"),
        ({"typed": 6, "person_seconds": 600.0}, "**11.0 minutes of a person, 10 at most**"),
        ({"tried": 12, "differed": ["http --help: -a / +b"]}, "12, 1 differed"),
    ],
)
def test_a_row_says_what_was_measured_and_where_it_failed(seen: dict[str, object], wanted: str) -> None:
    row = page.page(listing.projects(), {"httpie": msgspec.structs.replace(SEEN, **seen)})
    assert wanted in row


def test_what_differs_is_told_by_the_lines_of_both() -> None:
    told = trial.differences({"--help": "a\nb", "GET": "200"}, {"--help": "a\nc", "GET": "200"})
    assert told == ["--help: -b / +c"]


def test_a_text_that_the_compiled_program_never_said_differs() -> None:
    assert trial.differences({"GET": "200"}, {}) == ["GET: -200"]


def test_a_difference_that_is_right_is_told_with_its_reason() -> None:
    (first, *_) = listing.projects()
    project = msgspec.structs.replace(first, right="The plain one was older.")
    seen = msgspec.structs.replace(SEEN, differed=["http --version: -1 / +2"])
    told = page.page((project,), {project.name: seen})
    assert "- http --version: -1 / +2\n\nThe plain one was older." in told
