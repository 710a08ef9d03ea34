"""Mended libraries are what the system's own loader and tools take them for; each is compiled here."""

import ctypes
import subprocess
import sys
from pathlib import Path

import pytest

from release.compile import elf

pytestmark = [pytest.mark.systems("linux"), pytest.mark.consumer("gcc", "readelf")]

SOURCE = """\
#include <math.h>
#include <stdlib.h>
double far(double a, double b) { return hypot(a, b) + pow(a, 0) + strtod("0", 0); }
"""


def library(folder: Path, *words: str, source: str = SOURCE) -> Path:
    """A library linked as most are: addresses are looked up when they are first used."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "far.c").write_text(source)
    path = folder / "far.so"
    subprocess.run(
        ["gcc", "-shared", "-fPIC", "-fno-builtin", "-Wl,-z,lazy", *words, "-o", path, folder / "far.c", "-lm"],
        check=True,
    )
    return path


def far(path: Path) -> float:
    """What the function gives, in a process of its own with every address bound at the start."""
    body = f"import ctypes\nfar = ctypes.CDLL({str(path)!r}).far\nfar.restype = ctypes.c_double\n"
    body += "print(far(ctypes.c_double(3), ctypes.c_double(4)))"
    done = subprocess.run([sys.executable, "-c", body], capture_output=True, text=True, check=True)
    return float(done.stdout)


def libm() -> Path:
    words = ["gcc", f"-print-file-name={elf.LIBM}"]
    return Path(subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip())


def readelf(path: Path, *words: str) -> str:
    return subprocess.run(["readelf", "-W", *words, path], capture_output=True, text=True, check=True).stdout


def test_a_hardened_library_binds_at_the_start_and_still_works(tmp_path: Path) -> None:
    path = library(tmp_path)
    assert not elf.is_hardened(path)
    assert elf.harden(path)
    assert elf.is_hardened(path)
    assert "BIND_NOW" in readelf(path, "-d")
    assert far(path) == 6
    before = path.read_bytes()
    assert elf.harden(path)
    assert path.read_bytes() == before


def test_a_library_without_read_only_tables_is_not_called_hardened(tmp_path: Path) -> None:
    path = library(tmp_path, "-Wl,-z,norelro")
    assert elf.harden(path)
    assert not elf.is_hardened(path)


def test_a_list_without_room_is_told_and_left_as_it_is(tmp_path: Path) -> None:
    path = library(tmp_path, "-Wl,--spare-dynamic-tags=0")
    before = path.read_bytes()
    assert not elf.harden(path)
    assert path.read_bytes() == before


def test_a_function_that_is_too_new_is_bound_to_the_older_one(tmp_path: Path) -> None:
    offered = elf.offers(libm())
    newest = max(offered["hypot"], key=elf.version)
    if len(offered["hypot"]) == 1:
        pytest.skip("the mathematical library of this machine has one hypot only")
    path = library(tmp_path)
    floor = (elf.version(newest)[0], elf.version(newest)[1] - 1)
    assert f"hypot@{newest} in far.so" in map(str, elf.above(tmp_path, floor))
    assert elf.lower(path, floor, offered) == ("hypot",)
    assert elf.above(tmp_path, floor) == ()
    assert elf.version(elf.newest_glibc(tmp_path) or "") <= floor
    assert newest not in readelf(path, "-V")
    assert elf.lower(path, floor, offered) == ()
    assert far(path) == 6


def test_functions_that_want_different_versions_each_get_theirs(tmp_path: Path) -> None:
    offered = elf.offers(libm())
    both = {"hypot": frozenset({"GLIBC_2.2.5"}), "exp": frozenset({"GLIBC_2.29"})}
    path = library(tmp_path, source=SOURCE.replace("pow(a, 0)", "exp(0) + pow(a, 0) + floor(0) - 1"))
    newest = {
        binding.symbol: binding.version for binding in elf.above(tmp_path, (2, 28)) if binding.library == elf.LIBM
    }
    if newest.get("hypot") == newest.get("exp") or len(offered["exp"]) == 1:
        pytest.skip("the mathematical library of this machine has no two versions to tell apart")
    assert set(elf.lower(path, (2, 28), {**offered, **both})) == {"hypot", "pow"}
    assert [str(each) for each in elf.above(tmp_path, (2, 28)) if each.library == elf.LIBM] == [
        f"exp@{newest['exp']} in far.so"
    ]
    assert far(path) == 6


def test_what_has_no_older_version_stays_and_is_told_by_symbol_and_module(tmp_path: Path) -> None:
    path = library(tmp_path / "inside")
    before = path.read_bytes()
    assert elf.lower(path, (2, 0), elf.offers(libm())) == ()
    assert path.read_bytes() == before
    above = [str(binding) for binding in elf.above(tmp_path, (2, 0))]
    assert any(text.startswith("strtod@GLIBC_2.") and text.endswith(" in inside/far.so") for text in above)


def test_other_libraries_than_the_mathematical_one_keep_their_versions(tmp_path: Path) -> None:
    path = library(tmp_path, source='#include <regex.h>\nint far(regex_t *r) { return regexec(r, "", 0, 0, 0); }\n')
    before = path.read_bytes()
    assert elf.lower(path, (2, 3), {"regexec": frozenset({"GLIBC_2.2.5", "GLIBC_2.3.4"})}) == ()
    assert path.read_bytes() == before


def test_libraries_of_the_system_are_those_that_are_not_inside(tmp_path: Path) -> None:
    inner = library(tmp_path / "a")
    (tmp_path / "libinner.so").write_bytes(inner.read_bytes())
    inner.unlink()
    library(tmp_path / "b", "-Wl,--no-as-needed", f"-L{tmp_path}", "-linner")
    (tmp_path / "notes.so").write_text("no library")
    assert elf.LIBM in elf.libraries(tmp_path)
    assert "libinner.so" not in elf.libraries(tmp_path)
    assert "libinner.so" in elf.needed(tmp_path / "b" / "far.so")


def test_a_program_linked_statically_needs_nothing(tmp_path: Path) -> None:
    (tmp_path / "main.c").write_text("int main(void) { return 0; }\n")
    subprocess.run(["gcc", "-static", "-o", tmp_path / "main", tmp_path / "main.c"], check=True)
    assert elf.is_hardened(tmp_path / "main")
    assert elf.harden(tmp_path / "main")
    assert (elf.libraries(tmp_path), elf.newest_glibc(tmp_path), elf.above(tmp_path, (2, 0))) == ((), None, ())


def test_the_loader_of_this_machine_takes_a_mended_library(tmp_path: Path) -> None:
    path = library(tmp_path)
    elf.lower(path, (2, 34), elf.offers(libm()))
    elf.harden(path)
    assert ctypes.CDLL(str(path)).far is not None
