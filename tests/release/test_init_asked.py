"""What init asks at a terminal."""

import re

from release.screen import Screen
from release.words.starting import Person


class Answering(Screen):
    """A terminal where these answers are typed; keeps what it showed."""

    def __init__(self, *answers: str) -> None:
        super().__init__(as_json=False)
        self.answers = list(answers)
        self.shown: list[str] = []

    @property
    def can_ask(self) -> bool:
        return True

    def asked(self, question: str) -> str:
        self.shown.append(question)
        return self.answers.pop(0)

    def tell(self, text: str) -> None:
        self.shown.append(text)


def test_no_word_of_a_question_is_broken_by_the_edge_of_the_terminal() -> None:
    options = [f"extra-{number}" for number in range(30)]
    screen = Answering("extra-1 and also something-that-there-is-not of-a-good-length-too", "extra-1")
    assert Person(screen, silent=False).some("Which extras are inside?", options, ()) == ("extra-1",)
    asked, refused, again = screen.shown
    assert asked == again
    assert asked.splitlines()[1:-1] == [line for line in asked.splitlines() if line.startswith("  extra-")]
    assert re.findall(r"extra-\d+", asked) == options
    assert " ".join(refused.splitlines()).endswith("type some with spaces between them, or none")
    assert max(map(len, [*asked.splitlines(), *refused.splitlines()])) < 80
