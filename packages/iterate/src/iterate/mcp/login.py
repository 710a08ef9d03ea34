"""Logging in to a server of MCP: the SDK's OAuth client, a page on loopback that browsers come back to, kept tokens."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx2
from mcp.client.auth.exceptions import OAuthFlowError
from mcp.client.auth.oauth2 import OAuthClientProvider
from mcp.shared.auth import AuthorizationCodeResult, OAuthClientMetadata
from pydantic import AnyUrl

from iterate.mcp.tokens import Tokens

PATH = "/callback"
_LONGEST_REQUEST = 16_384


_UNAUTHORIZED = 401


class LoginNeeded(Exception):  # noqa: N818  # It is an answer.
    """The server wants a log-in, and nobody is logging in."""


class Login:
    """What a connection needs to be let in: tokens that are kept, and a person when `is_login`."""

    def __init__(self, url: str, tokens: str, visit: Callable[[str], Awaitable[None]], *, is_login: bool) -> None:
        self._url = url
        self._tokens = Tokens(Path(tokens), url) if tokens else None
        self._visit = visit
        self._is_login = is_login
        self._came: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._page: asyncio.Server | None = None
        self._address = ""
        # Whether a request was not let in, and nobody is logging in.
        self.is_wanted = False

    async def heard(self, response: httpx2.Response) -> None:
        """A hook of the HTTP client: who is not logging in is not registered with a stranger either.

        Raises `LoginNeeded`.
        """
        if response.status_code == _UNAUTHORIZED and not self._is_login:
            self.is_wanted = True
            raise LoginNeeded

    def close(self) -> None:
        """Listen no more."""
        if self._page is not None:
            self._page.close()

    def returned(self, url: str) -> None:
        """Take the address that a browser was sent back to."""
        if not self._came.done():
            self._came.set_result(url)

    async def provider(self) -> OAuthClientProvider | None:
        """The SDK's client of OAuth, None where nothing can be kept."""
        if self._tokens is None or not (self._is_login or self._tokens.has_some):
            return None
        port = await self._listen(self._tokens.port) if self._is_login else self._tokens.port or 1
        self._address = f"http://127.0.0.1:{port}{PATH}"
        if self._is_login and port != self._tokens.port:
            # What was registered is for another address.
            await self._tokens.forget()
        metadata = OAuthClientMetadata(
            client_name="iterate",
            redirect_uris=[AnyUrl(self._address)],
            grant_types=["authorization_code", "refresh_token"],
            response_types=["code"],
            token_endpoint_auth_method="none",  # noqa: S106  # A program on a desk keeps no secret.
        )
        provider = OAuthClientProvider(
            self._url, metadata, self._tokens, redirect_handler=self._redirect, callback_handler=self._callback
        )
        self._tokens.join(provider.context)
        return provider

    async def _redirect(self, url: str) -> None:
        if not self._is_login:
            raise LoginNeeded
        await self._visit(url)

    async def _callback(self) -> AuthorizationCodeResult:
        try:
            said = parse_qs(urlsplit(await self._came).query)
        finally:
            self.close()
        if "error" in said:
            words = said.get("error_description", said["error"])
            raise OAuthFlowError(f"the server says {words[0][:300]}")
        if "code" not in said:
            raise OAuthFlowError("the address that came back has no code")
        return AuthorizationCodeResult(
            code=said["code"][0], state=said.get("state", [None])[0], iss=said.get("iss", [None])[0]
        )

    async def _listen(self, wanted: int) -> int:
        """Listen on loopback, on the port that was registered where it is free."""
        for port in (wanted, 0) if wanted else (0,):
            try:
                self._page = await asyncio.start_server(self._come, "127.0.0.1", port, limit=_LONGEST_REQUEST)
            except OSError:
                continue
            found: int = self._page.sockets[0].getsockname()[1]
            return found
        raise OAuthFlowError("nothing can listen on loopback for the browser")

    async def _come(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            line = (await asyncio.wait_for(reader.readuntil(b"\r\n"), 10)).decode("latin-1").split(" ")
        except (OSError, ValueError, TimeoutError, EOFError, asyncio.LimitOverrunError):
            writer.close()
            return
        is_ours = len(line) > 1 and line[0] == "GET" and urlsplit(line[1]).path == PATH
        text = "You are logged in. This page can be closed.\n" if is_ours else "There is nothing here.\n"
        status = "200 OK" if is_ours else "404 Not Found"
        writer.write(
            f"HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {len(text)}\r\n"
            f"Connection: close\r\n\r\n{text}".encode()
        )
        writer.close()
        if is_ours:
            self.returned(line[1])
