"""What a check is given, and what it finds."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import IntEnum, StrEnum
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from release import disk, manifest
from release.check.declared import Declared
from release.check.tree import Tree
from release.errors import ReleaseError
from release.git import checkout
from release.git.checkout import Checkout
from release.model import Plan
from release.product import Product

if TYPE_CHECKING:  # what it brings along costs more than a plan takes
    from release.wheel import Wheel

# Below a folder of results: where a wheel is built.
WORK = Path("build", "wheel")
COMMIT = "commit"  # as `wheel.building` calls it, whose module costs more than a plan takes


class Verdict(StrEnum):
    """How a check ended, the worst last."""

    OK = "ok"
    SKIPPED = "skipped"
    REMARK = "remark"
    REFUSED = "refused"


class Stage(IntEnum):
    """How early a check is made, and what it costs; each stage comes after the ones before it."""

    PLANNED = 1  # milliseconds: before every verb that plans
    BUILT = 2  # reads the sources and looks at the machine: before a build or a rehearsal
    ASKED = 3  # what `release check` looks at beyond that


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """Something worth knowing that stops nothing, with the file and line it was seen at, where there is one."""

    text: str
    where: str = ""

    @property
    def line(self) -> str:
        """For people."""
        return f"{self.where}: {self.text}" if self.where else self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a check that refuses nothing has to say."""

    detail: str = ""
    remarks: tuple[Remark, ...] = ()


class WaitingError(Exception):
    """A check that cannot be made yet, or not here; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One check, made.

    Attributes:
        detail: what was looked at, why it was skipped, or what is refused.
        failure: what is refused, with its hint and exit code; None for nothing.
        seconds: how long it took.
    """

    name: str
    verdict: Verdict
    detail: str
    remarks: tuple[Remark, ...] = ()
    failure: ReleaseError | None = None
    seconds: float = 0.0

    def as_json(self) -> dict[str, object]:
        """For programs."""
        return {
            "name": self.name,
            "result": self.verdict.value,
            "detail": self.detail,
            "hint": self.failure.hint if self.failure else "",
            "remarks": [{"where": each.where, "text": each.text} for each in self.remarks],
            "seconds": round(self.seconds, 3),
        }


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What is checked.

    Attributes:
        planned: what would be released.
        dist: folder of results.
        stand_in: a rehearsal: nothing is compiled.
        free: how many bytes can be written to a folder.
        served: the profiles that will be served; None for all that are local.
        made: the wheel, where it was built just now.
        seen: the checkout, where it was looked at before.
        told: what other checks have refused already, in their words.
    """

    product: Product
    planned: Plan
    dist: Path
    stand_in: bool = False
    free: Callable[[Path], int] = disk.free
    served: frozenset[str] | None = None
    made: "Wheel | None" = None
    seen: Checkout | None = None
    told: set[str] = field(default_factory=set)

    @cached_property
    def project(self) -> Path:
        """The folder of the project that is built."""
        return self.product.root / self.product.build.project

    @cached_property
    def checkout(self) -> Checkout:
        """The working tree that it lies in."""
        return self.seen or checkout.find(self.product.root)

    @cached_property
    def tree(self) -> Tree:
        """The files of the project that git knows."""
        return Tree.of(self.checkout, self.project)

    @cached_property
    def scripts(self) -> tuple[str, ...]:
        """The scripts of the project that are shipped."""
        return self.product.commands

    @cached_property
    def wheel(self) -> "Wheel | None":
        """The wheel of what is planned, where it has been built before."""
        if self.made is not None:
            return self.made
        works = [folder / WORK for folder in (self.dist, self.dist / manifest.REHEARSAL)]
        there = [work for work in works if (work / COMMIT).is_file()]
        if not there:
            return None
        from release.wheel import building

        wheels = (building.found(self.planned, work) for work in there)
        return next((each for each in wheels if each is not None), None)

    @cached_property
    def declared(self) -> Declared:
        """What the project says of itself: what can be read without running any of it, else what its wheel says."""
        said = Declared.of(self.project)
        if said.scripts is None and self.wheel is not None:
            scripts = {script.name: f"{script.module}:{script.function}" for script in self.wheel.scripts}
            return replace(said, where=self.wheel.path.name, scripts=scripts)
        return said


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A name, and a function of the subject that raises what it refuses.

    Attributes:
        look: raises ReleaseError for what is refused, and WaitingError where it cannot look.
    """

    name: str
    look: Callable[[Subject], Said]
