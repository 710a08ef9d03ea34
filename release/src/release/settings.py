"""Everything the tool reads from the environment; refuses to let any other module look there."""

import os
from dataclasses import dataclass

LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The outside world, read once.

    Attributes:
        environment: what programs that we start inherit; no proxy of it stands before the loopback addresses.
        ci: whether this is a CI machine (`CI=true`): no colours, no moving progress lines.
        github_token: used for GitHub releases only; never printed.
    """

    environment: dict[str, str]
    ci: bool
    github_token: str


def read() -> Settings:
    """Read the environment of this process."""
    return Settings(
        environment=without_loopback_proxies(dict(os.environ)),
        ci=os.environ.get("CI", "").lower() in {"1", "true"},
        github_token=os.environ.get("GITHUB_TOKEN", ""),
    )


def without_loopback_proxies(environment: dict[str, str]) -> dict[str, str]:
    """The environment with the loopback addresses added to those that no proxy is asked for.

    Some programs read the variable in capitals, some in small letters, curl and git both: both get what either had.
    A lone `*` stays alone, or curl would not know it.
    """
    spellings = ("NO_PROXY",) if os.name == "nt" else ("NO_PROXY", "no_proxy")
    given = [each.strip() for name in spellings for each in environment.get(name, "").split(",") if each.strip()]
    hosts = ["*"] if "*" in given else list(dict.fromkeys([*given, *LOOPBACK]))
    return {**environment, **dict.fromkeys(spellings, ",".join(hosts))}
