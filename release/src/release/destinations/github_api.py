"""Talking to GitHub's API about one repository: answers as typed values, trouble that may pass tried again.

The token is sent in a header and stands in no message.

Source: docs.github.com/en/rest, version 2022-11-28.
"""

import functools
import math
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

import httpx2
import msgspec

from release.errors import PushError

URL = "https://api.github.com"
JSON = "application/vnd.github+json"
BYTES = "application/octet-stream"
WAITS = (1.0, 2.0, 4.0, 8.0)  # seconds between tries
LONGEST = 60.0  # seconds; what GitHub may ask us to wait, no more
PAGE = 100  # GitHub's limit
TIMEOUT = httpx2.Timeout(60, connect=15)
PASSING = frozenset({408, 409, 425, 429, 500, 502, 503, 504})
HINTS = {
    401: "the token is wrong or has expired: set GITHUB_TOKEN to a new one",
    403: "the token needs 'Contents: write' on it, and 'Workflows: write' where the commit's workflows "
    "are not those of the default branch",
    404: "check the profile's site, and that the token may see it and has 'Contents: write'",
}


class PassingError(Exception):
    """A failure that another try may not meet; `seconds` is how long GitHub asks us to wait."""

    def __init__(self, message: str, seconds: float = 0.0) -> None:
        """Keep the seconds beside the message."""
        super().__init__(message)
        self.seconds = seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """GitHub's API for one repository, over an open connection.

    Attributes:
        name: `OWNER/NAME`.
        url: of the API.
        client: carries the token.
        sleep: called with the seconds between two tries.
    """

    name: str
    url: str
    client: httpx2.Client
    sleep: Callable[[float], None] = time.sleep

    def retrying[T](self, work: Callable[[], T]) -> T:
        """The result of a step, which is made again, from its start, while its failures may pass.

        Raises:
            PushError: they did not pass, or GitHub asks for a longer wait than we are ready for.
        """
        for seconds in (*WAITS, None):
            try:
                return work()
            except PassingError as passing:
                if seconds is None or passing.seconds > LONGEST:
                    minutes = max(1, math.ceil(passing.seconds / 60))
                    wait = f"wait {minutes} min" if passing.seconds > LONGEST else "wait a little"
                    raise PushError(
                        f"{self.name}: {passing}", hint=f"{wait}, then run publish again: it resumes"
                    ) from None
                self.sleep(max(seconds, passing.seconds))
        raise AssertionError  # the last try returned or raised

    def ask(
        self,
        method: str,
        path: str,
        *,
        query: dict[str, str] | None = None,
        words: dict[str, object] | None = None,
        content: bytes | BinaryIO | None = None,
        accept: frozenset[int] = frozenset(),
        kind: str = JSON,
    ) -> httpx2.Response:
        """One request, made once.

        Args:
            method: GET, POST, PATCH or DELETE.
            path: below the repository, or a whole address.
            query: what follows the question mark.
            words: a JSON body.
            content: a body of bytes.
            accept: error codes that are answers too.
            kind: media type of the answer.

        Raises:
            PassingError: no answer, or one that says to come back.
            PushError: GitHub said no; its own words are in the message.
        """
        try:
            answer = self.client.request(
                method,
                path if "://" in path else f"{self.url}/repos/{self.name}{path}",
                params=query,
                json=words,
                content=content,
                headers={"Accept": kind} | ({} if content is None else {"Content-Type": BYTES}),
                # A repository that has moved: fine to read, and `check` says where to; never written to.
                follow_redirects=method == "GET",
            )
        except httpx2.TransportError as error:
            raise PassingError(f"{method} {_shown(path)}: {type(error).__name__} {error}") from None
        if answer.is_success or answer.status_code in accept:
            return answer
        said = f"{method} {_shown(path)}: {answer.status_code} {_words(answer)}"
        if answer.status_code in PASSING or _limited(answer):
            raise PassingError(said, _seconds(answer))
        raise PushError(f"{self.name}: {said}", hint=HINTS.get(answer.status_code, "GitHub's own words are above"))

    def rows(self, path: str) -> Iterator[object]:
        """All rows of a list, page by page.

        Raises:
            PassingError, PushError: see `ask`.
        """
        number, more = 1, True
        while more:
            answer = self.ask("GET", path, query={"per_page": str(PAGE), "page": str(number)})
            page = _json(answer)
            found = page if isinstance(page, list) else []
            yield from found
            number, more = number + 1, len(found) == PAGE


@contextmanager
def opened(name: str, token: str, *, url: str = URL, sleep: Callable[[float], None] = time.sleep) -> Iterator[Api]:
    """A repository to talk about, for as long as a block runs; without a token as the public sees it."""
    headers = {"X-GitHub-Api-Version": "2022-11-28"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    with httpx2.Client(headers=headers, timeout=TIMEOUT, verify=_certificates()) as client:
        yield Api(name=name, url=url, client=client, sleep=sleep)


@functools.cache
def _certificates() -> ssl.SSLContext:
    """Who may call itself GitHub; reading them takes longer than a request."""
    return httpx2.create_ssl_context()


def read[T](kind: type[T], answer: httpx2.Response | object) -> T:
    """An answer, or a row of one, as a value of ours; keys that we do not know are left out.

    Raises:
        PushError: it is of another form.
    """
    raw = _json(answer) if isinstance(answer, httpx2.Response) else answer
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError as error:
        raise PushError(f"GitHub's answer is not understood: {error}", hint="see whether its API has changed") from None


def _json(answer: httpx2.Response) -> object:
    try:
        found: object = answer.json()
    except ValueError:
        return None
    return found


def _words(answer: httpx2.Response) -> str:
    """What GitHub gives as its reasons."""
    raw = _json(answer)
    if not isinstance(raw, dict):
        return answer.reason_phrase
    reasons = raw.get("errors")
    each = [
        " ".join(str(reason[key]) for key in ("field", "code", "message") if reason.get(key))
        if isinstance(reason, dict)
        else str(reason)
        for reason in (reasons if isinstance(reasons, list) else [])
    ]
    return "; ".join([str(raw.get("message", answer.reason_phrase)), *each])


def _limited(answer: httpx2.Response) -> bool:
    """Whether a refusal is only about how often we ask."""
    waits = "retry-after" in answer.headers or answer.headers.get("x-ratelimit-remaining") == "0"
    return answer.status_code == httpx2.codes.FORBIDDEN and waits


def _seconds(answer: httpx2.Response) -> float:
    asked: str = answer.headers.get("retry-after", "")
    if asked.isdigit():
        return float(asked)
    reset: str = answer.headers.get("x-ratelimit-reset", "")
    spent = answer.headers.get("x-ratelimit-remaining") == "0"
    return max(0.0, float(reset) - time.time()) if spent and reset.isdigit() else 0.0


def _shown(path: str) -> str:
    return path or "the repository"
