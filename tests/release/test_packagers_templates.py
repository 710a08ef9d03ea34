"""Templates that cannot be rendered: each way is one named error with file, line and a hint."""

from pathlib import Path

import pytest
from tests.release import world

from release.errors import TemplateError
from release.model import Product
from release.packagers import quoting, templates


def product_with(folder: Path, template: str) -> Product:
    (folder / "packaging" / "some").mkdir(parents=True)
    (folder / "packaging" / "some" / "file.j2").write_text(template)
    return world.product(folder)


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("one\ntwo\n{{ nobody }}\n", r"file\.j2:3: 'nobody' is undefined"),
        ("one\n{% for x in %}\n", r"file\.j2:2: "),
        ("{{ known.unknown }}", r"file\.j2:1: .*unknown"),
        ("{{ known | nofilter }}", r"file\.j2:1: .*nofilter"),
        ("\n{{ 1 + known }}", r"file\.j2:2: "),
    ],
)
def test_a_broken_template_is_named_with_its_line(tmp_path: Path, template: str, message: str) -> None:
    with pytest.raises(TemplateError, match=message) as refused:
        templates.render(product_with(tmp_path, template), "some", "file", {"known": "text"})
    assert "loops and look-ups" in refused.value.hint


def test_a_missing_template_is_named(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match=r"packaging/some/other\.j2 is missing"):
        templates.render(product_with(tmp_path, ""), "some", "other", {})


def test_an_included_template_that_is_missing_is_named_itself(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match="gone"):
        templates.render(product_with(tmp_path, "{% include 'gone' %}"), "some", "file", {})


def test_a_product_keeps_its_templates_where_it_says(tmp_path: Path) -> None:
    product = product_with(tmp_path, "{{ word }}\n\n")
    assert templates.render(product, "some", "file", {"word": "hello"}) == "hello\n"


def test_powershell_takes_curly_quotes_for_straight_ones_so_all_are_doubled() -> None:
    assert quoting.powershell("it's \u2018so\u2019 $x") == "'it''s \u2018\u2018so\u2019\u2019 $x'"


def test_systemd_reads_percent_and_dollar_so_both_are_doubled() -> None:
    assert quoting.systemd('50% of "$HOME" \\') == '"50%% of \\"$$HOME\\" \\\\"'
