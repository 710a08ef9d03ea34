"""Rules of the house that no linter knows; each failure says what to do."""

import ast
import re
from collections.abc import Iterator

import pytest
from tests.repository import ROOT, read, texts, tracked, trees

LONGEST_FILE = 500
LONGEST_FUNCTION = 45
# Modules that not every system has. An import of one at the top of a file ends the collection of all tests there.
OF_ONE_SYSTEM = {"alpm", "fcntl", "grp", "msvcrt", "pty", "pwd", "resource", "syslog", "termios", "tty", "winreg"}


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def test_files_stay_short() -> None:
    for name, text in texts(".py"):
        assert text.count("\n") <= LONGEST_FILE, f"{name} has more than {LONGEST_FILE} lines: take a noun out of it"


def test_functions_stay_short() -> None:
    for name, tree in trees(""):
        for function in functions(tree):
            # What is said about it does not make it longer.
            body = function.body[1:] if ast.get_docstring(function) else function.body
            lines = 1 + ((function.end_lineno or 0) - body[0].lineno + 1 if body else 0)
            assert lines <= LONGEST_FUNCTION, f"{name}: {function.name} has {lines} lines: take a step out of it"


PATCHES = re.compile(
    r"\bmonkeypatc[h]\b|\bmock(?:er)?\.|unittest\.moc[k]|[^a-z]patc[h](?:\.object)?[(]|\bMagicMoc[k]\b"
    r"|os\.environ\[[^]]+\] =|os\.(?:putenv|unsetenv)\("
)


def test_no_test_patches_anything() -> None:
    for name, text in texts(".py"):
        if name.startswith("tests/"):
            found = PATCHES.search(text)
            assert not found, f"{name} patches ({found}): give the code a seam, and put a real second thing behind it"


@pytest.mark.parametrize("name", ["setattr", "delattr"])
def test_no_test_changes_what_it_imported(name: str) -> None:
    for path, tree in trees("tests/"):
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
        assert not [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == name], (
            f"{path} calls {name}: give the code a seam, and put a real second thing behind it"
        )


def test_nothing_is_collected_from_reversed() -> None:
    # Nuitka 4.3.3 breaks off over `list(reversed(x))` and its kin, which a native build would show minutes later.
    for path, tree in trees("packages/iterate/src/"):
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args):
            inner = call.args[0]
            is_reversed = isinstance(inner, ast.Call) and ast.unparse(inner.func) == "reversed"
            is_collected = isinstance(call.func, ast.Name) and call.func.id in {"list", "tuple", "set", "frozenset"}
            assert not (is_reversed and is_collected), f"{path}:{call.lineno}: the compiler cannot; write x[::-1]"


# Hosts that packages come from, and images: everybody has their own.
REGISTRIES = re.compile(
    r"py[p]i\.org|python[h]osted\.org|registry\.[n]pmjs|registry\.[y]arnpkg|(?:deb|security|ftp)\.[d]ebian\.org"
    r"|archive\.[u]buntu\.com|[q]uay\.io|[g]hcr\.io|[d]ocker\.io|repo\.[a]lmalinux|crates\.[i]o/api"
)
# Folders of one machine: a temporary folder by its full name, a user's home, where this was once worked on.
MACHINES = re.compile(r"(?<![\w$.{}])/(?:tm[p]/[a-z]|roo[t]/|home/[a-z]+/|wor[k]/[a-z])|\bshare[d]/(?:fact|desig)")


def test_no_file_names_a_registry() -> None:
    for name in tracked():
        found = REGISTRIES.search((ROOT / name).read_bytes().decode(errors="replace"))
        assert not found, f"{name} names {found}: which registry is used is everybody's own matter"


def test_no_file_names_a_folder_of_one_machine() -> None:
    for name in tracked():
        found = MACHINES.search((ROOT / name).read_bytes().decode(errors="replace"))
        assert not found, f"{name} names {found}: it is there on one machine only"


