"""The shell's tests once more where things are otherwise: for an ordinary user, and where namespaces are forbidden."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.processes, pytest.mark.systems("linux"), pytest.mark.consumer("unshare")]

# The limit of a namespace holds for those inside it.
FORBIDDEN = ["unshare", "-Ur", "sh", "-c", 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"', "sh"]
ORDINARY = ["unshare", "-U", "--map-user=1000", "--map-group=1000"]
ENDING = "setsid or left or death or writes_in or network or background_command"


@pytest.mark.parametrize(
    ("world", "tests", "chosen"),
    [
        (FORBIDDEN, ("test_bash.py",), ENDING),
        (FORBIDDEN, ("test_preimages.py", "test_confined.py"), "test"),
        (ORDINARY, ("test_transaction.py",), "closed or mkfifo or made or judged or attributes"),
        (ORDINARY, ("test_undo.py",), "every_kind"),
    ],
)
def test_the_shell_keeps_its_promises(world: list[str], tests: tuple[str, ...], chosen: str, tmp_path: Path) -> None:
    if subprocess.run([*world, "true"], capture_output=True, check=False).returncode:
        pytest.skip("namespaces are forbidden here: what the other tests meet is that world")
    folder = Path(__file__).parent
    words = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-k",
        chosen,
        f"--basetemp={tmp_path / 'in'}",
    ]
    ended = subprocess.run(
        [*world, *words, *(str(folder / name) for name in tests)],
        cwd=folder.parents[1],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout[-4000:]
    assert " passed" in ended.stdout
