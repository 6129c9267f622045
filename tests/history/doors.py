"""Doors that keep every letter and when it went; some addresses are dead, some letters are to come later or are not answered."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from engine.channels import Accepted, Done, Doors, Failed, Letter, Outcome, Retry, Uncertain, Waves
from engine.demo.chance import chance

_DEAD, _LATER, _SILENT, _SILENT_AGAIN = 0.01, 0.01, 0.001, 0.3


@dataclass(frozen=True)
class Handed:
    """A letter that left, or may have."""

    at: datetime
    channel: str
    letter: Letter
    answered: bool


class World:
    """What is beyond the doors, at the instant `now`."""

    def __init__(self, begins: datetime) -> None:
        self.now = begins
        self.handed: list[Handed] = []
        self.refused: dict[tuple[str, str], datetime] = {}  # dead addresses, and when that was first said
        self.offered_again: list[tuple[str, str]] = []
        self._put_off: Counter[str] = Counter()
        self._handed: Counter[str] = Counter()
        self._began = begins

    def doors(self) -> Doors:
        """A door for each channel."""
        return Doors({name: _Door(self, name) for name in ("email", "sms", "chat", "webhook")})

    def offer(self, channel: str, letter: Letter) -> Accepted | Outcome:
        """What the other side says before it takes anything."""
        if channel != "webhook" and self._is_dead(letter.recipient):
            first = self.refused.setdefault((channel, letter.recipient), self.now)
            if first < self.now:
                self.offered_again.append((channel, letter.recipient))
            return Failed(550, "no such address", suppress=True)
        if chance(letter.key, "later") < _LATER and not self._put_off[letter.key]:
            self._put_off[letter.key] += 1
            return Retry(timedelta(hours=3), 451, "come later", "message")
        return Accepted(letter)

    def hand_over(self, channel: str, letter: Letter) -> Outcome:
        """Takes a letter; of a few it does not say so, and of one that comes again it may not say so again."""
        silent = _SILENT if self._handed[letter.key] == 0 else _SILENT_AGAIN
        answered = channel == "webhook" or chance(letter.key, f"silent {self._handed[letter.key]}") >= silent
        self._handed[letter.key] += 1
        self.handed.append(Handed(self.now, channel, letter, answered))
        return Done("kept") if answered else Uncertain("no answer")

    def _is_dead(self, address: str) -> bool:
        """Some addresses end on a day of the history."""
        if address.endswith("@tea.example.com") or chance(address, "dies") >= _DEAD:
            return False
        return self.now - self._began > timedelta(days=545 * chance(address, "day"))


class _Door(Waves):
    width = 1000

    def __init__(self, world: World, name: str) -> None:
        self._world, self._name = world, name

    def offer(self, letters: Sequence[Letter]) -> list[Accepted | Outcome]:
        return [self._world.offer(self._name, letter) for letter in letters]

    def hand_over(self, accepted: Sequence[Accepted]) -> list[Outcome]:
        return [self._world.hand_over(self._name, one.letter) for one in accepted]
