"""From a wheel to folders: what is imported, its metadata beside it, and apart what it lays elsewhere."""

import io
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, assert_never, override

import installer
from installer.destinations import WheelDestination
from installer.exceptions import InstallerError
from installer.records import RecordEntry
from installer.sources import WheelFile
from installer.utils import Scheme, construct_record_file
from packaging.version import InvalidVersion, Version

from release import disk, stamp
from release import wheel as wheels
from release.errors import ConfigInvalidError, WheelError, WheelVersionError
from release.model import Plan
from release.product import Channel, Product, Target
from release.stamp import Stamp
from release.wheel import Wheel

if TYPE_CHECKING:
    from installer.scripts import ScriptSection

MODULE = '''\
"""Written by the build: what this copy is."""

VERSION = {version!r}
CHANNEL = {channel!r}
COMMIT = {commit!r}
TARGET = {target!r}
'''


_MODULES = Scheme("purelib")  # where the modules lie that script files become
_FOLDER = re.compile(r" ?@ *file:[^ ;]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpacked:
    """The files of a product.

    Attributes:
        root: the folder that imports start from; the metadata is in it.
        data: what the wheel lays below the prefix of an installation (`share/man`).
        scripts: files that it lays beside the interpreter, as they are; those in Python are modules of the root, too.
        stamp: what the program will say it is.
    """

    root: Path
    data: Path
    scripts: Path
    stamp: Stamp


def unpacked(product: Product, plan: Plan, target: Target, wheel: Wheel, into: Path) -> Unpacked:
    """Unpack a wheel and put the stamp in it.

    Args:
        product: whose `build.stamp`, where it has one, is a module to write.
        plan: what is released.
        target: goes into the stamp.
        wheel: what is unpacked.
        into: a folder, emptied.

    Raises:
        WheelError: it is damaged.
        WheelVersionError: the latest channel, and the wheel has another version than the tag.
        ConfigInvalidError: the folder of the stamp is not in it.
    """
    disk.emptied(into)
    version = _version(product, plan, wheel)
    root = into / "root"
    with disk.guarded(into):
        root.mkdir()
        _install(wheel, into)
        _renamed(root, version)
        said = stamp.of(plan, target, distribution=wheel.distribution, metadata_version=version)
        if product.build.stamp:
            _write(product, said, root)
    return Unpacked(root=root, data=into / "data", scripts=into / "scripts", stamp=said)


class _Folders(WheelDestination):
    """A folder for each kind of file; no script is made, for the program is the script."""

    def __init__(self, into: Path) -> None:
        self.places = {
            "purelib": into / "root",
            "platlib": into / "root",
            "data": into / "data",
            "scripts": into / "scripts",
            "headers": into / "headers",
        }
        self.modules: list[RecordEntry] = []

    @override
    def write_script(self, name: str, module: str, attr: str, section: "ScriptSection") -> RecordEntry:
        """Make none."""
        del module, attr, section
        return RecordEntry(path=name, hash_=None, size=None)

    @override
    def write_file(
        self, scheme: Scheme, path: "str | os.PathLike[str]", stream: BinaryIO, is_executable: bool
    ) -> RecordEntry:
        """Write one file, nowhere but below its folder."""
        folder = self.places[scheme]
        file = Path(os.path.normpath(folder / path))
        if not file.is_relative_to(folder):
            raise ValueError(f"{path} leads out of the wheel")
        file.parent.mkdir(parents=True, exist_ok=True)
        content = stream.read()
        with file.open("xb") as written:
            written.write(content)
        file.chmod(0o755 if is_executable else 0o644)
        if scheme == "scripts" and (module := wheels.of_file(file.name, content)):
            self.modules.append(
                self.write_file(_MODULES, f"{module}.py", io.BytesIO(content), is_executable=False),
            )
        return RecordEntry(path=os.fspath(path), hash_=None, size=len(content))

    @override
    def finalize_installation(
        self, scheme: Scheme, record_file_path: str, records: Iterable[tuple[Scheme, RecordEntry]]
    ) -> None:
        """Write what was unpacked into the list of files."""
        listed = [(where, each) for where, each in records if where in {"purelib", "platlib"}]
        listed += [(_MODULES, each) for each in self.modules]
        with construct_record_file(listed) as stream:
            self.write_file(scheme, record_file_path, io.BytesIO(stream.read()), is_executable=False)


def _install(wheel: Wheel, into: Path) -> None:
    try:
        with WheelFile.open(wheel.path) as source:
            source.validate_record(validate_contents=False)
            installer.install(source, _Folders(into), {})
    except (InstallerError, ValueError, KeyError, FileExistsError) as error:
        raise WheelError(f"{wheel.path.name} is damaged: {error}", hint="the build backend made it so") from None


# --- the version -------------------------------------------------------------------------------------------


def _version(product: Product, plan: Plan, wheel: Wheel) -> str:
    """The version that the metadata has in the program."""
    match plan.channel:
        case Channel.LATEST | Channel.BETA:
            return _of_tag(product, plan, wheel)
        case Channel.DEV | Channel.SNAPSHOT:
            base, plus, local = wheel.version.partition("+")
            words = [*([local] if plus else []), str(plan.channel), *(plan.version.slug or "").split("-")]
            return f"{base}+{'.'.join([*filter(None, words), str(plan.version.number)])}"
        case _:
            assert_never(plan.channel)


def _of_tag(product: Product, plan: Plan, wheel: Wheel) -> str:
    tagged = Version(plan.version.text)
    if product.build.stamp:
        return str(tagged)
    try:
        found = Version(wheel.version)
    except InvalidVersion:
        raise WheelError(f"the wheel has the version '{wheel.version}', which is none", hint="see PEP 440") from None
    if found != tagged:
        raise WheelVersionError(
            f"the tag says {plan.version.text}, and the wheel of that commit {wheel.version}",
            hint="tag the commit that has the version, or let the backend take it from the tag",
        )
    return wheel.version


def _renamed(root: Path, version: str) -> None:
    """Write the version into the metadata, and into its folder's name."""
    (folder,) = root.glob("*.dist-info")
    file = folder / "METADATA"
    text = file.read_text(encoding="utf-8")
    head, blank, body = text.partition("\n\n")
    lines = [f"Version: {version}" if line.startswith("Version:") else line for line in head.splitlines()]
    # A folder of the machine that builds means nothing on another one.
    lines = [_FOLDER.sub("", line) if line.startswith("Requires-Dist:") else line for line in lines]
    file.write_text("\n".join(lines) + blank + body, encoding="utf-8", newline="\n")
    folder.rename(root / f"{folder.name.partition('-')[0]}-{version}.dist-info")


def _write(product: Product, said: Stamp, root: Path) -> None:
    path = root / product.build.stamp
    if not path.parent.is_dir():
        raise ConfigInvalidError(
            f"build.stamp names '{product.build.stamp}', whose folder is not in the wheel",
            hint="name a file of a package, such as NAME/_stamp.py",
        )
    path.write_text(
        MODULE.format(version=said.version, channel=str(said.channel), commit=said.commit, target=said.target),
        encoding="utf-8",
    )
