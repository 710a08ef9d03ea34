"""HTTP/1.1 as uvicorn speaks it, but a request that is no HTTP gets our JSON error instead of plain text.

That includes a request without a `Host` or with two of them: RFC 9112 asks for 400 before anything else.
"""

import json
from typing import override

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

_BODY = json.dumps(
    {
        "error": {
            "name": "BadRequest",
            "message": "the request is not valid HTTP/1.1, or has no single Host header",
            "hint": "send one Host header, and a request that fits RFC 9112",
        }
    }
).encode()


class Protocol(H11Protocol):
    """One connection."""

    @override
    def send_400_response(self, msg: str) -> None:
        """Answer what is no request, and close."""
        if self.conn.our_state not in {h11.IDLE, h11.SEND_RESPONSE}:
            # A broken body behind an answer that has begun: there is no way left to say it.
            self.transport.close()
            return
        headers = [
            ("content-type", "application/json"),
            ("content-length", str(len(_BODY))),
            ("connection", "close"),
        ]
        for event in (
            h11.Response(status_code=400, headers=headers),
            h11.Data(data=_BODY),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()
