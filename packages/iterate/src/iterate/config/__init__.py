"""What people say in files of settings: for all their projects, for one, and for one run. `docs/settings.md` lists it.

Only what needs them imports the classes of the keys: a start of the server and most commands read no file of settings.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from iterate.config.updates import Autoupdate, autoupdate
from iterate.settings import Settings

if TYPE_CHECKING:
    from iterate.config.sections import Config

__all__ = ["Autoupdate", "autoupdate", "check", "read"]


def read(settings: Settings, directory: str, environment: Mapping[str, str]) -> "Config":
    """What counts for work in that folder, for whoever has that environment; raises `ConfigInvalid`.

    It looks at a few files and reads those that changed. An empty `directory` is no project. What a project's file
    says and its person did not trust is left out: `layers.load` says what.
    """
    from iterate.config import layers

    return layers.load(settings, directory, environment).config


def check(settings: Settings) -> None:
    """Raise `ConfigInvalid` for what is wrong with the person's own file, which need not be there."""
    if settings.config is not None and settings.config.exists():
        from iterate.config import layers

        layers.load(settings, "", {}, is_strict=True)
