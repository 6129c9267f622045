"""A channel that goes nowhere: rehearsals read from it what would have been sent."""

from collections.abc import Sequence

from engine.channels.channel import Done, Letter, Outcome
from engine.channels.waves import Accepted, Waves


class Record(Waves):
    """Takes every letter and keeps it, in the order of sending."""

    width = 1000

    def __init__(self) -> None:
        self.letters: list[Letter] = []

    def offer(self, letters: Sequence[Letter]) -> list[Accepted | Outcome]:
        """Accepts everything."""
        return [Accepted(letter) for letter in letters]

    def hand_over(self, accepted: Sequence[Accepted]) -> list[Outcome]:
        """Keeps the letters."""
        self.letters += [one.letter for one in accepted]
        return [Done("250 kept")] * len(accepted)
