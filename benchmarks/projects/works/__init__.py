"""What each project is tried with: the work that it is there for, done by its commands, and all that they said."""

from collections.abc import Callable

from benchmarks.projects.place import Place
from benchmarks.projects.works import files, ftp, more, packaging, screens, web

type Work = Callable[[Place], dict[str, str]]

WORKS: dict[str, Work] = {
    "httpie": web.httpie,
    "litecli": files.litecli,
    "datasette": web.datasette,
    "black": files.black,
    "pyftpdlib": ftp.pyftpdlib,
    "toolong": screens.toolong,
    "csvkit": files.csvkit,
    "pyinstrument": files.pyinstrument,
    "pybase64": files.pybase64,
    "websockets": web.websockets,
    "yt-dlp": more.yt_dlp,
    "mkdocs": more.mkdocs,
    "cookiecutter": more.cookiecutter,
    "mdformat": more.mdformat,
    "flit": packaging.flit,
    "z3c.dependencychecker": packaging.dependencychecker,
}
