"""The verb init: a release.toml, a CI workflow and a line of .gitignore for a project that has none of them."""

import difflib
import re
import shutil
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from release import config, defaults, version
from release.errors import (
    ConfigInvalidError,
    DependenciesError,
    PapersMissingError,
    ScriptsMissingError,
    VersionIllegalError,
)
from release.init import again, finding, mending, systems, tags, trying, workflow
from release.init.finding import Found
from release.init.tags import Form
from release.init.text import Written
from release.packagers import FLEET, licences
from release.packagers.homebrew import DESC_LENGTH
from release.plan import RESULTS
from release.product import Version
from release.progress import Progress, Step
from release.wheel import Script

# What is built when nobody says otherwise: one for each machine, fit for every package manager.
TARGETS = ("linux-x64-baseline", "linux-arm64", "darwin-arm64", "darwin-x64-baseline", "windows-x64-baseline")
# Outlets that need nothing but a repository, or not even that; the others are for whoever asks for them.
USUAL = ("homebrew", "scoop", "aur", "installer")
HOSTED = frozenset({"homebrew", "scoop", "winget"})
SYSTEMS = {"scoop": "windows", "winget": "windows", "aur": "linux", "deb": "linux"}
TRIED = 6  # extras, each in an environment of its own, where the main script does not start without any
ASIDE = re.compile(r"(?:dev|develop|test|tests|testing|doc|docs|lint|typing|types|mypy|ci|build|release|bench\w*)")


