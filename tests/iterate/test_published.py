"""What the release tool publishes, read by our client: a document, and a patch that leads to the new tar."""

import tarfile
from datetime import UTC, datetime
from pathlib import Path

from tests.iterate import signed as site
from tests.release import signed
from tests.release.test_patches import archive, published, tar

from iterate.install import patch
from iterate.install.layout import Layout
from iterate.install.network import Door
from iterate.install.site import Site
from iterate.settings import Surroundings


def test_a_published_site_gives_a_document_and_the_patch_makes_the_new_tar(tmp_path: Path) -> None:
    otter = signed.otter(tmp_path / "otter", targets=("linux-x64", "windows-x64-baseline"))
    first, second = published(otter, 1), published(otter, 2)
    public = otter / "dist" / "public" / "site"
    files = {each.relative_to(public).as_posix(): each.read_bytes() for each in public.rglob("*") if each.is_file()}
    root = (otter / "dist" / "keys" / "root.json").read_bytes()
    with site.served(files) as served:
        door = Door(Surroundings())
        with Site((served.url,), root, tmp_path / "state", lambda: datetime.now(UTC), door, "otter") as found:
            document = found.document("dev")
            assert document.version == second.plan.version.text
            assert found.document("dev", first.plan.version.text).version == first.plan.version.text
            assert set(found.versions("dev")) == {each.plan.version.text for each in (first, second)}
    offered = document.archive("linux-x64")
    assert offered is not None
    assert offered.tar is not None
    way = patch.fitting(offered, first.plan.version.text)
    assert way is not None
    # The tar is made again from what was unpacked, with what an installation adds beside the program.
    old = otter / "dist" / "artifacts" / archive(first, "linux-x64").file
    store = tmp_path / ".otter"
    with tarfile.open(old) as packed:
        packed.extractall(store / "1", filter="data")
    (program,) = (store / "1").glob("*/otter/otter")
    program.with_name("install-receipt.json").write_text("{}")
    layout = Layout(store=store, version=store / "1", inner=program.relative_to(store / "1"), link=tmp_path / "otter")
    assert patch.rebuilt(layout, way.from_tar, tmp_path / "old.tar")
    new = tmp_path / "new.tar"
    packed_patch = public / second.plan.tag / way.file
    assert patch.apply(tmp_path / "old.tar", packed_patch, new, offered.tar)
    assert new.read_bytes() == tar(otter, archive(second, "linux-x64"))
