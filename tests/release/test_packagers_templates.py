"""Templates: those that cannot be rendered are one named error with file, line and a hint; nothing goes unquoted."""

from pathlib import Path

import pytest
from tests.release import world

from release.errors import TemplateError
from release.packagers import quoting, templates
from release.packagers.quoting import Language
from release.product import Product


def product_with(folder: Path, template: str) -> Product:
    (folder / "packaging" / "some").mkdir(parents=True)
    (folder / "packaging" / "some" / "file.j2").write_text(template)
    return world.product(folder)


def rendered(folder: Path, template: str, language: Language = Language.BASH, **values: object) -> str:
    return templates.render(product_with(folder, template), "some/file", language, values)


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("one\ntwo\n{{ nobody | bash }}\n", r"file\.j2:3: 'nobody' is undefined"),
        ("{% if nobody %}{% endif %}", r"file\.j2:1: 'nobody' is undefined"),
        ("one\n{% for x in %}\n", r"file\.j2:2: "),
        ("{{ known.unknown | bash }}", r"file\.j2:1: .*unknown"),
        ("{{ known | nofilter }}", r"file\.j2:1: .*nofilter"),
        ("\n{{ (1 + known) | bash }}", r"file\.j2:2: "),
    ],
)
def test_a_broken_template_is_named_with_its_line(tmp_path: Path, template: str, message: str) -> None:
    with pytest.raises(TemplateError, match=message) as refused:
        rendered(tmp_path, template, known="text")
    assert "values pass a filter of bash: bash, comment, word" in refused.value.hint


@pytest.mark.parametrize(
    "template",
    [
        "{{ known }}",
        "{{ 'text' }}",
        "{{ 1 }}",
        "{{ none }}",
        "{{ (known | bash) ~ known }}",
        "{{ (known | bash)[1:-1] }}",
        "{{ (known | bash).upper() }}",
        "{{ (known | bash) + known }}",
        "{{ known if true else known | bash }}",
        "{{ '%s' % known }}",
        "{{ known.join(['a', 'b']) }}",
        "{% for item in [known] %}{{ item }}{% endfor %}",
        "{% set other = known %}{{ other }}",
        "{% set other %}{{ known }}{% endset %}",
        "{% macro other() %}{{ known | bash }}{% endmacro %}{{ other() }}",
        "{% autoescape true %}{{ known }}{% endautoescape %}",
        "{% block some %}{{ known }}{% endblock %}",
        "{{ self }}",
        "{{ [known] }}",
    ],
)
def test_a_value_that_no_filter_quoted_is_an_error_with_its_line(tmp_path: Path, template: str) -> None:
    with pytest.raises(TemplateError, match=r"some/file\.j2:2: .*without a filter") as refused:
        rendered(tmp_path, f"# {{{{ known | word }}}}\n{template}\n", known="text")
    assert "bash" in refused.value.hint


@pytest.mark.parametrize("name", ["safe", "join", "replace", "format", "upper", "tojson", "ruby", "markdown", "line"])
@pytest.mark.parametrize("form", ["{{{{ known | {} }}}}", "{{% filter {} %}}text{{% endfilter %}}"])
def test_there_are_no_filters_but_those_of_the_files_language(tmp_path: Path, name: str, form: str) -> None:
    with pytest.raises(TemplateError, match=f"No filter named '{name}'"):
        rendered(tmp_path, form.format(name), known="text")


def test_an_included_template_keeps_the_rule(tmp_path: Path) -> None:
    product = product_with(tmp_path, "{% include 'inner.j2' %}")
    (tmp_path / "packaging" / "some" / "inner.j2").write_text("{{ known }}")
    with pytest.raises(TemplateError, match="without a filter"):
        templates.render(product, "some/file", Language.BASH, {"known": "text"})


@pytest.mark.parametrize(
    "value", ["", "two words", "-option", "a/b", "a;b", "$x", "x\n", "`id`", '"', "ünïcode", None, True]
)
def test_only_a_plain_word_is_printed_as_it_is(tmp_path: Path, value: object) -> None:
    with pytest.raises(TemplateError, match=r"file\.j2:1: "):
        rendered(tmp_path, "{{ known | word }}", known=value)


def test_a_template_may_say_if_and_a_list_is_written_as_the_language_writes_lists(tmp_path: Path) -> None:
    template = "{% if words %}run {{ words | bash }} {{ number | word }}{% endif %}"
    assert rendered(tmp_path, template, words=["a b", "c"], number=3) == "run 'a b' 'c' 3\n"


def test_a_language_without_lists_takes_none(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match="neither text nor a whole number"):
        rendered(tmp_path, "{{ words | line }}", Language.SRCINFO, words=["a", "b"])


def test_a_missing_template_is_named(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match=r"packaging/some/other\.j2 is missing"):
        templates.render(product_with(tmp_path, ""), "some/other", Language.PLAIN, {})


def test_a_project_without_a_template_of_its_own_has_the_tools(tmp_path: Path) -> None:
    values = {"name": "otter"}
    ours = templates.render(world.product(tmp_path), "scoop/gitattributes", Language.PLAIN, values)
    assert ours.startswith("# Rendered for otter.")
    (tmp_path / "packaging" / "scoop").mkdir(parents=True)
    (tmp_path / "packaging" / "scoop" / "gitattributes.j2").write_text("# theirs\n")
    theirs = templates.render(world.product(tmp_path), "scoop/gitattributes", Language.PLAIN, values)
    assert theirs == "# theirs\n"


def test_an_included_template_that_is_broken_is_named_itself(tmp_path: Path) -> None:
    product = product_with(tmp_path, "one\n{% include 'inner.j2' %}")
    inner = tmp_path / "packaging" / "some" / "inner.j2"
    for broken in ("\n\n{{ known }}", "\n\n{% if %}"):
        inner.write_text(broken)
        with pytest.raises(TemplateError, match=r"some/inner\.j2:3: "):
            templates.render(product, "some/file", Language.BASH, {"known": "text"})


def test_an_included_template_that_is_missing_is_named_itself(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match="gone"):
        rendered(tmp_path, "{% include 'gone' %}")


def test_a_product_keeps_its_templates_where_it_says(tmp_path: Path) -> None:
    assert rendered(tmp_path, "{{ word | word }}\n\n", word="hello") == "hello\n"


def test_powershell_takes_curly_quotes_for_straight_ones_so_all_are_doubled() -> None:
    assert quoting.powershell("it's \u2018so\u2019 $x") == "'it''s \u2018\u2018so\u2019\u2019 $x'"


def test_systemd_reads_percent_and_dollar_so_both_are_doubled() -> None:
    assert quoting.systemd('50% of "$HOME" \\') == '"50%% of \\"$$HOME\\" \\\\"'


@pytest.mark.parametrize("text", ["two\nlines", "two\u2028lines", "tab\there"])
def test_a_comment_never_leaves_its_line(text: str) -> None:
    with pytest.raises(ValueError, match="does not stay on the line"):
        quoting.comment(text)


def test_text_for_markdown_has_no_marks_left() -> None:
    assert quoting.markdown("a *b* <c> `d` [e](f)") == r"a \*b\* \<c\> \`d\` \[e\]\(f\)"
