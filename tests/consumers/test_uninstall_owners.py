"""Removing a copy through who installed it: the real npm, and what is left of it afterwards."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.consumer("npm"), pytest.mark.systems("linux")]

# Removes the copy at a path, as `iterate uninstall --purge --yes` does for the copy that runs.
REMOVE = """
import sys
from pathlib import Path
from iterate import settings
from iterate.about import Stamp
from iterate.install import machine, removal, uninstall
from iterate.install.copy import copy_at
from iterate.waiting import Voice, quietly
here = settings.read()
stamp = Stamp(version="1.2.0", channel="latest", commit="0" * 40, target="linux-x64")
copy = copy_at(Path(sys.argv[1]).resolve(), stamp)
place = machine.this_place(results_aside=True)
around = removal.Around(place, machine.this_user(), machine.this_machine(copy, copy.method, place))
commands = removal.commands(copy, around)
print(copy.method, commands, flush=True)
found = uninstall.plan(here, copy, commands, purge=True)
uninstall.remove(here, found, place.run, Voice(quietly))
"""


def installed(tmp_path: Path, environment: dict[str, str]) -> Path:
    """A package of npm's in a prefix of its own, with a program in it; the program's real path."""
    package = tmp_path / "package"
    (package / "bin").mkdir(parents=True)
    (package / "package.json").write_text(
        json.dumps({"name": "iterate", "version": "1.2.0", "bin": {"iterate": "bin/iterate"}})
    )
    (package / "bin" / "iterate").write_text("#!/bin/sh\necho 1.2.0\n")
    (package / "bin" / "iterate").chmod(0o755)
    subprocess.run(["npm", "pack", "--silent"], cwd=package, env=environment, check=True, capture_output=True)
    (file,) = package.glob("*.tgz")
    subprocess.run(["npm", "i", "-g", "--silent", str(file)], env=environment, check=True, capture_output=True)
    return tmp_path / "prefix" / "bin" / "iterate"


def test_npm_removes_what_npm_installed_and_nothing_is_left(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / ".config" / "iterate").mkdir(parents=True)
    (home / ".config" / "iterate" / "config.toml").write_text("")
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "NPM_CONFIG_PREFIX": str(tmp_path / "prefix"),
        "NPM_CONFIG_CACHE": str(tmp_path / "cache"),
        # It has all it needs, and asks nobody.
        **dict.fromkeys(("NPM_CONFIG_UPDATE_NOTIFIER", "NPM_CONFIG_AUDIT", "NPM_CONFIG_FUND"), "false"),
        "NPM_CONFIG_OFFLINE": "true",
    }
    command = installed(tmp_path, environment)
    assert subprocess.run([command], capture_output=True, check=True).stdout == b"1.2.0\n"
    done = subprocess.run(
        [sys.executable, "-c", REMOVE, str(command)],
        env=environment | {"PATH": f"{command.parent}:{environment['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("npm (('npm', 'uninstall', '--global', "), done.stdout
    assert not os.path.lexists(command)
    assert not (tmp_path / "prefix" / "lib" / "node_modules" / "iterate").exists()
    assert not (home / ".config" / "iterate").exists()
