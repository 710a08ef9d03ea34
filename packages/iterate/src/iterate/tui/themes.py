"""The list of themes: each is worn while the cursor is on it."""

from iterate.errors import Failure, UsageError
from iterate.terminal import rows
from iterate.terminal.rows import Row, span
from iterate.tui import settling
from iterate.tui.contract import Program
from iterate.tui.listing import Item, Listing, Purpose


def names(program: Program) -> list[str]:
    """Those there are, with the files of the person's own."""
    from iterate.terminal import wardrobe

    config = program.here.config
    return wardrobe.names(config and config.parent / wardrobe.FOLDER)


def show(program: Program, rest: str) -> None:
    """The list, or the theme that is named."""
    if rest:
        if rest in names(program):
            _keep(program, rest)
        else:
            from iterate.tui.commands import near

            hint = near(rest, names(program), f"there are {', '.join(names(program))}")
            program.fail(UsageError(f"there is no theme {rest!r}", hint))
        return
    was = program.theme
    purpose = Purpose(
        "Themes",
        lambda item: _keep(program, item.key),
        moved=lambda item: _try(program, item.key),
        left=lambda: _try(program, was),
        sight=lambda _, then: then(_sample),
    )
    listing = Listing(program, purpose)
    program.show(listing)
    listing.fill([Item(each, each, _ground(each), is_current=each == was) for each in names(program)])


def _ground(name: str) -> str:
    from iterate.terminal import theme, wardrobe

    if name == wardrobe.AUTO:
        return "dark or light, as the terminal is"
    found = theme.BUILT_IN.get(name)
    grounds = {"": "any background", "dark": "dark backgrounds", "light": "light backgrounds"}
    return grounds[found.ground] if found is not None else "your own"


def _wear(program: Program, name: str) -> bool:
    try:
        program.wear(name)
    except Failure as failure:  # A file of the person's own may mean nothing.
        program.tell(str(failure))
        return False
    return True


def _try(program: Program, name: str) -> None:
    _wear(program, name)


def _keep(program: Program, name: str) -> None:
    if _wear(program, name):
        settling.keep(program, "terminal.theme", name, program.refresh)


def _sample(room: int) -> list[Row]:
    """A little of everything."""
    found: list[Row] = [
        rows.row(span("A heading", "heading")),
        rows.row("Plain text, ", span("bold", "bold"), ", ", span("a link", "link"), ", ", span("code", "code")),
        rows.row(span("> what you typed", "user")),
        rows.row(span("what the model thought", "thought")),
        (),
        rows.row(span("def ", "keyword"), span("greet", "name"), "(times=", span("3", "number"), "):"),
        rows.row("    ", span("# says it", "comment")),
        rows.row("    return ", span('"hello"', "string"), " * times"),
        (),
        rows.row(span("-a line that goes", "removed")),
        rows.row(span("+a line that comes", "added")),
        (),
        rows.row(
            span("done", "good"), "  ", span("failed", "bad"), "  ", span("runs", "busy"), "  ", span("mind", "warning")
        ),
        rows.row(span("a row under the cursor", "selected"), "  ", span("a match", "match")),
    ]
    return [rows.clipped(each, room) for each in found]
