"""What release.toml and the project call things: held against each ecosystem that gets them, before any template is."""

import difflib
import re
from functools import partial
from typing import TYPE_CHECKING

from release import packagers, version
from release.check import declared
from release.check.finding import Remark, Said, Subject
from release.errors import ConfigInvalidError, ReleaseError, together
from release.packagers import aur, homebrew, licences, naming, npm, taking_part
from release.screen.lines import plural

if TYPE_CHECKING:
    from collections.abc import Callable

# Debian policy 5.6.1.
_DEBIAN = re.compile(r"[a-z0-9][a-z0-9+.-]+")
# A registry takes no new package of these names: validate-npm-package-name, and Node's own modules.
# fmt: off
_NODE = frozenset(
    {
        "node_modules", "favicon.ico", "assert", "async_hooks", "buffer", "child_process", "cluster", "console",
        "constants", "crypto", "dgram", "diagnostics_channel", "dns", "domain", "events", "fs", "http", "http2",
        "https", "inspector", "module", "net", "os", "path", "perf_hooks", "process", "punycode", "querystring",
        "readline", "repl", "stream", "string_decoder", "sys", "timers", "tls", "trace_events", "tty", "url",
        "util", "v8", "vm", "wasi", "worker_threads", "zlib",
    }
)
# fmt: on
LONGEST_NPM = 214
# What bash, zsh, fish or PowerShell take for a word of their own, so that the program is never started by it.
# fmt: off
_SHELL_WORDS = frozenset(
    {
        "alias", "bg", "break", "builtin", "case", "cd", "command", "continue", "declare", "dir", "do", "done",
        "echo", "elif", "else", "end", "esac", "eval", "exec", "exit", "export", "false", "fc", "fg", "fi", "for",
        "function", "getopts", "hash", "help", "history", "if", "in", "jobs", "kill", "let", "local", "logout",
        "ls", "popd", "printf", "ps", "pushd", "pwd", "read", "readonly", "return", "select", "set", "shift",
        "sleep", "sort", "source", "suspend", "tee", "test", "then", "time", "times", "trap", "true", "type",
        "ulimit", "umask", "unalias", "unset", "until", "wait", "while",
    }
)
# fmt: on
SHOWN = 3


def names(subject: Subject) -> Said:
    """The names of packages, and of the commands that they install.

    Raises:
        ConfigInvalidError: an ecosystem does not take some of them; the message names all.
    """
    product, planned = subject.product, subject.planned
    outlets = taking_part(*product.profiles.values())
    held = {each.name for each in outlets}
    package: list[Callable[[], object]] = [
        lambda: naming.need_package_name(product),
        lambda: _need_debian(product.name, held),
    ]
    if "homebrew" in held:
        package.append(lambda: homebrew.class_name(naming.package(product, planned)))
    if "npm" in held:
        package.append(lambda: _need_npm(npm.main_package(product)))
    together(*package)
    remarks = [
        Remark(text=f"shells take '{command}' for a word of their own: people have to type its path")
        for command in product.commands
        if command in _SHELL_WORDS
    ]
    shown = ", ".join(sorted({each.package(product, planned) for each in outlets if each.typed}))
    return Said(detail=f"{shown or product.name}; commands {', '.join(product.commands)}", remarks=tuple(remarks))


def _need_debian(name: str, held: set[str]) -> None:
    if "deb" in held and not _DEBIAN.fullmatch(name):
        raise ConfigInvalidError(
            f"the product name '{name}' is no name of a Debian package", hint="take at least two letters or digits"
        )


def _need_npm(name: str) -> None:
    if name in _NODE or len(name) > LONGEST_NPM:
        raise ConfigInvalidError(
            f"no registry of npm takes a package called '{name}'",
            hint='give it another name, with a scope for example: package = "@OWNER/NAME" in [npm]',
        )


# --- what is said about it -----------------------------------------------------------------------------------


def summary(subject: Subject) -> Said:
    """The summary, by the strictest rules there are: Homebrew's.

    Raises:
        ConfigInvalidError: an outlet that takes part does not take it.
    """
    product = subject.product
    held = {each.name for each in taking_part(*product.profiles.values())}
    text = product.summary
    looks: list[Callable[[], object]] = []
    if "homebrew" in held:
        looks.append(lambda: homebrew.description(text, naming.package(product, subject.planned)))
    if "aur" in held:
        looks.append(lambda: aur.line("summary", text))
    together(*looks)
    remarks: list[Remark] = []
    if "homebrew" not in held:
        try:
            homebrew.description(text, naming.package(product, subject.planned))
        except ReleaseError as error:
            remarks.append(Remark(text=f"Homebrew, which takes no part, would not take the summary: {error.hint}"))
    return Said(detail=f"{len(text)} characters", remarks=tuple(remarks))


def licence(subject: Subject) -> Said:
    """The licence, as SPDX spells it, beside what the project itself declares.

    Raises:
        ConfigInvalidError: it is no expression that package managers take.
    """
    ours, theirs = subject.product.license, subject.declared.license
    licences.parse(ours)
    try:
        differs = bool(theirs) and licences.parse(theirs) != licences.parse(ours)
    except ConfigInvalidError:
        differs = False  # older metadata holds any text
    said = Remark(text=f"release.toml says {ours}, and the project's own metadata {theirs}")
    return Said(detail=ours, remarks=(said,) if differs else ())


# --- tags, templates, scripts ---------------------------------------------------------------------------------


def tags(subject: Subject) -> Said:
    """The tags that versions are read from."""
    listed = subject.checkout.git.run(
        "for-each-ref", "--sort=-creatordate", "--format=%(refname:strip=2)", "refs/tags/"
    )
    found = listed.splitlines()
    known = [tag for tag in found if version.tagged(tag, subject.product.tag) is not None]
    first, usual = subject.product.tag_of(_first(subject)), subject.product.tag_of("1.2.3")
    if not found:
        return Said(
            detail="none yet", remarks=(Remark(text=f"no tag yet: the first release wants one such as {first}"),)
        )
    if not known:
        newest = ", ".join(found[:SHOWN])
        return Said(
            detail=f"{len(found)}, none of them a version",
            remarks=(
                Remark(text=f"no tag is a version as this project writes them ({usual}); the newest are {newest}"),
            ),
        )
    return Said(detail=f"{plural(len(known), 'version')}, the newest {known[0]}")


def _first(subject: Subject) -> str:
    """The version of the first release: a project that says its own has no other."""
    return version.first(declared.version(subject.product))


def templates(subject: Subject) -> Said:
    """Every outlet's files, rendered for stand-ins of all planned targets.

    Raises:
        ReleaseError: what rendering would fail with, but for what other checks have told.
    """
    product, planned = subject.product, subject.planned
    try:
        packagers.check(product, planned)
    except ReleaseError as error:
        left = [part for part in error.parts or (error,) if str(part) not in subject.told]
        together(*(partial(_raise, part) for part in left))
    outlets = taking_part(*product.profiles.values())
    return Said(detail=f"{plural(len(outlets), 'outlet')}, {plural(len(planned.targets), 'target')}")


def _raise(error: ReleaseError) -> None:
    raise error


def near(name: str, known: tuple[str, ...]) -> str:
    """What a name may have been meant to be, as a part of a hint."""
    found = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean '{found[0]}'?" if found else ""
