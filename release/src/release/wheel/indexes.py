"""Where packages come from: what a person told pip is told to uv too, which reads none of pip's settings."""

import configparser
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

# Whoever set one of these has told uv itself.
_OWN = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS", "UV_CONFIG_FILE")


def of_pip(outside: Mapping[str, str]) -> dict[str, str]:
    """Variables that tell uv what pip's settings and variables say; none where uv has settings of its own.

    Args:
        outside: the environment.
    """
    if any(outside.get(name) for name in _OWN) or any(path.is_file() for path in _files_of_uv(outside)):
        return {}
    said = _said(outside)
    extra = said.get("extra-index-url", "")
    told = {
        "UV_DEFAULT_INDEX": said.get("index-url", ""),
        "UV_INDEX": " ".join(extra.split()),
        # pip takes the best of all; uv the first that has any, unless it is told.
        "UV_INDEX_STRATEGY": "unsafe-best-match" if extra else "",
        "UV_FIND_LINKS": ",".join(said.get("find-links", "").split()),
        "UV_INSECURE_HOST": " ".join(said.get("trusted-host", "").split()),
        "SSL_CERT_FILE": said.get("cert", ""),
    }
    return {name: value for name, value in told.items() if value and not outside.get(name)}


def _said(outside: Mapping[str, str]) -> dict[str, str]:
    """Pip's settings, the variables over the files and the nearer file over the farther one."""
    said: dict[str, str] = {}
    for path in _files_of_pip(outside):
        parser = configparser.RawConfigParser()
        try:
            parser.read(path, encoding="utf-8")
        except (configparser.Error, UnicodeDecodeError, OSError):
            continue  # pip says so itself to whoever uses it
        for section in ("global", "install"):
            if parser.has_section(section):
                said |= dict(parser.items(section))
    for name, value in outside.items():
        if name.startswith("PIP_") and value:
            said[name.removeprefix("PIP_").lower().replace("_", "-")] = value
    return said


def _files_of_pip(outside: Mapping[str, str]) -> Iterator[Path]:
    """Source: pip's documentation, Configuration."""
    named = outside.get("PIP_CONFIG_FILE", "")
    if named == os.devnull:
        return
    home = Path(outside.get("HOME") or outside.get("USERPROFILE") or os.devnull)
    match sys.platform:
        case "win32":
            yield Path(outside.get("PROGRAMDATA", "")) / "pip" / "pip.ini"
            yield home / "pip" / "pip.ini"
            yield Path(outside.get("APPDATA", "")) / "pip" / "pip.ini"
            yield Path(sys.prefix) / "pip.ini"
        case _:
            for folder in outside.get("XDG_CONFIG_DIRS", "/etc/xdg").split(os.pathsep):
                yield Path(folder) / "pip" / "pip.conf"
            yield from (Path("/etc/pip.conf"), home / ".pip" / "pip.conf")
            if sys.platform == "darwin":
                yield home / "Library" / "Application Support" / "pip" / "pip.conf"
            yield Path(outside.get("XDG_CONFIG_HOME") or home / ".config") / "pip" / "pip.conf"
            yield Path(sys.prefix) / "pip.conf"
    if named:
        yield Path(named)


def _files_of_uv(outside: Mapping[str, str]) -> tuple[Path, ...]:
    home = Path(outside.get("HOME") or os.devnull)
    return (
        Path(outside.get("XDG_CONFIG_HOME") or home / ".config") / "uv" / "uv.toml",
        Path("/etc/uv/uv.toml"),
        Path(outside.get("APPDATA") or os.devnull) / "uv" / "uv.toml",
        Path(outside.get("PROGRAMDATA") or os.devnull) / "uv" / "uv.toml",
    )
