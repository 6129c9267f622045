"""A relay for the tests of delivery: it answers as a test says, and lets the test act between the two phases."""

from collections.abc import Callable, Sequence
from threading import Lock

from engine.channels import Accepted, Done, Letter, Outcome, Waves


class Scripted(Waves):
    """Takes every letter, but for the recipients whose answers a test lists; they are used up from the left."""

    def __init__(self, width: int = 100) -> None:
        self.width = width
        self.at_offer: dict[str, list[Outcome]] = {}
        self.at_content: dict[str, list[Outcome]] = {}
        self.offered: list[str] = []
        self.taken: list[Letter] = []
        self.between: Callable[[], None] = lambda: None  # after the offer, before `sending` is committed
        self.handing: Callable[[], None] = lambda: None  # after `sending` was committed, before the content leaves
        self.closed = False
        self._lock = Lock()

    def offer(self, letters: Sequence[Letter]) -> list[Accepted | Outcome]:
        with self._lock:
            self.offered += [letter.recipient for letter in letters]
            answers = [self._answer(self.at_offer, letter) or Accepted(letter) for letter in letters]
        self.between()
        return answers

    def hand_over(self, accepted: Sequence[Accepted]) -> list[Outcome]:
        self.handing()
        outcomes = []
        with self._lock:
            for one in accepted:
                outcome = self._answer(self.at_content, one.letter) or Done("250 taken")
                if isinstance(outcome, Done):
                    self.taken.append(one.letter)
                outcomes.append(outcome)
        return outcomes

    def close(self) -> None:
        self.closed = True

    @staticmethod
    def _answer(script: dict[str, list[Outcome]], letter: Letter) -> Outcome | None:
        answers = script.get(letter.recipient) or script.get("*")
        return answers.pop(0) if answers else None

    def recipients(self) -> list[str]:
        """Whom the relay took a letter for."""
        return [letter.recipient for letter in self.taken]
