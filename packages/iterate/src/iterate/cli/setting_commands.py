"""Commands about what people write in files, what was used, the manual page. A row imports its command's module."""

from collections.abc import Callable

import click

from iterate.cli.options import HELP
from iterate.cli.table import Deferred, Table


def _config_list() -> click.Command:
    from iterate.cli.config import list_settings

    return list_settings


def _config_get() -> click.Command:
    from iterate.cli.config import get

    return get


def _config_set() -> click.Command:
    from iterate.cli.config import set_

    return set_


def _config_unset() -> click.Command:
    from iterate.cli.config import unset

    return unset


def _config_path() -> click.Command:
    from iterate.cli.config import path

    return path


def _config_edit() -> click.Command:
    from iterate.cli.config import edit

    return edit


def _config_schema() -> click.Command:
    from iterate.cli.config import schema

    return schema


def _config_trust() -> click.Command:
    from iterate.cli.config import trust

    return trust


def _agent_list() -> click.Command:
    from iterate.cli.agent import list_agents

    return list_agents


def _agent_show() -> click.Command:
    from iterate.cli.agent import show

    return show


def _agent_create() -> click.Command:
    from iterate.cli.agent import create

    return create


def _mcp(name: str) -> Callable[[], click.Command]:
    def load() -> click.Command:
        from iterate.cli import mcp

        found: click.Command = getattr(mcp, name)
        return found

    return load


def stats() -> click.Command:
    """The command `stats`."""
    from iterate.cli.stats import stats as command

    return command


def man() -> click.Command:
    """The command `man`."""
    from iterate.cli.man import man as command

    return command


CONFIG = Table(
    "config",
    help_="Read and change settings.",
    commands=(
        Deferred("list", "Show every setting that somebody says and who says it.", _config_list),
        Deferred("get", "Print the value of a setting.", _config_get),
        Deferred("set", "Change a setting in your file of settings.", _config_set),
        Deferred("unset", "Remove a setting from your file of settings.", _config_unset),
        Deferred("path", "Print where your file of settings is.", _config_path),
        Deferred("edit", "Open your file of settings in your editor and check it afterwards.", _config_edit),
        Deferred("schema", "Print the JSON schema of the files of settings.", _config_schema),
        Deferred("trust", "Let the files of this project count in full.", _config_trust),
    ),
)

AGENT = Table(
    "agent",
    help_="Look at agents and write your own.",
    commands=(
        Deferred("list", "List the agents that may answer in this folder.", _agent_list),
        Deferred("show", "Show an agent and its prompt.", _agent_show),
        Deferred("create", "Begin the file of an agent of your own.", _agent_create),
    ),
)

MCP = Table(
    "mcp",
    help_="Look after servers of tools that speak MCP.",
    commands=(
        Deferred("add", "Add an MCP server to your settings.", _mcp("add")),
        Deferred("list", "List the MCP servers of this folder; nothing is started.", _mcp("list_")),
        Deferred("remove", "Remove an MCP server from your settings and forget its log-in.", _mcp("remove")),
        Deferred("login", "Log in to an MCP server that is reached over HTTP.", _mcp("login")),
        Deferred(
            "debug",
            "Start an MCP server anew and show what it says; exits with an error if it does not start.",
            _mcp("debug"),
        ),
    ),
)

HELP(CONFIG)
HELP(MCP)
HELP(AGENT)
