"""A server of MCP as they were written in 2024, by hand: it asks its client mid-call, and tells of new tools."""

import json
import sys

TOOLS = ["ask", "roots", "sample", "grow"]
SCHEMA = {"type": "object", "properties": {"colour": {"type": "string", "enum": ["red", "blue"]}}}
ASKED = {
    "ask": ("elicitation/create", {"message": "Which colour?", "requestedSchema": SCHEMA}),
    "roots": ("roots/list", {}),
    "sample": (
        "sampling/createMessage",
        {"messages": [{"role": "user", "content": {"type": "text", "text": "hi"}}], "maxTokens": 5},
    ),
}


def send(**message: object) -> None:
    print(json.dumps({"jsonrpc": "2.0", **message}), flush=True)


def give(id_: object, text: str) -> None:
    send(id=id_, result={"content": [{"type": "text", "text": text}]})


waiting: list[object] = []
for line in sys.stdin:
    said = json.loads(line)
    match said.get("method"):
        case "initialize":
            about = {"protocolVersion": "2025-06-18", "capabilities": {"tools": {"listChanged": True}}}
            send(id=said["id"], result={**about, "serverInfo": {"name": "old", "version": "1"}})
        case "tools/list":
            rows = [{"name": name, "inputSchema": {"type": "object"}} for name in TOOLS]
            send(id=said["id"], result={"tools": rows})
        case "tools/call":
            name = said["params"]["name"]
            if name == "grow":
                TOOLS.append("new")
                send(method="notifications/tools/list_changed")
                give(said["id"], "grown")
            else:
                waiting.append(said["id"])
                method, params = ASKED[name]
                send(id="mine", method=method, params=params)
        case "notifications/initialized":
            # Some say so at once.
            send(method="notifications/tools/list_changed")
        case None:
            give(waiting.pop(), json.dumps(said))
        case _ if "id" in said:
            send(id=said["id"], error={"code": -32601, "message": "there is no such method"})
        case _:
            pass
