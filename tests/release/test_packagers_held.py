"""What lies at a place already: the packaging's own number goes up, and people's files are left alone."""

from dataclasses import replace

import pytest
from msgspec.structs import replace as changed
from tests.release import world

from release.model import Bundle, Packager, Read
from release.packagers import aur, homebrew, nothing, scoop
from release.product import Channel, Product
from release.version import parse

NEWER = "Coding agent with another summary"


def holding(bundle: Bundle, **others: bytes) -> Read:
    """A place that holds these files."""
    files = {file.path: file.content for file in bundle.files if isinstance(file.content, bytes)}
    return {**files, **others}.get


def rendered(packager: Packager, product: Product, held: Read = nothing, *, text: str = world.LATEST) -> Bundle:
    (bundle,) = packager.bundles(product, world.local(), world.release(product, world.plan(text=text)), held)
    return bundle


def content(bundle: Bundle, path: str) -> str:
    (file,) = (file for file in bundle.files if file.path == path)
    assert isinstance(file.content, bytes)
    return file.content.decode()


def number(bundle: Bundle) -> int:
    assert bundle.edition is not None
    return bundle.edition.revision


# --- the packaging's own number ----------------------------------------------------------------------------


@pytest.mark.parametrize(("packager", "first"), [(homebrew.PACKAGER, 0), (aur.PACKAGER, 1)])
def test_the_same_package_keeps_its_number_and_another_one_of_the_same_version_gets_the_next(
    packager: Packager, first: int
) -> None:
    product, other = world.product(), changed(world.product(), summary=NEWER)
    bundle = rendered(packager, product)
    assert number(bundle) == first
    assert rendered(packager, product, holding(bundle)) == bundle
    second = rendered(packager, other, holding(bundle))
    assert number(second) == first + 1
    assert rendered(packager, other, holding(second)) == second
    third = rendered(packager, product, holding(second))
    assert number(third) == first + 2
    # The next version begins anew, and so does an older one that is published again.
    assert number(rendered(packager, other, holding(third), text="1.2.4")) == first
    assert number(rendered(packager, other, holding(third), text="1.2.2")) == first


def test_a_number_that_a_maintainer_wrote_stays() -> None:
    bundle = rendered(homebrew.PACKAGER, world.product())
    path = "Formula/iterate.rb"
    by_hand = content(bundle, path).replace('  license "MIT"\n', '  license "MIT"\n  revision 4\n')
    again = rendered(homebrew.PACKAGER, world.product(), holding(bundle, **{path: by_hand.encode()}))
    assert (number(again), content(again, path)) == (4, by_hand)


def test_a_formula_and_a_pkgbuild_say_their_number() -> None:
    product, other = world.product(), changed(world.product(), summary=NEWER)
    formula = rendered(homebrew.PACKAGER, other, holding(rendered(homebrew.PACKAGER, product)))
    lines = content(formula, "Formula/iterate.rb").splitlines()
    assert lines[lines.index('  license "MIT"') + 1] == "  revision 1"
    assert formula.message == "iterate 1.2.3_1"
    package = rendered(aur.PACKAGER, other, holding(rendered(aur.PACKAGER, product)))
    assert "\npkgrel=2\n" in content(package, "PKGBUILD")
    assert "\n\tpkgrel = 2\n" in content(package, ".SRCINFO")
    assert package.message == "iterate-bin 1.2.3-2"


@pytest.mark.parametrize("held", [b"", b"\xff\xfe", b"pkgver=nonsense\npkgrel=7\n", b"pkgrel=7\n"])
def test_a_file_that_is_not_ours_begins_at_the_first_number(held: bytes) -> None:
    assert number(rendered(aur.PACKAGER, world.product(), {"PKGBUILD": held}.get)) == 1


def test_what_is_found_at_a_place_is_never_newer_than_what_follows_it() -> None:
    for packager in (homebrew.PACKAGER, aur.PACKAGER):
        bundle = rendered(packager, world.product())
        second = rendered(packager, changed(world.product(), summary=NEWER), holding(bundle))
        edition = packager.edition(second, holding(second))
        assert edition == second.edition
        assert edition is not None
        assert edition.version == parse("1.2.3")


def test_what_is_kept_here_asks_no_place() -> None:
    def unreachable(path: str) -> bytes:
        raise AssertionError(path)

    product = world.product()
    release = world.release(product, world.plan(Channel.SNAPSHOT))
    (bundle,) = aur.PACKAGER.bundles(product, world.local(), release, unreachable)
    assert bundle.kept


# --- files for people --------------------------------------------------------------------------------------


@pytest.mark.parametrize("packager", [homebrew.PACKAGER, scoop.PACKAGER], ids=lambda packager: packager.name)
def test_an_empty_repository_gets_a_readme_and_line_ends(packager: Packager) -> None:
    bundle = rendered(packager, world.product())
    readme = content(bundle, "README.md")
    assert "iterate" in readme.splitlines()[0]
    assert "iterate-dev" in readme
    ends = "crlf" if packager is scoop.PACKAGER else "lf"
    assert f"* text=auto eol={ends}\n" in content(bundle, ".gitattributes")


@pytest.mark.parametrize("packager", [homebrew.PACKAGER, scoop.PACKAGER], ids=lambda packager: packager.name)
@pytest.mark.parametrize("path", ["README.md", ".gitattributes"])
def test_a_file_that_people_wrote_is_left_alone_and_ours_is_kept_up_to_date(packager: Packager, path: str) -> None:
    bundle = rendered(packager, world.product())
    for theirs in (b"# Our tap\n", b"", content(bundle, path).partition("\n")[2].encode()):
        again = rendered(packager, world.product(), holding(bundle, **{path: theirs}))
        assert path not in {file.path for file in again.files}
    ours = content(bundle, path)
    older = ours.partition("\n")[0] + "\nsomething older\n"
    again = rendered(packager, world.product(), holding(bundle, **{path: older.encode()}))
    assert content(again, path) == ours


def test_two_products_in_one_tap_do_not_overwrite_each_others_readme() -> None:
    first = rendered(homebrew.PACKAGER, world.product())
    second = rendered(homebrew.PACKAGER, world.minimal(), holding(first))
    assert [file.path for file in second.files] == ["Formula/hello-world.rb"]


def test_all_channels_render_the_same_readme() -> None:
    product = world.product()
    for packager in (homebrew.PACKAGER, scoop.PACKAGER):
        texts = set()
        for channel in Channel:
            release = world.release(product, world.plan(channel))
            (bundle,) = packager.bundles(product, world.local(), replace(release), nothing)
            texts.add(content(bundle, "README.md"))
        assert len(texts) == 1
