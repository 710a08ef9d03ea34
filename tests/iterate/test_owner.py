"""Who owns a copy that has no receipt, and which client of npm owns one that has: by where the program really lies."""

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from iterate.about import Stamp
from iterate.install import owner
from iterate.install.copy import copy_at, owned_by, stream_of_version
from iterate.install.methods import Method, named

DEEP = "iterate-linux-x64/iterate/iterate"
STAMP = Stamp("1.2.3", "latest", "", "linux-x64")


def put(root: Path, path: str, content: str = "") -> Path:
    """A file below a made-up root, with its folders."""
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content)
    return file


def find(root: Path, path: str, *others: str) -> owner.Found:
    """The owner of a program at a path, with other files around it."""
    for other in others:
        put(root, other)
    return owner.find(put(root, path), root)


NVM = "home/u/.nvm/versions/node/v22.1.0"
MISE = "home/u/.local/share/mise"
PNPM = "home/u/.local/share/pnpm"
STORE = f"{PNPM}/store/v11/links/@/iterate-linux-x64/1.2.3/5c67/node_modules"
PLACES = [
    # method, package, what people run, what has to be writable, the program, other files
    (
        Method.BREW,
        "iterate-dev",
        "brew/bin/iterate",
        "brew/Cellar",
        "brew/Cellar/iterate-dev/1.2.3/libexec/iterate/iterate",
        (),
    ),
    (
        Method.SCOOP,
        "iterate",
        "u/scoop/shims/iterate.exe",
        "u/scoop/apps/iterate",
        "u/scoop/apps/iterate/1.2.3/iterate/iterate/iterate.exe",
        ("u/scoop/shims/scoop.cmd",),
    ),
    (
        Method.NPM,
        "iterate",
        f"{NVM}/bin/iterate",
        f"{NVM}/lib/node_modules",
        f"{NVM}/lib/node_modules/iterate/node_modules/{DEEP}",
        (),
    ),
    (
        Method.NPM,
        "@acme/iterate",
        "usr/local/bin/iterate",
        "usr/local/lib/node_modules",
        f"usr/local/lib/node_modules/@acme/iterate/node_modules/@acme/{DEEP}",
        (),
    ),
    (
        Method.NPM,
        "iterate",
        "u/npm/iterate.cmd",
        "u/npm/node_modules",
        f"u/npm/node_modules/iterate/node_modules/{DEEP}.exe",
        ("u/npm/iterate.cmd",),
    ),
    (
        Method.PNPM,
        "iterate",
        f"{PNPM}/iterate",
        PNPM,
        f"{PNPM}/global/5/.pnpm/iterate-linux-x64@1.2.3/node_modules/{DEEP}",
        (),
    ),
    (
        Method.PNPM,
        "iterate",
        f"{PNPM}/bin/iterate",
        PNPM,
        f"{PNPM}/global/v11/4c3a-18/node_modules/.pnpm/iterate-linux-x64@1.2.3/node_modules/{DEEP}",
        (f"{PNPM}/bin/iterate",),
    ),
    (
        Method.PNPM,
        "iterate",
        f"{PNPM}/bin/iterate",
        PNPM,
        f"{STORE}/{DEEP}",
        (f"{PNPM}/bin/iterate", f"{PNPM}/global/v11/4c3a-18/node_modules/iterate/package.json"),
    ),
    (
        Method.YARN,
        "iterate",
        "",
        "home/u/.config/yarn/global",
        f"home/u/.config/yarn/global/node_modules/{DEEP}",
        ("home/u/.config/yarn/global/package.json",),
    ),
    (Method.YARN, "iterate", "", "u/Yarn/Data/global", f"u/Yarn/Data/global/node_modules/{DEEP}.exe", ()),
    (
        Method.BUN,
        "iterate",
        "home/u/.bun/bin/iterate",
        "home/u/.bun/install/global",
        f"home/u/.bun/install/global/node_modules/{DEEP}",
        ("home/u/.bun/install/global/package.json",),
    ),
    (
        Method.MISE,
        "npm:iterate",
        "",
        f"{MISE}/installs",
        f"{MISE}/installs/npm-iterate/1.2.3/lib/node_modules/iterate/node_modules/{DEEP}",
        (),
    ),
    (
        Method.MISE,
        "iterate",
        "",
        "opt/m/installs",
        "opt/m/installs/iterate/1.2.3/iterate/iterate",
        ("opt/m/shims/iterate",),
    ),
    (
        Method.NPM,
        "iterate",
        f"{MISE}/installs/node/22.1.0/bin/iterate",
        f"{MISE}/installs/node/22.1.0/lib/node_modules",
        f"{MISE}/installs/node/22.1.0/lib/node_modules/iterate/node_modules/{DEEP}",
        (),
    ),
    (
        Method.WINGET,
        "Acme.Iterate",
        "",
        "u/WinGet/Packages/Acme.Iterate_source",
        "u/WinGet/Packages/Acme.Iterate_source/iterate/iterate/iterate.exe",
        (),
    ),
    (
        Method.SELF,
        "",
        "home/u/.local/bin/iterate",
        "home/u/.local/bin/.iterate",
        "home/u/.local/bin/.iterate/1.2.3/iterate/iterate/iterate",
        (),
    ),
    (
        Method.SELF,
        "",
        "u/Programs/iterate/current/iterate/iterate/iterate.exe",
        "u/Programs/iterate",
        "u/Programs/iterate/1.2.3/iterate/iterate/iterate.exe",
        (),
    ),
    (Method.DOCKER, "", "", "", "usr/bin/iterate", (".dockerenv",)),
    (Method.DOCKER, "", "", "", "usr/bin/iterate", ("run/.containerenv",)),
    (Method.ARCHIVE, "", "", "", "home/u/Downloads/iterate/iterate/iterate", ()),
    (Method.ARCHIVE, "", "", "", "home/u/apps/tool/bin/iterate", ()),
    (Method.ARCHIVE, "", "", "", "home/u/.asdf/installs/iterate/1.2.3/bin/iterate", ("home/u/.asdf/shims/iterate",)),
    # A manager inside a container still owns what it installed.
    (
        Method.NPM,
        "iterate",
        "usr/local/bin/iterate",
        "usr/local/lib/node_modules",
        f"usr/local/lib/node_modules/iterate/node_modules/{DEEP}",
        (".dockerenv",),
    ),
]


