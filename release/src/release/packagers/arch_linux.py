"""Which packages of Arch Linux bring the shared libraries that programs ask the system for."""

from collections.abc import Iterable, Mapping

from release.errors import ConfigInvalidError

# Arch's own packages, by the name that a program asks for without its version. glibc is the first dependency anyway.
_GLIBC = "glibc"
_PACKAGES = {
    **dict.fromkeys(("ld-linux-x86-64", "ld-linux-aarch64", "libc", "libm", "libmvec", "libdl"), _GLIBC),
    **dict.fromkeys(("libpthread", "librt", "libutil", "libresolv", "libanl", "libnss_files"), _GLIBC),
    **dict.fromkeys(("libgcc_s", "libstdc++", "libgomp", "libatomic", "libquadmath", "libgfortran"), "gcc-libs"),
    **dict.fromkeys(("libncursesw", "libtinfo", "libtinfow", "libpanelw", "libformw", "libmenuw"), "ncurses"),
    **dict.fromkeys(("libX11", "libX11-xcb"), "libx11"),
    **dict.fromkeys(("libgdbm", "libgdbm_compat"), "gdbm"),
    **dict.fromkeys(("libtcl8.6",), "tcl"),
    **dict.fromkeys(("libtk8.6",), "tk"),
    **dict.fromkeys(("libglib-2.0", "libgobject-2.0", "libgio-2.0"), "glib2"),
    "libz": "zlib",
    "libbz2": "bzip2",
    "liblzma": "xz",
    "libzstd": "zstd",
    "liblz4": "lz4",
    "libuuid": "util-linux-libs",
    "libffi": "libffi",
    "libsqlite3": "sqlite",
    "libexpat": "expat",
    "libreadline": "readline",
    "libcurl": "curl",
    "libxml2": "libxml2",
    "libdbus-1": "dbus",
}
# Where the number matters, because Arch has a package for each.
_NUMBERED = {
    "libssl.so.3": "openssl",
    "libcrypto.so.3": "openssl",
    "libssl.so.1.1": "openssl-1.1",
    "libcrypto.so.1.1": "openssl-1.1",
    "libcrypt.so.1": "libxcrypt-compat",
    "libcrypt.so.2": "libxcrypt",
}


def depends(libraries: Iterable[str], *, glibc: str, others: Mapping[str, str]) -> tuple[str, ...]:
    """The dependencies of a package: the C library first, then the packages of all other libraries, sorted.

    Args:
        libraries: what programs ask the system for, such as `libz.so.1`.
        glibc: the oldest C library that will do, such as `2.34`; empty where it is not known.
        others: packages of libraries that are not known here, by the same names.

    Raises:
        ConfigInvalidError: nobody says which packages bring some of them; the message names all.
    """
    found = {
        name: others.get(name) or _NUMBERED.get(name) or _PACKAGES.get(name.partition(".so")[0]) for name in libraries
    }
    if unknown := sorted(name for name, package in found.items() if package is None):
        raise ConfigInvalidError(
            f"the programs need {', '.join(unknown)}, and nobody says which packages of Arch Linux bring them",
            hint=f'add a line for each to [aur.packages] in release.toml, such as "{unknown[0]}" = "PACKAGE"',
        )
    packages = {package for package in found.values() if package} - {_GLIBC}
    return (f"{_GLIBC}>={glibc}" if glibc else _GLIBC, *sorted(packages))
