"""SPDX expressions, and how Homebrew and Scoop write them."""

import pytest

from release.errors import ConfigInvalidError
from release.packagers import licences


@pytest.mark.parametrize(
    ("text", "homebrew", "scoop"),
    [
        ("MIT", '"MIT"', "MIT"),
        ("MIT OR Apache-2.0", 'any_of: ["MIT", "Apache-2.0"]', "MIT|Apache-2.0"),
        ("MIT AND 0BSD", 'all_of: ["MIT", "0BSD"]', "MIT,0BSD"),
        (
            "Apache-2.0 WITH LLVM-exception",
            '"Apache-2.0" => { with: "LLVM-exception" }',
            "Apache-2.0 WITH LLVM-exception",
        ),
        (
            "MIT OR Apache-2.0 WITH LLVM-exception",
            'any_of: ["MIT", { "Apache-2.0" => { with: "LLVM-exception" } }]',
            "MIT|Apache-2.0 WITH LLVM-exception",
        ),
        (
            "MIT AND (0BSD OR ISC)",
            'all_of: ["MIT", { any_of: ["0BSD", "ISC"] }]',
            "MIT,0BSD|ISC",
        ),
        ("MIT OR 0BSD AND ISC", 'any_of: ["MIT", { all_of: ["0BSD", "ISC"] }]', "MIT|0BSD,ISC"),
        ("((MIT))", '"MIT"', "MIT"),
    ],
)
def test_an_expression_is_written_as_each_ecosystem_reads_it(text: str, homebrew: str, scoop: str) -> None:
    expression = licences.parse(text)
    assert licences.homebrew(expression) == homebrew
    assert licences.scoop(expression) == scoop


@pytest.mark.parametrize(
    "text",
    [
        "",
        "MIT OR",
        "OR MIT",
        "MIT Apache-2.0",
        "(MIT",
        "MIT)",
        "MIT, ISC",
        "MIT WITH",
        "MIT WITH (x)",
        '"MIT"',
    ],
)
def test_what_is_no_expression_is_refused(text: str) -> None:
    with pytest.raises(ConfigInvalidError, match="not an SPDX expression"):
        licences.parse(text)
