"""The first verb: what HEAD is, as a channel sees it."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from release import packagers, version
from release.errors import (
    BranchIllegalError,
    CommitTimeError,
    ConfigInvalidError,
    DirtyCheckoutError,
    ShallowCheckoutError,
    TagMissingError,
)
from release.git import checkout as checkouts
from release.git.checkout import Change, Head
from release.model import Plan
from release.packagers import taking_part
from release.product import Channel, Product, Version
from release.targets import named

DECLARING = ("pyproject.toml", "setup.cfg", "setup.py")
LISTED = 3  # changed files named in an error
RESULTS = "dist"  # the folder of results, beside release.toml
DETACHED = "detached"  # the branch of a HEAD that is on none
LATEST_TIME = 4354819199  # 2107-12-31T23:59:59Z, the end of time in zip archives


def plan(
    product: Product,
    *,
    channel: Channel,
    branch: str | None = None,
    allow_dirty: bool = False,
    results: Path | None = None,
    seen: Head | None = None,
) -> Plan:
    """Plan a release of HEAD, which every outlet takes.

    Raises:
        ConfigInvalidError, TemplateError: what a later `render` would fail with; the message names everything.
        ReleaseError: see `head`, which has the same arguments.
    """
    planned = head(product, channel=channel, branch=branch, allow_dirty=allow_dirty, results=results, seen=seen)
    packagers.check(product, planned)
    return planned


def head(
    product: Product,
    *,
    channel: Channel,
    branch: str | None = None,
    allow_dirty: bool = False,
    results: Path | None = None,
    seen: Head | None = None,
) -> Plan:
    """What HEAD is, whatever outlets have against it.

    Args:
        product: what release.toml says.
        channel: which stream.
        branch: name of the branch, where git does not know it (a detached HEAD) or another is wanted.
        allow_dirty: take uncommitted changes; only local outlets will take the result.
        results: folder of results, whose untracked files are no changes; dist beside release.toml is another.
        seen: HEAD, where it was looked at before.

    Raises:
        NotARepositoryError: no git checkout, one that git does not trust, or no commit in it.
        CommitTimeError: the commit has no time that archives can hold.
        ShallowCheckoutError: the history is cut off.
        DirtyCheckoutError: uncommitted changes, and they are not allowed.
        TagMissingError: the latest channel without exactly one version tag on HEAD.
        BranchIllegalError: a name that git does not allow for a branch.
        VersionIllegalError: the tag is no final version.
    """
    root = product.root
    seen = seen or look(product)
    commit, committed_at = seen.commit, _committed_at(seen)
    if seen.shallow:
        raise ShallowCheckoutError(f"{root} is a shallow clone", hint="git fetch --unshallow (in CI: fetch-depth: 0)")
    dirty = _dirty(seen, product, results or root / RESULTS, allow_dirty=allow_dirty)
    name = "" if channel.is_tagged else _branch(seen, branch)
    found = _version(product, seen, channel, name)
    return Plan(
        channel=channel,
        version=found,
        tag=product.tag_of(found.text),
        commit=commit,
        committed_at=committed_at,
        branch=name,
        dirty=dirty,
        targets=tuple(named(target) for target in product.build.targets),
    )


def look(product: Product) -> Head:
    """HEAD of the checkout that a product lies in.

    Raises:
        NotARepositoryError, ToolMissingError: there is no checkout to look at.
    """
    return checkouts.find(product.root).head()


def channel_of_head(product: Product, seen: Head | None = None) -> Channel:
    """The channel a checkout speaks for: a final version's tag on HEAD is latest, a pre-release's beta, main is dev."""
    seen = seen or look(product)
    known = _known(seen.tags, product.tag).values()
    if any(map(_final, known)):
        return Channel.LATEST
    if product.beta and any(found.word for found in known):
        return Channel.BETA
    return Channel.DEV if seen.branch in {"main", "master"} else Channel.SNAPSHOT


def as_json(product: Product, planned: Plan) -> dict[str, object]:
    """The plan for machines: `matrix` is a GitHub Actions matrix, `outlets` what each outlet will get."""
    return {
        "schema": 1,
        "product": product.name,
        "channel": planned.channel,
        "version": planned.version.text,
        "tag": planned.tag,
        "commit": planned.commit,
        "committed_at": planned.committed_at,
        "branch": planned.branch,
        "dirty": planned.dirty,
        "targets": [
            {
                "target": target.name,
                "runner": target.runner,
                "container": target.container,
                "archive": product.archive(planned.version, target),
            }
            for target in planned.targets
        ],
        "outlets": [
            {
                "outlet": packager.name,
                "package": packager.package(product, planned),
                "version": packager.spell(planned.version),
            }
            for packager in taking_part(*product.profiles.values())
        ],
        "matrix": {
            "include": [
                {"target": target.name, "runner": target.runner, "container": target.container}
                for target in planned.targets
            ]
        },
    }


def _committed_at(seen: Head) -> int:
    if (seconds := seen.committed_at) > LATEST_TIME:
        raise CommitTimeError(
            f"the commit {seen.commit[:12]} says that it was made after 2107, which zip archives cannot hold",
            hint="set the clock and make the commit again: git commit --amend --date=now",
        )
    return seconds


def _dirty(seen: Head, product: Product, results: Path, *, allow_dirty: bool) -> bool:
    checkout, commit = seen.checkout, seen.commit
    # Ours, and no source: what the tool makes in the folder of results, the given one and the usual one.
    ours = (results, product.root / RESULTS)
    changed = [each for each in seen.changes if not (each.untracked and checkout.within(each, ours))]
    if changed and not allow_dirty:
        raise DirtyCheckoutError(
            f"uncommitted changes: {_listed(changed)}", hint="commit them, or try locally with --allow-dirty"
        )
    # The source that is compiled is the commit's. What is read from the working tree itself must be the commit's too.
    files = ("release.toml", product.templates, product.license_file, product.readme, product.build.constraints)
    read = [product.root / file for file in files if file]
    # What the project declares is read there before its wheel is built.
    declared = (product.root / product.build.project / name for name in DECLARING)
    read += [path for path in declared if path.is_file()]
    strange = checkout.unknown(commit, _files(read)) if not changed else ()
    if strange and not allow_dirty:
        raise DirtyCheckoutError(
            f"no part of the commit: {', '.join(map(str, strange[:LISTED]))}",
            hint="commit it (git add --force, where git ignores it)",
        )
    hidden = checkout.overlooked(commit, read) if not changed else ()
    if hidden and not allow_dirty:
        raise DirtyCheckoutError(
            f"changes that git was told to overlook: {_listed(hidden)}",
            hint="git update-index --no-assume-unchanged --no-skip-worktree FILE, or git sparse-checkout disable",
        )
    return bool(changed or strange or hidden)


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    """The files among these paths, and the templates in folders among them."""
    for path in paths:
        # Templates of its own a project need not have.
        if path.is_dir():
            yield from sorted(path.resolve().rglob("*.j2"))
        elif os.path.lexists(path):
            yield path


def _listed(changed: Sequence[Change]) -> str:
    listed = ", ".join(change.text for change in changed[:LISTED])
    return f"{listed} and {len(changed) - LISTED} more" if len(changed) > LISTED else listed


def _branch(seen: Head, given: str | None) -> str:
    """The branch's name, as git allows it; bytes that are no UTF-8 are escaped."""
    if given is None:
        return seen.branch or DETACHED
    done = seen.checkout.git.attempt("check-ref-format", f"refs/heads/{given}")
    if done.code != 0 or given.startswith("-"):
        raise BranchIllegalError(
            f"'{given}' is not a name that git allows for a branch",
            hint="no spaces, no '..', no ending '.lock' or '/'; see git check-ref-format",
        )
    return os.fsencode(given).decode("utf-8", "backslashreplace")


