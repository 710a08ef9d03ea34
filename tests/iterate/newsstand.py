"""A server whose channel has a newer version, in another process: `python newsstand.py VERSION`. For this home only."""

import sys

from iterate import settings
from iterate.about import STAMP
from iterate.install.news import Offer
from iterate.install.watch import Standing, Watch
from iterate.server import run
from iterate.updates import Later


class Channel:
    """It has the version that it is given."""

    def __init__(self, version: str) -> None:
        self._version = version

    def standing(self) -> Standing:
        return Standing(version=STAMP.version, is_own=False, is_pinned=False)

    def offer(self) -> Offer:
        return Offer(version=self._version)

    def take(self, offer: Offer) -> None:
        raise AssertionError(offer)


if __name__ == "__main__":
    here = settings.read()
    later = Later(here, (0.0, 0.0), lambda each: Watch(each, Channel(sys.argv[1])))
    run.run(here, later, side=None, hostname="127.0.0.1", port=0, on_ready=lambda _: None)
