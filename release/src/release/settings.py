"""Everything the tool reads from the environment; refuses to let any other module look there."""

import os
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The outside world, read once.

    Attributes:
        environment: what programs that we start inherit.
        ci: whether this is a CI machine (`CI=true`): no colours, no moving progress lines.
        github_token: used for GitHub releases only; never printed.
    """

    environment: dict[str, str]
    ci: bool
    github_token: str


def read() -> Settings:
    """Read the environment of this process."""
    return Settings(
        environment=dict(os.environ),
        ci=os.environ.get("CI", "").lower() in {"1", "true"},
        github_token=os.environ.get("GITHUB_TOKEN", ""),
    )
