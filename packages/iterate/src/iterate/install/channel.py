"""The channel of the copy that runs, as the background look for newer versions uses it."""

from iterate.install.news import Offer
from iterate.install.watch import Standing
from iterate.settings import Settings


class Channel:
    """What this copy follows; see `watch.Source`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def standing(self) -> Standing | None:
        """None for a copy that has no channel, such as a checkout."""
        return None

    def offer(self) -> Offer:
        """What the channel has now, asked over the network; raises `Failure`."""
        raise NotImplementedError

    def take(self, offer: Offer) -> None:
        """Put that version in place of this copy; raises `Failure`."""
        raise NotImplementedError
