"""The ways to fail from code 70 on: in sessions, permissions, the undo, terminals, and files of settings."""

from iterate.failure import Failure


class AlreadyAnswered(Failure):
    """Somebody else answered before, or it is asked no more."""

    exit_code = 70
    status = 409
    hint = "the first answer counts; the session's events say what it was"


class RequestUnknown(Failure):
    """No permission or question waits under that id."""

    exit_code = 71
    status = 404
    hint = "ids come with permission.asked and question.asked; those of another server are gone with it"


class AgentUnknown(Failure):
    """There is no agent of that name."""

    exit_code = 72
    status = 400
    hint = "iterate agent list shows them"


class NotRevertible(Failure):
    """What is to be taken back, or to come again, is not there to be."""

    exit_code = 73
    status = 409
    hint = "iterate session show lists the prompts; what a newer prompt followed stays as it is"


class ExportInvalid(Failure):
    """What is to be imported is no session that was exported, or a newer iterate wrote it."""

    exit_code = 74
    status = 400
    hint = "iterate session export SESSION --json makes one"


class NotCompacted(Failure):
    """A session was not summed up: there is too little to gain, a bound forbids it, or somebody stopped it."""

    exit_code = 75
    status = 409
    hint = "nothing was changed; it is summed up by itself when the model's window is full"


class EditorFailed(Failure):
    """The editor of the person cannot be started, or ended with an error: what it wrote is not taken."""

    exit_code = 76
    hint = "set VISUAL or EDITOR to an editor that is there"


class RuleInvalid(Failure):
    """A rule about permissions says what is no deed, no action or no pattern."""

    exit_code = 77
    status = 400
    hint = "docs/permissions.md has the deeds, the actions and how patterns are written"


class RuleUnknown(Failure):
    """No rule that was remembered is the one that is to be forgotten."""

    exit_code = 78
    status = 404
    hint = "iterate permission list shows them"


class FilesChangedSince(Failure):
    """Files were changed by somebody else since, so what a step did to them is not taken back."""

    exit_code = 79
    status = 409
    hint = "look at them, then let the others alone be put back, or put these back by hand"


class UndoUnknown(Failure):
    """The undo does not have this change: it is forgotten by now, or never was."""

    exit_code = 80
    status = 409
    hint = "undo.megabytes and undo.days in the settings say how much is remembered, and how long"


class UndoUnusable(Failure):
    """The undo cannot be written or read, as on a full disk; what it cannot keep is not changed."""

    exit_code = 81
    status = 503
    hint = "free disk space, or make the data folder writable"


class PtyUnknown(Failure):
    """There is no terminal of that id."""

    exit_code = 83
    hint = "iterate pty list shows those there are"
    status = 404


class PtyUnusable(Failure):
    """A terminal cannot be started: no such program or folder, or too many of them."""

    exit_code = 84
    hint = "name a program and a folder that are there"
    status = 400


class WatchMissing(Failure):
    """What watches files cannot be loaded; on Linux it needs `libgcc_s.so.1`, which nearly every system has."""

    exit_code = 85
    status = 501
    hint = "install it (libgcc-s1 on Debian, libgcc on Fedora and Alpine, gcc-libs on Arch), or list the files again"


class RemoteUnusable(Failure):
    """A server at another address cannot be used: it is none, or its secret is not there."""

    exit_code = 86
    hint = "iterate serve prints where it listens"


class SettingUnknown(Failure):
    """There is no setting of that name."""

    exit_code = 87
    hint = "iterate config list --all lists every setting"


class SettingUnset(Failure):
    """Nobody says that setting, and it has no default."""

    exit_code = 88
    hint = "iterate config set says it"


class ConfigUnwritable(Failure):
    """A file of settings cannot be written, or not without changing what else it says."""

    exit_code = 89
    status = 409
    hint = "iterate config edit opens the file"


class CommandUnknown(Failure):
    """There is no command of that name in the files of the project and its person."""

    exit_code = 90
    status = 404
    hint = "GET /command lists them; docs/agents.md says how they are written"


class McpUnknown(Failure):
    """The settings that count here name no such MCP server."""

    exit_code = 91
    status = 404
    hint = "iterate mcp list shows them; those of a project count once it is trusted"


class McpFailed(Failure):
    """An MCP server cannot be started or reached, broke off, or says no."""

    exit_code = 92
    status = 409
    hint = "iterate mcp debug NAME shows what it said"


class McpLoginNeeded(Failure):
    """An MCP server wants a log-in, or the one that was made counts no more."""

    exit_code = 93
    status = 409
    hint = "iterate mcp login NAME"


class McpLoginFailed(Failure):
    """A log-in at an MCP server came to nothing."""

    exit_code = 94
    status = 409
    hint = "try again; iterate mcp debug NAME shows what it said"


class SessionAmbiguous(Failure):
    """Several sessions begin with what was typed."""

    exit_code = 95
    hint = "type more of the id; iterate session list shows them"


class FileNotSent(Failure):
    """A file that is to go with a prompt cannot be read, is too large, or is no image."""

    exit_code = 96
    hint = "name it in the message instead: the agent reads it with its own tools"


class Unwell(Failure):
    """The doctor found something that is broken."""

    exit_code = 97
    hint = "its line says what to do"


class KeyInvalid(Failure):
    """What is to be kept as a key is none: empty, too long, or with spaces. Its vendor was not asked."""

    exit_code = 98
    status = 400
    hint = "give the key alone: printable ASCII characters without spaces"


class ThemeUnusable(Failure):
    """There is no theme of that name, or its file says what is no look."""

    exit_code = 99
    hint = "docs/themes.md says what a file of a theme holds"
