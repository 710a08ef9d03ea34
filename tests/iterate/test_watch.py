"""The background look for newer versions: when the channel is asked, what is told, and what is put in place."""

import asyncio
import contextlib
import logging
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests import limits
from tests.iterate.conftest import eventually

from iterate import settings
from iterate.errors import ChannelLapsed, Failure, NotReplaceable, ProgramBroken, SiteNotTrusted, SiteUnreachable
from iterate.install import news
from iterate.install.news import Offer
from iterate.install.watch import Pace, Standing, Watch
from iterate.settings import Settings

NOW = 1_800_000_000.0
DAY = 24 * 3600.0


@dataclass(slots=True, kw_only=True)
class Channel:
    """A copy and its channel, without a network; it counts what is asked of it."""

    has: Standing | None
    offers: Offer | Failure
    takes: Failure | None = None
    asked: int = 0
    taken: list[str] = field(default_factory=list)
    gate: threading.Event | None = None

    def standing(self) -> Standing | None:
        return self.has

    def offer(self) -> Offer:
        self.asked += 1
        if self.gate is not None:
            self.gate.wait()
        if isinstance(self.offers, Failure):
            raise self.offers
        return self.offers

    def take(self, offer: Offer) -> None:
        self.taken.append(offer.version)
        if self.takes is not None:
            raise self.takes


def channel(
    version: str = "1.2.0",
    *,
    offers: Offer | Failure | str = "1.3.0",
    is_own: bool = True,
    is_pinned: bool = False,
    takes: Failure | None = None,
) -> Channel:
    return Channel(
        has=Standing(version=version, is_own=is_own, is_pinned=is_pinned),
        offers=Offer(version=offers) if isinstance(offers, str) else offers,
        takes=takes,
    )


def home(folder: Path, autoupdate: str = "", **variables: str) -> Settings:
    read = settings.read({"HOME": str(folder)} | variables)
    assert read.config is not None
    if autoupdate:
        read.config.parent.mkdir(parents=True, exist_ok=True)
        read.config.write_text(f'autoupdate = "{autoupdate}"\n')
    return read


def watch(here: Settings, source: Channel, now: float = NOW) -> Watch:
    return Watch(here, source, clock=lambda: now)


def told(one: Watch, version: str = "1.2.0") -> str:
    """The line that a client of this version is told now; empty when it is told nothing."""
    notice = one.reserve(version)
    if notice is None:
        return ""
    one.settle(notice, is_told=True)
    return notice.line


def test_a_newer_version_is_told_once_in_one_line(tmp_path: Path) -> None:
    one = watch(home(tmp_path), channel())
    assert told(one) == ""
    one.look()
    assert told(one) == "iterate 1.3.0 is out (this is 1.2.0): iterate upgrade"
    assert told(one) == ""


def test_it_is_told_once_to_a_user_whichever_server_lives(tmp_path: Path) -> None:
    first = watch(home(tmp_path), channel())
    first.look()
    assert told(first)
    assert told(watch(home(tmp_path), channel())) == ""


def test_the_next_version_is_told_again_and_one_that_came_back_is_not(tmp_path: Path) -> None:
    lines = []
    for offered in ("1.3.0", "1.4.0", "1.3.0", "1.4.0"):
        one = watch(home(tmp_path), channel(offers=offered))
        one.look()
        lines.append(bool(told(one)))
    assert lines == [True, True, False, False]


def test_a_client_that_left_before_the_end_is_told_again(tmp_path: Path) -> None:
    one = watch(home(tmp_path), channel())
    one.look()
    notice = one.reserve("1.2.0")
    assert notice is not None
    assert one.reserve("1.2.0") is None, "two commands at once are not both told"
    one.settle(notice, is_told=False)
    assert told(one)


@pytest.mark.parametrize("version", ["1.3.0", "1.4.0", "2.0.0-rc.1", "no version"])
def test_a_client_that_is_as_new_is_told_nothing(tmp_path: Path, version: str) -> None:
    one = watch(home(tmp_path), channel())
    one.look()
    assert told(one, version) == ""


