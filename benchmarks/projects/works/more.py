"""Programs that make many files out of few, and that find their own modules by name."""

import contextlib
import http.server
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from benchmarks.projects.place import Place, WrongError, must


def mkdocs(place: Place) -> dict[str, str]:
    """A new site, built with each theme and with the plugin that searches; every file of it compared by its size."""
    said = {"new": place.run("mkdocs", "new", "otters")}
    folder = place.work / "otters"
    (folder / "docs" / "rivers.md").write_text("# Rivers\n\n    code\n\n| a | b |\n|---|---|\n| 1 | 2 |\n")
    for theme in ("mkdocs", "readthedocs"):
        said[theme] = place.run("mkdocs", "build", "-q", "-f", "otters/mkdocs.yml", "--theme", theme, "-d", theme)
        # The date of the build is on a page.
        said[f"{theme}, files"] = _files(folder / theme, without=("sitemap.xml", "sitemap.xml.gz"))
        must((folder / theme / "rivers" / "index.html").read_text(), "<h1", "<td>1</td>")
    must((folder / "mkdocs" / "search" / "search_index.json").read_text(), "Rivers")
    said["strict, a broken page"] = place.run("mkdocs", "build", "-f", "nothing.yml")
    return said


def _files(folder: Path, without: tuple[str, ...] = ()) -> str:
    """All files below a folder, a line each."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path.name not in without)
    return "\n".join(f"{path.relative_to(folder)} {path.stat().st_size}" for path in paths)


HOOK = """\
import pathlib, sys
pathlib.Path("made-by-hook.txt").write_text("{{ cookiecutter.name }} " + pathlib.Path(sys.argv[0]).name[:4])
"""


def cookiecutter(place: Place) -> dict[str, str]:
    """A project from a template with extensions of jinja2 and a hook in Python, and another by replay."""
    template = place.work / "template"
    inside = template / "{{ cookiecutter.name|slugify }}"
    inside.mkdir(parents=True)
    (template / "hooks").mkdir()
    (template / "cookiecutter.json").write_text('{"name": "Sea Otter", "kind": ["fish", "mammal"]}')
    (inside / "README.md").write_text(
        "# {{ cookiecutter.name }}, a {{ cookiecutter.kind }} {{ random_ascii_string(0) }}\n"
    )
    (template / "hooks" / "post_gen_project.py").write_text(HOOK)
    said = {
        "made": place.run("cookiecutter", "--no-input", "template", "kind=mammal"),
        "again": place.run("cookiecutter", "--no-input", "template"),
        "over it": place.run("cookiecutter", "--no-input", "-f", "template", "name=Sea Otter"),
        "replay": place.run("cookiecutter", "--replay", "-f", "template"),
    }
    made = place.work / "sea-otter"
    must((made / "README.md").read_text(), "# Sea Otter, a fish")
    must((made / "made-by-hook.txt").read_text(), "Sea Otter")
    return said


UGLY = "Otters\n======\n\n* Ann\n* Bob\n\n1) one\n2) two\n\n```\ncode\n```\n"
TIDY = "# Otters\n\n- Ann\n- Bob\n\n1. one\n1. two\n\n```\ncode\n```\n"


def mdformat(place: Place) -> dict[str, str]:
    """Format a page in place and from a pipe; only look; refuse a setting that is none."""
    (place.work / "otters.md").write_text(UGLY)
    said = {
        "check": must(place.run("mdformat", "--check", "otters.md"), "exit code 1"),
        "format": place.run("mdformat", "otters.md"),
        "pipe": must(place.run("mdformat", "-", stdin=UGLY), TIDY.partition("1.")[0]),
        "numbers": place.run("mdformat", "--number", "--wrap", "40", "-", stdin=UGLY),
        "checked": must(place.run("mdformat", "--check", "otters.md"), "exit code 0"),
    }
    (place.work / ".mdformat.toml").write_text("wrap = 'never'\n")
    said["a wrong setting"] = place.run("mdformat", "otters.md")
    if (place.work / "otters.md").read_text().partition("1.")[0] != TIDY.partition("1.")[0]:
        raise WrongError("otters.md was not formatted")
    return said


class _Quiet(http.server.SimpleHTTPRequestHandler):
    """Files of a folder."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nothing."""


@contextlib.contextmanager
def _served(folder: Path) -> Iterator[int]:
    """A folder over HTTP for the time of the block; gives the port."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def yt_dlp(place: Place) -> dict[str, str]:
    """Download a film from a server, say what it is as JSON, list more than a thousand sites, refuse one."""
    site = place.work / "site"
    site.mkdir()
    (site / "otters.mp4").write_bytes(b"\0\0\0\x18ftypmp42" + bytes(100_000))
    (site / "page.html").write_text('<html><title>Otters</title><video src="otters.mp4"></video></html>')
    with _served(site) as port:
        root = f"http://127.0.0.1:{port}"
        quiet = ("--no-progress", "--no-mtime", "--fixup", "never")
        said = {
            "film": place.run("yt-dlp", *quiet, "-o", "got.%(ext)s", f"{root}/otters.mp4"),
            "page": place.run("yt-dlp", *quiet, "--print", "title", "--simulate", f"{root}/page.html"),
            "nothing": place.run("yt-dlp", *quiet, f"{root}/no.mp4"),
        }
    said["sites"] = must(place.run("yt-dlp", "--list-extractors"), "youtube", "vimeo", "generic")
    said["a site"] = place.run("yt-dlp", "--simulate", "--proxy", "http://127.0.0.1:1", "--retries", "0", _FILM)
    if (place.work / "got.mp4").read_bytes() != (site / "otters.mp4").read_bytes():
        raise WrongError("another film came")
    return said


_FILM = "https://vimeo.com/56015672"
