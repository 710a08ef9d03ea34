"""dist/terminals: what real terminals show of the session of `make recording`, as pictures that a person looks at.

`make terminals` runs it, where Xvfb, xdotool, ImageMagick and the terminals are: Debian's xvfb, xdotool, imagemagick,
xterm and kitty with libgl1-mesa-dri, which draws without a graphics card. It judges nothing.
"""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks import recording, stub

FOLDER = Path(__file__).parents[1] / "dist" / "terminals"
DISPLAY = ":87"
ROOM = "1000x900x24"
PATIENCE_S = 60.0
# How each is told to run a program in a window of 100 x 45.
TERMINALS = {
    "xterm": ["xterm", "-geometry", "100x45", "-fa", "DejaVu Sans Mono", "-fs", "10", "-u8", "-e"],
    "kitty": ["kitty", "--config", "NONE", "-o", "initial_window_width=100c", "-o", "initial_window_height=45c", "-o",
              "remember_window_size=no", "-o", "update_check_interval=0"],
}  # fmt: skip


def main() -> int:
    """A picture before an answer is whole, one of a smaller window, and one of what a question looks like, of each."""
    program = Path(sys.argv[1] if len(sys.argv) > 1 else Path(sys.executable).with_name("iterate")).resolve()
    FOLDER.mkdir(parents=True, exist_ok=True)
    missing = [each for each in ("Xvfb", "xdotool", "import") if shutil.which(each) is None]
    if missing:
        raise SystemExit(f"needs {', '.join(missing)}")
    with _display():
        for name, words in TERMINALS.items():
            if shutil.which(name) is None:
                print(f"{name} is not here")
                continue
            _pictures(name, [*words, str(program)], program)
    return 0


@contextlib.contextmanager
def _display() -> Iterator[None]:
    with subprocess.Popen(["Xvfb", DISPLAY, "-screen", "0", ROOM], stderr=subprocess.DEVNULL) as display:
        try:
            _until(lambda: Path(f"/{'tmp'}/.X11-unix/X{DISPLAY[1:]}").exists())
            yield
        finally:
            display.terminate()


def _pictures(name: str, words: list[str], program: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="windows-") as home, stub.serving(recording.SAID) as model:
        env = {**recording.at_home(Path(home), model.url), "DISPLAY": DISPLAY, "LIBGL_ALWAYS_SOFTWARE": "1"}
        env["XDG_RUNTIME_DIR"] = home
        with subprocess.Popen(words, env=env, cwd=Path(home, "clock"), stderr=subprocess.DEVNULL) as window:
            try:
                _talk(name, model)
            finally:
                window.terminate()
        subprocess.run([str(program), "server", "stop"], env=env, check=False, capture_output=True)


def _talk(name: str, model: stub.Stub) -> None:
    found = _x("xdotool", "search", "--sync", "--onlyvisible", "--class", name).split()[-1]
    time.sleep(2)
    _x("xdotool", "windowfocus", found)
    _x("xdotool", "type", "--delay", "30", "A test fails. Find out why, and mend it.")
    _picture(f"{name}-typed")
    _x("xdotool", "key", "Return")
    _until(lambda: len(model.ended) > 0)
    time.sleep(2)
    _picture(f"{name}-asked")
    _x("xdotool", "key", "s")
    _until(lambda: len(model.ended) == len(recording.SAID["test fails"]))
    time.sleep(1)
    _picture(f"{name}-answered")
    _x("xdotool", "windowsize", found, "560", "700")
    time.sleep(1)
    _picture(f"{name}-narrow")
    _x("xdotool", "windowsize", found, "950", "860")
    time.sleep(1)
    _x("xdotool", "type", "--delay", "30", "日本語 and 🎈")
    time.sleep(1)
    _picture(f"{name}-wide")


def _picture(name: str) -> None:
    _x("import", "-window", "root", str(FOLDER / f"{name}.png"))
    print(f"written: dist/terminals/{name}.png")


def _x(*words: str) -> str:
    env = {**os.environ, "DISPLAY": DISPLAY}
    return subprocess.run(words, env=env, check=True, capture_output=True, text=True, timeout=PATIENCE_S).stdout


def _until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        if time.monotonic() > deadline:
            raise SystemExit("it never came")
        time.sleep(0.05)


if __name__ == "__main__":
    raise SystemExit(main())