class Choosing(Protocol):
    """Whoever answers what is ambiguous."""

    def some(self, question: str, options: Sequence[str], usual: Sequence[str]) -> tuple[str, ...]:
        """Some of the options, in the order of answering."""

    def may(self, question: str) -> bool:
        """Whether something may be done; no, where nobody answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What was asked for on the command line; what is empty is found or asked.

    Attributes:
        project: folder of the Python project.
        license: as SPDX names it.
    """

    project: str = ""
    license: str = ""
    summary: str = ""
    targets: tuple[str, ...] = ()
    outlets: tuple[str, ...] | None = None
    extras: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What would be written, and what a person should know of it.

    Attributes:
        files: contents by path from the root.
        notes: what was mended, left out or chosen.
    """

    root: Path
    written: Written
    files: dict[str, str]
    notes: tuple[str, ...]


def proposed(root: Path, wishes: Wishes, choosing: Choosing, progress: Progress) -> Proposal:
    """What release.toml, workflow and .gitignore of a project would be; writes nothing but results.

    Raises:
        ConfigInvalidError: what was asked for makes no release.toml that the tool takes.
        ReleaseError: see `finding.found` and `finding.licence`.
    """
    _need_outlets(wishes.outlets or ())
    found = finding.found(root, progress, named=wishes.project, extras=wishes.extras or ())
    notes: list[str] = []
    name = _name(found, notes)
    found, extras = _equipped(found, name, wishes, choosing, progress, notes)
    with progress.begin("try") as step:
        written = _written(found, name, extras, wishes, choosing, notes, step)
    shutil.rmtree(root / RESULTS / "build" / "init", ignore_errors=True)
    config.described(tomllib.loads(written.text), root / config.FILE)
    files = {"release.toml": written.text}
    if not _is_ignored(found):
        kept = root / ".gitignore"
        before = kept.read_text(encoding="utf-8") if kept.is_file() else ""
        files[".gitignore"] = (
            f"{before}{'' if before.endswith(('\n', '')) and before[-1:] in {'', '\n'} else '\n'}{RESULTS}/\n"
        )
    if found.remote is not None and found.remote.is_github:
        path = workflow.place(root)
        files[path] = workflow.text(written, finding.branch(found))
        if path != workflow.PATH:
            notes.append(f"{workflow.PATH} is there and does something else: the workflow is {path}")
        if root.resolve() != found.checkout.top.resolve():
            notes.append(f"GitHub reads workflows at the top of the repository only: move {path} there")
    return Proposal(root=root, written=written, files=files, notes=tuple(notes))


def _need_outlets(names: Sequence[str]) -> None:
    known = [each.name for each in FLEET if not each.always]
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.3)
            raise ConfigInvalidError(
                f"no outlet is called '{name}'" + (f"; did you mean '{near[0]}'?" if near else ""),
                hint=f"one of: {', '.join(known)}",
            )


def _is_ignored(found: Found) -> bool:
    return found.checkout.git.attempt("check-ignore", "-q", "--no-index", str(found.root / RESULTS)).code == 0


# --- each value --------------------------------------------------------------------------------------------


def _written(  # what it depends on, and who is told
    found: Found,
    name: str,
    extras: tuple[str, ...],
    wishes: Wishes,
    choosing: Choosing,
    notes: list[str],
    step: Step,
) -> Written:
    chosen = _scripts(found, name, choosing, notes)
    main = chosen[0]
    form = _form(found, name, notes)
    hosted = _hosted(found, notes)
    targets = wishes.targets or _targets(found, notes)
    tests = trying.tests(found.plain, main)
    step.detail = tests.seen
    if tests.version is None:
        instead = f"'{main.name} {' '.join(tests.command.args)}'" if tests.command else "only the stamp that it carries"
        notes.append(f"{main.name} prints no version that is the same everywhere: {instead} is its test")
    if not found.readme:
        notes.append("there is no README: archives carry none")
    written = Written(
        name=name,
        summary=_summary(found, wishes, name, notes),
        license=_licence(found, wishes, notes),
        repository=hosted,
        homepage=_page_of_its_own(found) if hosted else _homepage(found),
        committer="" if hosted else found.author,
        license_file="" if found.license_file == defaults.licence(found.root) else found.license_file,
        readme="" if found.readme == defaults.readme(found.root) else found.readme,
        tag=form.text,
        outlets=_outlets(found.root, wishes, choosing, form.version, bool(hosted), targets, notes),
        completions=_completions(found, main),
        project=found.folder,
        scripts=tuple(script.name for script in chosen),
        extras=extras,
        # Capitals make no other name on macOS and Windows.
        executable=f"{name}.bin" if name in {each.casefold() for each in found.data} else "",
        python=found.python,
        targets=targets,
        version_test=tests.version,
        command_test=tests.command,
    )
    if written.executable:
        notes.append(f"the program's file is {written.executable}: a folder of its data is called {name}")
    return written


def _name(found: Found, notes: list[str]) -> str:
    """The distribution's name, if package managers take it; else that of the first script that they take."""
    legal = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
    wanted = found.wheel.distribution
    names = [wanted, *(script.name.lower().replace("_", "-").replace(".", "-") for script in found.scripts)]
    for name in names:
        if legal.fullmatch(name):
            if name != wanted:
                notes.append(f"the product is called {name}: package managers take no '{wanted}'")
            return name
    raise ConfigInvalidError(
        f"no package manager takes a product called '{wanted}'",
        hint="write release.toml by hand, with a name that starts with a letter: docs/release.toml.md",
    )


def _scripts(found: Found, name: str, choosing: Choosing, notes: list[str]) -> tuple[Script, ...]:
    """The scripts that are shipped, the main one first; what does not start without an extra stays out."""
    able, unable = [], {}
    for script in _unversioned(found, notes):
        if not script.gui and (lacking := trying.missing(found.plain, script)):
            unable[script.name] = lacking
        else:
            able.append(script)
    if found.wheel.loose:
        notes.append(f"not for Python, and not shipped: {', '.join(found.wheel.loose)}")
    if not able:
        which, lacking = next(iter(unable.items()))
        raise ScriptsMissingError(
            f"{which} does not start, installed as its wheel says: {lacking}",
            hint="let the project declare what it needs; if an extra brings it: release init --extra NAME",
        )
    notes += [f"{each} stays out ({lacking}): {_bringing(found, lacking)}" for each, lacking in unable.items()]
    by_name = {script.name: script for script in able}
    first = main_of((name, found.wheel.distribution), able).name
    ordered = [first, *(each for each in by_name if each != first)]
    if len(ordered) == 1:
        return (by_name[first],)
    chosen = choosing.some(
        "Which commands are shipped, the main one first?",
        ordered,
        again.usual(found.root, "build.scripts", ordered, ordered),
    ) or (first,)
    return tuple(by_name[each] for each in chosen)


