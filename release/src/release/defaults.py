"""What release.toml may leave out: found beside it, or made from its `repository`; filled in before it is read."""

from collections.abc import Iterator
from pathlib import Path
from re import fullmatch

from release.forms import OWNED
from release.model import Hosted
from release.packagers import FLEET, naming
from release.product import Product, Profile, Table

LOCAL = "http://127.0.0.1:8642/site/"
# Why a key that is missing could not be made.
WHY = {
    "homepage": 'write it, or repository = "OWNER/NAME" of GitHub, from which it is made',
    "committer": "write it as 'Name <mail@host>', or repository, from which it is made",
    "license_file": "write it, or put a LICENSE or COPYING beside release.toml, which is found",
}
_READMES = ("readme.md", "readme.rst", "readme.txt", "readme")
_LICENCES = tuple(
    f"{stem}{ending}"
    for stem in ("license", "licence", "copying", "unlicense")
    for ending in ("", ".md", ".txt", ".rst")
)

_CODE = frozenset({".py", ".pyc", ".json", ".toml", ".yaml", ".yml", ".cfg", ".in", ".sh"})

type Raw = dict[str, object]


def filled(raw: Raw, root: Path) -> Raw:
    """The content of a release.toml with everything that follows from the rest of it, and from the files beside it.

    What is there stays as it is, right or wrong; nothing is made from what is wrong.
    """
    hosted = _hosted(raw)
    chosen = _chosen(raw)
    found: Raw = {"readme": beside(root, _READMES), "license_file": beside(root, _LICENCES)}
    if hosted is not None:
        found["homepage"] = f"https://github.com/{hosted.owner}/{hosted.repository}"
        # The address that GitHub gives to people who show none.
        found["committer"] = f"{hosted.product} release <{hosted.owner}@users.noreply.github.com>"
    full = {**{key: value for key, value in found.items() if value}, **raw}
    full |= _tables(raw, hosted, chosen)
    full["profiles"] = _profiles(full, hosted, chosen)
    return full


def beside(root: Path, names: tuple[str, ...]) -> str:
    """The first file of these names in a folder, however its letters are written; empty for none."""
    if not root.is_dir():
        return ""
    there = {path.name.lower(): path.name for path in sorted(root.iterdir(), reverse=True) if path.is_file()}
    return next((there[name] for name in names if name in there), "")


def follows(kind: type[Table], key: str) -> bool:
    """Whether a key that a table must have may be missing in the file, because it can be made."""
    if kind is Product:
        return key in WHY or key == "profiles"
    if kind is Profile:
        return True
    some = Hosted(owner="owner", repository="repository", product="product")
    return any(packager.table is kind and key in packager.keys(some) for packager in FLEET)


def licence(root: Path) -> str:
    """The licence's text in a folder; empty for none."""
    return beside(root, _LICENCES)


def readme(root: Path) -> str:
    """What a folder says of itself; empty for nothing."""
    return beside(root, _READMES)


def licence_otherwise(root: Path) -> str:
    """The licence's text under another name: LICENSES.txt, LICENSE-MIT, LICENSES/MIT.txt, COPYRIGHT."""
    return _otherwise(root, ("licenses", "licences"), r"(?:.*[-_.])?(?:un)?licen[cs]es?|.*copying|copyright|l?gpl")


def readme_otherwise(root: Path) -> str:
    """What a folder says of itself, written for another program: README.adoc, README.markdown."""
    return _otherwise(root, (), "readme")


def _otherwise(root: Path, folders: tuple[str, ...], stem: str) -> str:
    """The first text of such a name in a folder, or in one of its folders; those of other licences come by letters."""
    if not root.is_dir():
        return ""
    # One that begins so is sooner the project's own than a library's: `LICENSE-MIT` before `FONT-LICENSE.txt`.
    there = sorted(root.iterdir(), key=lambda path: (not path.name.lower().startswith(("lic", "copying")), path.name))
    inside = [
        path for folder in there if folder.name.lower() in folders and folder.is_dir() for path in folder.iterdir()
    ]
    named = [path for path in there if fullmatch(rf"(?:{stem})(?:[-_.].*)?", path.name.lower())]
    texts = [path for path in (*named, *sorted(inside)) if path.is_file() and path.suffix not in _CODE]
    return texts[0].relative_to(root).as_posix() if texts else ""


