"""Everything read from outside: the environment variables and their defaults. `docs/settings.md` describes each."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, NamedTuple

from iterate.errors import FolderUnusable, NoHome
from iterate.places import folder_name

LONGEST_S = 3600.0
# What a prompt may hold, in UTF-8: as much as the server takes.
TEXT_LIMIT_BYTES = 1 << 20
# How many servers on other machines and in other containers may share a folder with ours; see `Settings.side`.
SIDES = 10
COMPLETION = "_ITERATE_COMPLETE"
SECRET = "ITERATE_SECRET"  # noqa: S105  # The name.


class Settings(NamedTuple):
    """The settings of one process; the timeouts are in seconds."""

    home: Path
    state: Path
    data: Path
    # The file of settings, one for all channels; None when no folder can be named for it.
    config: Path | None
    # Which files of projects this person trusts; one for the servers of all sides.
    trusted: Path
    model: str
    start_timeout: float
    stop_timeout: float
    # The secret of a server at another address, or of `iterate serve`; never shown and never handed on.
    secret: str
    # Nothing is asked or told about newer versions by itself, whatever the file says.
    no_autoupdate: bool
    # After how many idle minutes a server ends that was started on demand; None when the file says it.
    idle_minutes: float | None
    is_ci: bool

    def side(self, number: int) -> "Settings":
        """The same with folders of their own, for when servers that run elsewhere have those of the lower numbers."""
        if number == 0:
            return self
        return self._replace(
            state=self.state / "sides" / str(number),
            data=self.data / "sides" / str(number),
        )


class Surroundings(NamedTuple):
    """How the network is reached from here: the proxies of http and https, who is asked without one, certificates."""

    http_proxy: str = ""
    https_proxy: str = ""
    direct: tuple[str, ...] = ()
    certificates: str = ""
    certificate_folder: str = ""


# Whether old and new of a diff stand side by side: where there is room, never, or always.
type Sides = Literal["auto", "unified", "split"]
type Ground = Literal["", "dark", "light"]
# Terminals by the beginning of TERM, and by what they call themselves.
_TERMS = {
    "xterm-kitty": "kitty",
    "xterm-ghostty": "ghostty",
    "ghostty": "ghostty",
    "wezterm": "wezterm",
    "foot": "foot",
    "alacritty": "alacritty",
    "contour": "contour",
    "rio": "rio",
    "linux": "linux",
    "rxvt": "rxvt",
    "st": "st",
}
_PROGRAMS = {
    "apple_terminal": "apple",
    "iterm.app": "iterm2",
    "iterm2": "iterm2",
    "vscode": "vscode",
    "wezterm": "wezterm",
    "ghostty": "ghostty",
    "mintty": "mintty",
    "rio": "rio",
}


class Emulator(NamedTuple):
    """What the environment says of a terminal; a name is empty where nothing does."""

    name: str = ""
    version: str = ""
    # By COLORFGBG, which some terminals set.
    ground: Ground = ""
    # Whether it can be asked without printing the questions.
    is_askable: bool = False
    # Within tmux or screen.
    is_inside: bool = False

    @property
    def has_title(self) -> bool:
        """Whether it can be given one; others may print it."""
        return self.is_askable or self.is_inside


type Depth = Literal["truecolor", "256", "16", "none"]
# In the terminal's own scrollback, on a screen of its own, or one line to type and nothing besides.
type Mode = Literal["inline", "full", "mini"]


class Screen(NamedTuple):
    """What a terminal is to be sent: how many colours, whether nothing is painted again, how a conversation looks."""

    depth: Depth = "16"
    is_plain: bool = False
    diffs: Sides = "auto"
    mode: Mode = "inline"
    # The name of a theme.
    theme: str = "terminal"
    # The person's own status line: a program and its arguments, and how many milliseconds are between two runs.
    status: tuple[str, ...] = ()
    status_ms: int = 1000


class Overlay(NamedTuple):
    """What the environment of whoever asks says in the place of files of settings."""

    model: str = ""
    # One more file, which wins over the others.
    config: Path | None = None


def read(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings; raises `NoHome` when no folder can be named."""
    return Settings(
        home=_home(environment) or Path(Path.cwd().anchor),
        state=_folder(environment, "XDG_STATE_HOME", ".local/state"),
        data=_folder(environment, "XDG_DATA_HOME", ".local/share"),
        config=_config(environment),
        trusted=_folder(environment, "XDG_STATE_HOME", ".local/state") / "trusted.json",
        model=environment.get("ITERATE_MODEL", ""),
        start_timeout=_seconds(environment.get("ITERATE_START_TIMEOUT", ""), default=30.0),
        stop_timeout=_seconds(environment.get("ITERATE_STOP_TIMEOUT", ""), default=10.0),
        secret=environment.get(SECRET, ""),
        idle_minutes=_minutes(environment.get("ITERATE_IDLE_MINUTES", "")),
        no_autoupdate=_is_on(environment.get("ITERATE_DISABLE_AUTOUPDATE", "")),
        is_ci=is_ci(environment),
    )


