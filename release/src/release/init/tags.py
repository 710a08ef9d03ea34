"""How a project writes its tags, from the ones it made last."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from release import version
from release.git.checkout import Checkout
from release.product import Version

USUAL = "v{version}"
LOOKED_AT = 60  # of the newest tags
_VERSION = re.compile(
    r"(?P<before>.*?)(?P<version>\d+(?:\.\d+)+\S*?)(?P<after>[-_.](?:release|final|stable))?", re.DOTALL | re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """The form of tags.

    Attributes:
        text: with `{version}`.
        newest: the newest tag of that form; empty where there is none.
        version: of the newest tag.
        odd: the newest tag, where it names no version that can be released.
    """

    text: str = USUAL
    newest: str = ""
    version: Version | None = None
    odd: str = ""


def listed(checkout: Checkout) -> tuple[str, ...]:
    """The tags of a repository, the newest first."""
    words = ("for-each-ref", "--sort=-creatordate", "--format=%(refname:strip=2)", "refs/tags/")
    return tuple(checkout.git.run(*words).splitlines())


def form(found: Sequence[str], names: Sequence[str]) -> Form:
    """The form of the newest tags.

    Args:
        found: the newest first.
        names: of the product. In a repository of several projects only a tag that has one before its version counts,
            if there is such.
    """
    newest = found[:LOOKED_AT]
    read = [each for each in map(_form, newest) if each is not None]
    own = [each for each in read if any(_is_of(each, name) for name in names)]
    # The newest version says how they are written now: a form may have changed with the years.
    final = [each for each in own or read if each.version is not None and not each.version.word]
    best = next(iter([*final, *(own or read)]), None)
    if best is None:
        return Form(odd=newest[0] if newest else "")
    return best


def candidate(found: Sequence[str], form: str) -> str:
    """The newest tag of a pre-release that could be released; empty for none."""
    read = ((tag, version.tagged(tag, form)) for tag in found[:LOOKED_AT])
    return next((tag for tag, each in read if each and each.word in {"alpha", "beta", "rc"}), "")


def _form(tag: str) -> Form | None:
    match = _VERSION.fullmatch(tag)
    if match is None:
        return None
    text = f"{match['before']}{{version}}{match['after'] or ''}"
    found = version.tagged(tag, text)
    stamped = found is not None and not any(found.numbers)
    return Form(text=text, newest=tag, version=found) if found is not None and not stamped else None


def _is_of(form: Form, name: str) -> bool:
    """Whether a form names a product before the version: `name/v`, `name-`, `name@`."""
    before = form.text.partition("{version}")[0].lower()
    words = re.split(r"[^a-z0-9]+", before.replace("_", "-"))
    return name.lower() in {before.rstrip("v").rstrip("/-@_=."), *words}
