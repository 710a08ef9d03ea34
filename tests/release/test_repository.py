"""A git repository as a destination: the right branch, one commit, and nothing of the user's git in it."""

import os
import socket
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from tests.ending import ending
from tests.release import hostile, project

from release.destinations.repository import Repository
from release.errors import PushError
from release.model import File, State

FILES = (File(path="Formula/otter.rb", content=b"class Otter\n"),)


def repository(place: Path, *, branch: str | None = None, far: bool = False, patience: float = 30) -> Repository:
    return Repository(
        location=place.as_uri() if far else str(place),
        local=not far,
        branch=branch,
        committer="Otter Release <release@example.invalid>",
        when=project.WHEN,
        patience=patience,
    )


def bare(folder: Path, branch: str = "main", *options: str) -> Path:
    folder.parent.mkdir(parents=True, exist_ok=True)
    project.git(folder.parent, "init", "-q", "--bare", "-b", branch, *options, str(folder))
    return folder


def commit_on(place: Path, branch: str, text: str = "other people's\n") -> str:
    """A commit on a branch of a bare repository, by somebody else."""
    copy = place.parent / f"copy-of-{place.name}-{branch.replace('/', '-')}"
    kind = project.git(place, "rev-parse", "--show-object-format")
    project.git(place.parent, "init", "-q", "-b", "main", f"--object-format={kind}", str(copy))
    if project.git(place, "for-each-ref", f"refs/heads/{branch}"):
        project.git(copy, "pull", "-q", str(place), branch)
    (copy / "README.md").write_text(text)
    made = project.commit(copy, text)
    project.git(copy, "push", "-q", str(place), f"HEAD:refs/heads/{branch}")
    return made


def held(place: Path, branch: str) -> list[str]:
    return project.git(place, "ls-tree", "-r", "--name-only", f"refs/heads/{branch}").split()


# --- the branch ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("far", [False, True])
def test_the_default_branch_gets_it_and_no_branch_whose_name_ends_alike(tmp_path: Path, *, far: bool) -> None:
    place = bare(tmp_path / "tap.git", "trunk")
    commit_on(place, "trunk")
    draft = commit_on(place, "draft/main", "a draft\n")
    tap = repository(place, far=far)
    tap.check()
    assert tap.look(FILES) == {"Formula/otter.rb": State.ABSENT}
    tap.push(FILES, "otter 1")
    assert held(place, "trunk") == ["Formula/otter.rb", "README.md"]
    assert project.git(place, "rev-parse", "refs/heads/draft/main") == draft
    assert not project.git(place, "for-each-ref", "refs/heads/main")
    assert tap.look(FILES) == {"Formula/otter.rb": State.SAME}
    project.git(tmp_path, "clone", "-q", str(place), "people")
    assert (tmp_path / "people" / "Formula" / "otter.rb").is_file()


@pytest.mark.parametrize("far", [False, True])
def test_an_empty_repository_keeps_the_branch_that_it_was_made_with(tmp_path: Path, *, far: bool) -> None:
    place = bare(tmp_path / "tap.git", "trunk")
    tap = repository(place, far=far)
    tap.check()
    tap.push(FILES, "otter 1")
    assert held(place, "trunk") == ["Formula/otter.rb"]


@pytest.mark.parametrize("far", [False, True])
def test_a_default_branch_without_a_commit_beside_others_is_begun(tmp_path: Path, *, far: bool) -> None:
    place = bare(tmp_path / "tap.git", "trunk")
    commit_on(place, "main")
    repository(place, far=far).push(FILES, "otter 1")
    assert held(place, "trunk") == ["Formula/otter.rb"]
    assert held(place, "main") == ["README.md"]


def test_a_named_branch_is_taken_by_its_whole_name(tmp_path: Path) -> None:
    place = bare(tmp_path / "aur.git", "main")
    commit_on(place, "draft/master")
    aur = repository(place, branch="master")
    assert aur.look(FILES) == {"Formula/otter.rb": State.ABSENT}
    aur.push(FILES, "otter 1")
    assert held(place, "master") == ["Formula/otter.rb"]


def test_a_new_local_repository_has_the_branch_main(tmp_path: Path) -> None:
    tap = repository(tmp_path / "deep" / "tap.git")
    tap.check()
    tap.push(FILES, "otter 1")
    assert held(tmp_path / "deep" / "tap.git", "main") == ["Formula/otter.rb"]


def test_a_repository_whose_head_is_no_branch_is_refused_by_name(tmp_path: Path) -> None:
    place = bare(tmp_path / "tap.git")
    commit = commit_on(place, "main")
    (place / "HEAD").write_text(f"{commit}\n")
    with pytest.raises(PushError, match="HEAD is no branch"):
        repository(place).push(FILES, "otter 1")


