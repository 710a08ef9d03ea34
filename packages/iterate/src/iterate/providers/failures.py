"""What a vendor's refusal means: its status, its codes and its words become one of our failures.

The words are somebody else's: they are bounded, hold no control characters, and never the key.
"""

import json
import re
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from iterate.errors import (
    ContextTooLong,
    KeyRefused,
    ProviderFailed,
    ProviderUnreachable,
    RateLimited,
    RequestRefused,
)
from iterate.events import Json
from iterate.providers.endpoint import Endpoint

LONGEST = 500
LONGEST_WAIT_S = 86400.0
_PASSING = {408, 409, 425, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529}
# Words of llama.cpp, vLLM, Ollama, OpenAI, Anthropic, Google, Mistral and those who imitate them.
_TOO_LONG = re.compile(
    r"context[ _](?:length|size|window)|maximum context|max_model_len|prompt is too long|too many (?:input )?tokens"
    r"|input (?:token count|is too long|length).*(?:exceed|long|maximum)|request_too_large|exceed_context_size",
    re.IGNORECASE,
)
_NO_MONEY = re.compile(
    r"insufficient_quota|insufficient (?:balance|credit|funds)|credit balance|billing|payment required|out of credit",
    re.IGNORECASE,
)
_BAD_KEY = re.compile(
    r"api[ _]key (?:not valid|is invalid|expired)|invalid[ _]api[ _]key|api_key_invalid|incorrect api key"
    r"|authentication_error|unauthorized|invalid x-api-key",
    re.IGNORECASE,
)
_OVERLOADED = re.compile(r"overloaded|unavailable|server_error|internal|api_error|timeout|try again", re.IGNORECASE)
_RATE = re.compile(r"rate[ _]limit|resource_exhausted|too many requests", re.IGNORECASE)
# What vendors' keys look like, also those that they show half of.
_KEYS = re.compile(r"\b(?:sk|pk|rk|gsk|xai|key|AIza)[-_]?[A-Za-z0-9_*-]{12,}")
_UNAUTHORIZED, _PAYMENT, _FORBIDDEN, _NOT_FOUND, _TOO_LARGE, _TOO_MANY = 401, 402, 403, 404, 413, 429
_MOVED, _ASKED_WRONG, _SERVERS_FAULT = 300, 400, 500


def refused(endpoint: Endpoint, status: int, headers: Mapping[str, str], body: bytes) -> ProviderFailed:
    """What an answer means that is no good one."""
    value = _json(body)
    code, message = _words(value) if value is not None else ("", _plain(body, headers))
    wait = _retry_after(headers, value)
    return _named(endpoint, status, code, message, wait)


def inside(endpoint: Endpoint, error: Json) -> ProviderFailed:
    """What an error means that comes in the middle of a good answer."""
    code, message = _words({"error": error})
    number = re.search(r"\b[45]\d\d\b", code)
    return _named(endpoint, int(number[0]) if number else 0, code, message, _retry_after({}, {"error": error}))


def _named(endpoint: Endpoint, status: int, code: str, message: str, wait: float | None) -> ProviderFailed:
    whole = f"{code} {message}"
    vendor = endpoint.name.partition("/")[0]
    text = shown(message or code or "it does not say why", endpoint.key)
    said = f"{vendor} answers{f' {status}' if status else ''}: {text}"
    if _TOO_LONG.search(whole) or status == _TOO_LARGE:
        return ContextTooLong(said)
    if status == _PAYMENT or _NO_MONEY.search(whole):
        return RateLimited(said, "look at the balance of the account; another vendor may do")
    if status == _TOO_MANY or _RATE.search(whole):
        return RateLimited(said, is_passing=True, retry_after_s=wait)
    if status in {_UNAUTHORIZED, _FORBIDDEN} or _BAD_KEY.search(whole):
        return KeyRefused(said, f"iterate auth login {vendor} replaces the key; iterate auth list shows where it is")
    return _of_status(endpoint, status, whole, said, wait)


def _of_status(endpoint: Endpoint, status: int, whole: str, said: str, wait: float | None) -> ProviderFailed:
    if status == _NOT_FOUND:
        return RequestRefused(said, f"iterate models lists what there is; {endpoint.model!r} was asked for")
    if status in _PASSING or status >= _SERVERS_FAULT or (status == 0 and _OVERLOADED.search(whole)):
        return ProviderFailed(said, is_passing=True, retry_after_s=wait)
    if _MOVED <= status < _ASKED_WRONG:
        return ProviderUnreachable(f"{said}; redirects are not followed", "look at its base_url")
    return RequestRefused(said) if status else ProviderFailed(said)


def shown(text: str, key: str = "") -> str:
    """Somebody else's words on one line, bounded, without the key."""
    if key:
        text = text.replace(key, "***")
    line = " ".join(_KEYS.sub("***", text).split())
    line = "".join(each if each.isprintable() else "?" for each in line)
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}..."


def _json(body: bytes) -> Json | None:
    try:
        value: Json = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value


def _words(value: Json) -> tuple[str, str]:
    """The codes and the message of an error, wherever they are."""
    if isinstance(value, list) and value:
        value = value[0]
    if not isinstance(value, dict):
        return "", str(value)
    error = value.get("error") or value
    if not isinstance(error, dict):
        return "", str(error)
    codes = [str(error[name]) for name in ("code", "type", "status") if error.get(name) is not None]
    codes += [str(each["reason"]) for each in _details(error) if isinstance(each.get("reason"), str)]
    message = error.get("message") or error.get("detail") or error.get("msg") or ""
    inner = error.get("metadata")
    if isinstance(inner, dict) and isinstance(inner.get("raw"), str):
        message = f"{message}: {inner['raw']}"
    return " ".join(codes), message if isinstance(message, str) else json.dumps(message)


def _details(error: Mapping[str, Json]) -> list[dict[str, Json]]:
    details = error.get("details")
    return [each for each in details if isinstance(each, dict)] if isinstance(details, list) else []


def _plain(body: bytes, headers: Mapping[str, str]) -> str:
    if "html" in headers.get("content-type", "") or body.lstrip()[:1] == b"<":
        title = re.search(rb"<title[^>]*>([^<]{1,200})", body, re.IGNORECASE)
        return f"a web page{f': {title[1].decode(errors="replace")}' if title else ''}"
    return body.decode(errors="replace")


def _retry_after(headers: Mapping[str, str], value: Json | None) -> float | None:
    """The seconds that the vendor says to wait."""
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        text = headers.get(name, "").strip()
        if re.fullmatch(r"\d{1,9}(\.\d{1,6})?", text):
            return min(float(text) / unit, LONGEST_WAIT_S)
        if text:
            try:
                return min(max(0.0, parsedate_to_datetime(text).timestamp() - time.time()), LONGEST_WAIT_S)
            except (ValueError, OverflowError):
                continue
    if isinstance(value, list) and value:
        value = value[0]
    error = value.get("error") if isinstance(value, dict) else None
    for each in _details(error) if isinstance(error, dict) else ():
        delay = re.fullmatch(r"(\d{1,6}(?:\.\d{1,9})?)s", str(each.get("retryDelay", "")))
        if delay:
            return float(delay[1])
    return None
