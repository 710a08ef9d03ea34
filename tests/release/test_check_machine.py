"""What this machine lacks for a release is told before a build finds out."""

import socket
from pathlib import Path

from tests.release import checking as world
from tests.release import project

from release import check
from release.check.finding import Stage, Verdict
from release.errors import DiskFullError, PortTakenError


def test_a_python_that_the_project_does_not_take_is_refused(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    world.changed(folder, "pyproject.toml", ('version = "0"', 'version = "0"\nrequires-python = ">=3.12,<3.12.1"'))
    found = world.finding(folder, "environment")
    assert found.verdict is Verdict.REFUSED
    assert ">=3.12,<3.12.1" in found.detail


def test_a_full_disk_is_refused_before_a_build_fills_it_and_a_rehearsal_needs_less(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    full = world.named(check.made(world.subject(folder, free=10**8), Stage.BUILT), "environment")
    assert isinstance(full.failure, DiskFullError)
    assert (
        world.named(check.made(world.subject(folder, free=10**8, stand_in=True), Stage.BUILT), "environment").failure
        is None
    )
    scarce = world.named(check.made(world.subject(folder, free=10**9), Stage.BUILT), "environment")
    assert scarce.verdict is Verdict.REMARK


def test_results_that_cannot_be_written_are_refused(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    (folder / "dist").write_text("a file")
    found = world.named(check.made(world.subject(folder, dist=folder / "dist" / "below"), Stage.BUILT), "environment")
    assert found.verdict is Verdict.REFUSED
    assert "may not be written" in found.detail


def test_a_port_that_another_program_has_is_refused_where_something_will_be_served(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        folder = project.make(tmp_path, port=taken.getsockname()[1])
        found = world.named(check.made(world.subject(folder), Stage.BUILT), "ports")
        assert isinstance(found.failure, PortTakenError)
        assert "archive_url of [profiles.local]" in found.failure.hint
        assert world.named(check.made(world.subject(folder, serves_nothing=True), Stage.BUILT), "ports").failure is None
    assert world.named(check.made(world.subject(folder), Stage.BUILT), "ports").verdict is Verdict.OK


def test_a_port_that_another_run_of_the_tool_serves_is_ours(tmp_path: Path) -> None:
    from release.verify.serve import serving

    folder = project.make(tmp_path)
    (folder / "dist" / "public").mkdir(parents=True)
    with serving(project.product(folder).profiles["local"], folder / "dist", project.Quiet()):
        found = world.named(check.made(world.subject(folder), Stage.BUILT), "ports")
    assert found.verdict is Verdict.REMARK
    assert "another run" in found.remarks[0].text
