"""Channels that go in waves: letters are offered together, asked for together at the gate, and handed over together."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from engine.channels.channel import Gate, Letter, Outcome, Retry


@dataclass(frozen=True, eq=False)
class Accepted:
    """An offered letter that the other side is ready to take."""

    letter: Letter


class Waves(ABC):
    """A `Channel` in two phases, so that the gate can be asked between them.

    What `offer` answers is certain: nothing of the content has left. Accepted letters that are not handed over
    before the next offer are let go, and certainly not sent.
    """

    width: int  # how many letters can be offered at once

    @abstractmethod
    def offer(self, letters: Sequence[Letter]) -> list[Accepted | Outcome]:
        """Asks whether the letters, at most `width`, would be taken; one answer for each, in their order."""

    @abstractmethod
    def hand_over(self, accepted: Sequence[Accepted]) -> list[Outcome]:
        """Sends the contents of letters of the last offer; one outcome for each, in their order."""

    def send(self, letters: Iterable[Letter], gate: Gate) -> None:
        """One wave after the other, until one finds the door shut."""
        for wave in _waves(letters, self.width):
            if not self._wave(wave, gate):
                return

    def close(self) -> None:  # noqa: B027  (nothing to do is what it does)
        """Nothing is open between waves."""

    def _wave(self, wave: Sequence[Letter], gate: Gate) -> bool:
        """Whether the door is still open after it."""
        ready: list[Accepted] = []
        is_open = True
        for letter, answer in zip(wave, self.offer(wave), strict=True):
            if isinstance(answer, Accepted):
                ready.append(answer)
            else:
                gate.tell(letter, answer)
                is_open = is_open and not _shuts(answer)
        going = gate.may_go([one.letter for one in ready]) if ready else ()
        sent = [one for one in ready if one.letter.key in going]
        outcomes = self.hand_over(sent) if sent else []
        for one, outcome in zip(sent, outcomes, strict=True):
            gate.tell(one.letter, outcome)
            is_open = is_open and not _shuts(outcome)
        return is_open


def _shuts(outcome: Outcome) -> bool:
    return isinstance(outcome, Retry) and outcome.scope == "relay"


def _waves(letters: Iterable[Letter], width: int) -> Iterator[list[Letter]]:
    left = iter(letters)
    while wave := list(islice(left, width)):
        yield wave