@pytest.mark.parametrize(("method", "package", "command", "folder", "program", "others"), PLACES)
def test_the_place_of_a_program_names_its_owner_its_package_and_what_people_run(
    tmp_path: Path, method: Method, package: str, command: str, folder: str, program: str, others: tuple[str, ...]
) -> None:
    found = find(tmp_path, program, *others)
    assert (found.method, found.package) == (method, package)
    assert found.command == (tmp_path / command if command else None)
    assert found.folder == (tmp_path / folder if folder else None)
    assert found.project is None


@pytest.mark.parametrize(
    ("method", "project", "program", "others"),
    [
        (Method.NPM, "src/web", f"src/web/node_modules/{DEEP}", ("src/web/package.json",)),
        (Method.NPM, "src/lib", f"src/lib/node_modules/{DEEP}", ("src/lib/package.json",)),
        (Method.NPM, "home/u/.npm/_npx/ab12", f"home/u/.npm/_npx/ab12/node_modules/{DEEP}", ()),
        (Method.NPM, "src/web", f"src/web/node_modules/{DEEP}", ()),
        (Method.PNPM, "src/web", f"src/web/node_modules/.pnpm/iterate-linux-x64@1/node_modules/{DEEP}", ()),
        (Method.PNPM, PNPM, f"{STORE}/{DEEP}", (f"{PNPM}/global/v11/4c3a-18/node_modules/other/package.json",)),
        (Method.YARN, "src/web", f"src/web/.yarn/unplugged/iterate-linux-x64-npm-1/node_modules/{DEEP}", ()),
    ],
)
def test_a_dependency_of_a_project_is_told_from_a_global_installation(
    tmp_path: Path, method: Method, project: str, program: str, others: tuple[str, ...]
) -> None:
    found = find(tmp_path, program, *others)
    assert (found.method, found.package, found.project) == (method, "iterate", tmp_path / project)


def test_a_formula_without_our_receipt_has_its_tap_in_the_one_of_brew(tmp_path: Path) -> None:
    keg = "brew/Cellar/iterate/1.2.3"
    put(tmp_path, f"{keg}/INSTALL_RECEIPT.json", json.dumps({"source": {"tap": "acme/tap"}}))
    assert find(tmp_path, f"{keg}/libexec/iterate/iterate").package == "acme/tap/iterate"
    for odd in ("{", "[]", '{"source": 7}', '{"source": {"tap": null}}'):
        put(tmp_path, f"{keg}/INSTALL_RECEIPT.json", odd)
        assert find(tmp_path, f"{keg}/libexec/iterate/iterate").package == "iterate"