# --- what git can hold -----------------------------------------------------------------------------------


@pytest.mark.parametrize("far", [False, True])
def test_a_repository_with_sha_256_takes_a_release(tmp_path: Path, *, far: bool) -> None:
    place = bare(tmp_path / "tap.git", "main", "--object-format=sha256")
    commit_on(place, "main")
    tap = repository(place, far=far)
    tap.check()
    tap.push(FILES, "otter 1")
    assert held(place, "main") == ["Formula/otter.rb", "README.md"]
    assert len(project.git(place, "rev-parse", "main")) == 64


@pytest.mark.parametrize("when", [0, 1, 99_999_999, 4_354_819_198])
def test_a_commit_may_be_of_any_time(tmp_path: Path, when: int) -> None:
    tap = Repository(
        location=str(tmp_path / "tap.git"), local=True, branch=None, committer="A B <a@example.invalid>", when=when
    )
    tap.check()
    tap.push(FILES, "otter 1")
    assert project.git(tmp_path / "tap.git", "log", "-1", "--format=%at %ct", "main") == f"{when} {when}"


def test_a_file_is_read_back_and_an_absent_one_is_none(tmp_path: Path) -> None:
    tap = repository(tmp_path / "tap.git")
    assert tap.read("Formula/otter.rb") is None
    tap.check()
    assert tap.read("Formula/otter.rb") is None
    tap.push(FILES, "otter 1")
    assert tap.read("Formula/otter.rb") == b"class Otter\n"
    assert tap.read("Formula") is None


@pytest.mark.systems("linux", "darwin")
def test_what_is_read_is_what_the_branch_holds_now(tmp_path: Path) -> None:
    place = bare(tmp_path / "place.git")
    found = repository(place)
    assert found.read("README.md") is None
    for text in ("first\n", "second\n"):
        commit_on(place, "main", text)
        assert [found.read("README.md"), found.read("nothing")] == [text.encode(), None]
        assert found.look((File(path="README.md", content=text.encode()),)) == {"README.md": State.SAME}
    project.git(place, "update-ref", "-d", "refs/heads/main")
    assert found.read("README.md") is None


def test_an_executable_file_is_one_there_too(tmp_path: Path) -> None:
    tap = repository(tmp_path / "tap.git")
    tap.check()
    script = File(path="bin/x", content=b"#!/bin/sh\n", mode=0o755)
    tap.push((replace(script, mode=0o644),), "one")
    assert tap.look((script,)) == {"bin/x": State.DIFFERENT}
    tap.push((script,), "two")
    assert tap.look((script,)) == {"bin/x": State.SAME}
    assert project.git(tmp_path / "tap.git", "ls-tree", "-r", "main").startswith("100755 blob")


# --- others push too -------------------------------------------------------------------------------------


@pytest.mark.systems("linux", "darwin")  # a hook or a program that is a shell script
def test_somebody_who_was_faster_is_built_upon(tmp_path: Path) -> None:
    place = bare(tmp_path / "tap.git")
    commit_on(place, "main")
    # The other side's hook stands for the somebody: it moves the branch once, after we have looked.
    hook = place / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    other = project.git(place, "commit-tree", "main^{tree}", "-p", "main", "-m", "faster")
    hook.write_text(
        "#!/bin/sh\nunset GIT_QUARANTINE_PATH\n"
        f"[ -e seen ] || {{ touch seen; git update-ref refs/heads/main {other}; }}\n"
    )
    hook.chmod(0o755)
    repository(place).push(FILES, "otter 1")
    assert project.git(place, "rev-list", "--count", "main") == "3"
    assert held(place, "main") == ["Formula/otter.rb", "README.md"]


@pytest.mark.systems("linux", "darwin")  # a hook or a program that is a shell script
def test_a_refusal_is_told_at_once_and_asked_for_only_once(tmp_path: Path) -> None:
    place = bare(tmp_path / "tap.git")
    hook = place / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho again >>asked\necho 'not today' >&2\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(PushError, match="not today"):
        repository(place).push(FILES, "otter 1")
    assert (place / "asked").read_text() == "again\n"


