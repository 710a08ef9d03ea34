"""Everything the tool reads from the environment: no other module looks there."""

import os
from dataclasses import dataclass, field

LOOPBACK = ("localhost", "127.0.0.1", "::1")
# git exports these to its aliases, hooks and `rebase --exec`, and every git below would work on the repository
# that they name. Source: `git rev-parse --local-env-vars`, GIT_NAMESPACE and GIT_QUARANTINE_PATH.
REPOSITORY_VARIABLES = frozenset(
    {
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_COMMON_DIR",
        "GIT_CONFIG",
        "GIT_DIR",
        "GIT_GRAFT_FILE",
        "GIT_IMPLICIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_INTERNAL_SUPER_PREFIX",
        "GIT_NAMESPACE",
        "GIT_NO_REPLACE_OBJECTS",
        "GIT_OBJECT_DIRECTORY",
        "GIT_PREFIX",
        "GIT_QUARANTINE_PATH",
        "GIT_REPLACE_REF_BASE",
        "GIT_SHALLOW_FILE",
        "GIT_WORK_TREE",
    }
)

# By this a completion script asks us, in place of words.
COMPLETION = "_RELEASE_COMPLETE"
# What begins so opens the signed channels: no program that we start sees it.
SECRETS = "RELEASE_KEY_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The outside world, read once.

    Attributes:
        environment: what programs that we start inherit; no proxy of it stands before the loopback addresses, and
            nothing in it names a git repository, which would be our caller's, or is a private key.
        ci: whether this is a CI machine (`CI=true`): no colours, no moving progress lines.
        is_dumb: whether the terminal has no name, or says that nothing can be painted on it twice.
        has_colour: whether colours are wanted where there is a terminal.
        is_github: whether this is a job of GitHub Actions, whose log has groups and annotations.
        is_completing: whether a completion script asks.
        summary: the file that GitHub shows as the job's summary; empty for none.
        github_token: used for GitHub releases only; never printed.
        keys: private keys by role, as PEM text; never printed.
        keys_folder: folder of private key files; empty for none.
        passphrase: opens the private keys; never printed.
        has_identity: whether this is a CI job that can prove which one it is, to a registry that knows it.
    """

    environment: dict[str, str]
    ci: bool
    is_dumb: bool
    has_colour: bool
    is_github: bool
    is_completing: bool
    summary: str
    github_token: str
    keys: dict[str, str] = field(repr=False)
    keys_folder: str
    passphrase: str = field(repr=False)
    has_identity: bool


def read() -> Settings:
    """Read the environment of this process."""
    return Settings(
        environment=without_loopback_proxies(
            {
                name: value
                for name, value in os.environ.items()
                if name not in REPOSITORY_VARIABLES and not name.startswith(SECRETS)
            }
        ),
        ci=os.environ.get("CI", "").lower() in {"1", "true"},
        is_dumb=os.environ.get("TERM", "") in {"", "dumb"} and os.name != "nt",
        has_colour=not os.environ.get("NO_COLOR"),  # https://no-color.org: any value but an empty one
        is_github=os.environ.get("GITHUB_ACTIONS", "").lower() == "true",
        is_completing=bool(os.environ.get(COMPLETION)),
        summary=os.environ.get("GITHUB_STEP_SUMMARY", ""),
        github_token=os.environ.get("GITHUB_TOKEN", ""),
        keys=_keys(),
        keys_folder=os.environ.get("RELEASE_KEYS", ""),
        passphrase=os.environ.get("RELEASE_KEY_PASSPHRASE", ""),
        has_identity=bool(os.environ.get("ACTIONS_ID_TOKEN_REQUEST_URL") or os.environ.get("NPM_ID_TOKEN")),
    )


def _keys() -> dict[str, str]:
    """The private keys that the environment holds, by the role of the signed channels that they sign for."""
    variables = {
        "RELEASE_KEY_ROOT": "root",
        "RELEASE_KEY_TARGETS": "targets",
        "RELEASE_KEY_SNAPSHOT": "snapshot",
        "RELEASE_KEY_TIMESTAMP": "timestamp",
        "RELEASE_KEY_CHANNEL_LATEST": "channel-latest",
        "RELEASE_KEY_CHANNEL_DEV": "channel-dev",
        "RELEASE_KEY_CHANNEL_SNAPSHOT": "channel-snapshot",
    }
    return {role: text for name, role in variables.items() if (text := os.environ.get(name))}


def without_loopback_proxies(environment: dict[str, str]) -> dict[str, str]:
    """The environment with the loopback addresses added to those that no proxy is asked for.

    Some programs read the variable in capitals, some in small letters, curl and git both: both get what either had.
    A lone `*` stays alone, or curl would not know it.
    """
    spellings = ("NO_PROXY",) if os.name == "nt" else ("NO_PROXY", "no_proxy")
    given = [each.strip() for name in spellings for each in environment.get(name, "").split(",") if each.strip()]
    hosts = ["*"] if "*" in given else list(dict.fromkeys([*given, *LOOPBACK]))
    return {**environment, **dict.fromkeys(spellings, ",".join(hosts))}