def test_an_app_of_scoop_has_its_bucket_beside_it(tmp_path: Path) -> None:
    put(tmp_path, "scoop/apps/iterate/1.2.3/install.json", json.dumps({"bucket": "acme"}))
    put(tmp_path, "scoop/shims/scoop.cmd")
    assert find(tmp_path, "scoop/apps/iterate/1.2.3/iterate/iterate.exe").package == "acme/iterate"


def test_a_tool_of_mise_is_called_as_its_file_of_the_back_end_says(tmp_path: Path) -> None:
    put(tmp_path, f"{MISE}/installs/it/.mise.backend", "it\nnpm:@acme/iterate\n")
    assert find(tmp_path, f"{MISE}/installs/it/1.2.3/iterate").package == "npm:@acme/iterate"


def _pacman(root: Path, path: str) -> None:
    put(root, "var/lib/pacman/local/iterate-docs-1.2.3-1/files", "%FILES%\nusr/share/doc/iterate\n")
    put(root, "var/lib/pacman/local/iterate-dev-bin-0.0.0dev1-1/files", f"%FILES%\nusr/\n{path}\n")


def _dpkg(root: Path, path: str) -> None:
    put(root, "var/lib/dpkg/info/iterate-docs.list", "/usr/share/doc/iterate\n")
    put(root, "var/lib/dpkg/info/iterate-dev:amd64.list", f"/.\n/usr\n/{path}\n")


def _rpm(root: Path, path: str) -> None:
    (root / "usr/lib/sysimage/rpm").mkdir(parents=True)
    with sqlite3.connect(root / "usr/lib/sysimage/rpm/rpmdb.sqlite") as database:
        database.execute("CREATE TABLE Name (key TEXT, hnum INTEGER, idx INTEGER)")
        database.execute("CREATE TABLE Basenames (key TEXT, hnum INTEGER, idx INTEGER)")
        database.executemany("INSERT INTO Name VALUES (?, ?, 0)", [("bash", 1), ("iterate-dev", 2)])
        database.executemany("INSERT INTO Basenames VALUES (?, ?, 0)", [("sh", 1), (Path(path).name, 2)])
    database.close()


@pytest.mark.parametrize(
    ("list_it", "method", "package"),
    [(_pacman, Method.AUR, "iterate-dev-bin"), (_dpkg, Method.DEB, "iterate-dev"), (_rpm, Method.RPM, "iterate-dev")],
)
def test_a_package_of_the_system_is_found_in_the_list_of_what_is_installed(
    tmp_path: Path, list_it: Callable[[Path, str], None], method: Method, package: str
) -> None:
    path = "usr/lib/iterate/iterate"
    list_it(tmp_path, path)
    found = find(tmp_path, path)
    assert (found.method, found.package, found.command) == (method, package, tmp_path / "usr/bin/iterate")
    # What nobody lists belongs to nobody.
    assert find(tmp_path, "home/u/other/iterate-x").method is Method.ARCHIVE


@pytest.mark.parametrize("content", [b"", b"SQLite format 3\0", b"no database"])
def test_a_damaged_database_of_rpm_is_nobodys(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "var/lib/rpm").mkdir(parents=True)
    (tmp_path / "var/lib/rpm/rpmdb.sqlite").write_bytes(content)
    assert find(tmp_path, "usr/bin/iterate").method is Method.ARCHIVE


# --- with a receipt ------------------------------------------------------------------------------------------

RECEIPT = {
    "schema": 1,
    "name": "iterate",
    "method": "npm",
    "channel": "dev",
    "stream": "dev",
    "version": "0.0.0-dev-20260102030405",
    "packages": {"npm": {"latest": "iterate", "dev": "iterate"}, "brew": {"dev": "acme/tap/iterate-dev"}},
    "sites": ["https://example.invalid/"],
}


@pytest.mark.parametrize(
    ("path", "method", "package"),
    [
        (f"{NVM}/lib/node_modules/iterate/node_modules/{DEEP}", Method.NPM, "iterate"),
        (f"{PNPM}/global/5/.pnpm/iterate-linux-x64@1/node_modules/{DEEP}", Method.PNPM, "iterate"),
        (f"home/u/.config/yarn/global/node_modules/{DEEP}", Method.YARN, "iterate"),
        (f"home/u/.bun/install/global/node_modules/{DEEP}", Method.BUN, "iterate"),
        (f"{MISE}/installs/npm-iterate/1/lib/node_modules/iterate/node_modules/{DEEP}", Method.MISE, "npm:iterate"),
        ("somewhere/else/iterate", Method.NPM, "iterate"),
    ],
)
def test_the_receipt_of_npm_belongs_to_the_client_whose_folder_it_lies_in(
    tmp_path: Path, path: str, method: Method, package: str
) -> None:
    program = put(tmp_path, path)
    put(program.parent, "install-receipt.json", json.dumps(RECEIPT))
    copy = copy_at(program, STAMP, tmp_path)
    assert (copy.method, copy.package, copy.stream) == (method, package, "dev")
    assert copy.sites == ("https://example.invalid/",)