def test_a_remote_that_never_answers_is_given_up_by_name(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        tap = Repository(
            location=f"git://127.0.0.1:{port}/tap.git",
            local=False,
            branch=None,
            committer="A B <a@example.invalid>",
            when=0,
            patience=0.5,
        )
        start = time.monotonic()
        for ask in (tap.check, lambda: tap.look(FILES), lambda: tap.push(FILES, "otter 1"), lambda: tap.read("x")):
            with pytest.raises(PushError, match=r"no answer within 0\.5 s"):
                ask()
        assert time.monotonic() - start < 20


@pytest.mark.systems("linux", "darwin")  # a hook or a program that is a shell script
def test_a_remote_that_hangs_in_the_middle_of_a_push_is_given_up_by_name(tmp_path: Path) -> None:
    place = bare(tmp_path / "tap.git")
    hook = place / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexec sleep 60\n")
    hook.chmod(0o755)
    start = time.monotonic()
    with pytest.raises(PushError, match="no answer within 2 s"):
        repository(place, patience=2).push(FILES, "otter 1")
    assert time.monotonic() - start < 20
    assert not list(place.rglob("*.lock"))


def alive(number: int) -> bool:
    """Whether a process runs; one that has ended and was not waited for does not."""
    try:
        return psutil.Process(number).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.mark.systems("linux", "darwin")  # Windows has no SIGTERM
def test_the_tool_told_to_end_in_the_middle_of_a_push_takes_git_along_and_leaves_nothing_half_written(
    tmp_path: Path,
) -> None:
    folder = project.make(tmp_path / "otter")
    project.released(folder)
    tap = bare(folder / "dist" / "public" / "tap.git")
    hook = tap / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\necho $$ >{tmp_path}/hook\nexec sleep 60\n")
    hook.chmod(0o755)
    (tmp_path / "tmp").mkdir()
    env = {**os.environ, "TMPDIR": str(tmp_path / "tmp")}
    command = [sys.executable, "-m", "release", "publish"]
    with ending(
        subprocess.Popen(command, cwd=folder, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    ) as running:
        deadline = time.monotonic() + 60
        while not (tmp_path / "hook").exists() or not (tmp_path / "hook").read_text().strip():
            assert time.monotonic() < deadline
            assert running.poll() is None
            time.sleep(0.02)
        running.terminate()
        assert running.wait(timeout=30) == 143
        assert not alive(int((tmp_path / "hook").read_text()))
        assert not list((tmp_path / "tmp").iterdir())
        assert not [path for path in (folder / "dist").rglob("*") if path.suffix in {".lock", ".partial"}]
        assert not project.git(tap, "for-each-ref")
        hook.unlink()
        assert project.command(folder, "publish").returncode == 0
        assert "Formula/otter-dev.rb" in held(tap, "main")


# --- the user's git --------------------------------------------------------------------------------------

PUSH = """
import sys
from pathlib import Path
from release.destinations.repository import Repository
from release.model import File
for place, local in ((sys.argv[1], True), ("file://" + sys.argv[2], False)):
    tap = Repository(location=place, local=local, branch=None, committer="O R <r@example.invalid>", when=1767323045)
    tap.check()
    print(tap.push((File(path="Formula/otter.rb", content=b"class Otter\\r\\n"),), "otter f\\u00fcr 1"))
    print(*tap.look((File(path="Formula/otter.rb", content=b"class Otter\\r\\n"),)).values())
"""


@pytest.mark.systems("linux", "darwin")  # a hook or a program that is a shell script
def test_no_setting_variable_or_hook_of_the_user_reaches_a_private_repository(tmp_path: Path) -> None:
    checkout = project.make(tmp_path / "checkout")
    before = project.git(checkout, "for-each-ref")
    far = bare(tmp_path / "far.git", "trunk")
    env = {**os.environ, **hostile.environment(tmp_path / "hostile"), **hostile.exported(checkout)}
    done = subprocess.run(
        [sys.executable, "-c", PUSH, tmp_path / "near.git", far],
        cwd=checkout,
        env=env,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.stderr == ""
    assert done.stdout.count("same") == 2
    near = tmp_path / "near.git"
    for place, branch in ((near, "main"), (far, "trunk")):
        assert held(place, branch) == ["Formula/otter.rb"]
        assert project.git(place, "rev-list", "--count", "--all") == "1"
        raw = project.git(place, "cat-file", "commit", branch)
        assert "gpgsig" not in raw
        assert "encoding" not in raw
        assert "author O R <r@example.invalid> 1767323045 +0000" in raw
        assert "otter für 1" in raw
        assert project.git(place, "cat-file", "blob", f"{branch}:Formula/otter.rb") == "class Otter"
    assert len(project.git(near, "rev-parse", "main")) == 40
    assert not (tmp_path / "hostile" / "hooks-that-ran").exists()
    assert project.git(checkout, "for-each-ref") == before
    assert not (checkout / ".git" / "shallow").exists()


@pytest.mark.systems("linux", "darwin")  # a hook or a program that is a shell script
def test_rewritten_addresses_and_the_ssh_command_of_the_user_still_apply(tmp_path: Path) -> None:
    place = bare(tmp_path / "tap.git")
    ssh = tmp_path / "ssh"
    # As sshd does: run the command that git asked for, here on this machine.
    ssh.write_text(f'#!/bin/sh\necho "$@" >>{tmp_path}/asked\nfor last; do :; done\nexec sh -c "$last"\n')
    ssh.chmod(0o755)
    settings = tmp_path / "gitconfig"
    settings.write_text(f'[core]\nsshCommand = {ssh}\n[url "ssh://host{tmp_path}/"]\ninsteadOf = mine:\n')
    env = {**os.environ, "GIT_CONFIG_GLOBAL": str(settings), "GIT_SSH_VARIANT": "simple"}
    code = (
        "from release.destinations.repository import Repository; from release.model import File; import sys\n"
        "tap = Repository(location=sys.argv[1], local=False, branch=None, committer='O <o@example.invalid>', when=1)\n"
        "tap.check(); print(tap.push((File(path='a', content=b'a'),), 'm'))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "mine:tap.git"], env=env, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stderr == ""
    assert held(place, "main") == ["a"]
    assert "git-receive-pack" in (tmp_path / "asked").read_text()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give files away")
def test_a_place_of_somebody_else_takes_a_push_where_the_user_trusts_it(tmp_path: Path) -> None:
    place = bare(tmp_path / 'a "tap".git')
    commit_on(place, "main")
    for path in (place, *place.rglob("*")):
        os.chown(path, 65534, 65534)
    settings = tmp_path / "gitconfig"
    code = (
        "from release.destinations.repository import Repository; from release.model import File; import sys\n"
        "tap = Repository(location=sys.argv[1], local=True, branch=None, committer='O <o@example.invalid>', when=1)\n"
        "tap.check(); print(tap.push((File(path='a', content=b'a'),), 'm'))\n"
    )
    command = [sys.executable, "-c", code, str(place)]
    env = {**os.environ, "GIT_CONFIG_GLOBAL": str(settings), "SUDO_UID": ""}
    refused = subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=60)
    assert "dubious ownership" in refused.stderr
    project.git(tmp_path, "config", "-f", str(settings), "safe.directory", str(place))
    project.git(tmp_path, "config", "-f", str(settings), "receive.maxInputSize", "1")
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    done = subprocess.run(
        ["git", "-c", f"safe.directory={place}", "ls-tree", "--name-only", "main"],
        cwd=place,
        env=env,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["README.md", "a"]


@pytest.mark.processes
def test_many_who_push_at_once_all_arrive(tmp_path: Path) -> None:
    place = bare(tmp_path / "tap.git")
    code = (
        "from release.destinations.repository import Repository; from release.model import File; import sys\n"
        "tap = Repository(location=sys.argv[1], local=True, branch=None, committer='O <o@example.invalid>', when=1)\n"
        "tap.check(); tap.push((File(path=sys.argv[2], content=b'a'),), 'm')\n"
    )
    names = [f"file-{number}" for number in range(8)]
    running = [subprocess.Popen([sys.executable, "-c", code, place, name]) for name in names]
    assert [each.wait(timeout=120) for each in running] == [0] * len(names)
    assert held(place, "main") == names


class _Guarded(threading.Thread):
    """A web server that wants a password, and notes each one that it is given."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        self.given: list[str] = []

    def run(self) -> None:
        while True:
            try:
                taken, _ = self.listening.accept()
            except OSError:
                return
            with taken:
                asked = taken.recv(65536).decode()
                self.given += [row for row in asked.splitlines() if row.lower().startswith("authorization:")]
                taken.sendall(
                    b"HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=x\r\n"
                    b"Content-Length: 0\r\nConnection: close\r\n\r\n"
                )


@pytest.mark.parametrize("how", ["global", "environment", "command"])
def test_a_credential_helper_is_asked_wherever_it_was_set(tmp_path: Path, how: str) -> None:
    server = _Guarded()
    server.start()
    key, helper = f"credential.http://127.0.0.1:{server.port}.helper", "!echo username=u; echo password=p;:"
    env = {**os.environ, "GIT_CONFIG_GLOBAL": str(tmp_path / "gitconfig"), "no_proxy": "127.0.0.1"}
    match how:
        case "global":
            project.git(tmp_path, "config", "-f", str(tmp_path / "gitconfig"), key, helper)
        case "environment":
            env |= {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": key, "GIT_CONFIG_VALUE_0": helper}
        case _:
            env |= {"GIT_CONFIG_PARAMETERS": f"'{key}'='{helper}'"}
    code = (
        "from release.destinations.repository import Repository; import sys\n"
        "Repository(location=sys.argv[1], local=False, branch=None, committer='O <o@x.invalid>', when=1).check()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, f"http://127.0.0.1:{server.port}/tap.git"],
        env=env,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    server.listening.close()
    assert "PushError" in done.stderr
    assert "Authorization: Basic dTpw" in server.given
