"""Programs that fill the screen."""

from benchmarks.projects import terminal
from benchmarks.projects.place import Place


def toolong(place: Place) -> dict[str, str]:
    """The first screen of a log, the help, and the way out."""
    lines = [f'127.0.0.1 - - [01/Jan/2026:00:00:{n:02} +0000] "GET /otters/{n} HTTP/1.1" 200 12' for n in range(20)]
    (place.work / "access.log").write_text("\n".join(lines) + "\n")
    said: dict[str, str] = {}
    with terminal.shown([place.path("tl"), "access.log"], place.work, place.env) as shown:
        said["first screen"] = place.alike(shown.until("/otters/19", "GET"))
        shown.press("\x1bOP")
        said["help"] = place.alike(shown.until("Moving at Terminal velocity"))
        shown.press("\x1b")
        shown.until("/otters/19")
        shown.press("\x03")
        said["end"] = f"exit code {shown.left()}"
    return said