def test_nothing_looks_above_the_root() -> None:
    for name, text in texts(".py", ".sh", ".yml", ".toml", "Makefile", "run", ".md"):
        if name in {".ci/run", "docs/testing.md"}:
            continue  # the one that may look beside the checkout, and the page that says so
        assert not re.search(r"\.\./shared|ROOT\.parent\b|ROOT / \"\.\.\"", text), (
            f"{name} names a path above the root: take it from an environment variable, as stage.given does"
        )
    for name, tree in trees("tests/", "benchmarks/"):
        depth = name.count("/")
        for node in ast.walk(tree):
            match node:
                case ast.Subscript(value=ast.Attribute(attr="parents"), slice=ast.Constant(value=int(steps))):
                    assert steps <= depth, f"{name}: parents[{steps}] is above the root"
                case _:
                    pass


def test_modules_of_one_system_are_imported_where_they_are_used() -> None:
    for name, tree in trees("packages/", "release/", "tests/iterate/", "tests/release/", "tests/test_", "tests/conf"):
        for node in tree.body:
            match node:
                case ast.Import(names=names):
                    modules = {each.name.split(".")[0] for each in names}
                case ast.ImportFrom(module=str(module)):
                    modules = {module.split(".")[0]}
                case _:
                    modules = set()
            assert not modules & OF_ONE_SYSTEM, (
                f"{name}: import {modules & OF_ONE_SYSTEM} inside the function, under a mark `systems(...)` in a test"
            )


def test_the_fast_tests_need_no_proc() -> None:
    for name, tree in trees("tests/iterate/", "tests/release/"):
        for function in functions(tree):
            text = ast.get_source_segment(read(name), function) or ""
            marks = "".join(ast.unparse(each) for each in function.decorator_list)
            marks += "".join(re.findall(r"^pytestmark = .*", read(name), re.MULTILINE))
            marked = re.search(r"systems\(['\"]linux['\"]\)|processes|native|consumer", marks)
            assert marked or not re.search(r"[\"']/pro[c]\b", text), (
                f"{name}: {function.name} needs /proc: ask psutil, or mark it systems('linux')"
            )


# The Debian package of a program, where it is called otherwise.
PACKAGES = {
    "bsdtar": "libarchive-tools",
    "mcs": "mono-mcs",
    "mono": "mono-runtime",
    "mount": "util-linux",
    "nginx": "nginx-light",
    "node": "nodejs",
    "objdump": "binutils",
    "rg": "ripgrep",
    "apt-get": "apt",
    "cc": "gcc",
    "chroot": "coreutils",
    "dpkg-deb": "dpkg",
    "flock": "util-linux",
    "pacman": "pacman-package-manager",
    "qemu-aarch64-static": "qemu-user-static",
    "shasum": "perl",
    "readelf": "binutils",
    "setpriv": "util-linux",
    "systemd-analyze": "systemd",
    "unshare": "util-linux",
    "vercmp": "pacman-package-manager",
}


def test_every_program_that_a_test_needs_is_installed_in_ci() -> None:
    for name, text in texts(".py"):
        for words in re.findall(r"mark\.consumer\(([^)]*)\)", text):
            for tool in re.findall(r'"([\w.-]+)"', words):
                package = PACKAGES.get(tool, tool)
                assert re.search(rf"(?<![\w-]){re.escape(package)}(?![\w-])", read(".ci/run")), (
                    f"{name} needs {tool}: add its Debian package to .ci/run, and to PACKAGES here if called otherwise"
                )


def test_every_marker_of_a_test_is_one_that_exists() -> None:
    known = set(re.findall(r'^    "(\w+)[(:]', read("pyproject.toml"), re.MULTILINE))
    known |= {"parametrize", "skipif", "usefixtures", "xfail", "filterwarnings"}
    for name, text in texts(".py"):
        unknown = set(re.findall(r"pytest\.mark\.(\w+)", text)) - known
        assert not unknown, f"{name} uses {unknown}: pyproject.toml, markers"
