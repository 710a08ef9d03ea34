"""The first verb: what HEAD is, as a channel sees it; refuses checkouts that cannot be released."""

from pathlib import Path

from release import shell, version
from release.errors import (
    BranchIllegalError,
    DirtyCheckoutError,
    NotARepositoryError,
    ShallowCheckoutError,
    TagMissingError,
)
from release.model import Channel, Plan, Product, Version
from release.packagers import taking_part
from release.targets import named

LISTED = 3  # changed files named in an error


def plan(product: Product, *, channel: Channel, branch: str | None = None, allow_dirty: bool = False) -> Plan:
    """Plan a release of HEAD.

    Args:
        product: what release.toml says.
        channel: which stream.
        branch: name of the branch, where git does not know it (a detached HEAD) or another is wanted.
        allow_dirty: take uncommitted changes; only local outlets will take the result.

    Raises:
        NotARepositoryError: no git checkout, or no commit in it.
        ShallowCheckoutError: the history is cut off.
        DirtyCheckoutError: uncommitted changes, and they are not allowed.
        TagMissingError: the latest channel without exactly one version tag on HEAD.
        BranchIllegalError: a branch that git or a package name cannot hold.
        VersionIllegalError: the tag is no final version.
    """
    root = product.root
    commit, committed_at = _head(root)
    if _git(root, "rev-parse", "--is-shallow-repository") == "true":
        raise ShallowCheckoutError(f"{root} is a shallow clone", hint="git fetch --unshallow (in CI: fetch-depth: 0)")
    dirty = _dirty(root, allow_dirty=allow_dirty)
    name = "" if channel is Channel.LATEST else _branch(root, branch)
    return Plan(
        channel=channel,
        version=_version(root, channel, committed_at, name),
        commit=commit,
        committed_at=committed_at,
        branch=name,
        dirty=dirty,
        targets=tuple(named(target) for target in product.build.targets),
    )


def channel_of_head(product: Product) -> Channel:
    """The channel a checkout speaks for: a version tag on HEAD is latest, main is dev, the rest snapshot."""
    _head(product.root)
    if _tags(product.root):
        return Channel.LATEST
    current = shell.attempt(["git", "symbolic-ref", "--short", "-q", "HEAD"], cwd=product.root).out.strip()
    return Channel.DEV if current in {"main", "master"} else Channel.SNAPSHOT


def as_json(product: Product, planned: Plan) -> dict[str, object]:
    """The plan for machines: `matrix` is a GitHub Actions matrix, `outlets` what each outlet will get."""
    return {
        "schema": 1,
        "product": product.name,
        "channel": planned.channel,
        "version": planned.version.text,
        "tag": planned.version.tag,
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


def _git(root: Path, *words: str) -> str:
    return shell.run(["git", *words], cwd=root).strip()


def _head(root: Path) -> tuple[str, int]:
    """Commit and its time; the time is the committer's, which a rebase moves on."""
    shell.need("git", hint="install git")
    done = shell.attempt(["git", "show", "-s", "--format=%H %ct", "HEAD"], cwd=root)
    if done.code != 0:
        raise NotARepositoryError(
            f"{root} is not a git checkout with a commit", hint="git init, and commit what is to be released"
        )
    commit, seconds = done.out.split()
    return commit, int(seconds)


def _dirty(root: Path, *, allow_dirty: bool) -> bool:
    words = ["git", "status", "--porcelain", "--untracked-files=normal"]
    changed = shell.run(words, cwd=root).splitlines()
    if changed and not allow_dirty:
        listed = ", ".join(line[3:] for line in changed[:LISTED])
        more = f" and {len(changed) - LISTED} more" if len(changed) > LISTED else ""
        raise DirtyCheckoutError(
            f"uncommitted changes: {listed}{more}",
            hint="commit them, or try locally with --allow-dirty",
        )
    return bool(changed)


def _branch(root: Path, given: str | None) -> str:
    """The branch's name, as git allows it."""
    if given is None:
        done = shell.attempt(["git", "symbolic-ref", "--short", "-q", "HEAD"], cwd=root)
        return done.out.strip() or "detached"
    if shell.attempt(["git", "check-ref-format", f"refs/heads/{given}"], cwd=root).code != 0 or given.startswith("-"):
        raise BranchIllegalError(
            f"'{given}' is not a name that git allows for a branch",
            hint="no spaces, no '..', no ending '.lock' or '/'; see git check-ref-format",
        )
    return given


def _tags(root: Path) -> list[str]:
    tags = _git(root, "tag", "--points-at", "HEAD", "v*").splitlines()
    # Publishing on GitHub tags a dev or snapshot commit too; 0.0.0 is never a release, so neither are those.
    return [tag for tag in tags if tag[1:2].isdigit() and not tag.startswith("v0.0.0-")]


def _version(root: Path, channel: Channel, committed_at: int, branch: str) -> Version:
    if channel is not Channel.LATEST:
        slug = version.slug(branch) if channel is Channel.SNAPSHOT else ""
        return version.of_commit(channel, committed_at, slug)
    tags = _tags(root)
    finals = [tag for tag in tags if "-" not in tag] or tags
    if len(finals) != 1:
        found = f"HEAD has the tags {', '.join(finals)}" if finals else "HEAD has no version tag"
        raise TagMissingError(found, hint="the latest channel wants one tag such as v1.2.3: git tag v1.2.3")
    return version.of_tag(finals[0])
