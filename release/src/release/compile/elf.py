"""Linux programs and libraries, read and mended: what they need, how old a glibc runs them, what stays writable.

A Python for building comes as compiled modules that nobody here links again, so what their link left open is
mended in the files, byte for byte in place. Layouts: gabi 4.1 chapter 5, and LSB 5.0 section 10.7 for versions.
"""

import io
import re
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from elftools.common.exceptions import ELFError
from elftools.elf.dynamic import DynamicSection
from elftools.elf.elffile import ELFFile
from elftools.elf.gnuversions import GNUVerDefSection, GNUVerSymSection
from elftools.elf.sections import StringTableSection, SymbolTableSection

type Version = tuple[int, ...]

LIBM = "libm.so.6"
_DT_FLAGS, _DF_BIND_NOW = 30, 8
_DT_FLAGS_1, _DF_1_NOW = 0x6FFFFFFB, 1
_DT_BIND_NOW = 24
_HIDDEN = 0x8000  # bit of a version index: not the default of its name


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """A version of a library that a file asks for: one entry of `.gnu.version_r`.

    Attributes:
        at: where the entry stands in the file.
        index: what the file's symbols call it.
    """

    library: str
    name: str
    at: int
    index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """A symbol that a file takes from a version of a library."""

    symbol: str
    library: str
    version: str
    module: str

    def __str__(self) -> str:
        """Such as `hypot@GLIBC_2.35 in math.so`."""
        return f"{self.symbol}@{self.version} in {self.module}"


def files(folder: Path) -> tuple[Path, ...]:
    """The programs and libraries in a folder, sorted."""
    return tuple(path for path in sorted(folder.rglob("*")) if path.is_file() and opened(path) is not None)


def opened(path: Path) -> ELFFile | None:
    """The file, read; None for what is no ELF file."""
    with path.open("rb") as file:
        if file.read(4) != b"\x7fELF":
            return None
    try:
        return ELFFile(io.BytesIO(path.read_bytes()))
    except ELFError:
        return None


def version(name: str) -> Version:
    """The number of a glibc version such as `GLIBC_2.34`; empty for any other name."""
    match = re.fullmatch(r"GLIBC_(\d+(?:\.\d+)+)", name)
    return tuple(map(int, match[1].split("."))) if match else ()


def newest_glibc(folder: Path) -> str | None:
    """The newest glibc symbol that anything in the folder needs, as `GLIBC_2.34`; None without any."""
    found = [version(need.name) for path in files(folder) for need in _needs(_read(path))]
    newest = max(found, default=())
    return "GLIBC_" + ".".join(map(str, newest)) if newest else None


def above(folder: Path, floor: Version) -> tuple[Binding, ...]:
    """What keeps the programs in the folder from a system with the glibc of the floor."""
    return tuple(
        binding
        for path in files(folder)
        for binding in bindings(path, path.relative_to(folder).as_posix())
        if version(binding.version) > floor
    )


def bindings(path: Path, module: str) -> Iterator[Binding]:
    """The symbols with a version that a file takes from libraries, and versions that no symbol names."""
    elf = _read(path)
    unused = {need.index: need for need in _needs(elf)}
    needs = dict(unused)
    for symbol, index in _undefined(elf):
        if need := needs.get(index):
            unused.pop(index, None)
            yield Binding(symbol=symbol, library=need.library, version=need.name, module=module)
    for need in unused.values():
        yield Binding(symbol="", library=need.library, version=need.name, module=module)


def libraries(folder: Path) -> tuple[str, ...]:
    """The names of the shared libraries that the folder needs from the system, sorted."""
    found = files(folder)
    inside = {path.name for path in found}
    return tuple(sorted({name for path in found for name in needed(path)} - inside))


def needed(path: Path) -> tuple[str, ...]:
    """The names of the shared libraries that a file asks for."""
    dynamic = _dynamic(_read(path))
    return tuple(str(vars(tag)["needed"]) for tag in dynamic.iter_tags("DT_NEEDED")) if dynamic else ()


