"""What all tests share: how a test says which programs of other ecosystems it needs."""

import os
import shutil

import pytest


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a consumer test by name where its tool is missing; in CI that is a failure."""
    for marker in item.iter_markers("consumer"):
        missing = [tool for tool in marker.args if shutil.which(tool) is None]
        if not missing:
            continue
        if os.environ.get("CI", "").lower() in {"1", "true"}:
            pytest.fail(f"needs {', '.join(missing)}, which .ci/run must install", pytrace=False)
        pytest.skip(f"needs {', '.join(missing)}")
