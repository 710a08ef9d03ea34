"""What a server looks for is loaded later than all that a command waits for."""

import asyncio
import contextlib
from pathlib import Path

from tests.iterate.newsstand import Channel

from iterate import settings
from iterate.install import news
from iterate.install.news import News, Offer
from iterate.install.watch import Watch
from iterate.server.bulletin import Bulletin
from iterate.updates import Later


def test_before_it_is_loaded_nothing_is_told_and_a_checkout_tells_nothing_after(tmp_path: Path) -> None:
    here = settings.read({"HOME": str(tmp_path)})
    news.save(here.state, News(offer=Offer(version="9.9.9")))
    later = Later(here, first_s=(0.0, 0.0))
    assert later.reserve("1.0.0") is None
    later.settle(Bulletin("9.9.9", "never reserved"), is_told=True)
    assert news.load(here.state).told == ()
    # A checkout has no channel, so the looking ends by itself.
    asyncio.run(asyncio.wait_for(later.watch(), 20))
    assert later.reserve("1.0.0") is None


def test_once_it_is_loaded_it_looks_and_tells_and_remembers_what_was_told(tmp_path: Path) -> None:
    here = settings.read({"HOME": str(tmp_path)})

    async def live() -> Bulletin:
        later = Later(here, (0.0, 0.0), lambda each: Watch(each, Channel("9.9.9")))
        looking = asyncio.ensure_future(later.watch())
        while (found := later.reserve("1.0.0")) is None:  # noqa: ASYNC110  # Nothing says when it has looked.
            await asyncio.sleep(0.01)
        later.settle(found, is_told=True)
        assert later.reserve("1.0.0") is None
        looking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await looking
        return found

    found = asyncio.run(asyncio.wait_for(live(), 20))
    assert found.line == "iterate 9.9.9 is out (this is 1.0.0): iterate upgrade"
    assert news.load(here.state).told == (found.key,)


def test_a_server_that_ends_before_ends_the_waiting(tmp_path: Path) -> None:
    async def live() -> None:
        waiting = asyncio.ensure_future(Later(settings.read({"HOME": str(tmp_path)})).watch())
        await asyncio.sleep(0)
        waiting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await waiting

    asyncio.run(asyncio.wait_for(live(), 5))
