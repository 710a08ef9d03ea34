"""Projects to check: changed, committed, with a wheel that was built before."""

from pathlib import Path

from tests.release import project, wheels

from release import check
from release.check.finding import WORK, Finding, Stage, Subject
from release.product import Channel
from release.wheel import building


def report(folder: Path, *stages: Stage, channel: Channel | None = None) -> check.Report:
    product = project.product(folder)
    return check.whole(product, channel=channel, results=folder / "dist", stages=stages or tuple(Stage))


def finding(folder: Path, name: str, channel: Channel | None = None) -> Finding:
    (found,) = (each for each in report(folder, channel=channel).findings if each.name == name)
    return found


def lines(folder: Path, name: str) -> list[str]:
    return [remark.line for remark in finding(folder, name).remarks]


def changed(folder: Path, name: str, *pairs: tuple[str, str]) -> None:
    """Replace a part of a file's text, and commit it."""
    path = folder / name
    text = path.read_text()
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new, 1)
    path.write_text(text)
    project.commit(folder, "changed")


def written(folder: Path, *files: str, text: str = "") -> None:
    """Write files, all with the same text, and commit them."""
    for name in files:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    project.commit(folder, "written")


def subject(folder: Path, **more: object) -> Subject:
    product = project.product(folder)
    planned = check.planned(product, channel=Channel.DEV, results=folder / "dist")
    free = more.get("free")
    return Subject(
        product=product,
        planned=planned,
        dist=Path(str(more.get("dist", folder / "dist"))),
        stand_in=bool(more.get("stand_in")),
        served=frozenset() if more.get("serves_nothing") else None,
        free=(lambda _folder: int(str(free))) if free is not None else (lambda _folder: 10**12),
    )


def named(found: check.Report, name: str) -> Finding:
    return next(each for each in found.findings if each.name == name)


def wheel(folder: Path, *files: str, scripts: str = "otter = otter.main:main") -> None:
    """Leave a wheel of HEAD with these files and scripts where a build leaves it."""
    work = folder / "dist" / WORK
    wheels.make(work / building.WHEELS, dict.fromkeys(files, ""), scripts=f"[console_scripts]\n{scripts}\n")
    (work / building.COMMIT).write_text(project.git(folder, "rev-parse", "HEAD"))
