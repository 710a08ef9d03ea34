"""Every place is asked whether it would take a publish, at once and for a while only, and no secret is told."""

import base64
import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.release import checking as world
from tests.release import project

from release.check import credentials
from release.check.finding import Finding, Verdict
from release.destinations.repository import Repository
from release.errors import KeyMissingError, KeysMissingError, PushError

SECRET = "s3cr3t-t0ken"


class Gatekeeper(http.server.BaseHTTPRequestHandler):
    """A host of git that lets people in by their password: to read everybody, to push nobody without it."""

    def do_GET(self) -> None:
        given = self.headers.get("Authorization", "")
        self.server.asked.append(self.path)  # type: ignore[attr-defined]
        expected = base64.b64encode(f"x:{SECRET}".encode()).decode()
        if "silent" in self.path:
            threading.Event().wait(30)
            return
        if given != f"Basic {expected}":
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="git"')
            self.end_headers()
            return
        service = self.path.partition("service=")[2]
        head = f"# service={service}\n".encode()
        refs = b"0" * 40 + b" capabilities^{}\0report-status delete-refs\n"
        body = b"%04x%s0000%04x%s0000" % (len(head) + 4, head, len(refs) + 4, refs)
        self.send_response(200)
        self.send_header("Content-Type", f"application/x-{service}-advertisement")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the parent's name
        """Say nothing."""


@contextmanager
def host() -> Iterator[tuple[str, list[str]]]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Gatekeeper) as server:
        asked: list[str] = []
        server.asked = asked  # type: ignore[attr-defined]
        server.daemon_threads = True
        server.block_on_close = False
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"127.0.0.1:{server.server_port}", asked
        server.shutdown()


def far(folder: Path, address: str) -> None:
    """Let the far profile have one place, a git repository."""
    text = (folder / "release.toml").read_text()
    head, _, _ = text.partition("[profiles.far.places]")
    (folder / "release.toml").write_text(f'{head}[profiles.far.places]\nhomebrew = "{address}"\n')
    project.commit(folder, "far")


def found(folder: Path, seconds: float = 30) -> list[Finding]:
    return list(credentials.made(world.subject(folder), seconds=seconds))


def test_a_place_that_lets_us_push_is_ok_and_was_only_asked() -> None:
    with host() as (name, asked):
        repository = Repository(
            location=f"http://x:{SECRET}@{name}/acme/tap.git", local=False, branch=None, committer="A <a@b.c>", when=0
        )
        said = credentials.repository(repository, 30)
    assert "takes pushes" in said
    assert asked
    assert all("git-receive-pack" in path for path in asked), "reading is not asked: everybody may"


@pytest.mark.parametrize("user", ["", f"wrong:{SECRET}@"])
def test_a_place_that_does_not_is_refused_and_no_password_is_told(user: str) -> None:
    with host() as (name, _):
        repository = Repository(
            location=f"http://{user}{name}/acme/tap.git", local=False, branch=None, committer="A <a@b.c>", when=0
        )
        finding = credentials.answered("far: homebrew", lambda: credentials.repository(repository, 30))
    assert finding.verdict is Verdict.REFUSED
    assert isinstance(finding.failure, PushError)
    told = json.dumps(finding.as_json()) + str(finding.failure)
    assert SECRET not in told
    assert "acme/tap.git" in told


def test_a_place_that_does_not_answer_is_refused_after_its_time_by_name() -> None:
    with host() as (name, _):
        repository = Repository(
            location=f"http://{name}/silent/tap.git", local=False, branch=None, committer="A <a@b.c>", when=0
        )
        finding = credentials.answered("far: homebrew", lambda: credentials.repository(repository, 1))
    assert "no answer in 1 s" in finding.detail


def test_all_places_of_profiles_that_lead_away_have_a_row_and_local_ones_none(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    names = [each.name for each in found(folder)]
    assert names == [f"far: {outlet}" for outlet in ("archives", "homebrew", "scoop", "aur", "channel")]
    far(folder, "git+https://127.0.0.1:1/acme/tap.git")
    (one,) = found(folder)
    assert one.verdict is Verdict.REFUSED
    assert one.name == "far: homebrew"


def test_where_no_profile_leads_away_it_says_so(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    text = (folder / "release.toml").read_text()
    (folder / "release.toml").write_text(text.partition("[profiles.far]")[0])
    project.commit(folder, "local only")
    (one,) = found(folder)
    assert one.verdict is Verdict.SKIPPED


def test_the_keys_of_signed_channels_are_missed_before_a_publish(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    far(folder, "git+https://127.0.0.1:1/acme/tap.git")
    text = (folder / "release.toml").read_text()
    (folder / "release.toml").write_text(
        text.replace("[homebrew]", '[channel]\nkeys = "keys"\n\n[homebrew]', 1) + 'channel = "file:far/site"\n'
    )
    project.commit(folder, "signed")
    rows = {each.name: each for each in found(folder)}
    assert isinstance(rows["far: keys"].failure, KeysMissingError)
    private = str(tmp_path.parent / f"{tmp_path.name}-private")
    done = project.command(
        folder, "keys", "init", "--private", private, env={"RELEASE_KEY_PASSPHRASE": "otters swim on their backs"}
    )
    assert done.returncode == 0, done.stderr
    project.commit(folder, "keys")
    rows = {each.name: each for each in found(folder)}
    assert isinstance(rows["far: keys"].failure, KeyMissingError)


@pytest.mark.processes
def test_the_word_asks_only_when_it_is_told_to_and_ends_with_the_code_of_the_refusal(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    far(folder, f"git+https://x:{SECRET}@127.0.0.1:1/acme/tap.git")
    told = json.loads(project.command(folder, "check", "--json").stdout)
    assert not [row for row in told["checks"] if row["name"].startswith("far")]
    done = project.command(folder, "check", "--credentials")
    assert done.returncode == PushError.exit_code
    assert "far: homebrew" in done.stdout
    assert SECRET not in done.stdout + done.stderr
