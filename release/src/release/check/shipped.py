"""What is shipped, held against what the project has: its scripts and packages, by name."""

import re
from functools import partial

from release.check.finding import Said, Subject, WaitingError
from release.check.names import near
from release.check.tree import Tree
from release.errors import ConfigInvalidError, WheelVersionError, together
from release.product import Channel

# Begins the module that a script file becomes: `wheel.FILE`, whose module costs more than a plan takes.
FILE = "_script_"


def scripts(subject: Subject) -> Said:
    """The scripts of release.toml, among those that the project declares.

    Raises:
        ConfigInvalidError: the project has no such script.
        WaitingError: only its wheel says what it has.
    """
    declared = subject.declared
    if declared.scripts is None:
        raise WaitingError("what scripts there are is computed when the wheel is built")
    wanted = subject.scripts
    together(
        *(partial(_need_script, name, dict(declared.scripts), declared.where) for name in wanted),
        partial(_need_shipped, subject),
    )
    left = sorted(set(declared.scripts) - set(wanted))
    more = f"; not shipped: {', '.join(left)}" if left else ""
    return Said(detail=f"{', '.join(wanted)}{more}")


def _need_script(name: str, there: dict[str, str], where: str) -> None:
    if name not in there:
        listed = f"it has {', '.join(sorted(there))}" if there else "it has none"
        raise ConfigInvalidError(
            f"the project declares no console script '{name}' in {where}{near(name, tuple(there))}",
            hint=f"{listed}: name one of those in build.scripts",
        )
    module, _, function = there[name].partition("[")[0].strip().partition(":")
    if not function and (module.endswith(".__main__") or module.startswith(FILE)):  # as the wheel has them
        return
    if not module or not all(part.isidentifier() for part in (*module.split("."), *function.split("."))):
        raise ConfigInvalidError(
            f"the console script '{name}' starts '{there[name]}', which is not of the form module:function",
            hint=f"write it so in {where}",
        )


def _need_shipped(subject: Subject) -> None:
    """Refuse tests and differences of commands that are not shipped."""
    product = subject.product
    for key, rows in (("command_tests", product.command_tests), ("differences", product.differences)):
        for row in rows:
            if row.script and row.script not in product.commands:
                raise ConfigInvalidError(
                    f"[[{key}]] names the script '{row.script}', which is not shipped"
                    + near(row.script, product.commands),
                    hint=f"shipped are {', '.join(product.commands)}: build.scripts",
                )


def extras(subject: Subject) -> Said:
    """The extras that are installed along, among those of the project.

    Raises:
        ConfigInvalidError: it has no such extra.
        WaitingError: only its wheel says what it has.
    """
    wanted = subject.product.build.extras
    if not wanted:
        return Said(detail="none")
    there = subject.declared.extras if subject.wheel is None else frozenset(subject.wheel.extras)
    if there is None:
        raise WaitingError("what extras there are is computed when the wheel is built")
    known = {_canonical(each): each for each in there}
    for name in wanted:
        if _canonical(name) not in known:
            raise ConfigInvalidError(
                f"build.extras names '{name}', which the project does not have{near(name, tuple(there))}",
                hint=f"it has {', '.join(sorted(there)) or 'none'}",
            )
    return Said(detail=", ".join(wanted))


def _canonical(extra: str) -> str:
    return re.sub(r"[-_.]+", "-", extra).lower()


def version(subject: Subject) -> Said:
    """The version that the project declares, beside the tag that is released.

    Raises:
        WheelVersionError: they differ.
        WaitingError: the version is computed when the wheel is built.
    """
    planned, product = subject.planned, subject.product
    if planned.channel is not Channel.LATEST or product.build.stamp:
        return Said(detail="the commit's time" if planned.channel is not Channel.LATEST else "the tag's")
    declared = subject.wheel.version if subject.wheel is not None else subject.declared.version
    if not declared:
        raise WaitingError("the version is computed when the wheel is built")
    from packaging.version import InvalidVersion, Version

    try:
        differs = Version(declared) != Version(planned.version.text)
    except InvalidVersion:
        differs = True
    if differs:
        raise WheelVersionError(
            f"the tag says {planned.version.text}, and the project {declared}",
            hint="tag the commit that has the version, or let the backend take it from the tag",
        )
    return Said(detail=declared)


def packages(subject: Subject) -> Said:
    """The packages and modules that release.toml names as the project's own, and where its scripts lead.

    Raises:
        ConfigInvalidError: the project has none of that name.
        WaitingError: some are made when the wheel is built.
    """
    declared = subject.declared.scripts or {}
    tops = {
        name: declared[name].partition(":")[0].partition(".")[0].strip() for name in subject.scripts if name in declared
    }
    wanted = [("build.packages", name) for name in subject.product.build.packages]
    wanted += [(f"the script '{script}'", top) for script, top in tops.items() if top]
    if missing := [name for _, name in wanted if not _is_there(subject, name)]:
        if subject.wheel is None and subject.tree.compiles:
            raise WaitingError(f"{missing[0]} is no Python source: whether it is there, the wheel says")
        if subject.wheel is None and subject.declared.maps:
            raise WaitingError(f"{missing[0]} may be another folder's name: whether it is there, the wheel says")
        together(*(partial(_refuse, subject, who, name) for who, name in wanted if name in missing))
    return Said(detail=", ".join(dict.fromkeys(name for _, name in wanted)))


def _is_there(subject: Subject, name: str) -> bool:
    top = name.partition(".")[0]
    if subject.wheel is not None:
        return any(top == module.partition(".")[0] for module in subject.wheel.modules)
    # A project may take its packages from anywhere in the checkout.
    return top in subject.tree.importable() or top in Tree.of(subject.checkout, subject.checkout.top).importable()


def _refuse(subject: Subject, who: str, name: str) -> None:
    if subject.wheel is not None:
        held = subject.wheel.modules
        raise ConfigInvalidError(
            f"{who} names the package '{name}', which is not in {subject.wheel.path.name}{near(name, held)}",
            hint=f"it holds {', '.join(held) or 'no modules'}",
        )
    raise ConfigInvalidError(
        f"{who} names the package '{name}', which git knows nowhere in the project"
        + near(name, tuple(subject.tree.modules())),
        hint="commit it, or name an import package that the project has",
    )
