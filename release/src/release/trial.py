"""A program on trial: in a home of its own, held against the plan and against what release.toml promises."""

import os
from collections.abc import Mapping
from pathlib import Path

from release import disk, network, placeholders, shell, stamp
from release.errors import SmokeTestError
from release.model import Plan
from release.product import Product, ServerTest
from release.stamp import Stamp

SECONDS = 30


def home(folder: Path) -> dict[str, str]:
    """An environment whose home is `folder`, emptied; the user's own settings and servers stay untouched."""
    disk.emptied(folder)
    return {
        "HOME": str(folder),
        "USERPROFILE": str(folder),
        "LOCALAPPDATA": str(folder / "local"),
        "APPDATA": str(folder / "roaming"),
        "XDG_CONFIG_HOME": str(folder / ".config"),
        "XDG_DATA_HOME": str(folder / ".local" / "share"),
        "XDG_STATE_HOME": str(folder / ".local" / "state"),
        "XDG_CACHE_HOME": str(folder / ".cache"),
        "XDG_RUNTIME_DIR": str(folder / "run"),
    }


def smoke(product: Product, plan: Plan, program: Path, work: Path) -> None:
    """Try a program that was just built.

    Raises:
        SmokeTestError: it is another build, prints another version, or the server does not answer.
    """
    env = home(work / "home")
    version(product, plan, program, env)
    if product.server_test is not None:
        server(program, product.server_test, env, work / "server.log")


def installed(product: Product, plan: Plan, programs: Mapping[str, Path], work: Path) -> str:
    """Try the commands where a package manager put them, stop what they started, and say what was tried.

    Args:
        product: what release.toml promises of them.
        plan: which build they are.
        programs: where each command is.
        work: a folder for their home.

    Raises:
        SmokeTestError: one does not do what it must.
    """
    program, env = programs[product.main], home(work / "home")
    version(product, plan, program, env)
    tried = [" ".join(product.prints_version.args)] if product.prints_version is not None else []
    try:
        for check in product.command_tests:
            asked = programs[check.script or product.main]
            done = shell.attempt([asked, *check.args], env=env, timeout=SECONDS)
            if done.code != 0 or check.expect not in plain(done.out):
                raise SmokeTestError(
                    f"{asked} {' '.join(check.args)} ended with code {done.code}, "
                    f"without '{check.expect}' in {done.out!r}\n  {done.err.strip()[-600:]}",
                    hint="run it by hand and look",
                )
            tried.append(" ".join((*([check.script] if check.script else []), *check.args)))
    finally:
        if product.service is not None:
            shell.attempt([program, *product.service.stop], env=env, timeout=SECONDS)
    return ", ".join(tried)


def version(product: Product, plan: Plan, program: Path, env: dict[str, str]) -> None:
    """Hold a program's stamp against the plan, and to the letter what it prints when it is asked for its version.

    Raises:
        SmokeTestError: it is another build, prints another text, or more, or failed.
    """
    found = stamped(plan, program, env)
    check = product.prints_version
    if check is None:
        return
    done = shell.attempt([program, *check.args], env=env, timeout=SECONDS)
    expected = [placeholders.fill(check.expect, version=each) for each in _versions(product, plan, found)]
    if done.code != 0 or plain(done.out) not in [f"{each}\n" for each in expected]:
        raise SmokeTestError(
            f"{program} {' '.join(check.args)} printed {done.out!r} with code {done.code}, not '{expected[0]}'"
            + _said(done),
            hint="see [version_test] in release.toml",
        )


def _versions(product: Product, plan: Plan, found: Stamp) -> tuple[str, ...]:
    """What a program may take for its version: the release's where the build stamps it, else also its wheel's own.

    That one is in the metadata, and may be written in a module; of dev and snapshot only the metadata know more.
    """
    own = (found.metadata_version, found.metadata_version.partition("+")[0])
    return (plan.version.text, *(each for each in own if each and not product.build.stamp))


def stamped(plan: Plan, program: Path, env: dict[str, str]) -> Stamp:
    """Hold what a program says it is against the plan, and give it.

    Raises:
        SmokeTestError: it is another build, or failed.
    """
    done = shell.attempt([program], env={**env, stamp.VARIABLE: "1"}, timeout=SECONDS)
    found = stamp.read(done.out)
    if done.code != 0 or found is None or not found.is_of(plan):
        raise SmokeTestError(
            f"{program} is not the build of {plan.version.text}: asked for its stamp it printed {done.out[-300:]!r} "
            f"with code {done.code}{_said(done)}",
            hint="something else is installed there, or it does not start: run it by hand",
        )
    return found


def _said(done: shell.Done) -> str:
    return f"\n  {done.err.strip()[-600:]}" if done.err.strip() else ""


def plain(printed: str, *, line_end: str = os.linesep) -> str:
    """What a program printed, with one kind of line end: programs of Windows end a line with two characters."""
    return printed.replace(line_end, "\n")


def server(program: Path, check: ServerTest, env: dict[str, str], log: Path) -> None:
    """Start the server on a free port, wait for its health, stop it."""
    port = network.free_port()
    words = [placeholders.fill(word, port=str(port)) for word in check.args]
    background = shell.start([program, *words], env=env, log=log)
    try:
        url = f"http://127.0.0.1:{port}{check.health}"
        if not network.is_up(url, seconds=SECONDS, alive=lambda: background.ended is None):
            raise SmokeTestError(
                f"'{program} {' '.join(words)}' did not answer {check.health}\n  "
                + log.read_text(errors="replace")[-600:].strip(),
                hint="run it by hand and look",
            )
    finally:
        background.stop()
