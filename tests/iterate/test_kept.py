"""An upgrade to the version that was kept: it is switched to where it is whole, and downloaded where it is not."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.iterate import installed, signed
from tests.iterate.installed import TARGET, Built, install, offered
from tests.iterate.signed import Served

from iterate.errors import ProgramBroken
from iterate.install.document import Document
from iterate.install.network import Door
from iterate.install.replace import Replaced, Trial, replace
from iterate.settings import Surroundings

pytestmark = pytest.mark.systems("linux", "darwin")


@pytest.fixture(scope="module")
def builds(tmp_path_factory: pytest.TempPathFactory) -> tuple[Built, Built]:
    old, new = (installed.build(tmp_path_factory.mktemp(each), each) for each in ("1.0.0", "1.1.0"))
    return old, new


@pytest.fixture
def site() -> Iterator[Served]:
    with signed.served({}) as made:
        yield made


def works(_program: Path, _version: str, _room: Path) -> None:
    """All programs do."""


def broken(_program: Path, version: str, _room: Path) -> None:
    """None does."""
    raise ProgramBroken(version)


def upgraded(folder: Path, document: Document, *, try_out: Trial = works, pinned: bool = False) -> Replaced:
    program = (folder / "iterate").resolve()
    with closing(Door(Surroundings())) as door:
        return replace(program, document, door=door, root=b"{}", target=TARGET, pinned=pinned, try_out=try_out)


@pytest.fixture
def documents(tmp_path: Path, builds: tuple[Built, Built], site: Served) -> tuple[Document, Document]:
    """Those of two versions; the older one counts, and the newer one is kept."""
    old, new = (offered(site, each) for each in builds)
    install(tmp_path / "bin", builds[0])
    for document in (new, old):
        upgraded(tmp_path / "bin", document)
    site.asked.clear()
    return old, new


def test_a_version_that_was_kept_is_switched_to_and_nothing_is_downloaded(
    tmp_path: Path, documents: tuple[Document, Document], site: Served
) -> None:
    folder = tmp_path / "bin"
    for document in (*reversed(documents), documents[1]):
        done = upgraded(folder, document, pinned=True)
        assert (done.version, done.received, site.asked) == (document.version, 0, [])
        told = (folder / "iterate").resolve().with_name("install-receipt.json").read_text()
        assert f'"version": "{document.version}"' in told
        assert '"pinned": true' in told
    assert (folder / ".iterate" / "previous").resolve().name.startswith("1.0.0")


def test_a_version_that_was_kept_but_changed_is_downloaded(
    tmp_path: Path, documents: tuple[Document, Document], site: Served
) -> None:
    kept = (tmp_path / "bin" / ".iterate" / "previous").resolve()
    (kept / "iterate" / "iterate" / "stranger").write_text("more")
    assert upgraded(tmp_path / "bin", documents[1]).received > 0
    assert len(site.asked) == 1
    assert not list((tmp_path / "bin" / ".iterate").rglob("stranger"))


def test_a_version_that_was_kept_and_does_not_start_is_not_switched_to(
    tmp_path: Path, documents: tuple[Document, Document]
) -> None:
    with pytest.raises(ProgramBroken):
        upgraded(tmp_path / "bin", documents[1], try_out=broken)
    assert "/1.0.0" in str((tmp_path / "bin" / "iterate").resolve())