def overlay(environment: Mapping[str, str]) -> Overlay:
    """Read what wins over files of settings; whoever reads the file says what is wrong with its path."""
    file = environment.get("ITERATE_CONFIG", "")
    return Overlay(environment.get("ITERATE_MODEL", ""), Path(file) if file else None)


def screen(environment: Mapping[str, str] = os.environ) -> Screen:
    """Read how answers are shown on a terminal; one without a name, or a dumb one, cannot be painted on."""
    is_dumb = environment.get("TERM", "") in {"", "dumb"}
    return Screen(
        depth=_depth(environment),
        is_plain=wants_plain(environment) is True or is_dumb,
    )


def _depth(environment: Mapping[str, str]) -> Depth:
    """How many colours the terminal says that it has; tmux and screen make fewer of more, where they must."""
    term, more = environment.get("TERM", ""), environment.get("COLORTERM", "").lower()
    # https://no-color.org: any value but an empty one.
    is_bare = term in {"", "dumb"} or term.startswith(("vt1", "vt2", "vt52")) or term.endswith(("-m", "-mono"))
    if environment.get("NO_COLOR") or is_bare:
        return "none"
    # GNU screen before its version 5 passes no true colours on, whatever it inherited from the terminal around it.
    is_screen = term.startswith("screen") and not environment.get("TMUX")
    if not is_screen and (more in {"truecolor", "24bit"} or term.endswith(("-direct", "-truecolor"))):
        return "truecolor"
    if term in {"xterm-kitty", "xterm-ghostty", "alacritty", "foot", "wezterm"} or environment.get("WT_SESSION"):
        return "truecolor"
    return "256" if "256color" in term else "16"


def emulator(environment: Mapping[str, str] = os.environ) -> Emulator:
    """Read what the environment says of the terminal; within tmux or screen only of these, as the rest is inherited."""
    term = environment.get("TERM", "")
    ground = _ground(environment.get("COLORFGBG", ""))
    if environment.get("TMUX"):
        program = environment.get("TERM_PROGRAM_VERSION", "") if environment.get("TERM_PROGRAM") == "tmux" else ""
        return Emulator("tmux", program, ground, is_askable=True, is_inside=True)
    if environment.get("STY") or term.startswith("screen"):
        return Emulator("screen", "", ground, is_inside=True)
    named = next((name for begin, name in _TERMS.items() if term == begin or term.startswith(f"{begin}-")), "")
    program = environment.get("TERM_PROGRAM") or environment.get("LC_TERMINAL") or ""
    name = named or _PROGRAMS.get(program.lower(), "")
    # Each is set by one terminal.
    if not name and environment.get("VTE_VERSION"):
        name = "vte"
    elif not name and environment.get("KONSOLE_VERSION"):
        name = "konsole"
    elif not name and environment.get("WT_SESSION"):
        name = "windows"
    elif not name and environment.get("TERMINAL_EMULATOR") == "JetBrains-JediTerm":
        name = "jediterm"
    # What is no kin of xterm prints what it is asked.
    is_askable = term.startswith(("xterm", "tmux", "vte", "konsole", "iterm", "rxvt", "mintty")) or (
        bool(named) and named != "linux"
    )
    return Emulator(name, "", ground, is_askable=is_askable)


def _ground(said: str) -> Ground:
    """Of `15;0` or `15;default;0` the last one is the number of the background."""
    number = said.rpartition(";")[2]
    if not (number.isascii() and number.isdigit()):
        return ""
    return "light" if int(number) in {7, *range(9, 16)} else "dark"


def wants_plain(environment: Mapping[str, str] = os.environ) -> bool | None:
    """Whether lines of words are wanted whatever the files say; None when nothing is said."""
    said = environment.get("ITERATE_PLAIN", "")
    return _is_on(said) if said.strip() else None


