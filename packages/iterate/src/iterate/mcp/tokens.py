"""The file of one server's tokens, which its user alone can read: what OAuth gave, and as whom we are registered."""

import os
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
from mcp.client.auth.oauth2 import OAuthContext
from mcp.shared.auth import OAuthClientInformationFull, OAuthMetadata, OAuthToken
from msgspec import Struct

from iterate import folders

_LONGEST = 1 << 20


class _Page(Struct, frozen=True, kw_only=True):
    """`token` and `client` are the SDK's JSON; `url` keeps one server's tokens from another."""

    url: str
    token: str = ""
    client: str = ""
    # Seconds since 1970; and the SDK's JSON about who gives tokens, without which it does not know where to renew one.
    expires: float | None = None
    giver: str = ""


class Tokens:
    """The SDK's `TokenStorage`, in a file."""

    def __init__(self, path: Path, url: str) -> None:
        self._path = path
        self._page = _read(path, url)
        self._context: OAuthContext | None = None

    @property
    def has_some(self) -> bool:
        """Whether somebody logged in."""
        return bool(self._page.token)

    def join(self, context: OAuthContext) -> None:
        """Give the SDK what it does not ask for, and take from it what it does not give."""
        self._context = context
        context.token_expiry_time = self._page.expires
        if self._page.giver:
            context.oauth_metadata = OAuthMetadata.model_validate_json(self._page.giver)

    @property
    def port(self) -> int:
        """The port on loopback that we are registered with; 0 for none."""
        if not self._page.client:
            return 0
        try:
            client = OAuthClientInformationFull.model_validate_json(self._page.client)
            return urlsplit(str(client.redirect_uris[0])).port or 0 if client.redirect_uris else 0
        except ValueError:
            return 0

    async def forget(self) -> None:
        """Have neither tokens nor a registration."""
        self._write(_Page(url=self._page.url))

    async def get_tokens(self) -> OAuthToken | None:
        """What lets us in."""
        return OAuthToken.model_validate_json(self._page.token) if self._page.token else None

    async def set_tokens(self, tokens: OAuthToken) -> None:
        """Keep what lets us in."""
        context = self._context
        expires = None if context is None else context.token_expiry_time
        known = None if context is None else context.oauth_metadata
        self._write(
            msgspec.structs.replace(
                self._page,
                token=tokens.model_dump_json(exclude_none=True),
                expires=expires,
                giver=known.model_dump_json(exclude_none=True) if known is not None else self._page.giver,
            )
        )

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        """As whom we are registered."""
        return OAuthClientInformationFull.model_validate_json(self._page.client) if self._page.client else None

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        """Keep as whom we are registered."""
        self._write(msgspec.structs.replace(self._page, client=client_info.model_dump_json(exclude_none=True)))

    def _write(self, page: _Page) -> None:
        folders.make_private(self._path.parent)
        new = self._path.with_suffix(f".{os.getpid()}.new")
        with os.fdopen(folders.open_private(new, os.O_TRUNC), "wb") as file:
            file.write(msgspec.json.encode(page))
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._path)
        self._page = page


def _read(path: Path, url: str) -> _Page:
    try:
        page = msgspec.json.decode(folders.read(path, _LONGEST), type=_Page)
    except (OSError, msgspec.MsgspecError):
        return _Page(url=url)
    return page if page.url == url else _Page(url=url)
