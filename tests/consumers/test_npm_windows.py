"""The shim under the node of Windows, in wine: it finds the package, and hands over arguments, output and exit code.

The program of the package is that node itself: it is a program of Windows that prints, and ends as it is told.
"""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.consumers import npm_stage
from tests.consumers.test_npm_shim import laid_out

pytestmark = pytest.mark.consumer("node", "node-windows")


@dataclass(frozen=True, slots=True, kw_only=True)
class Windows:
    """A folder that is wine's machine, and one in which the packages are laid out."""

    folder: Path
    shim: Path

    def run(self, *words: str) -> tuple[int, str, str]:
        """Run the shim; the exit code, and what was printed. Files, because wine gives node no pipes."""
        with (self.folder / "out").open("wb") as out, (self.folder / "err").open("wb") as err:
            done = subprocess.run(
                ["node-windows", str(self.shim), *words],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                env={**os.environ, "WINEPREFIX": str(self.folder / "wine")},
                check=False,
                timeout=120,
            )
        said, wrong = ((self.folder / name).read_text().replace("\r\n", "\n") for name in ("out", "err"))
        return done.returncode, said, wrong


@pytest.fixture(scope="module")
def windows(tmp_path_factory: pytest.TempPathFactory) -> Windows:
    folder = tmp_path_factory.mktemp("windows")
    made = npm_stage.make(folder / "release", only=("windows-x64-baseline", "windows-arm64"))
    shim = Path(laid_out(made, folder, "windows-x64-baseline")[1])
    found = Windows(folder=folder, shim=shim)
    program = folder / "node_modules" / "iterate-windows-x64-baseline" / "iterate" / "iterate.exe"
    program.unlink()
    # node says itself where it is; under Z: wine has everything else.
    asked = subprocess.run(["node-windows", "--where"], check=True, capture_output=True, text=True)
    program.symlink_to(asked.stdout.strip())
    found.run("--version")  # wine makes its machine, and says so
    return found


def test_arguments_output_and_exit_code_are_the_programs(windows: Windows) -> None:
    assert windows.run("-p", "6 * 7") == (0, "42\n", "")
    assert windows.run("-p", "process.argv.slice(1).join()", "a b", 'c"d', "") == (0, 'a b,c"d,\n', "")
    assert windows.run("-e", "process.exit(7)") == (7, "", "")


def test_without_the_package_it_says_which_is_missing(windows: Windows) -> None:
    there = windows.folder / "node_modules" / "iterate-windows-x64-baseline"
    there.rename(windows.folder / "elsewhere")
    try:
        code, out, err = windows.run("--version")
    finally:
        (windows.folder / "elsewhere").rename(there)
    assert (code, out) == (127, "")
    assert "iterate: there is no program for win32 x64 in this installation:" in err
    assert "iterate-windows-x64-baseline is not installed" in err
