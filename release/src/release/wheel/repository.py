"""The history beside an exported tree: build backends ask git for the version, and for the files."""

from pathlib import Path

from release import git
from release.git.checkout import FETCHING, Checkout


def beside(checkout: Checkout, commit: str, tree: Path, *, changed: bool) -> None:
    """Make an exported tree a checkout of its commit, with all the history and tags that lead to it.

    The objects are borrowed from the repository of the checkout, not copied. What the tree holds counts as the
    commit's: large files stand in it with their content, which git would take for changes.

    Args:
        checkout: where the commit is.
        commit: its name.
        tree: the folder with its files.
        changed: changes of the working tree are on top, and may be seen.
    """
    folder = tree / ".git"
    form = "sha256" if len(commit) == 64 else "sha1"  # noqa: PLR2004  # hex digits
    made = git.private(folder)
    made.run("init", "-q", f"--object-format={form}", "--template=", "--initial-branch=main")
    made.run("config", "core.bare", "false")
    ours = git.reading(folder, tree)
    (folder / "objects" / "info").mkdir(parents=True, exist_ok=True)
    (folder / "objects" / "info" / "alternates").write_text(f"{_objects(checkout)}\n", encoding="utf-8")
    tags = checkout.git.run("for-each-ref", f"--merged={commit}", "--format=%(objectname) %(refname)", "refs/tags")
    wanted = [f"create refs/heads/main {commit}"]
    wanted += [f"create {name} {found}" for found, _, name in (row.partition(" ") for row in tags.splitlines())]
    ours.run("update-ref", "--stdin", stdin="".join(f"{row}\n" for row in wanted).encode(), timeout=FETCHING)
    ours.run("read-tree", "--no-sparse-checkout", commit, timeout=FETCHING)
    if not changed:
        listed = ours.output("ls-files", "-z")
        ours.run("update-index", "-z", "--assume-unchanged", "--stdin", stdin=listed)


def _objects(checkout: Checkout) -> Path:
    printed = checkout.git.run("rev-parse", "--path-format=absolute", "--git-path", "objects")
    return Path(printed.removesuffix("\n"))
