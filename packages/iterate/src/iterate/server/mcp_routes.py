"""The routes of MCP servers."""

from iterate import errors
from iterate.server.mcps import McpAdded, McpBody, McpLogin, McpRemoved, McpRows, Mcps, McpVisit, McpWhere, McpWhole
from iterate.server.problems import BadQuery
from iterate.server.route import Parameter, Route, json, route
from iterate.server.shapes import Nothing

_FOLDER = (Parameter(name="directory", where="query", meaning="The whole path of the folder whose settings count."),)
_SERVER = (errors.McpUnknown, errors.McpFailed, errors.ConfigInvalid)
_FILE = (errors.ConfigInvalid, errors.ConfigUnwritable)

MCP: tuple[Route, ...] = (
    route(
        "GET /mcp",
        Mcps,
        Mcps.mcps,
        takes=Nothing,
        asks=_FOLDER,
        gives=json(McpRows, "the servers, and what is known of each; nothing is started"),
        summary="List the MCP servers of a folder",
        fails=(BadQuery, errors.ConfigInvalid),
    ),
    route(
        "POST /mcp",
        Mcps,
        Mcps.add_mcp,
        takes=McpBody,
        gives=json(McpAdded, "the file of settings that says it now"),
        summary="Add an MCP server to your own settings",
        fails=_FILE,
    ),
    route(
        "GET /mcp/{name}",
        Mcps,
        Mcps.mcp,
        takes=Nothing,
        asks=_FOLDER,
        gives=json(McpWhole, "what is known of it, and the end of what it complained of"),
        summary="Look at an MCP server",
        fails=(BadQuery, errors.McpUnknown, errors.ConfigInvalid),
    ),
    route(
        "DELETE /mcp/{name}",
        Mcps,
        Mcps.remove_mcp,
        takes=Nothing,
        gives=json(McpRemoved, "the name; it is ended, and its log-in forgotten"),
        summary="Remove an MCP server from your own settings",
        fails=(errors.McpUnknown, *_FILE),
    ),
    route(
        "POST /mcp/{name}/restart",
        Mcps,
        Mcps.restart_mcp,
        takes=McpWhere,
        may_be_empty=True,
        gives=json(McpWhole, "how the start went; `problem` is empty where it went well"),
        summary="Start an MCP server anew",
        fails=_SERVER,
    ),
    route(
        "POST /mcp/{name}/login",
        Mcps,
        Mcps.login_mcp,
        takes=McpLogin,
        may_be_empty=True,
        gives=json(McpVisit, "open, with the address to visit in a browser; or done"),
        summary="Log in to an MCP server",
        notes="The first request begins and gives the address. The next ones wait up to 25 s each. A browser that "
        "cannot reach the server's machine ends at an address on 127.0.0.1, which `url` brings here.",
        fails=(errors.McpLoginFailed, errors.McpLoginNeeded, *_SERVER),
    ),
)
