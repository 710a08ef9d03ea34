"""Every key of the terminal interface as data: in which context it means what. The pages and `/keys` are made of it."""

from typing import Literal, NamedTuple

# `app` is everywhere, below what is more special; `editor` is the line that is typed, also in the insert mode of vi;
# `vi` its normal mode; `dialog` a question; `list` something to choose from; `page` text to read.
type Context = Literal["app", "editor", "vi", "dialog", "list", "page"]

CONTEXTS: dict[Context, str] = {
    "app": "everywhere",
    "editor": "the line that is typed",
    "vi": 'the line in the normal mode of `terminal.editor = "vi"`',
    "dialog": "a permission or a question",
    "list": "a list",
    "page": "a page of text",
}
LEADER = "ctrl+x"


class Binding(NamedTuple):
    """What is done, by which chords, and what that means in a line."""

    action: str
    chords: tuple[str, ...]
    meaning: str


_APP = (
    Binding("interrupt", ("ctrl+c",), "clears the line, then ends the answer; pressed twice it leaves"),
    Binding("stop", ("escape",), "ends the answer that runs"),
    Binding("rewind", ("escape escape",), "goes back to an earlier prompt"),
    Binding("suspend", ("ctrl+z",), "stops, until `fg`"),
    Binding("redraw", ("ctrl+l",), "paints the screen anew"),
    Binding("next-mode", ("shift+tab", "alt+tab"), "takes the next mode: build, plan and others"),
    Binding("help", ("f1",), "shows the help"),
    Binding("keys", ("leader ?",), "shows the keys that are in force"),
    Binding("commands", ("leader x",), "lists all commands"),
    Binding("models", ("leader m",), "lists the models"),
    Binding("agents", ("leader a",), "lists the agents"),
    Binding("sessions", ("leader s",), "lists the sessions"),
    Binding("new-session", ("leader n",), "begins a new session with the next prompt"),
    Binding("themes", ("leader t",), "lists the themes"),
    Binding("mcp", ("leader p",), "lists the servers of MCP"),
    Binding("files", ("leader f",), "lists the files that the session changed"),
    Binding("side-panel", ("leader b",), "shows or hides what stands beside the text, full screen"),
    *(Binding(f"section-{n}", (f"leader {n}",), f"folds section {n} of it, or opens it") for n in range(1, 6)),
    Binding("reasoning", ("leader r",), "shows or folds what the model thought"),
    Binding("open-call", ("ctrl+o",), "opens or folds the newest call of a tool"),
    Binding("queue", ("leader q",), "takes back the last prompt that waits"),
    Binding("copy", ("leader y",), "copies the last answer"),
    Binding("search", ("leader /",), "searches the session, full screen"),
    Binding("prompt-up", ("alt+up", "leader up"), "goes to the prompt before, full screen"),
    Binding("prompt-down", ("alt+down", "leader down"), "goes to the next prompt, full screen"),
    Binding("page-up", ("pageup",), "goes up by a screen, full screen"),
    Binding("page-down", ("pagedown",), "goes down by a screen, full screen"),
    Binding("top", ("ctrl+home",), "goes to the beginning, full screen"),
    Binding("bottom", ("ctrl+end",), "goes to the end, full screen"),
    Binding("leave", ("leader ctrl+c",), "leaves"),
)
_EDITOR = (
    Binding("send", ("enter",), "sends; behind a `\\` it begins another line"),
    Binding(
        "newline",
        ("alt+enter", "shift+enter", "ctrl+enter", "ctrl+j", "ctrl+alt+j"),
        "begins another line",
    ),
    Binding("complete", ("tab",), "completes commands and files"),
    Binding("left", ("left", "ctrl+b"), "one character back"),
    Binding("right", ("right", "ctrl+f"), "one character on"),
    Binding("up", ("up", "ctrl+p"), "one row up; from the first one to what was typed before"),
    Binding("down", ("down", "ctrl+n"), "one row down; from the last one to what was typed later"),
    Binding("word-left", ("alt+b", "ctrl+left", "alt+left"), "back to the beginning of a word"),
    Binding("word-right", ("alt+f", "ctrl+right", "alt+right"), "on to the end of a word"),
    Binding("line-begin", ("ctrl+a", "home"), "to the beginning of the line"),
    Binding("line-end", ("ctrl+e", "end"), "to the end of the line"),
    Binding("text-begin", ("alt+<",), "to the beginning of the text"),
    Binding("text-end", ("alt+>",), "to the end of the text"),
    Binding("backspace", ("backspace", "ctrl+h", "shift+backspace"), "deletes the character before"),
    Binding("delete", ("delete",), "deletes the character behind"),
    Binding("delete-or-leave", ("ctrl+d",), "deletes the character behind; on an empty line it leaves"),
    Binding("kill-line", ("ctrl+k",), "kills to the end of the line"),
    Binding("kill-to-begin", ("ctrl+u",), "kills to the beginning of the line"),
    Binding("kill-space-word", ("ctrl+w",), "kills back to a space"),
    Binding(
        "kill-word-left", ("alt+backspace", "ctrl+backspace", "ctrl+alt+h"), "kills back to the beginning of a word"
    ),
    Binding("kill-word-right", ("alt+d", "ctrl+delete"), "kills to the end of a word"),
    Binding("delete-spaces", ("alt+\\",), "deletes the spaces around the cursor"),
    Binding("yank", ("ctrl+y",), "puts back what was killed last"),
    Binding("yank-older", ("alt+y",), "puts what was killed before in its place"),
    Binding("transpose", ("ctrl+t",), "swaps the two characters at the cursor"),
    Binding("transpose-words", ("alt+t",), "swaps the two words at the cursor"),
    Binding("upper-word", ("alt+u",), "makes the word upper case"),
    Binding("lower-word", ("alt+l",), "makes the word lower case"),
    Binding("capital-word", ("alt+c",), "begins the word with a capital"),
    Binding("undo", ("ctrl+_", "leader ctrl+u"), "undoes the last change of the text"),
    Binding("redo", ("alt+_", "leader ctrl+r"), "does again what was undone"),
    Binding("literal", ("ctrl+q", "ctrl+v"), "takes the next key as a character"),
    Binding("search-history", ("ctrl+r",), "searches what was typed before; again for older"),
    Binding("search-newer", ("ctrl+s",), "while searching: the newer one"),
    Binding("history-begin", ("leader <",), "to the oldest that was typed"),
    Binding("history-end", ("leader >",), "back to what is being typed"),
    Binding("unfold", ("leader ctrl+o",), "shows what stands in `[pasted 240 lines]`, or folds it again"),
    Binding("open-editor", ("leader ctrl+e",), "writes the text in `$VISUAL` or `$EDITOR`"),
)
_VI = (
    Binding("vi-left", ("h", "left", "backspace", "ctrl+h"), "one character back"),
    Binding("vi-right", ("l", "right", "space"), "one character on"),
    Binding("vi-down", ("j", "down", "ctrl+n"), "one row down, or to what was typed later"),
    Binding("vi-up", ("k", "up", "ctrl+p"), "one row up, or to what was typed before"),
    Binding("vi-word", ("w",), "to the next word"),
    Binding("vi-WORD", ("W",), "to the next word between spaces"),
    Binding("vi-back", ("b",), "back to the beginning of a word"),
    Binding("vi-BACK", ("B",), "back to the beginning of a word between spaces"),
    Binding("vi-end", ("e",), "to the end of a word"),
    Binding("vi-END", ("E",), "to the end of a word between spaces"),
    Binding("vi-line-begin", ("0", "home"), "to the beginning of the line"),
    Binding("vi-line-first", ("^",), "to the first character of the line that is no space"),
    Binding("vi-line-end", ("$", "end"), "to the end of the line"),
    Binding("vi-find", ("f",), "to the next one of a character in the line"),
    Binding("vi-find-back", ("F",), "to the one before"),
    Binding("vi-till", ("t",), "up to the next one of a character"),
    Binding("vi-till-back", ("T",), "back to behind the one before"),
    Binding("vi-find-again", (";",), "the same again"),
    Binding("vi-find-other", (",",), "the same, the other way"),
    Binding("vi-text-begin", ("g g",), "to the first line, or that of the count"),
    Binding("vi-text-end", ("G",), "to the last line, or that of the count"),
    Binding("vi-match", ("%",), "to the bracket that belongs to this one"),
    Binding("vi-delete", ("d",), "deletes what a motion or a text object says; `dd` lines"),
    Binding("vi-change", ("c",), "the same, and goes on to insert; `cc` lines"),
    Binding("vi-yank", ("y",), "copies the same; `yy` lines"),
    Binding("vi-delete-end", ("D",), "deletes to the end of the line"),
    Binding("vi-change-end", ("C",), "changes to the end of the line"),
    Binding("vi-yank-line", ("Y",), "copies the line"),
    Binding("vi-substitute", ("s",), "deletes a character and inserts"),
    Binding("vi-substitute-line", ("S",), "empties the line and inserts"),
    Binding("vi-erase", ("x", "delete"), "deletes the character under the cursor"),
    Binding("vi-erase-back", ("X",), "deletes the character before"),
    Binding("vi-replace", ("r",), "replaces the character under the cursor"),
    Binding("vi-case", ("~",), "changes the case of a character"),
    Binding("vi-join", ("J",), "joins the next line"),
    Binding("vi-put", ("p",), "puts what was deleted or copied behind the cursor"),
    Binding("vi-put-before", ("P",), "puts it before"),
    Binding("vi-undo", ("u",), "undoes"),
    Binding("vi-redo", ("ctrl+r",), "does again what was undone"),
    Binding("vi-repeat", (".",), "makes the last change again"),
    Binding("vi-insert", ("i", "insert"), "inserts before the cursor"),
    Binding("vi-append", ("a",), "inserts behind the cursor"),
    Binding("vi-insert-line", ("I",), "inserts at the beginning of the line"),
    Binding("vi-append-line", ("A",), "inserts at the end of the line"),
    Binding("vi-open", ("o",), "begins a line below"),
    Binding("vi-open-above", ("O",), "begins a line above"),
    Binding("search-history", ("/",), "searches what was typed before"),
    Binding("open-editor", ("v",), "writes the text in `$VISUAL` or `$EDITOR`"),
    Binding("send", ("enter",), "sends"),
)
_DIALOG = (
    Binding("once", ("y",), "allows it once"),
    Binding("session", ("s",), "allows it for this session"),
    Binding("always", ("a",), "allows it always, by the rule that is shown"),
    Binding("deny", ("n",), "denies it, with a reason for the model"),
    *(Binding(f"choice-{n}", (f"{n}",), f"takes choice {n}") for n in range(1, 10)),
    Binding("next", ("down", "tab", "ctrl+n"), "to the next choice"),
    Binding("previous", ("up", "shift+tab", "ctrl+p"), "to the choice before"),
    Binding("toggle", ("space",), "takes this one, or leaves it out"),
    Binding("all", ("ctrl+a",), "takes all of them"),
    Binding("none", ("ctrl+u",), "takes none of them"),
    Binding("details", ("ctrl+o", "d"), "shows all of what would happen, or less"),
    Binding("edit", ("e",), "changes the rule that is kept"),
    Binding("page-up", ("pageup",), "goes up in what would happen"),
    Binding("page-down", ("pagedown",), "goes down in what would happen"),
    Binding("accept", ("enter",), "answers with what is chosen"),
    Binding("cancel", ("escape", "ctrl+d"), "denies it"),
)
_LIST = (
    Binding("accept", ("enter",), "takes this one"),
    Binding("down", ("down", "ctrl+n", "ctrl+j"), "to the next one"),
    Binding("up", ("up", "ctrl+p"), "to the one before"),
    Binding("page-down", ("pagedown",), "down by a page"),
    Binding("page-up", ("pageup",), "up by a page"),
    Binding("first", ("home", "ctrl+home"), "to the first one"),
    Binding("last", ("end", "ctrl+end"), "to the last one"),
    Binding("toggle", ("tab", "ctrl+space"), "ticks this one, where several can be taken"),
    Binding("open", ("ctrl+o",), "shows all of this one"),
    Binding("rename", ("ctrl+r",), "gives this one another name"),
    Binding("delete", ("ctrl+d", "delete"), "deletes this one, when pressed twice"),
    Binding("fork", ("ctrl+f",), "goes on in a copy of this one"),
    Binding("all", ("ctrl+t",), "shows more of them, such as those of other folders, or fewer"),
    Binding("restart", ("ctrl+s",), "starts this one again"),
    Binding("login", ("ctrl+v",), "logs in to this one"),
    Binding("cancel", ("escape", "ctrl+c", "ctrl+g"), "closes the list"),
)
_PAGE = (
    Binding("down", ("down", "j", "enter", "ctrl+n"), "a row down"),
    Binding("up", ("up", "k", "ctrl+p"), "a row up"),
    Binding("page-down", ("pagedown", "space", "f"), "a page down"),
    Binding("page-up", ("pageup", "b"), "a page up"),
    Binding("first", ("home", "g", "<"), "to the beginning"),
    Binding("last", ("end", "G", ">"), "to the end"),
    Binding("search", ("/", "ctrl+f", "ctrl+s"), "searches"),
    Binding("next", ("n",), "to the next place that was searched for"),
    Binding("previous", ("N",), "to the place before"),
    Binding("cancel", ("escape", "q", "ctrl+c"), "closes the page"),
)
BINDINGS: dict[Context, tuple[Binding, ...]] = {
    "app": _APP,
    "editor": _EDITOR,
    "vi": _VI,
    "dialog": _DIALOG,
    "list": _LIST,
    "page": _PAGE,
}


def actions(context: Context) -> tuple[str, ...]:
    """What can be bound there."""
    return tuple(each.action for each in BINDINGS[context])
