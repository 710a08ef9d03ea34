"""What npm's consumer tests stand on: a real registry on loopback, and clients that know no other one.

The registry is verdaccio; make/npm.sh installs it, and the clients, into .npm-clients.
"""

import base64
import hashlib
import io
import json
import os
import shutil
import socket
import subprocess
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

CONFIG = """\
storage: {folder}/storage
auth: {{htpasswd: {{file: {folder}/htpasswd, max_users: 10}}}}
uplinks: {{}}
packages: {{"**": {{access: {access}, publish: $authenticated, unpublish: $authenticated}}}}
max_body_size: 200mb
log: {{type: file, path: {folder}/log, level: warn}}
"""
PATIENCE = 30  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """A registry that runs: its address without a slash at the end, its folder, and a user's token."""

    url: str
    folder: Path
    token: str

    def client(self, home: Path, *, logged_in: bool = False) -> dict[str, str]:
        """An environment whose home is `home`, in which every npm client knows this registry alone.

        No client runs scripts of packages, and none holds back what is new.
        """
        home.mkdir(parents=True, exist_ok=True)
        host = self.url.partition(":")[2]
        lines = [f"registry={self.url}/", "ignore-scripts=true", "audit=false", "fund=false", "update-notifier=false"]
        lines += [f"cache={home}/npm-cache"]
        lines += [f"{host}/:_authToken={self.token}"] if logged_in else []
        (home / ".npmrc").write_text("\n".join(lines) + "\n")
        (home / ".yarnrc.yml").write_text(
            f'npmRegistryServer: "{self.url}"\nunsafeHttpWhitelist: ["127.0.0.1"]\nnpmMinimalAgeGate: 0\n'
            "enableTelemetry: false\nenableScripts: false\nenableGlobalCache: false\nenableImmutableInstalls: false\n"
        )
        kept = {
            name: value for name, value in os.environ.items() if not name.upper().startswith(("NPM_", "XDG_", "YARN_"))
        }
        return {
            **kept,
            "HOME": str(home),
            "NPM_CONFIG_USERCONFIG": str(home / ".npmrc"),
            "NPM_CONFIG_REGISTRY": f"{self.url}/",
            "PNPM_HOME": str(home / "pnpm"),
            "BUN_INSTALL": str(home / "bun"),
            "MISE_MINIMUM_RELEASE_AGE": "0s",
            "PATH": f"{home / 'pnpm'}{os.pathsep}{home / 'pnpm' / 'bin'}{os.pathsep}{kept['PATH']}",
        }

    def put(self, package: Path, *, tag: str) -> None:
        """Publish a package as npm does, in a tenth of the time."""
        content = package.read_bytes()
        with tarfile.open(fileobj=io.BytesIO(content)) as tar:
            member = tar.extractfile("package/package.json")
            assert member is not None
            manifest = json.load(member)
        name, version = manifest["name"], manifest["version"]
        file = f"{name}-{version}.tgz"
        dist = {
            "integrity": f"sha512-{base64.b64encode(hashlib.sha512(content).digest()).decode()}",
            "shasum": hashlib.sha1(content, usedforsecurity=False).hexdigest(),
            "tarball": f"{self.url}/{name}/-/{file}",
        }
        attached = {"content_type": "application/octet-stream", "length": len(content)}
        document = {
            "_id": name,
            "name": name,
            "dist-tags": {tag: version},
            "versions": {version: {**manifest, "_id": f"{name}@{version}", "dist": dist}},
            "_attachments": {file: {**attached, "data": base64.b64encode(content).decode()}},
        }
        httpx2.put(
            f"{self.url}/{name.replace('/', '%2f')}",
            json=document,
            headers={"Authorization": f"Bearer {self.token}"},
            trust_env=False,
            timeout=PATIENCE,
        ).raise_for_status()

    def age(self, name: str, version: str) -> None:
        """Say of a version that it was published a year ago."""
        kept = self.folder / "storage" / name / "package.json"
        known = json.loads(kept.read_text())
        known["time"] |= dict.fromkeys(("created", version), "2025-01-01T00:00:00.000Z")
        kept.write_text(json.dumps(known))

    def packument(self, name: str) -> dict[str, dict[str, object]]:
        """What the registry says about a package; empty where it has none."""
        answer = httpx2.get(
            f"{self.url}/{name.replace('/', '%2f')}",
            headers={"Authorization": f"Bearer {self.token}"},
            trust_env=False,
            timeout=PATIENCE,
        )
        if answer.status_code == httpx2.codes.NOT_FOUND:
            return {}
        found: dict[str, dict[str, object]] = answer.raise_for_status().json()
        return found

    def tags(self, name: str) -> dict[str, object]:
        """The dist-tags of a package."""
        return self.packument(name).get("dist-tags", {})

    def versions(self, name: str) -> list[str]:
        """The versions of a package."""
        return sorted(self.packument(name).get("versions", {}))


@contextmanager
def running(folder: Path, *, access: str = "$all") -> Iterator[Registry]:
    """A registry of its own in a folder, with one user, until the block ends; `access` says who may read."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.yaml").write_text(CONFIG.format(folder=folder, access=access))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    program = shutil.which("verdaccio") or "verdaccio"
    with (folder / "out").open("wb") as out:
        process = subprocess.Popen(
            [program, "--config", str(folder / "config.yaml"), "--listen", address],
            stdout=out,
            stderr=subprocess.STDOUT,
            env={**os.environ, "HOME": str(folder)},
        )
    try:
        url = f"http://{address}"
        _wait(url, process, folder / "out")
        yield Registry(url=url, folder=folder, token=_user(url, "alice"))
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE)


def _wait(url: str, process: "subprocess.Popen[bytes]", out: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        try:
            httpx2.get(f"{url}/-/ping", trust_env=False, timeout=2).raise_for_status()
            return  # noqa: TRY300
        except httpx2.HTTPError:
            time.sleep(0.05)
    raise AssertionError(out.read_text(errors="replace"))


def _user(url: str, name: str) -> str:
    answer = httpx2.put(
        f"{url}/-/user/org.couchdb.user:{name}",
        json={"name": name, "password": f"password-of-{name}", "type": "user"},
        trust_env=False,
        timeout=PATIENCE,
    )
    token: str = answer.raise_for_status().json()["token"]
    return token
