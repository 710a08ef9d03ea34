"""The control file: what a package depends on, and what of release.toml it says."""

from dataclasses import replace

import pytest
from msgspec.structs import replace as changed
from tests.release import world

from release import targets
from release.errors import ConfigInvalidError
from release.packagers import deb
from release.product import Channel


def fields(*libraries: str, glibc: str | None = "GLIBC_2.34", packages: dict[str, str] | None = None) -> dict[str, str]:
    product = world.product()
    outlets = (*(each for each in product.tables if not isinstance(each, deb.Deb)), deb.Deb(packages=packages or {}))
    product = changed(product, tables=outlets)
    plan = world.plan(Channel.DEV)
    artifact = replace(
        world.artifact(product, plan, targets.named("linux-x64-baseline")), libraries=libraries, glibc=glibc
    )
    lines = deb.control(product, plan, artifact).splitlines()
    return {key: value for key, _, value in (line.partition(": ") for line in lines)}


@pytest.mark.parametrize(
    ("libraries", "depends"),
    [
        ((), "libc6 (>= 2.34)"),
        (("libc.so.6", "libm.so.6", "libdl.so.2", "ld-linux-x86-64.so.2", "libpthread.so.0"), "libc6 (>= 2.34)"),
        (("libz.so.1", "libc.so.6"), "libc6 (>= 2.34), zlib1g"),
        (("libstdc++.so.6", "libgcc_s.so.1"), "libc6 (>= 2.34), libgcc-s1, libstdc++6"),
        (("libfoo.so.1",), "libc6 (>= 2.34), libfoo1"),
    ],
)
def test_a_package_depends_on_what_its_program_needs(libraries: tuple[str, ...], depends: str) -> None:
    assert fields(*libraries, packages={"libfoo.so.1": "libfoo1"})["Depends"] == depends


def test_where_no_glibc_is_recorded_any_will_do() -> None:
    assert fields(glibc=None)["Depends"] == "libc6"


def test_a_library_that_nobody_knows_is_named() -> None:
    with pytest.raises(ConfigInvalidError, match=r"libfoo\.so\.1, and nobody says which packages of Debian") as caught:
        fields("libfoo.so.1", "libz.so.1")
    assert "[deb.packages]" in caught.value.hint