def _unversioned(found: Found, notes: list[str]) -> Sequence[Script]:
    """The scripts, without those that are named after the Python that happens to be here: another one has others."""
    number = re.escape(".".join(found.plain.python.version.split(".")[:2]))
    rest = [each for each in found.scripts if not re.search(rf"[^.\d]{number}$", each.name)]
    if rest and (left := [each.name for each in found.scripts if each not in rest]):
        notes.append(f"named after the Python that builds, so not shipped: {', '.join(left)}")
    return rest or found.scripts


def _bringing(found: Found, lacking: str) -> str:
    """Which extra brings a module that is not there, as far as the names of both say it."""
    named = re.search(r"'([\w.]+)'", lacking)
    wanted = canonicalize_name(named[1].partition(".")[0]) if named else ""
    for extra in found.wheel.extras:
        for each in map(Requirement, found.wheel.requires):
            marker = each.marker
            if marker is None or canonicalize_name(each.name) != wanted:
                continue
            if marker.evaluate({"extra": extra}) and not marker.evaluate({"extra": ""}):
                return f"the extra '{extra}' brings that, --extra {extra}"
    if not found.wheel.extras:
        return "nothing that the project asks for brings that"
    return f"an extra may bring that, --extra NAME of {', '.join(found.wheel.extras)}"


def main_of(names: Sequence[str], scripts: Sequence[Script]) -> Script:
    """The script that people know a product by: the one called like it, else nearly like it, else the first."""
    by_name = {script.name: script for script in scripts}
    exact = [by_name[each] for each in names if each in by_name]
    short = [each for each in scripts if len(each.name) > 1 and names[0].startswith(each.name)]  # ranger of ranger-fm
    return next(iter([*exact, *short, *(each for each in scripts if each.name.startswith(names[0])), *scripts]))


def _equipped(  # all that is found, asked and told
    found: Found, name: str, wishes: Wishes, choosing: Choosing, progress: Progress, notes: list[str]
) -> tuple[Found, tuple[str, ...]]:
    """The project with the extras that go in, before any of its scripts is tried."""
    if wishes.extras is not None:
        return found, wishes.extras
    offered = [each for each in found.wheel.extras if not ASIDE.fullmatch(each)]
    if not offered:
        return found, ()
    main = main_of((name, found.wheel.distribution), found.scripts)
    helps = main.gui or trying.helps(found.plain, main)
    before = again.usual(found.root, "build.extras", offered, ())
    needed = () if helps or before else _needed(found, main, offered, progress)
    if needed:
        notes.append(f"{main.name} does not start without {', '.join(needed)}: so that goes in")
    extras = choosing.some("Which extras are inside?", offered, before or needed)
    # Those that were tried may have taken the place of the first environment.
    return (finding.equipped(found, extras, progress) if extras or not helps else found), extras


def _needed(found: Found, main: Script, offered: Sequence[str], progress: Progress) -> tuple[str, ...]:
    """The extra that the main script starts with, or all of them together; none where they make no difference."""
    for some in dict.fromkeys([*((each,) for each in offered[:TRIED]), tuple(offered)]):
        try:
            with_some = finding.equipped(found, some, progress)
        except DependenciesError:
            continue
        if trying.helps(with_some.plain, main):
            return some
    return ()


def _form(found: Found, name: str, notes: list[str]) -> Form:
    form = tags.form(found.tags, (name, found.wheel.distribution, *found.wheel.modules))
    if form.odd:
        notes.append(f"no tag is a version that can be released (the newest is {form.odd}): tags are to be {form.text}")
    elif not form.newest:
        first = version.first(found.wheel.version)
        notes.append(f"there is no tag yet: the first release wants one such as {form.text.format(version=first)}")
    if early := tags.candidate(found.tags, form.text):
        notes.append(f"pre-releases as {early} are not released; beta = true gives them a channel")
    return form


