"""install.sh in five shells: what it does to a home, and what it does when the network is against it."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.consumers import faults, installing
from tests.consumers.installing import DEV, NEW, OLD, SHELLS, Home, Site

pytestmark = pytest.mark.consumer(
    "dash", "bash", "zsh", "busybox", "mksh", "curl", "wget", "shellcheck", "shasum", "openssl"
)
# What a server can do to a download, and the code with which the installer ends where all servers do it.
FAULTS = {
    "missing": (faults.missing, 55),
    "a page under 200": (faults.page, 55),
    "cut": (faults.cut, 55),
    "cut without a word": (faults.short, 55),
    "wrong bytes": (faults.wrong, 56),
    "slow drip": (faults.drip, 55),
    "endless": (faults.endless, 55),
    "redirected for ever": (faults.loop, 55),
    "no answer": (faults.silent, 55),
    "broken": (faults.broken, 55),
}


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site with two versions of latest and one of dev."""
    with installing.site(tmp_path_factory.mktemp("site")) as site:
        yield site


@pytest.fixture
def site(published: Site) -> Iterator[Site]:
    """The site, at its best when a test begins."""
    yield published
    published.served.faults.clear()
    published.served.asked.clear()
    # What lies in the buffers of pipes and sockets is sent and not read.
    assert all(sent < 20_000_000 for sent in published.served.endless)
    published.served.endless.clear()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A new user."""
    return Home(folder=tmp_path)


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest) -> str:
    """A shell that runs the script."""
    name: str = request.param
    return name


def test_shellcheck_has_nothing_against_it(site: Site) -> None:
    words = ["shellcheck", "--shell=sh", "--severity=style", str(site.script(NEW))]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_first_time_the_next_and_again(site: Site, home: Home, shell: str) -> None:
    first = home.run(site.script(OLD), shell=shell)
    assert (first.code, first.err) == (0, "")
    assert home.version() == OLD
    assert not (home.hold / "previous").exists()
    second = home.run(site.script(NEW), shell=shell, piped=True)
    assert (second.code, second.err) == (0, "")
    assert (home.version(), home.previous()) == (NEW, OLD)
    before = {path: path.lstat().st_mtime_ns for path in home.hold.rglob("*")}
    site.served.asked.clear()
    third = home.run(site.script(NEW), shell=shell)
    assert (third.code, third.err) == (0, "")
    assert "already there and whole" in third.out
    assert site.served.asked == []
    assert {path: path.lstat().st_mtime_ns for path in home.hold.rglob("*")} == before
    assert home.litter() == []
    # A kept version is there without a download.
    fourth = home.run(site.script(OLD), shell=shell)
    assert (fourth.code, home.version(), home.previous(), site.served.asked) == (0, OLD, NEW, [])


@pytest.mark.parametrize("fault", FAULTS)
def test_a_bad_download_changes_nothing_and_a_mirror_helps(site: Site, home: Home, shell: str, fault: str) -> None:
    assert home.run(site.script(OLD), shell=shell).code == 0
    kept = sorted(path for path in home.hold.rglob("*"))
    suffers, code = FAULTS[fault]
    # One that is slow is enough to wait for.
    site.served.faults.update({"/b/": faults.missing} if suffers is faults.drip else {}, **{"tar.gz": suffers})
    bad = home.run(site.script(NEW), shell=shell)
    assert bad.code == code, bad.err
    assert "hint: " in bad.err
    assert ("no more in 1 seconds" in bad.err) is (suffers is faults.drip)
    assert (home.version(), home.litter()) == (OLD, [])
    assert sorted(path for path in home.hold.rglob("*")) == kept
    site.served.faults.clear()
    site.served.faults["/a/"] = suffers
    good = home.run(site.script(NEW), shell=shell)
    assert (good.code, good.err) == (0, "")
    assert f"/b/v{NEW}/" in good.out
    assert (home.version(), home.previous(), home.litter()) == (NEW, OLD, [])


def test_a_server_that_is_down_is_no_reason_to_stop(site: Site, home: Home, shell: str) -> None:
    script = home.folder / "install.sh"
    down = site.script(OLD).read_text().replace(f"{site.served.base}/a/", "http://127.0.0.1:9/")
    script.write_text(down)
    done = home.run(script, shell=shell)
    assert (done.code, done.err, home.version()) == (0, "", OLD)
    script.write_text(down.replace(site.served.base, "http://127.0.0.1:9"))
    other = Home(folder=home.folder / "other")
    done = other.run(script, shell=shell)
    assert (done.code, other.litter()) == (55, [])
    assert not (other.bin / "iterate").exists()


@pytest.mark.parametrize("loader", ["curl", "wget", "busybox"])
@pytest.mark.parametrize("fault", ["missing", "wrong bytes", "slow drip", "endless", "redirected for ever"])
def test_every_program_that_downloads_is_held_to_the_same(
    site: Site, home: Home, tmp_path: Path, loader: str, fault: str
) -> None:
    other = Home(folder=home.folder, path=str(tools(tmp_path / "tools", {"curl", "wget"}, loader)))
    suffers, code = FAULTS[fault]
    site.served.faults.update({"/b/": faults.missing, "/a/": suffers})
    bad = other.run(site.script(NEW))
    assert (bad.code, other.litter()) == (code, []), bad.err
    assert ("no more in 1 seconds" in bad.err) is (suffers is faults.drip)
    del site.served.faults["/b/"]
    assert other.run(site.script(NEW)).code == 0
    assert other.version() == NEW


def tools(folder: Path, without: set[str], *with_: str) -> Path:
    """A PATH with all programs of this machine but some; `busybox` among those to add stands for its wget."""
    folder.mkdir()
    for each in os.environ["PATH"].split(os.pathsep):
        for path in Path(each).iterdir() if Path(each).is_dir() else ():
            if path.name not in without and not (folder / path.name).is_symlink():
                (folder / path.name).symlink_to(path)
    for name in with_:
        found = next(Path(each, name) for each in os.environ["PATH"].split(os.pathsep) if Path(each, name).exists())
        (folder / ("wget" if name == "busybox" else name)).unlink(missing_ok=True)
        (folder / ("wget" if name == "busybox" else name)).symlink_to(found)
    return folder


def test_what_passes_is_tried_again_and_what_stays_is_not(site: Site, home: Home) -> None:
    site.served.faults["/a/"] = faults.once(faults.broken)
    site.served.faults["/b/"] = faults.missing
    done = home.run(site.script(NEW), ITERATE_INSTALLER_TRIES="2")
    assert (done.code, done.err) == (0, "")
    assert sum("/a/" in path for path in site.served.asked) == 2
    assert sum("/b/" in path for path in site.served.asked) == 1


@pytest.mark.parametrize("loader", ["curl", "wget", "busybox"])
def test_a_server_that_asks_for_patience_gets_it(site: Site, home: Home, tmp_path: Path, loader: str) -> None:
    def busy(handler: faults.Handler) -> None:
        handler.send_error(429)

    other = Home(folder=home.folder, path=str(tools(tmp_path / "tools", {"curl", "wget"}, loader)))
    site.served.faults.update({"/a/": faults.once(busy), "/b/": faults.missing})
    assert other.run(site.script(NEW), ITERATE_INSTALLER_TRIES="2").code == 0
    assert other.version() == NEW


HASHERS = {"sha256sum", "shasum", "openssl"}


@pytest.mark.parametrize("hasher", sorted(HASHERS))
def test_any_program_that_hashes_will_do(site: Site, home: Home, tmp_path: Path, hasher: str) -> None:
    other = Home(folder=home.folder, path=str(tools(tmp_path / "tools", HASHERS, hasher)))
    done = other.run(site.script(NEW))
    assert (done.code, done.err) == (0, "")
    assert f"SHA-256 with {hasher}" in done.out
    site.served.faults["tar.gz"] = faults.wrong
    assert Home(folder=tmp_path / "second", path=other.path).run(site.script(NEW)).code == 56


@pytest.mark.parametrize(
    ("without", "said"),
    [(HASHERS, "nothing here computes SHA-256"), ({"curl", "wget"}, "neither curl nor wget")]
    + [({each}, f"'{each}'") for each in ("tar", "cksum", "uname", "rmdir", "tail")],
)
def test_without_a_program_that_it_needs_nothing_is_installed(
    site: Site, home: Home, tmp_path: Path, without: set[str], said: str
) -> None:
    done = Home(folder=home.folder, path=str(tools(tmp_path / "tools", without))).run(site.script(NEW))
    assert done.code == 51
    assert said in done.err
    assert not home.bin.exists()


@pytest.mark.parametrize("option", ["-e", "-C", "-f"])
def test_options_of_the_shell_that_runs_it_change_nothing(site: Site, home: Home, shell: str, option: str) -> None:
    for script in (OLD, NEW, NEW):
        done = home.run(site.script(script), shell=f"{shell} {option}", piped=True)  # noqa: S604  # its own word
        assert (done.code, done.err, home.version()) == (0, "", script)
    done = home.run(site.script(NEW), "--nonsense", shell=f"{shell} {option}")  # noqa: S604  # its own word
    assert done.code == 2


def test_who_cannot_be_told_has_it_all_the_same(site: Site, home: Home, shell: str) -> None:
    words = f"{shell} {site.script(NEW)} >&-"
    done = subprocess.run(["sh", "-c", words], env=home.environment(), capture_output=True, check=False, timeout=60)
    assert (done.returncode, home.version(), home.litter()) == (0, NEW, [])


@pytest.mark.parametrize("first", [faults.broken, faults.silent])
def test_a_version_that_only_a_mirror_lacks_may_well_be_there(site: Site, home: Home, first: faults.Fault) -> None:
    site.served.faults["/a/"] = first
    done = home.run(site.script(NEW), "--version", "9.9.9")
    assert (done.code, "could not be read" in done.err) == (55, True)


def test_a_channel_s_and_a_version_s_own_installer_is_fetched_and_run(site: Site, home: Home, shell: str) -> None:
    done = home.run(site.script(NEW), "--channel", "dev", "--no-modify-path", shell=shell)
    assert (done.code, done.err, home.version()) == (0, "", DEV)
    assert not (home.folder / ".bashrc").exists()
    done = home.run(site.script(NEW), f"--version=v{OLD}", shell=shell, piped=True)
    assert (done.code, done.err, home.version()) == (0, "", OLD)
    receipt = (home.hold / OLD / "iterate" / "iterate" / "install-receipt.json").read_text()
    assert '"pinned": true' in receipt
    assert home.run(site.script(OLD), shell=shell).code == 0
    receipt = (home.hold / OLD / "iterate" / "iterate" / "install-receipt.json").read_text()
    assert "pinned" not in receipt


@pytest.mark.parametrize("loader", ["curl", "wget", "busybox"])
@pytest.mark.parametrize("option", [("--version", "1.2.2"), ("--channel", "nightly")])
def test_what_is_not_there_is_told(
    site: Site, home: Home, tmp_path: Path, option: tuple[str, str], loader: str
) -> None:
    other = Home(folder=home.folder, path=str(tools(tmp_path / "tools", {"curl", "wget"}, loader)))
    done = other.run(site.script(NEW), *option, ITERATE_INSTALLER_TRIES="2")
    assert done.code == 58
    # What is not there now is not there a moment later.
    assert len(site.served.asked) == (2 if option[0] == "--version" else 1)
    assert option[1] in done.err
    assert not home.bin.exists()


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (faults.page, 56),
        (faults.cut, 55),
        (faults.short, 56),
        (faults.endless, 55),
        (faults.drip, 55),
        (faults.loop, 55),
    ],
)
@pytest.mark.parametrize("option", [("--version", OLD), ("--channel", "dev")])
def test_what_is_no_installer_of_what_was_asked_for_is_not_run(
    site: Site, home: Home, option: tuple[str, str], fault: faults.Fault, code: int
) -> None:
    site.served.faults["install.sh"] = fault
    done = home.run(site.script(NEW), *option)
    assert done.code == code, done.err
    assert (home.bin.exists(), home.litter()) == (False, [])


def test_the_installer_of_another_version_is_not_that_of_this_one(site: Site, home: Home) -> None:
    def other(handler: faults.Handler) -> None:
        handler.path = f"/a/v{NEW}/install.sh"
        content = handler.content()
        handler.begin(200, len(content))
        handler.wfile.write(content)

    site.served.faults["install.sh"] = other
    assert home.run(site.script(NEW), "--version", OLD).code == 56
    assert home.run(site.script(NEW), "--channel", "dev").code == 56
    site.served.faults.clear()
    assert home.run(site.script(NEW), "--version", OLD, "--channel", "dev").code == 58
    assert home.run(site.script(NEW), "--version", NEW, "--channel", "dev").code == 58
    assert not home.bin.exists()


@pytest.mark.parametrize(
    "words",
    [
        ["--force"],
        ["latest"],
        ["--version"],
        ["--channel="],
        ["--version", "../x"],
        ["--channel", "a/b"],
        ["--install-dir"],
    ],
)
def test_what_is_no_option_is_refused(site: Site, home: Home, words: list[str]) -> None:
    done = home.run(site.script(NEW), *words)
    assert done.code == 2
    assert "--help" in done.err
    assert not home.bin.exists()


def test_help_and_a_dry_run_change_nothing(site: Site, home: Home, shell: str) -> None:
    done = home.run(site.script(NEW), "--help", shell=shell)
    assert (done.code, done.err) == (0, "")
    assert "--install-dir" in done.out
    assert home.run(site.script(OLD), shell=shell).code == 0
    before = {path: path.lstat().st_mtime_ns for path in home.folder.rglob("*")}
    for words in (["--dry-run"], ["--dry-run", "--channel", "dev"], ["--dry-run", "--version", OLD]):
        done = home.run(site.script(NEW), *words, shell=shell)
        assert (done.code, done.err) == (0, "")
        assert "Nothing was changed" in done.out
        now = {path: path.lstat().st_mtime_ns for path in home.folder.rglob("*") if path != home.folder / "tmp"}
        assert now == {path: time for path, time in before.items() if path != home.folder / "tmp"}


def test_a_cut_script_runs_nothing(site: Site, home: Home, shell: str) -> None:
    whole = site.script(NEW).read_text()
    script = home.folder / "cut.sh"
    # The last line without its end is whole.
    for end in {*range(2, 18), len(whole) // 2, len(whole) // 3, 1000}:
        script.write_text(whole[:-end])
        home.run(script, shell=shell)
        assert not home.bin.exists(), end