def test_an_older_version_in_the_channel_is_told_only_when_this_one_was_withdrawn(tmp_path: Path) -> None:
    here = home(tmp_path)
    behind = watch(here, channel("1.4.0", offers=Offer(version="1.3.0", withdrawn=("1.3.5",))))
    behind.look()
    assert told(behind, "1.4.0") == ""
    gone = watch(here, channel("1.4.0", offers=Offer(version="1.3.0", withdrawn=("1.4.0",)), is_pinned=True))
    gone.look()
    assert told(gone, "1.4.0") == "iterate 1.4.0 was withdrawn, and 1.3.0 takes its place: iterate upgrade"


def test_who_asked_for_a_version_by_name_is_left_alone(tmp_path: Path) -> None:
    for mode in ("notify", "auto"):
        source = channel(is_pinned=True)
        one = watch(home(tmp_path, mode), source)
        one.look()
        assert (told(one), source.taken) == ("", [])


@pytest.mark.parametrize("how", ["off", "variable", "ci", "broken"])
def test_off_asks_nobody_and_tells_nothing_that_was_known(
    tmp_path: Path, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    known = watch(home(tmp_path), channel())
    known.look()
    variables = {"variable": {"ITERATE_DISABLE_AUTOUPDATE": "true"}, "ci": {"CI": "true"}}.get(how, {})
    source = channel()
    here = home(tmp_path, how if how in {"off", "broken"} else "auto", **variables)
    one = watch(here, source)
    one.look()
    assert (source.asked, source.taken, told(one)) == (0, [], "")
    assert ("config.toml" in caplog.text) is (how == "broken")


def test_a_checkout_has_no_channel_and_asks_nobody(tmp_path: Path) -> None:
    source = Channel(has=None, offers=Offer(version="9.0.0"))
    one_home = home(tmp_path, "auto")
    one = watch(one_home, source)
    one.look()
    asyncio.run(asyncio.wait_for(Watch(one_home, source).watch(), 5))
    assert (source.asked, source.taken, told(one)) == (0, [], "")


def test_auto_puts_the_newer_version_in_place_and_needs_no_word(tmp_path: Path) -> None:
    source = channel()
    one = watch(home(tmp_path, "auto"), source)
    one.look()
    assert (source.taken, told(one)) == (["1.3.0"], "")


def test_auto_only_tells_of_a_copy_that_another_program_owns(tmp_path: Path) -> None:
    source = channel(is_own=False)
    one = watch(home(tmp_path, "auto"), source)
    one.look()
    assert source.taken == []
    assert told(one)


@pytest.mark.parametrize("offered", ["1.2.0", "1.1.9", "1.2.0-rc.1", "nonsense"])
def test_auto_goes_forward_only(tmp_path: Path, offered: str) -> None:
    source = channel(offers=Offer(version=offered, withdrawn=("1.2.0",)))
    watch(home(tmp_path, "auto"), source).look()
    assert source.taken == []


@pytest.mark.parametrize("problem", [ProgramBroken("it does not start"), NotReplaceable("it belongs to root")])
def test_a_version_that_cannot_be_put_in_place_is_not_tried_again_and_told(tmp_path: Path, problem: Failure) -> None:
    source = channel(takes=problem)
    one = watch(home(tmp_path, "auto"), source)
    one.look()
    one.look()
    assert source.taken == ["1.3.0"]
    assert told(one)
    source.offers, source.takes = Offer(version="1.3.1"), None
    one.look()
    assert source.taken == ["1.3.0", "1.3.1"]


def test_a_download_that_broke_off_is_tried_again_after_an_hour_or_two(tmp_path: Path) -> None:
    here = home(tmp_path, "auto")
    watch(here, channel(takes=SiteUnreachable("cut"))).look()
    due = news.load(here.state).due
    assert NOW + 3600 <= due <= NOW + 2 * 3600


@pytest.mark.parametrize(
    ("problem", "is_quiet"),
    [(SiteUnreachable("offline"), True), (SiteNotTrusted("a portal"), False), (ChannelLapsed("late"), False)],
)
def test_who_cannot_be_reached_is_asked_again_in_silence_and_who_is_not_trusted_the_next_day(
    tmp_path: Path,
    problem: Failure,
    is_quiet: bool,  # noqa: FBT001  # A row.
    caplog: pytest.LogCaptureFixture,
) -> None:
    here = home(tmp_path)
    with caplog.at_level(logging.INFO):
        watch(here, channel(offers=problem)).look()
    wait = news.load(here.state).due - NOW
    assert (3600 <= wait <= 2 * 3600) if is_quiet else (DAY <= wait <= DAY + 3600)
    assert ("no newer version" in caplog.text) is not is_quiet


def lived(here: Settings, source: Channel, now: float) -> int:
    """How often the channel is asked in a short life of a server."""
    before = source.asked

    async def live() -> None:
        pace = Pace(look=0.01)
        one = asyncio.ensure_future(Watch(here, source, pace=pace, clock=lambda: now).watch())
        await asyncio.sleep(0.1)
        one.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await one

    asyncio.run(live())
    if source.gate is None:
        # What a thread was doing when its server ended it may write down after that.
        eventually(lambda: not any(thread.name == "news" for thread in threading.enumerate()))
    return source.asked - before


def test_ten_short_lives_a_day_ask_once_and_the_next_day_asks_again(tmp_path: Path) -> None:
    here, source = home(tmp_path), channel()
    assert sum(lived(here, source, NOW + each * 3600) for each in range(10)) == 1
    assert lived(here, source, NOW + DAY + 3601) == 1


def test_a_time_from_a_clock_that_was_wrong_keeps_nobody_from_asking(tmp_path: Path) -> None:
    here, source = home(tmp_path), channel()
    assert lived(here, source, NOW + 1000 * DAY) == 1
    assert lived(here, source, NOW) == 1


def test_a_channel_that_does_not_answer_holds_up_neither_the_loop_nor_the_end(tmp_path: Path) -> None:
    source = channel()
    source.gate = threading.Event()
    assert lived(home(tmp_path), source, NOW) == 1
    hanging = [thread for thread in threading.enumerate() if thread.name == "news"]
    assert all(thread.daemon for thread in hanging), "a process would wait for it at its end"
    source.gate.set()
    eventually(lambda: not any(thread.is_alive() for thread in hanging))


def test_what_is_remembered_is_for_this_user_alone_and_outlives_nonsense(tmp_path: Path) -> None:
    here = home(tmp_path)
    one = watch(here, channel())
    one.look()
    file = here.state / news.NAME
    if os.name != "nt":
        assert file.stat().st_mode & 0o777 == 0o600
    for content in (b"", b"[]", b'{"due": "soon"}', b"\xff", b"{" * 100_000, b'{"x":' + b"[" * 60_000):
        file.write_bytes(content)
        assert news.load(here.state) == news.News()
    one.look()
    assert told(one)
    assert [path.name for path in here.state.iterdir()] == [news.NAME]


@pytest.mark.parametrize("make", [Path.mkdir, lambda path: path.symlink_to("/")])
def test_where_nothing_can_be_remembered_nothing_fails(tmp_path: Path, make: Callable[[Path], None]) -> None:
    here = home(tmp_path)
    here.state.mkdir(parents=True)
    make(here.state / news.NAME)
    one = watch(here, channel())
    one.look()
    assert isinstance(told(one), str)


@pytest.mark.systems("linux", "darwin")
def test_on_a_full_disk_a_server_asks_once_and_tells_once(tmp_path: Path) -> None:
    here, source = home(tmp_path), channel()
    one = watch(here, source)
    one.look()
    with limits.files_of(0):
        lines = [told(one), told(one)]
        asked = lived(here, source, NOW + 2 * DAY)
    assert [bool(line) for line in lines] == [True, False]
    assert asked == 1
