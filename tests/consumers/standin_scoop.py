"""A stand-in for Scoop, which runs on Windows only: takes words as strictly, and says and exits as it does.

Read in Scoop's own source. The file that runs this lies in ROOT/shims. A bucket is a folder of JSON files, one a
manifest: its version, and by version a folder with what is to be installed. `update` copies what lies in ROOT/remote
over it. Like Scoop it refuses to touch an app of which a program runs, and exits with 0 all the same.
"""

import json
import os
import shutil
import sys
from pathlib import Path
from typing import NoReturn, TypedDict

from tests.consumers.launcher import linked

COMMAND = "iterate"


class Manifest(TypedDict):
    version: str
    files: dict[str, str]


class Scoop:
    """One root."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.apps = root / "apps"
        self.config_file = root / "config.json"
        self.shims = (root / "shims" / COMMAND, root / "shims" / f"{COMMAND}.exe")

    def manifest(self, name: str, bucket: str = "*") -> tuple[str, Manifest]:
        """The bucket and the manifest of an app."""
        found = sorted(self.root.glob(f"buckets/{bucket}/{name}.json"))
        if not found:
            fail(f"Couldn't find manifest for '{name}'.")
        manifest: Manifest = json.loads(found[0].read_text())
        return found[0].parent.name, manifest

    def current(self, app: str) -> str:
        """The version of an app that counts; empty when it is not installed."""
        link = self.apps / app / "current"
        return link.resolve().name if link.is_symlink() else ""

    def config(self) -> dict[str, str]:
        found: dict[str, str] = json.loads(self.config_file.read_text()) if self.config_file.exists() else {}
        return found

    def is_running(self, app: str) -> bool:
        """Whether a program from the folder of an app runs, which is a reason to stop unless told otherwise."""
        folder = str(self.apps / app)
        for process in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                words = process.read_bytes().decode().split("\0")
            except OSError:
                continue
            if process.parent.name != str(os.getpid()) and any(
                folder in (word, os.path.realpath(word)[: len(folder)]) for word in words[:3] if word.startswith("/")
            ):
                if self.config().get("ignore_running_processes") == "true":
                    print(f'WARN  The following instances of "{app}" are still running.')
                    return False
                print(f'ERROR The following instances of "{app}" are still running. Close them and try again.')
                return True
        return False

    def unpack(self, app: str, bucket: str, version: str, files: str) -> None:
        folder = self.apps / app / version
        print(f"Installing '{app}' ({version}) [64bit] from '{bucket}' bucket", flush=True)
        shutil.copytree(files, folder / COMMAND)
        (folder / "install.json").write_text(json.dumps({"bucket": bucket, "architecture": "64bit"}))
        self.switch(app, version)
        print(f"'{app}' ({version}) was installed successfully!")

    def switch(self, app: str, version: str) -> None:
        linked(self.apps / app / "current", self.apps / app / version)
        for shim in self.shims:
            linked(shim, self.apps / app / "current" / COMMAND / COMMAND)

    # --- commands ---

    def update(self, *apps: str) -> None:
        if not apps:
            print("Updating Scoop...\nUpdating Buckets...")
            shutil.copytree(self.root / "remote", self.root / "buckets", dirs_exist_ok=True)
            print("Scoop was updated successfully!")
            return
        (app,) = apps
        here = self.current(app)
        if not here:
            fail(f"'{app}' isn't installed.")
        bucket, manifest = self.manifest(app)
        if here == manifest["version"]:
            print(f"{app}: {here} (latest version)\nLatest versions for all apps are installed!")
            return
        print(f"{app}: {here} -> {manifest['version']}\nUpdating one outdated app:")
        if self.is_running(app):
            return
        print(f"Uninstalling '{app}' ({here})")
        self.unpack(app, bucket, manifest["version"], manifest["files"][manifest["version"]])

    def install(self, named: str) -> None:
        whole, _, version = named.partition("@")
        bucket, _, app = whole.rpartition("/")
        if not version and self.current(app):
            print(f"WARN  '{app}' ({self.current(app)}) is already installed.\nUse 'scoop update {app}'.")
            return
        bucket, manifest = self.manifest(app, bucket or "*")
        version = version or manifest["version"]
        if (self.apps / app / version).exists():
            fail(f"'{app}' ({version}) is already installed.")
        if version not in manifest["files"]:
            fail(f"Could not install {app}@{version}")
        self.unpack(app, bucket, version, manifest["files"][version])

    def uninstall(self, app: str) -> None:
        if not self.current(app):
            fail(f"'{app}' isn't installed.")
        print(f"Uninstalling '{app}' ({self.current(app)}).")
        if self.is_running(app):
            return
        for shim in self.shims:
            # Scoop takes the shim of the command along, whichever app has it.
            shim.unlink(missing_ok=True)
        shutil.rmtree(self.apps / app)
        print(f"'{app}' was uninstalled.")

    def reset(self, named: str) -> None:
        app, _, version = named.partition("@")
        version = version or self.current(app)
        if not (self.apps / app / version).is_dir():
            fail(f"'{app}' ({version}) isn't installed")
        print(f"Resetting {app} ({version}).")
        if not self.is_running(app):
            self.switch(app, version)

    def set_config(self, *words: str) -> None:
        config = self.config()
        if words[0] == "rm":
            config.pop(words[1], None)
        else:
            name, value = words
            config[name] = value
        self.config_file.write_text(json.dumps(config))


def fail(text: str) -> NoReturn:
    print(f"ERROR {text}")
    sys.exit(1)


def main(root: Path, words: list[str]) -> None:
    """Run one command."""
    with (root / "log").open("a") as log:
        print(*words, file=log)
    scoop = Scoop(root)
    match words:
        case [_, *rest] if unknown := [word for word in rest if word.startswith("-")]:
            print(f"scoop {words[0]}: Option {unknown[0]} not recognized.")
            sys.exit(1)
        case ["update", *rest] if len(rest) < 2:
            scoop.update(*rest)
        case ["install", app]:
            scoop.install(app)
        case ["uninstall", app]:
            scoop.uninstall(app)
        case ["reset", app]:
            scoop.reset(app)
        case ["config", "rm", name]:
            scoop.set_config("rm", name)
        case ["config", name, value]:
            scoop.set_config(name, value)
        case _:
            fail(f"scoop: '{' '.join(words)}' isn't a scoop command. See 'scoop help'.")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
