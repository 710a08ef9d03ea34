"""What requests do with models and those who have them: list, ask anew, keep a key, forget it."""

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING

from iterate.server.route import Call, Context
from iterate.server.shapes import (
    Forgotten,
    KeyBody,
    KeyKept,
    ModelRow,
    Models,
    Nothing,
    RefreshBody,
    RefreshedRow,
    RefreshedRows,
    VendorRow,
    VendorRows,
)
from iterate.workspace import Workspace

if TYPE_CHECKING:
    from iterate.config.sections import Config
    from iterate.providers.roster import Access


class Vendors:
    """The models of one server."""

    def __init__(self, context: Context) -> None:
        self._models = context.models
        self._own = context.own

    async def models(self, call: Call[Nothing]) -> Models:
        """List models."""
        rows = await asyncio.to_thread(self._known, *_asked(call, self._own))
        return Models(models=rows)

    async def vendors(self, call: Call[Nothing]) -> VendorRows:
        """List vendors."""
        rows = await asyncio.to_thread(self._access, *_asked(call, self._own))
        return VendorRows(vendors=rows)

    async def vendor(self, call: Call[Nothing]) -> VendorRow:
        """Say how one vendor is reached."""
        from iterate.providers import roster  # Nothing that is imported before a vendor is asked for.

        rows = await asyncio.to_thread(self._access, *_asked(call, self._own))
        found = next((row for row in rows if row.name == call.path["vendor"]), None)
        if found is None:
            raise roster.unknown_vendor(call.path["vendor"], {row.name: row for row in rows})
        return found

    async def refresh(self, call: Call[RefreshBody]) -> RefreshedRows:
        """Ask vendors for their models."""
        where = call.body.workspace
        roster, config = await asyncio.to_thread(lambda: (self._models.roster, self._config(where)))
        rows = await roster.refresh(config, where.environment, call.body.vendor)
        return RefreshedRows(
            vendors=tuple(RefreshedRow(name=row.name, models=row.models, problem=row.problem) for row in rows)
        )

    async def keep(self, call: Call[KeyBody]) -> KeyKept:
        """Keep a key."""
        where = call.body.workspace
        roster, config = await asyncio.to_thread(lambda: (self._models.roster, self._config(where)))
        doubt = await roster.login(
            call.path["vendor"], call.body.key, config, where.environment, is_checked=call.body.check
        )
        return KeyKept(vendor=call.path["vendor"], doubt=doubt)

    async def forget(self, call: Call[Nothing]) -> Forgotten:
        """Forget a key."""
        roster = await asyncio.to_thread(lambda: self._models.roster)
        return Forgotten(forgotten=await roster.logout(call.path["vendor"]))

    def _known(self, where: Workspace) -> tuple[ModelRow, ...]:
        rows = self._models.known(self._config(where), where.environment)
        return tuple(
            ModelRow(
                name=row.name,
                ready=row.is_ready,
                why=row.why,
                source=row.source,
                window=row.window,
                output=row.output,
                prices=row.prices,
                images=row.images,
                tools=row.tools,
                reasoning=row.thinks,
            )
            for row in rows
        )

    def _access(self, where: Workspace) -> tuple[VendorRow, ...]:
        return tuple(map(_row, self._models.roster.access(self._config(where), where.environment)))

    def _config(self, where: Workspace) -> "Config":
        from iterate import config

        return config.read(self._models.settings, where.directory, where.environment)


def _row(row: "Access") -> VendorRow:
    return VendorRow(
        name=row.name,
        title=row.title,
        url=row.base_url,
        ready=row.is_ready,
        key=row.key,
        variable=row.variable,
        variables=row.variables,
        state=row.state,
        models=row.models,
    )


def _asked(call: Call[Nothing], own: Mapping[str, str]) -> tuple[Workspace]:
    """Where the client is, and which variables it has: their names are enough to say what is ready."""
    seen = call.query.get("seen")
    # One that does not say has none that counts here: its prompts get the server's own.
    environment = dict(own) if seen is None else dict.fromkeys((name for name in seen.split(",") if name), "set")
    return (Workspace(directory=call.query.get("directory", ""), environment=environment),)
