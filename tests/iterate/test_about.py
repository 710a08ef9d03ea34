"""The stamp, and how the program starts itself."""

import re
import subprocess
import sys
from pathlib import Path

from iterate import _stamp, about


def test_the_stamp_is_four_string_constants_and_nothing_else() -> None:
    # A release writes this file anew, so it must stay this simple.
    lines = Path(_stamp.__file__).read_text().split('"""\n', 1)[1].split("\n")
    assert [re.fullmatch(r'([A-Z]+) = "[^"]*"', line) is not None for line in lines if line] == [True] * 4
    assert about.STAMP == (_stamp.VERSION, _stamp.CHANNEL, _stamp.COMMIT, _stamp.TARGET)


def test_from_source_there_is_no_executable() -> None:
    assert about.executable() is None


def test_the_start_words_start_the_same_program() -> None:
    done = subprocess.run([*about.start_words(), "--version"], capture_output=True, check=True)
    assert done.stdout.decode() == f"{_stamp.VERSION}\n"


def test_the_python_version_is_of_this_python() -> None:
    assert sys.version.startswith(about.python_version())
