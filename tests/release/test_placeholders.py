"""Fields in the texts of release.toml are filled in, and every other brace stands for itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release import placeholders


@pytest.mark.parametrize(
    ("text", "fields", "filled"),
    [
        ("", (), ""),
        ("{port}", ("port",), "80"),
        ("a{port}b{port}", ("port", "port"), "a80b80"),
        ('{"port": {port}}', ("port",), '{"port": 80}'),
        ('{"a": {"port": {port}}}', ("port",), '{"a": {"port": 80}}'),
        ("{{port}}", (), "{port}"),
        ("{Port} {0} {} { port } {port", (), "{Port} {0} {} { port } {port"),
        ("{other}", ("other",), "{other}"),
        ("%s $port \\{port}", ("port",), "%s $port \\80"),
    ],
)
def test_a_lower_case_word_in_braces_is_a_field(text: str, fields: tuple[str, ...], filled: str) -> None:
    assert placeholders.found(text) == fields
    assert placeholders.fill(text, port="80") == filled


@given(st.text(alphabet="{}ab_ ", max_size=20))
def test_what_is_no_field_and_no_doubled_field_stays_as_it_is(text: str) -> None:
    if not placeholders.found(text) and "{{" not in text:
        assert placeholders.fill(text, a="1", b="2", ab="3") == text


@given(st.text())
def test_a_value_is_never_read_again(value: str) -> None:
    assert placeholders.fill("{a}{b}", a=value, b="{a}") == value + "{a}"
