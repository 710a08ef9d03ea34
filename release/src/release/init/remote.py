"""Where a project's repository is on the web, read from a remote's address or from what the project says of itself."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from release.git.checkout import Checkout

GITHUB = "github.com"
# `user@host:path`, as scp writes it; a drive of Windows (`C:\\...`) has one letter.
_SCP = re.compile(r"(?:[^@/\s]+@)?(?P<host>[A-Za-z0-9.-]{2,}):(?P<path>(?!/{2}).+)")
# What projects call the address of their source, in the order of trust.
_LABELS = ("source", "sourcecode", "repository", "code", "github", "homepage", "home")


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """A repository on the web.

    Attributes:
        host: in small letters, without user and port.
        path: `owner/name`, on some hosts with more folders before the name.
    """

    host: str
    path: str

    @property
    def is_github(self) -> bool:
        """Whether it is one that the tool can publish to by itself."""
        return self.host == GITHUB and self.path.count("/") == 1

    @property
    def page(self) -> str:
        """Its page on the web."""
        return f"https://{self.host}/{self.path}"


def parse(address: str) -> Remote | None:
    """The repository of an address: https, ssh, git, or as scp writes it; None for a path of this machine."""
    text = address.strip()
    if "://" in text:
        split = urlsplit(text)
        if split.scheme not in {"http", "https", "ssh", "git", "git+https", "git+ssh"}:
            return None
        host, path = split.hostname or "", split.path
    elif (match := _SCP.fullmatch(text)) is not None:
        host, path = match["host"], match["path"]
    else:
        return None
    host = host.lower().removeprefix("www.").rstrip(".")
    # GitHub answers ssh on port 443 under another name.
    host = GITHUB if host == f"ssh.{GITHUB}" else host
    path = path.strip("/").removesuffix(".git").strip("/")
    if host == GITHUB and "/" in path:
        path = "/".join(path.split("/")[:2])
    return Remote(host=host, path=path) if host and "/" in path else None


def of_checkout(checkout: Checkout) -> tuple[str, Remote | None]:
    """The address of the remote that counts, and what it is: `origin`, else `upstream`, else the only one.

    The address is empty where there is no such remote; user and password are left out.
    """
    listed = checkout.git.attempt("remote").out.split()
    names = [name for name in ("origin", "upstream") if name in listed] or (listed if len(listed) == 1 else [])
    if not names:
        return "", None
    # Rewritten as the user's settings say (url.X.insteadOf).
    address = checkout.git.attempt("remote", "get-url", names[0]).out.strip()
    return re.sub(r"(?<=://)[^/@]*@", "", address), parse(address)


def of_urls(urls: Mapping[str, str]) -> Remote | None:
    """The repository on GitHub that a project's metadata name."""
    plain = {re.sub(r"[^a-z]", "", label.lower()): address for label, address in urls.items()}
    found = [parse(plain[label]) for label in _LABELS if label in plain]
    return next((each for each in found if each is not None and each.is_github), None)