def _hosted(raw: Raw) -> Hosted | None:
    name, whole = raw.get("name"), raw.get("repository")
    if not isinstance(name, str) or not isinstance(whole, str) or not fullmatch(OWNED, whole):
        return None
    owner, _, repository = whole.partition("/")
    return Hosted(owner=owner, repository=repository, product=name)


def _chosen(raw: Raw) -> tuple[str, ...]:
    """The outlets that take part by themselves: those that are listed, and those that always do."""
    listed = raw.get("outlets")
    names = listed if isinstance(listed, list) else []
    return tuple(each.name for each in FLEET if each.always or each.name in names)


def _table(raw: Raw, name: str) -> Raw | None:
    """A table; an empty one where it is left out, None where something else stands in its place."""
    found = raw.get(name, {})
    return found if isinstance(found, dict) else None


def _tables(raw: Raw, hosted: Hosted | None, chosen: tuple[str, ...]) -> Iterator[tuple[str, Raw]]:
    """The tables of outlets, with what follows from the repository."""
    for packager in FLEET:
        own = _table(raw, packager.name)
        wanted = packager.name in (*raw, *chosen) or packager.name in _placed(raw)
        if own is not None and hosted is not None and packager.table is not None and wanted:
            yield packager.name, {**packager.keys(hosted), **own}


def _placed(raw: Raw) -> set[str]:
    """The outlets that a profile names a place for."""
    profiles = _table(raw, "profiles") or {}
    tables = [profile for profile in profiles.values() if isinstance(profile, dict)]
    return {name for profile in tables for name in (_table(profile, "places") or {})}


# --- profiles ----------------------------------------------------------------------------------------------


def _profiles(raw: Raw, hosted: Hosted | None, chosen: tuple[str, ...]) -> object:
    given = _table(raw, "profiles")
    if given is None:
        return raw["profiles"]
    # Where a file names all profiles and chooses no outlets, it says everything itself.
    if given and "outlets" not in raw and "local" not in given:
        return given
    usual: Raw = {"local": _local(raw, given.get("local"), chosen)}
    if hosted is not None and ("github" in given or "outlets" in raw or not given):
        usual["github"] = _github(raw, hosted, given.get("github"), chosen)
    return {**given, **{name: profile for name, profile in usual.items() if profile is not None}}


def _completed(raw: Raw, given: object, usual: Raw, places: Raw) -> object:
    """A profile, with the usual values where it has none of its own."""
    if given is None:
        return {**usual, "places": places}
    if not isinstance(given, dict):
        return given
    own = given.get("places", {})
    if not isinstance(own, dict):
        return {**usual, **given}
    # A profile that names its places, in a file that chooses no outlets, names all of them.
    whole = own if own and "outlets" not in raw else {**places, **own}
    return {**usual, **given, "places": whole}


def _local(raw: Raw, given: object, chosen: tuple[str, ...]) -> object:
    own = given.get("archive_url") if isinstance(given, dict) else None
    archives = own if isinstance(own, str) else f"{LOCAL}{{tag}}/{{file}}"
    before = archives.partition("{")[0]
    site = before[: before.rindex("/") + 1] if "/" in before else LOCAL
    usual: Raw = {
        "local": True,
        "archive_url": archives,
        "channel_url": f"{site}channels/{{channel}}.json",
        "sites": [site],
        "serve": "public",
    }
    return _completed(raw, given, usual, {each.name: each.local for each in FLEET if each.name in chosen})


def _github(raw: Raw, hosted: Hosted, given: object, chosen: tuple[str, ...]) -> object:
    source = f"{hosted.owner}/{hosted.repository}"
    # Read from plain file hosting, which has no limit of 60 requests an hour.
    site = f"https://raw.githubusercontent.com/{source}/{naming.CHANNELS}/"
    usual: Raw = {
        "local": False,
        "archive_url": f"https://github.com/{source}/releases/download/{{tag}}/{{file}}",
        "channel_url": f"{site}channels/{{channel}}.json",
        "sites": [site],
    }
    places: Raw = {}
    for packager in (each for each in FLEET if each.name in chosen):
        address = packager.hosted(
            Hosted(
                owner=hosted.owner,
                repository=hosted.repository,
                product=hosted.product,
                table=_table(raw, packager.name) or {},
            )
        )
        if address:
            places[packager.name] = address
    return _completed(raw, given, usual, places)
