"""Every way to fail that is not a bug: one class each, with its exit code and a hint, in the order of the codes.

`docs/server.md` holds the table of exit codes; a test compares it with this file.
"""

from iterate.failure import Failure
from iterate.work_errors import (  # noqa: F401  # They are found here.
    AgentUnknown,
    AlreadyAnswered,
    CommandUnknown,
    ConfigUnwritable,
    EditorFailed,
    ExportInvalid,
    FileNotSent,
    FilesChangedSince,
    KeyInvalid,
    McpFailed,
    McpLoginFailed,
    McpLoginNeeded,
    McpUnknown,
    NotCompacted,
    NotRevertible,
    PtyUnknown,
    PtyUnusable,
    RemoteUnusable,
    RequestUnknown,
    RuleInvalid,
    RuleUnknown,
    SessionAmbiguous,
    SettingUnknown,
    SettingUnset,
    ThemeUnusable,
    UndoUnknown,
    UndoUnusable,
    Unwell,
    WatchMissing,
)


class UsageError(Failure):
    """The words typed make no command."""

    exit_code = 2
    hint = "iterate --help lists the commands"


class NotRunning(Failure):
    """No server runs for this user."""

    exit_code = 3
    hint = "iterate server start starts one"


class UpgradeThere(Failure):
    """The channel has another version than this copy: what `upgrade --check` ends with."""

    exit_code = 4
    hint = "iterate upgrade gets it"


class AlreadyRunning(Failure):
    """A server of this user runs already, and there is never a second one."""

    exit_code = 10
    hint = "iterate server stop ends it; iterate server status shows it"


class PortBusy(Failure):
    """Another program listens on the port that was asked for."""

    exit_code = 11
    hint = "leave out --port to take the next free one"


class AddressUnusable(Failure):
    """The host name asked for is not an address of this machine, or the port may not be taken."""

    exit_code = 12
    hint = "use --hostname 127.0.0.1, and a port from 1024 to 65535"


class SessionUnknown(Failure):
    """There is no session of that id."""

    exit_code = 13
    status = 404
    hint = "leave out --session to begin a new one"


class SessionBusy(Failure):
    """The session is answering another prompt."""

    exit_code = 14
    status = 409
    hint = "wait for it to end, or begin another session"


class ModelUnknown(Failure):
    """No provider has a model of that name."""

    exit_code = 15
    status = 400
    hint = "models are written provider/model; echo/echo is built in"


class ModelMissing(Failure):
    """Nothing says which model is to answer."""

    exit_code = 16
    status = 400
    hint = (
        "iterate models lists what can be asked: name one with --model, or iterate config set model NAME\n"
        "nothing there? iterate auth login VENDOR keeps a key, and a server such as Ollama is found when it runs"
    )


class FileUnusable(Failure):
    """A file that was to go with a prompt cannot be read, or is larger than may be."""

    exit_code = 17
    status = 400
    hint = "give files of text, images or PDFs, 5 MiB together; the agent reads others of the project by itself"


class FolderUnusable(Failure):
    """The folder that would be worked in is gone, or has a name that is no UTF-8."""

    exit_code = 18
    hint = "cd to a folder that is there, and start again"


class NoHome(Failure):
    """Nothing says where this user's files belong."""

    exit_code = 20
    status = 409
    hint = "set HOME, or both XDG_STATE_HOME and XDG_DATA_HOME, to an absolute path"


class HomeForeign(Failure):
    """The home, state or data folder belongs to another user, as with sudo."""

    exit_code = 21
    hint = "run it as that user, or point HOME, XDG_STATE_HOME and XDG_DATA_HOME to folders of your own"


class StateUnusable(Failure):
    """The state folder cannot be made, read or written, or does not keep a secret from others."""

    exit_code = 22
    status = 503
    hint = "make the folder writable for you alone, or point XDG_STATE_HOME elsewhere"


class StoreUnusable(Failure):
    """The database of sessions cannot be read or written."""

    exit_code = 23
    status = 503
    hint = "free disk space, make the folder writable, or move the named file away to start with an empty one"


class StoreTooNew(Failure):
    """The database was written by a newer iterate than this one."""

    exit_code = 24
    status = 503
    hint = "upgrade iterate, or point XDG_DATA_HOME elsewhere"


class StoreTaken(Failure):
    """Another server has the database of sessions open."""

    exit_code = 25
    status = 503
    hint = "stop that server, or point XDG_DATA_HOME elsewhere; two servers never share a database"


class ServerElsewhere(Failure):
    """The server runs on another machine or in another container, and cannot be reached from here."""

    exit_code = 26
    hint = "run the command where the server runs"


class ProtocolUnknown(Failure):
    """The running server speaks a protocol that this copy of iterate does not know."""

    exit_code = 27
    hint = "upgrade this copy of iterate, or end the server: iterate server stop"


class OutputFailed(Failure):
    """The output cannot be written: the device is full, or the output was closed from the beginning."""

    exit_code = 28
    hint = "free some space, or send the output elsewhere"


class ConfigInvalid(Failure):
    """The file of settings cannot be read, or holds what is no setting."""

    exit_code = 29
    status = 400
    hint = "mend what it names: iterate config edit opens your own file; docs/settings.md lists the keys"


class StartFailed(Failure):
    """The server ended before it could answer."""

    exit_code = 30
    hint = "iterate serve runs it in the foreground and shows why"


