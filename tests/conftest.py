"""What all tests share: how a test says which programs of other ecosystems, or which system, it needs."""

import os
import shutil
import signal
import sys

import pytest
from xdist.scheduler import LoadScopeScheduling

from release.settings import REPOSITORY_VARIABLES

# Whoever runs the tests from a hook of git has GIT_DIR set, and the tests make repositories by the dozen.
for name in REPOSITORY_VARIABLES:
    os.environ.pop(name, None)

# A shell lets a program that it starts in the background ignore Ctrl-C, and what that one starts does so as well.
signal.signal(signal.SIGINT, signal.default_int_handler)

# The other ecosystems' programs come from Debian's packages, and the parser of their files is installed on Linux alone.
collect_ignore = [] if sys.platform == "linux" else ["consumers"]


class Apart(LoadScopeScheduling):  # type: ignore[misc]  # xdist ships no types
    """Each file goes to the next free worker, those with most tests first, and those of compiled programs all to one.

    The tests of one file do not run beside each other: some look for processes by what these were started with.
    """

    def _split_scope(self, nodeid: str) -> str:
        return "compiled" if "/test_native_" in nodeid else nodeid.partition("::")[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Apart:
    """Let one worker alone have the tests of compiled programs: they share what took minutes to compile."""
    return Apart(config, log)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test of another system, and a consumer test where its tool is missing; in CI that is a failure."""
    for marker in item.iter_markers("systems"):
        if sys.platform not in marker.args:
            pytest.skip(f"is about {', '.join(marker.args)}")
    for marker in item.iter_markers("consumer"):
        missing = [tool for tool in marker.args if shutil.which(tool) is None]
        if not missing:
            continue
        if os.environ.get("CI", "").lower() in {"1", "true"}:
            pytest.fail(f"needs {', '.join(missing)}, which .ci/run must install", pytrace=False)
        pytest.skip(f"needs {', '.join(missing)}")
