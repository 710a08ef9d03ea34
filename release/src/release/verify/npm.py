"""The packages through npm, into a folder of their own, with scripts disabled; what the user has stays as it is."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from release import destinations, shell, targets
from release.destinations.npm import Registry
from release.errors import SmokeTestError, TargetForeignError, VerifyError
from release.model import Bundle, Kind, State
from release.packagers.npm import tag
from release.verify import registry
from release.verify.check import PATIENCE, Job, SkippedError, tried


def install(job: Job) -> str:
    """Install the version from its place, try the program, remove it.

    Raises:
        SkippedError: no npm here, or no package for this machine.
        ProgramFailedError: npm refused.
        SmokeTestError: the installed program does not do what it must, or leaves files behind.
        VerifyError: the place holds other packages.
    """
    npm = shell.find("npm")
    if npm is None or shell.find("node") is None:
        raise SkippedError("npm not on PATH")
    bundle = job.bundle("npm")
    _need_one_for_this_machine(job)
    name, version = bundle.package, job.release.plan.version.text
    prefix = job.work / "prefix"
    env = {"npm_config_cache": str(job.work / "cache"), "npm_config_update_notifier": "false"}
    quiet = ("--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
    with _chosen(job, bundle) as registry_words:
        words = ("--global", f"--prefix={prefix}", *quiet, *registry_words)
        shell.run([npm, "install", *words, f"{name}@{version}"], env=env, timeout=PATIENCE)
        windows = os.name == "nt"
        folder, ending = (prefix, ".cmd") if windows else (prefix / "bin", "")
        said = tried(job, {command: folder / f"{command}{ending}" for command in job.product.commands})
        shell.run([npm, "uninstall", *words, name], env=env, timeout=PATIENCE)
    names = {job.product.name, *job.product.commands}
    if left := [str(path) for path in prefix.rglob("*") if any(name in path.name for name in names)]:
        raise SmokeTestError(f"npm uninstall left {', '.join(left)}", hint="every file must belong to a package")
    return f"{name}@{version}: {said}; removed"


def _need_one_for_this_machine(job: Job) -> None:
    try:
        here = targets.native(job.release.plan.targets)
    except TargetForeignError as error:
        raise SkippedError(str(error)) from None
    made = [each for each in job.release.artifacts if each.kind is Kind.NPM and each.target in here]
    if not made:
        raise SkippedError("no package for this machine in this release")
    if os.name == "nt" and any(each.fake for each in made):
        raise SkippedError("stand-ins are shell scripts, which Windows does not start")


@contextmanager
def _chosen(job: Job, bundle: Bundle) -> Iterator[tuple[str, ...]]:
    """The words that make npm ask the place of the packages, which is served when it is a folder.

    Raises:
        VerifyError: it does not hold what this release renders.
    """
    where, place = destinations.located(
        job.product, job.profile, job.release.plan, job.dist, outlet=bundle.outlet, package=bundle.package
    )
    if other := [path for path, state in place.look(bundle.files).items() if state is not State.SAME]:
        raise VerifyError(
            f"{where}: {', '.join(other)} is not what this release renders",
            hint="publish this release, or verify the one that is published",
        )
    if isinstance(place, Registry):
        yield place.chosen([bundle.package])
        return
    files = {file.path: place.read(file.path) or b"" for file in bundle.files}
    with registry.serving(files, tag(job.release.plan)) as url:
        yield Registry(tag=tag(job.release.plan), url=url).chosen([bundle.package])
