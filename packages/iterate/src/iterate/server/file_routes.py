"""The routes of files."""

from iterate import errors
from iterate.server.files import Content, Files, Findings, Folder, Status
from iterate.server.problems import BadQuery, FileMissing, FileOutside, SearchBroken
from iterate.server.route import Parameter, Route, json, route, stream
from iterate.server.seen import PathsSeen
from iterate.server.shapes import Nothing, Tree

_DIRECTORY = Parameter(name="directory", where="query", meaning="The folder of the project, as an absolute path.")
_PATH = Parameter(name="path", where="query", meaning="A path in it; links and `..` may not lead out. Default: `.`.")
_LIMIT = Parameter(name="limit", where="query", meaning="The most that is told.")

FILES: tuple[Route, ...] = (
    route(
        "GET /file",
        Files,
        Files.list_files,
        takes=Nothing,
        asks=(_DIRECTORY, _PATH),
        gives=json(Folder, "the names in a folder, at most 10,000"),
        summary="List a folder",
        fails=(BadQuery, FileOutside, FileMissing),
    ),
    route(
        "GET /file/content",
        Files,
        Files.read_file,
        takes=Nothing,
        asks=(
            _DIRECTORY,
            _PATH,
            Parameter(name="offset", where="query", meaning="The byte to begin at. Default: 0."),
            _LIMIT,
        ),
        gives=json(Content, "at most 1 MiB of a file"),
        summary="Read a file",
        fails=(BadQuery, FileOutside, FileMissing),
    ),
    route(
        "GET /file/search",
        Files,
        Files.find_files,
        takes=Nothing,
        asks=(
            _DIRECTORY,
            Parameter(name="query", where="query", meaning="Letters of a path, or a regular expression."),
            Parameter(name="kind", where="query", meaning="`name` or `content`. Default: `name`."),
            _LIMIT,
        ),
        gives=json(Findings, "what was found, at most 500; for names the best match first"),
        summary="Find files by name or content",
        notes="What git ignores is left out.",
        fails=(BadQuery, FileMissing, SearchBroken),
    ),
    route(
        "GET /file/tree",
        Files,
        Files.list_tree,
        takes=Nothing,
        asks=(_DIRECTORY,),
        gives=json(Tree, "the folders that hold files, and the names in each; at most 200,000"),
        summary="List every file below a folder",
        notes="What git ignores is left out. Links are told, and not followed.",
        fails=(BadQuery, FileMissing, SearchBroken),
    ),
    route(
        "GET /file/status",
        Files,
        Files.file_status,
        takes=Nothing,
        asks=(_DIRECTORY,),
        gives=json(Status, "the files that differ from the last commit, or from before agents changed them"),
        summary="Compare a folder with its last commit",
        fails=(BadQuery, FileMissing, SearchBroken),
    ),
    route(
        "GET /file/watch",
        Files,
        Files.watch_files,
        takes=Nothing,
        asks=(_DIRECTORY,),
        gives=stream(PathsSeen, "`watch.began`, then what changes"),
        summary="Watch a folder",
        notes=(
            "What git ignores is left out. Of a tree of more than 8,000 folders the upper ones are watched, "
            "and `watch.began` says so."
        ),
        fails=(BadQuery, FileMissing, errors.WatchMissing),
    ),
)