@pytest.mark.parametrize(
    ("said", "method"),
    [("brew", Method.BREW), ("apt", Method.DEB), ("deb", Method.DEB), ("something-newer", Method.UNKNOWN)],
)
def test_what_a_receipt_says_counts_wherever_the_program_lies(tmp_path: Path, said: str, method: Method) -> None:
    program = put(tmp_path, f"{NVM}/lib/node_modules/iterate/node_modules/{DEEP}")
    put(program.parent, "install-receipt.json", json.dumps(RECEIPT | {"method": said}))
    copy = copy_at(program, STAMP, tmp_path)
    assert (copy.method, copy.said, named(said)) == (method, said, method)


def test_an_older_receipt_is_completed_from_the_stamp(tmp_path: Path) -> None:
    program = put(tmp_path, "somewhere/iterate")
    short = {"schema": 1, "name": "iterate-snapshot-fast", "method": "aur", "channel": "snapshot", "version": "x"}
    put(program.parent, "install-receipt.json", json.dumps(short))
    copy = copy_at(program, Stamp("0.0.0-snapshot-fast-start-20260102030405", "snapshot", "", "x"), tmp_path)
    assert (copy.stream, copy.packages, copy.sites, copy.pinned) == ("snapshot-fast-start", {}, (), False)


def test_a_damaged_receipt_leaves_the_copy_to_the_owner_of_its_place_and_to_nobody_else(tmp_path: Path) -> None:
    owned = put(tmp_path, "brew/Cellar/iterate/1.2.3/libexec/iterate/iterate")
    alone = put(tmp_path, "home/u/iterate/iterate")
    for program in (owned, alone):
        put(program.parent, "install-receipt.json", "{")
    assert copy_at(owned, STAMP, tmp_path).method is Method.BREW
    assert copy_at(alone, STAMP, tmp_path).method is Method.UNKNOWN


def test_another_owner_may_be_named_and_its_package_is_the_one_of_this_channel(tmp_path: Path) -> None:
    program = put(tmp_path, f"{NVM}/lib/node_modules/iterate/node_modules/{DEEP}")
    put(program.parent, "install-receipt.json", json.dumps(RECEIPT))
    copy = copy_at(program, STAMP, tmp_path)
    assert owned_by(copy, Method.NPM) == copy
    brew = owned_by(copy, Method.BREW)
    assert (brew.method, brew.package, brew.command) == (Method.BREW, "acme/tap/iterate-dev", None)
    assert owned_by(copy, Method.BUN).package == "iterate"
    assert owned_by(copy, Method.MISE).package == "npm:iterate"
    assert owned_by(copy, Method.SCOOP).package == ""


def test_a_version_belongs_to_the_channel_of_its_form() -> None:
    assert stream_of_version("1.2.3") == "latest"
    assert stream_of_version("1.3.0-rc.1") == "latest"
    assert stream_of_version("0.0.0-dev-20260102030405") == "dev"
    assert stream_of_version("0.0.0-snapshot-fast-start-20260102030405") == "snapshot-fast-start"


@pytest.mark.parametrize(
    "path",
    [
        "home/u/cellar/wine/red/iterate/iterate",
        "usr/lib/node_modules/other-tool/vendor/iterate/iterate",
        "home/u/.bun/install/global/node_modules/other-tool/iterate",
        "home/u/.local/share/pnpm/global/5/.pnpm/other-tool@1.0.0/node_modules/other-tool/iterate",
    ],
)
def test_a_package_of_another_product_that_brings_the_program_along_is_not_upgraded_or_removed_for_it(
    tmp_path: Path, path: str
) -> None:
    program = put(tmp_path, path)
    assert copy_at(program, STAMP, tmp_path).method is Method.ARCHIVE
    # Who gave our package another name has our receipt in it.
    put(
        tmp_path,
        f"{Path(path).parent}/install-receipt.json",
        json.dumps({"schema": 1, "method": "npm", "name": "iterate"}),
    )
    assert copy_at(program, STAMP, tmp_path).package == "iterate"
