"""A GitHub release: archives as the assets of one tag, public only when every byte was read back.

A draft is made, filled, held against the digests that GitHub itself computed, and then published. The
assets of a draft answer 404 to everybody else, so a killed run leaves nothing that a package manager could
meet half-done, and the run that comes after fills the same draft. An asset is deleted in one case only: its
upload never finished, which GitHub calls `starter`.

Source: docs.github.com/en/rest/releases.
"""

import hashlib
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial
from urllib.parse import quote

import msgspec

from release import version
from release.destinations import github_api
from release.destinations.github_api import Api, PassingError
from release.destinations.seen import need_unchanged
from release.errors import DestinationConflictError, PushError
from release.model import File, Seen, State

NOT_FOUND = frozenset({404})
INVALID = frozenset({422})


class _Release(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    tag_name: str
    draft: bool
    upload_url: str


class _Asset(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    name: str
    state: str
    size: int
    digest: str | None = None


class _About(msgspec.Struct, frozen=True, kw_only=True):
    full_name: str


class _Commit(msgspec.Struct, frozen=True, kw_only=True):
    sha: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GitHubRelease:
    """The release of one tag.

    Attributes:
        repository: `OWNER/NAME`.
        tag: GitHub makes it, at `commit`, when the release is published, unless it is there already.
        commit: 40 hex digits.
        latest: of the latest channel; any other is a pre-release, which GitHub never shows first.
        tags: the form of the project's tags, to compare versions by.
        allow_older: show it first even where a newer one is.
        token: may write contents; no part of `repr`.
        api: address of the API.
        sleep: called with the seconds between two tries.
    """

    repository: str
    tag: str
    commit: str
    latest: bool
    tags: str = "v{version}"
    allow_older: bool = False
    token: str = field(repr=False)
    api: str = github_api.URL
    sleep: Callable[[float], None] = time.sleep

    def check(self) -> None:
        """Ask whether the token may write here.

        Raises:
            PushError: no token, one that may only read, no such repository, or one that has moved.
        """
        if not self.token:
            raise PushError(
                f"{self.repository}: there is no token to publish with",
                hint="set GITHUB_TOKEN to one with 'Contents: write' on that repository",
            )
        with self._opened() as github:
            github.retrying(lambda: self._check(github))

    def look(self, files: tuple[File, ...]) -> dict[str, State]:
        """Compare with the digests that GitHub keeps; what only a draft holds is not there yet.

        Raises:
            PushError: GitHub does not answer, or keeps no digest to compare with.
        """
        with self._opened() as github:
            return github.retrying(lambda: self._states(github, files))

    def read(self, path: str) -> bytes | None:
        """The content of an asset of the tag's release.

        Raises:
            PushError: GitHub does not answer.
        """
        with self._opened() as github:
            return github.retrying(lambda: self._read(github, path))

    def push(self, files: tuple[File, ...], message: str, seen: Seen | None = None) -> str:
        """Fill the draft and publish it; on a public release, add what is missing.

        Raises:
            DestinationConflictError: the tag is of another commit, or an asset has another content.
            PushError: GitHub did not take it.
            PlaceChangedError: the release holds something else than was `seen`.
        """
        need_unchanged(self.read, seen)
        with self._opened() as github:
            tagged = github.retrying(lambda: self._tagged(github))
            for path, state in github.retrying(lambda: self._states(github, files)).items():
                if state is State.DIFFERENT:
                    raise self._conflict(f"{path} is already there with another content")
            release = github.retrying(lambda: self._made(github, message, tagged=tagged))
            sent = [github.retrying(partial(self._sent, github, release, file)) for file in files]
            github.retrying(lambda: self._read_back(github, release, files))
            if not release.draft:
                return f"{sum(sent)} of {len(files)} files"
            newer = github.retrying(lambda: self._newer(github))
            first = self.latest and (self.allow_older or not newer)
            github.retrying(lambda: self._publish(github, release, tagged=tagged, first=first))
        mark = f"latest, back from {newer} (--allow-older)" if first else f"{newer} stays the latest"
        return f"{sum(sent)} of {len(files)} files, published" + (f"; {mark}" if newer else "")

    def _opened(self) -> AbstractContextManager[Api]:
        return github_api.opened(self.repository, self.token, url=self.api, sleep=self.sleep)

    # --- the steps: each can be made again from its start ----------------------------------------------------

    def _check(self, github: Api) -> None:
        about = github_api.read(_About, github.ask("GET", ""))
        if about.full_name.lower() != self.repository.lower():
            raise PushError(
                f"{self.repository} has moved to {about.full_name}",
                hint=f"write site = 'github:{about.full_name}' in release.toml",
            )
        # `permissions` of a repository are its user's, and a workflow's token has no user. But GitHub composes
        # notes for a release only for tokens that may write contents, and keeps them nowhere.
        words: dict[str, object] = {"tag_name": self.tag, "target_commitish": self.commit}
        github.ask("POST", "/releases/generate-notes", words=words, accept=INVALID)

    def _states(self, github: Api, files: tuple[File, ...]) -> dict[str, State]:
        release = self._found(github)
        if release is None:
            return {file.path: State.ABSENT for file in files}
        assets = _assets(github, release)
        return {file.path: self._state(release, assets.get(_name(file)), file) for file in files}

    def _read(self, github: Api, path: str) -> bytes | None:
        release = self._found(github)
        asset = _assets(github, release).get(path.rpartition("/")[2]) if release else None
        if asset is None or asset.state != "uploaded":
            return None
        return github.ask("GET", f"/releases/assets/{asset.id}", kind=github_api.BYTES).content

    def _state(self, release: _Release, asset: _Asset | None, file: File) -> State:
        if asset is None or asset.state != "uploaded":
            return State.ABSENT
        if self._held(asset) != _digest(file):
            return State.DIFFERENT
        return State.ABSENT if release.draft else State.SAME

    def _found(self, github: Api) -> _Release | None:
        """The public release of the tag, or its draft; drafts are found only by listing all releases."""
        answer = github.ask("GET", f"/releases/tags/{quote(self.tag, safe='')}", accept=NOT_FOUND)
        if answer.is_success:
            return github_api.read(_Release, answer)
        releases = (github_api.read(_Release, row) for row in github.rows("/releases"))
        drafts = [release for release in releases if release.draft and release.tag_name == self.tag]
        # There are two where an answer was lost and the list was late: always fill the same one.
        return min(drafts, key=lambda release: release.id, default=None)

    def _tagged(self, github: Api) -> bool:
        """Whether the tag is there already, at our commit."""
        answer = github.ask("GET", f"/commits/tags/{quote(self.tag, safe='')}", accept=NOT_FOUND | INVALID)
        if not answer.is_success:
            return False
        there = github_api.read(_Commit, answer).sha
        if there != self.commit:
            raise self._conflict(f"its tag is of commit {there[:12]}, this release of {self.commit[:12]}")
        return True

    def _made(self, github: Api, message: str, *, tagged: bool) -> _Release:
        # Looked for in every try: the one before may have made it and lost the answer.
        found = self._found(github)
        if found is not None:
            return found
        words: dict[str, object] = {
            "tag_name": self.tag,
            "name": message,
            "draft": True,
            "prerelease": not self.latest,
            **self._target(tagged=tagged),
        }
        return github_api.read(_Release, github.ask("POST", "/releases", words=words))

    def _sent(self, github: Api, release: _Release, file: File) -> bool:
        """Upload a file unless it is there; whether there was need to."""
        asset = _assets(github, release).get(_name(file))
        if asset is not None and asset.state == "uploaded":
            return False
        if asset is not None:
            github.ask("DELETE", f"/releases/assets/{asset.id}", accept=NOT_FOUND)
        upload = partial(github.ask, "POST", release.upload_url.partition("{")[0], query={"name": _name(file)})
        if isinstance(file.content, bytes):
            upload(content=file.content)
        else:
            with file.content.open("rb") as content:
                upload(content=content)
        return True

    def _read_back(self, github: Api, release: _Release, files: tuple[File, ...]) -> None:
        assets = _assets(github, release)
        for file in files:
            asset = assets.get(_name(file))
            if asset is None or asset.state != "uploaded":
                raise PassingError(f"{_name(file)} was uploaded and is not listed")
            if (asset.size, self._held(asset)) != (_size(file), _digest(file)):
                raise self._conflict(f"{_name(file)} arrived with another content")

    def _newer(self, github: Api) -> str:
        """The tag that GitHub shows as the latest, where it is newer than ours; else empty."""
        if not self.latest:
            return ""
        answer = github.ask("GET", "/releases/latest", accept=NOT_FOUND)
        if not answer.is_success:
            return ""
        tag = github_api.read(_Release, answer).tag_name
        ours, theirs = (version.tagged(each, self.tags) for each in (self.tag, tag))
        # Of somebody's own tag nobody can say that it is newer.
        return tag if ours and theirs and version.order(theirs) > version.order(ours) else ""

    def _publish(self, github: Api, release: _Release, *, tagged: bool, first: bool) -> None:
        words: dict[str, object] = {
            "tag_name": self.tag,
            "draft": False,
            "prerelease": not self.latest,
            "make_latest": "true" if first else "false",
            **self._target(tagged=tagged),
        }
        github.ask("PATCH", f"/releases/{release.id}", words=words)

    def _target(self, *, tagged: bool) -> dict[str, str]:
        # GitHub ignores it where the tag is there, and may still ask for the right to change workflows.
        return {} if tagged else {"target_commitish": self.commit}

    def _held(self, asset: _Asset) -> str:
        if not asset.digest:
            raise PushError(
                f"{self.repository}: GitHub keeps no digest of {asset.name}, so nobody can compare it",
                hint="delete that asset on GitHub, then run publish again",
            )
        return asset.digest

    def _conflict(self, problem: str) -> DestinationConflictError:
        return DestinationConflictError(
            f"{self.repository} {self.tag}: {problem}",
            hint="a published version never changes: release a new commit (or delete a draft that is not yours)",
        )


def _assets(github: Api, release: _Release) -> dict[str, _Asset]:
    rows = github.rows(f"/releases/{release.id}/assets")
    return {asset.name: asset for asset in (github_api.read(_Asset, row) for row in rows)}


def _name(file: File) -> str:
    return file.path.rpartition("/")[2]


def _size(file: File) -> int:
    return len(file.content) if isinstance(file.content, bytes) else file.content.stat().st_size


def _digest(file: File) -> str:
    known = hashlib.sha256(file.content).hexdigest() if isinstance(file.content, bytes) else file.sha256
    return f"sha256:{known}"