def _hosted(found: Found, notes: list[str]) -> str:
    """`OWNER/NAME` on GitHub; empty for none."""
    where = found.remote
    if where is not None and where.is_github:
        if not found.address:
            notes.append(f"there is no remote: {where.path} is what the project's metadata say")
        return where.path
    if where is not None:
        notes.append(f"{where.host} is no GitHub: releases stay on this machine until [profiles] names places")
    elif found.address:
        notes.append(f"the remote {found.address} is no place of the web: releases stay on this machine")
    else:
        notes.append("there is no remote: releases stay on this machine until release.toml has a repository")
    return ""


def _page_of_its_own(found: Found) -> str:
    """Its homepage, as far as that is another than the page of the repository; empty for none."""
    urls = {label.lower(): address for label, address in found.wheel.urls.items()}
    page = urls.get("homepage", "") or urls.get("home", "")
    host = re.match(r"https?://([^\s/?#]+)\S*$", page)
    return page if host and not host[1].lower().removeprefix("www.").startswith("github.com") else ""


def _homepage(found: Found) -> str:
    urls = {label.lower(): address for label, address in found.wheel.urls.items()}
    page = next(iter([urls[each] for each in ("homepage", "home", "source", "repository") if each in urls]), "")
    return page or (found.remote.page if found.remote else f"https://example.invalid/{found.wheel.distribution}")


def _summary(found: Found, wishes: Wishes, name: str, notes: list[str]) -> str:
    said = wishes.summary or found.wheel.summary
    mended = mending.summary(said, name) or mending.summary(f"Program {name}", f"{name}-")
    if mended != said:
        notes.append(f"the summary is '{mended}': outlets take {DESC_LENGTH} characters, no article, name or full stop")
    return mended


def _licence(found: Found, wishes: Wishes, notes: list[str]) -> str:
    named = finding.licence(found, wishes.license)
    try:
        licences.parse(named)
    except ConfigInvalidError as error:
        raise PapersMissingError(str(error), hint=error.hint) from None
    if named != found.wheel.license:
        notes.append(f"the licence is {named}, as SPDX names it")
    return named


def _targets(found: Found, notes: list[str]) -> tuple[str, ...]:
    """Every usual target of the systems that the project's classifiers name; of all where they name none."""
    named = systems.named(found.wheel.classifiers)
    chosen = tuple(each for each in TARGETS if each.partition("-")[0] in named)
    if chosen and chosen != TARGETS:
        notes.append(f"built for {', '.join(sorted(named))}: so say the classifiers")
    return chosen or TARGETS


def _outlets(  # what an outlet depends on
    root: Path,
    wishes: Wishes,
    choosing: Choosing,
    newest: Version | None,
    hosted: bool,  # noqa: FBT001
    targets: Sequence[str],
    notes: list[str],
) -> tuple[str, ...]:
    built_for = {each.partition("-")[0] for each in targets}
    offered = []
    for packager in (each for each in FLEET if not each.always):
        fits = SYSTEMS.get(packager.name, "") in {"", *built_for}
        if not fits or (packager.name in HOSTED and not hosted):
            continue
        if newest is not None and (why := _refusal(packager.spell, newest)):
            notes.append(f"{packager.name} stays out: {why}")
            continue
        offered.append(packager.name)
    if wishes.outlets is not None:
        return wishes.outlets
    usual = [each for each in offered if each in USUAL]
    return choosing.some("Which outlets?", offered, again.usual(root, "outlets", offered, usual))


def _refusal(spell: Callable[[Version], str], newest: Version) -> str:
    try:
        spell(replace(newest, word=None, number=None) if newest.word else newest)
    except VersionIllegalError as error:
        return str(error)
    return ""


def _completions(found: Found, main: Script) -> tuple[str, ...]:
    said = found.plain.run(main, "--help").out
    return trying.completions(found.plain, main, said) or trying.by_variable(found.plain, main)
