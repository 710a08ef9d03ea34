"""The roster of models as a server holds it: made when somebody asks for the first model that is not built in.

Nothing of it is imported before, because no start of a server waits for models.
"""

import asyncio
import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from iterate.providers import BUILT_IN, Known
from iterate.request import Model
from iterate.settings import Settings

# A prompt that comes right after the start has everything read that it needs, and shares the processor with nobody.
WARM_AFTER_S = 0.2

if TYPE_CHECKING:
    from iterate.config.sections import Config
    from iterate.providers.roster import Roster


class OnDemand:
    """The models of a server with these settings."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._lock = threading.Lock()
        self._made: Roster | None = None

    @property
    def roster(self) -> "Roster":
        """The roster; the first time takes some milliseconds, so call it in a thread."""
        with self._lock:
            if self._made is None:
                from iterate.providers.roster import Roster

                self._made = Roster(self.settings.data)
            return self._made

    def find(self, name: str, config: "Config", environment: Mapping[str, str]) -> Model:
        """The model of that full name; see `Models`."""
        for model in BUILT_IN:
            if model.name == name:
                return model
        return self.roster.find(name, config, environment)

    def known(self, config: "Config", environment: Mapping[str, str]) -> Sequence[Known]:
        """Every model that there is a name for."""
        return self.roster.known(config, environment)

    async def warm(self, environment: Mapping[str, str]) -> None:
        """Have everything ready for the first request, where somebody is likely to ask for a model.

        Otherwise its 16 MB are spared until then.
        """
        await asyncio.sleep(WARM_AFTER_S)
        if await asyncio.to_thread(self._is_wanted, environment):
            roster = await asyncio.to_thread(lambda: self.roster)
            await roster.warm(environment)

    async def close(self) -> None:
        """Hang up everywhere."""
        if self._made is not None:
            await self._made.close()

    def _is_wanted(self, environment: Mapping[str, str]) -> bool:
        """Whether a key is kept or seen, or a model named."""
        from iterate import config
        from iterate.errors import ConfigInvalid
        from iterate.providers.keys import NAME
        from iterate.providers.vendors import VENDORS

        if (self.settings.data / NAME).exists() or any(
            environment.get(key) for row in VENDORS for key in row.variables
        ):
            return True
        try:
            name = config.read(self.settings, "", environment).model
        except ConfigInvalid:
            return False
        return name is not None and all(model.name != name for model in BUILT_IN)