class StartTimedOut(Failure):
    """The server neither answered nor ended in time."""

    exit_code = 31
    hint = "iterate server stop, then try again"


class StopFailed(Failure):
    """The server is still there after being told to stop."""

    exit_code = 32
    hint = "end the process by its id, then try again"


class ServerStopping(Failure):
    """The server is ending and takes nothing new."""

    exit_code = 33
    status = 503
    hint = "try again: the next command starts another one"


class ServerLost(Failure):
    """The connection to the server broke before the answer ended."""

    exit_code = 34
    hint = "iterate server status shows whether it still runs; its log is server.log in the state folder"


class ServerRefused(Failure):
    """The server refused a request for a reason that this command cannot name better."""

    exit_code = 35
    hint = "iterate server restart gets client and server back in step"


class PromptFailed(Failure):
    """The answer ended with `failed` instead of `done`."""

    exit_code = 40
    hint = "the session is kept: iterate run --session ID continues it"


class ProviderFailed(Failure):
    """The model's side failed, in a way that has no name of its own below.

    `is_passing` says that the same request may succeed later; `retry_after_s` is when the vendor says to come back.
    """

    exit_code = 41
    status = 502
    hint = "try again; another model may do: iterate models"

    def __init__(
        self, message: str, hint: str | None = None, *, is_passing: bool = False, retry_after_s: float | None = None
    ) -> None:
        super().__init__(message, hint)
        self.is_passing = is_passing
        self.retry_after_s = retry_after_s


class KeyMissing(ProviderFailed):
    """There is no key for this vendor."""

    exit_code = 42
    status = 400
    hint = "iterate auth login VENDOR keeps one; iterate auth list shows which variables are looked at"


class KeyRefused(ProviderFailed):
    """The vendor does not take the key, or the key may not use this model."""

    exit_code = 43
    hint = "iterate auth login VENDOR replaces it; iterate auth list shows where it comes from"


class RateLimited(ProviderFailed):
    """The vendor takes no more requests for now, or the account has no money left."""

    exit_code = 44
    hint = "wait, or ask another model; the vendor's console shows limits and balance"


class ContextTooLong(ProviderFailed):
    """The conversation is longer than the model's window."""

    exit_code = 45
    hint = "compact the session, or ask a model with a larger window: iterate models"


class ProviderUnreachable(ProviderFailed):
    """The vendor or the local server cannot be reached, or says nothing."""

    exit_code = 46
    hint = "check the network and its proxy, or start the local server"


class ProviderBroke(ProviderFailed):
    """The answer broke off, or is not what its format says."""

    exit_code = 47
    hint = "try again; if it stays, tell which model and server it was"


class RequestRefused(ProviderFailed):
    """The vendor does not take the request as it is."""

    exit_code = 48
    hint = "read what it says; another model, or fewer files, may do"


class VendorUnknown(ProviderFailed):
    """There is no vendor of that name."""

    exit_code = 49
    status = 404
    hint = "iterate auth list shows the vendors; config.toml may name others"


class UpgradeFailed(Failure):
    """The upgrade ran, and the program on PATH is not the wanted version."""

    exit_code = 50
    hint = "the lines above say what ran; iterate upgrade --check says which copy is asked for"


class ManagerMissing(Failure):
    """The package manager that owns this copy is not there."""

    exit_code = 51
    hint = "install it, or say who else owns this copy: iterate upgrade --method METHOD"


class NotReplaceable(Failure):
    """This user may not replace this copy."""

    exit_code = 52
    hint = "run it as the owner of the copy, or install one of your own"


class OwnerUnknown(Failure):
    """Nothing says who put this copy here, so nobody is asked to replace it."""

    exit_code = 53
    hint = "say it: iterate upgrade --method METHOD"


class UpgradeRunning(Failure):
    """Another upgrade or installation of this copy is running."""

    exit_code = 54
    hint = "wait for it to end"


class SiteUnreachable(Failure):
    """The channel's site cannot be reached."""

    exit_code = 55
    hint = "check the network and its proxy, then try again"


class SiteNotTrusted(Failure):
    """What the site sent breaks a signature, a digest, a counter or a bound."""

    exit_code = 56
    hint = "nothing was changed; try again from another network, and tell the maintainers if it stays"


class ChannelLapsed(Failure):
    """The signatures of the channel are older than they may be: the maintainers have to renew them."""

    exit_code = 57
    hint = "nothing was changed; wait for the maintainers, or tell them"


class VersionUnknown(Failure):
    """The channel has no such version, or its package manager cannot give it."""

    exit_code = 58
    hint = "iterate upgrade --check says what there is"


class ProgramBroken(Failure):
    """The new program does not start here; the old one was kept."""

    exit_code = 59
    hint = "tell the maintainers what it said"


class NotWritten(Failure):
    """The new version cannot be written: there is no room, or the disk fails. The old one was kept."""

    exit_code = 60
    hint = "free some space where the copy lies, then try again"


class NotConfirmed(Failure):
    """Nothing was done, because nobody said yes."""

    exit_code = 62
    hint = "--yes goes on without asking"


class RemovalFailed(Failure):
    """The program or a file of it is still there after it was to be removed."""

    exit_code = 63
    hint = "look at what the lines above say, then try again"


class OutputClosed(Failure):
    """Whoever reads our output stopped reading. The exit code is the shell's for SIGPIPE."""

    exit_code = 141
    hint = ""