# --- hardening -------------------------------------------------------------------------------------------


def is_hardened(path: Path) -> bool:
    """Whether all addresses are bound at the start, and the tables of the loader are read-only from then on."""
    elf = _read(path)
    dynamic = _dynamic(elf)
    if dynamic is None:
        return True  # linked statically: there is nothing to bind
    relro = any(segment["p_type"] == "PT_GNU_RELRO" for segment in elf.iter_segments())
    return relro and _binds_now(dynamic)


def harden(path: Path) -> bool:
    """Have the loader bind all addresses of a file at its start; False where there is no room to say so."""
    elf = _read(path)
    dynamic = _dynamic(elf)
    if dynamic is None or _binds_now(dynamic):
        return True
    content = bytearray(path.read_bytes())
    start, size = dynamic["sh_offset"], dynamic["sh_entsize"]
    tags = [tag.entry for tag in dynamic.iter_tags()]
    there = {tag.d_tag: (start + size * number, tag.d_val) for number, tag in enumerate(tags)}
    # The list ends with one empty entry; linkers leave some more behind it for such changes.
    free = [start + size * number for number in range(len(tags) - 1, dynamic["sh_size"] // size - 1)]
    for name, tag, flag in (("DT_FLAGS", _DT_FLAGS, _DF_BIND_NOW), ("DT_FLAGS_1", _DT_FLAGS_1, _DF_1_NOW)):
        at, value = there.get(name, (0, 0))
        if not at:
            if not free:
                return False
            at = free.pop(0)
        struct.pack_into(_order(elf) + "QQ", content, at, tag, value | flag)
    path.write_bytes(content)
    return True


def _binds_now(dynamic: DynamicSection) -> bool:
    return any(
        tag.entry.d_tag == "DT_BIND_NOW" or (tag.entry.d_tag == "DT_FLAGS" and tag.entry.d_val & _DF_BIND_NOW)
        for tag in dynamic.iter_tags()
    )


# --- older versions of the same function -----------------------------------------------------------------


def lower(path: Path, floor: Version, offered: Mapping[str, frozenset[str]]) -> tuple[str, ...]:
    """Bind mathematical functions that are too new to the older version that their library still has.

    glibc gave `hypot`, `exp`, `pow` and others new versions that only leave out an old way to report errors, which
    nobody uses. Other libraries are left alone: there an older version may be another function.

    Args:
        path: the file to change.
        floor: the newest version of glibc that may be asked for.
        offered: the versions of each function in the mathematical library of this machine.

    Returns:
        The functions that were bound anew.
    """
    elf = _read(path)
    content = bytearray(path.read_bytes())
    needs = [need for need in _needs(elf) if need.library == LIBM]
    known = {need.name: need for need in needs if version(need.name) <= floor}
    lowered: list[str] = []
    for need in needs:
        if need.name in known:
            continue
        users = [(number, symbol) for number, symbol, index in _numbered(elf) if index == need.index]
        wanted = {symbol: _older(offered.get(symbol, frozenset()), floor, known) for _, symbol in users}
        names = set(wanted.values())
        if None not in names and len(names) <= 1:
            # All of them agree, so the entry itself becomes one of the older version.
            name = next(iter(names), None) or next(iter(known), "")
            if _renamed(elf, content, need, name):
                lowered += wanted
            continue
        for number, symbol in users:
            older = known.get(wanted[symbol] or "")
            if older is not None:
                struct.pack_into(_order(elf) + "H", content, _offset(elf, ".gnu.version") + 2 * number, older.index)
                lowered.append(symbol)
    if lowered:
        path.write_bytes(content)
    return tuple(lowered)


def _older(versions: frozenset[str], floor: Version, known: Mapping[str, Need]) -> str | None:
    """The version to take instead: one that the file asks for already, if there is one."""
    fitting = [name for name in versions if () < version(name) <= floor]
    return max(fitting, key=lambda name: (name in known, version(name)), default=None)


def _renamed(elf: ELFFile, content: bytearray, need: Need, name: str) -> bool:
    """Make an entry one of another version, whose name the file must hold already."""
    at = _text(elf, ".dynstr").find(b"\0" + name.encode() + b"\0")
    if not name or at < 0:
        return False
    value = 0
    for byte in name.encode():  # the hash of System V
        value = (value << 4) + byte
        value = (value ^ (value & 0xF0000000) >> 24) & 0x0FFFFFFF
    struct.pack_into(_order(elf) + "I", content, need.at, value)
    struct.pack_into(_order(elf) + "I", content, need.at + 8, at + 1)
    return True


def offers(library: Path) -> dict[str, frozenset[str]]:
    """The versions in which a library defines each of its functions."""
    elf = _read(library)
    names = _defined_versions(elf)
    found: dict[str, set[str]] = {}
    table = elf.get_section_by_name(".dynsym")
    indices = elf.get_section_by_name(".gnu.version")
    if isinstance(table, SymbolTableSection) and isinstance(indices, GNUVerSymSection):
        for number, symbol in enumerate(table.iter_symbols()):
            index = indices.get_symbol(number)["ndx"]
            if symbol["st_shndx"] != "SHN_UNDEF" and isinstance(index, int) and (index & ~_HIDDEN) in names:
                found.setdefault(symbol.name, set()).add(names[index & ~_HIDDEN])
    return {symbol: frozenset(versions) for symbol, versions in found.items()}


def _defined_versions(elf: ELFFile) -> dict[int, str]:
    return {
        entry["vd_ndx"]: next(iter(names)).name
        for section in elf.iter_sections()
        if isinstance(section, GNUVerDefSection)
        for entry, names in section.iter_versions()
    }


# --- reading ---------------------------------------------------------------------------------------------


def _read(path: Path) -> ELFFile:
    return ELFFile(io.BytesIO(path.read_bytes()))


def _order(elf: ELFFile) -> str:
    return "<" if elf.little_endian else ">"


def _offset(elf: ELFFile, section: str) -> int:
    found = elf.get_section_by_name(section)
    return 0 if found is None else int(found["sh_offset"])


def _text(elf: ELFFile, section: str) -> bytes:
    found = elf.get_section_by_name(section)
    return b"" if found is None else bytes(found.data())


def _dynamic(elf: ELFFile) -> DynamicSection | None:
    section = elf.get_section_by_name(".dynamic")
    return section if isinstance(section, DynamicSection) else None


def _needs(elf: ELFFile) -> Iterator[Need]:
    section = elf.get_section_by_name(".gnu.version_r")
    if section is None:
        return
    strings = elf.get_section(section["sh_link"])
    if not isinstance(strings, StringTableSection):
        return
    content, order = section.data(), _order(elf)
    at = 0
    while True:
        _, _, file, first, following = struct.unpack_from(order + "HHIII", content, at)
        entry = at + first
        while True:
            _, _, index, name, step = struct.unpack_from(order + "IHHII", content, entry)
            yield Need(
                library=strings.get_string(file),
                name=strings.get_string(name),
                at=section["sh_offset"] + entry,
                index=index & ~_HIDDEN,
            )
            if not step:
                break
            entry += step
        if not following:
            return
        at += following


def _numbered(elf: ELFFile) -> Iterator[tuple[int, str, int]]:
    """Number, name and version index of the symbols that a file takes from elsewhere."""
    table = elf.get_section_by_name(".dynsym")
    indices = elf.get_section_by_name(".gnu.version")
    if not isinstance(table, SymbolTableSection) or indices is None:
        return
    data, order = indices.data(), _order(elf)
    for number, symbol in enumerate(table.iter_symbols()):
        if symbol["st_shndx"] == "SHN_UNDEF" and symbol.name:
            yield number, symbol.name, struct.unpack_from(order + "H", data, 2 * number)[0] & ~_HIDDEN


def _undefined(elf: ELFFile) -> Iterator[tuple[str, int]]:
    return ((symbol, index) for _, symbol, index in _numbered(elf))
