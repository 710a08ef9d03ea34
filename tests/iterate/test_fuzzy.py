"""Which texts are meant by some letters of them: all that hold the letters in order, the best first."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iterate.fuzzy import Finder, Found, best, marked

WORDS = st.text(alphabet="abAB/_- é", max_size=12)


def holds(term: str, text: str) -> bool:
    text = text if term != term.lower() else text.lower()
    rest = iter(text)
    return all(letter in rest for letter in term)


@given(st.lists(WORDS, max_size=12), st.lists(st.text(alphabet="abA é", max_size=5), max_size=6))
def test_whatever_was_typed_before_all_that_hold_the_letters_are_counted_and_no_others(
    texts: list[str], queries: list[str]
) -> None:
    finder = Finder(texts)
    for query in queries:
        found = finder.find(query)
        wanted = {place for place, text in enumerate(texts) if all(holds(term, text) for term in query.split())}
        assert set(found.places) == wanted
        assert found.total == len(wanted)


@given(WORDS, st.text(alphabet="abA é", max_size=5))
def test_what_is_marked_are_the_letters_that_were_typed(text: str, query: str) -> None:
    terms = query.split()
    places = marked(query, text)
    if not all(holds(term, text) for term in terms):
        assert places == []
    elif len(terms) == 1:
        assert "".join(text[place] for place in places).lower() == terms[0].lower()


@pytest.mark.parametrize(
    ("query", "paths", "first"),
    [
        ("server", ["src/server/route.py", "src/routes/server.py", "docs/serve.md"], "src/routes/server.py"),
        ("srvroute", ["src/routes/server.py", "src/server/route.py"], "src/server/route.py"),
        ("fb", ["fumble.ts", "FooBar.ts"], "FooBar.ts"),
        ("fb", ["fumble.py", "foo_bar.py"], "foo_bar.py"),
        ("tm", ["src/atom.py", "tests/main.py"], "tests/main.py"),
        ("main", ["main/deep/other.py", "domain.py", "src/main.py"], "src/main.py"),
        ("R", ["src/route.py", "README.md"], "README.md"),
        ("route py", ["route.ts", "py/route.md", "route.py"], "route.py"),
        ("a.py", ["lib/ab.pyi", "a.py", "b/a.py"], "a.py"),
    ],
)
def test_the_name_words_capitals_and_one_piece_come_first(query: str, paths: list[str], first: str) -> None:
    assert best(query, paths, 9)[0] == first


def test_what_matches_equally_stays_in_order_and_without_letters_all_do() -> None:
    finder = Finder(["fix the parser", "fix the printer", "fix"])
    assert finder.find("fix").places == [0, 1, 2]
    assert finder.find("printer fix").places == [1]
    assert finder.find("") == Found(3, range(3))
    assert finder.find("", 2) == Found(3, range(2))


def test_the_best_of_many_is_found_among_all_that_match() -> None:
    paths = [f"abc/x{number}/l_i_s_t_i_n_g_{number}.txt" for number in range(20_000)]
    finder = Finder([*paths, "deep/in/a/folder/of/its/own/listing.py"], is_path=True)
    found = finder.find("")
    for end in range(1, 8):
        found = finder.find("listing"[:end])
        assert found.total == 20_001
    assert found.places[0] == 20_000
    assert sorted([*found.places, *finder.rest()]) == list(range(20_001))


def test_letters_that_become_two_in_small_are_marked_where_they_are() -> None:
    assert marked("x", "\u0130\u0130x") == [2]
    assert Finder(["\u0130\u0130x"]).marked("x", 0) == [2]