def is_ci(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether this runs in continuous integration, by the variables that its systems set."""
    # Most set CI. These do not, or not always: Azure Pipelines, TeamCity, Jenkins, AWS CodeBuild.
    marks = (
        environment.get("TF_BUILD"),
        environment.get("TEAMCITY_VERSION"),
        environment.get("JENKINS_URL"),
        environment.get("CODEBUILD_BUILD_ID"),
    )
    return _is_on(environment.get("CI", "")) or any(marks)


def surroundings(environment: Mapping[str, str] = os.environ) -> Surroundings:
    """Read how the network is reached; names in small letters come first, as with curl."""
    everything = environment.get("all_proxy") or environment.get("ALL_PROXY") or ""
    direct = environment.get("no_proxy") or environment.get("NO_PROXY") or ""
    plain = environment.get("http_proxy") or environment.get("HTTP_PROXY") or everything
    secure = environment.get("https_proxy") or environment.get("HTTPS_PROXY") or everything
    return Surroundings(
        http_proxy=plain.strip(),
        https_proxy=secure.strip(),
        direct=tuple(each.strip().lower() for each in direct.split(",") if each.strip()),
        certificates=environment.get("SSL_CERT_FILE", ""),
        certificate_folder=environment.get("SSL_CERT_DIR", ""),
    )


def updates(environment: Mapping[str, str] = os.environ) -> Path:
    """The folder in which is kept what is known of signed sites; all channels share it. Raises `NoHome`."""
    return _base(environment, "XDG_STATE_HOME", ".local/state") / "iterate-updates"


def zsh_folder(environment: Mapping[str, str] = os.environ) -> Path | None:
    """Where zsh has its files instead of the home, if somebody said so."""
    folder = Path(environment.get("ZDOTDIR", ""))
    return folder if folder.is_absolute() else None


def editor(environment: Mapping[str, str] = os.environ) -> str:
    """The program that a person edits text with, and its options: as other programs find it."""
    usual = "notepad" if sys.platform == "win32" else "vi"
    return environment.get("VISUAL", "").strip() or environment.get("EDITOR", "").strip() or usual


def completion_asked(environment: Mapping[str, str] = os.environ) -> str:
    """What a completion script asks for, such as `bash_complete`; empty in any other run."""
    return environment.get(COMPLETION, "")


def environment(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The environment of this process, for what its prompts start; without our secret and what is no UTF-8 text."""
    return {
        name: value
        for name, value in environment.items()
        if name != SECRET and ((name + value).isascii() or _is_text(name + value))
    }


def directory() -> str:
    """The folder that this process works in; empty when it was removed, or has no UTF-8 name."""
    try:
        here = str(Path.cwd())
    except OSError:
        return ""
    return here if _is_text(here) else ""


def folder(named: str = "") -> str:
    """The same, or the one that is named, for what works there and nowhere else; raises `FolderUnusable`."""
    try:
        found = str(Path(named).absolute())
    except OSError as problem:
        raise FolderUnusable("this folder is gone: it was removed or moved") from problem
    if not _is_text(found):
        raise FolderUnusable(
            "the name of the folder is no UTF-8, so no server can be told of it",
            "give it a name in UTF-8, or work in another folder",
        )
    return found


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _home(environment: Mapping[str, str]) -> Path | None:
    name = "USERPROFILE" if sys.platform == "win32" else "HOME"
    home = Path(environment.get(name, ""))
    return home if home.is_absolute() else None


def _folder(environment: Mapping[str, str], name: str, default: str) -> Path:
    return _base(environment, name, default) / folder_name()


def _base(environment: Mapping[str, str], name: str, default: str) -> Path:
    # The XDG rules: a relative path is invalid and ignored, an empty one is unset.
    base = Path(environment.get(name, ""))
    if base.is_absolute():
        return base
    home = _home(environment)
    if home is None:
        raise NoHome(f"neither {name} nor HOME is set to an absolute path")
    return home / default


def _config(environment: Mapping[str, str]) -> Path | None:
    # One for all channels, unlike the folders: what somebody wants is no matter of the version.
    base = Path(environment.get("XDG_CONFIG_HOME", ""))
    if base.is_absolute():
        return base / "iterate" / "config.toml"
    home = _home(environment)
    return None if home is None else home / ".config" / "iterate" / "config.toml"


def _is_on(text: str) -> bool:
    """Whether a variable is set to anything but a word for no: who sets one means it."""
    return text.strip().lower() not in {"", "0", "false", "no", "off"}


def _minutes(text: str) -> float | None:
    try:
        minutes = float(text)
    except ValueError:
        return None
    return minutes if 0 <= minutes < float("inf") else None


def _seconds(text: str, *, default: float) -> float:
    try:
        seconds = float(text)
    except ValueError:
        return default
    return seconds if 0 <= seconds <= LONGEST_S else default
