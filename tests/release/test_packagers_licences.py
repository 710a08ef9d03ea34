"""SPDX expressions, and how Homebrew and Scoop write them."""

import subprocess
import sys

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
        "()",
        "MIT OR",
        "OR MIT",
        "MIT Apache-2.0",
        "(MIT",
        "MIT)",
        "MIT, ISC",
        "MIT/ISC",
        "MIT WITH",
        "MIT WITH (x)",
        "MIT WITH ISC",
        "Classpath-exception-2.0",
        "LLVM-exception WITH MIT",
        "NOT MIT",
        '"MIT"',
    ],
)
def test_what_is_no_expression_is_an_error(text: str) -> None:
    with pytest.raises(ConfigInvalidError, match="is no SPDX expression"):
        licences.parse(text)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("MTI", "MIT"),
        ("GPL", "GPL-3.0-only"),
        ("MIT OR Apache", "Apache-2.0"),
        ("Apache 2.0", "Apache-2.0"),
        ("BSD", "BSD-2-Clause"),
        ("GPL-2.0", "GPL-2.0-only"),
        ("GPL-3.0+", "GPL-3.0-or-later"),
        ("LGPL-2.1+", "LGPL-2.1-or-later"),
        ("BSD-2-Clause-FreeBSD", "BSD-2-Clause-Views"),
        ("GPL-2.0-with-classpath-exception", "GPL-2.0-only"),
        ("Apache-2.0 WITH LLVM", "LLVM-exception"),
        ("mit", "write MIT"),
        ("MIT or apache-2.0", "write MIT OR Apache-2.0"),
        ("proprietary", "spdx.org/licenses"),
    ],
)
def test_an_identifier_that_is_not_current_or_spelt_otherwise_is_an_error_that_says_the_right_one(
    text: str, hint: str
) -> None:
    with pytest.raises(ConfigInvalidError) as refused:
        licences.parse(text)
    assert hint in refused.value.hint


def test_later_versions_and_licences_of_ones_own_are_legal_spdx() -> None:
    later, own = licences.parse("MPL-1.1+"), licences.parse("LicenseRef-Proprietary OR MIT")
    assert (licences.homebrew(later), licences.scoop(later)) == ('"MPL-1.1+"', "MPL-1.1+")
    assert licences.homebrew(own) == 'any_of: [:cannot_represent, "MIT"]'
    assert licences.scoop(own) == "Proprietary|MIT"
    assert licences.scoop(licences.parse("LicenseRef-Acme")) == "Unknown"


@pytest.mark.parametrize("name", ["MIT", "0BSD", "GPL-3.0-or-later", "CC-BY-4.0"])
def test_an_identifier_by_itself_is_what_the_library_makes_of_it(name: str) -> None:
    assert licences.parse(name) == licences.parse(f"({name})")


def test_the_list_is_not_read_before_a_licence_is() -> None:
    code = "import sys, release.packagers; sys.exit('license_expression' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_plainest_licences_of_a_family_are_named_first() -> None:
    with pytest.raises(ConfigInvalidError) as told:
        licences.parse("BSD")
    assert told.value.hint.startswith("the list has BSD-1-Clause, BSD-2-Clause, BSD-3-Clause, BSD-4-Clause, ")