def _final(found: Version) -> bool:
    """Whether the latest channel takes a version."""
    return not found.word and any(found.numbers)


def _version(product: Product, seen: Head, channel: Channel, branch: str) -> Version:
    if not channel.is_tagged:
        slug = version.slug(branch) if channel is Channel.SNAPSHOT else ""
        return version.of_commit(channel, seen.committed_at, slug)
    if channel is Channel.BETA and not product.beta:
        raise ConfigInvalidError(
            "pre-releases have no channel in this project", hint="write beta = true at the top of release.toml"
        )
    tags = seen.tags
    known = _without_moving(_known(tags, product.tag))
    finals = {tag: found for tag, found in known.items() if _final(found)}
    early = {tag: found for tag, found in known.items() if found.word}
    wanted = early if channel is Channel.BETA else finals
    if len(wanted) > 1:
        raise TagMissingError(
            f"HEAD has the tags {', '.join(wanted)}, and a release has one version",
            hint="keep the one that is meant, and delete the others: git tag -d TAG",
        )
    for tag, found in (*wanted.items(), *known.items()):
        return version.need_tagged(found, tag, channel, beta=product.beta)
    others = f"; no version is {', '.join(tags[:LISTED])}" if tags else ""
    usual = product.tag_of("1.2.3")
    raise TagMissingError(
        f"HEAD has no version tag{others}", hint=f"the {channel} channel wants one tag such as {usual}: git tag {usual}"
    )


def _known(tags: Sequence[str], form: str) -> dict[str, Version]:
    """The tags that name a version, but for those that publishing on GitHub gave to commits of dev and snapshots."""
    return {tag: found for tag in tags if (found := version.tagged(tag, form)) and not _stamped(found)}


def _stamped(found: Version) -> bool:
    """Whether a tag is one that publishing on GitHub gave to a commit of dev or of a snapshot."""
    return found.word is not None and not any(found.numbers)


def _without_moving(finals: dict[str, Version]) -> dict[str, Version]:
    """Without `v1.2` beside `v1.2.3`: the tag of a series, which moves from version to version."""
    return {
        tag: found
        for tag, found in finals.items()
        if not any(other.text.startswith(f"{found.text}.") and not other.post for other in finals.values())
    }
