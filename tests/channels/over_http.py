"""What the tests of the doors over HTTP share."""

from collections.abc import Iterable
from datetime import UTC, datetime

from engine.channels import Accepted, Letter, Outcome, Waves
from engine.channels.http import Http
from engine.channels.inside import Allowed

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ALLOWED = Allowed(["127.0.0.1"])


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


def way_out() -> Http:
    """The way out, to this machine."""
    return Http(ALLOWED, most=4096)


def sent(channel: Waves, letters: Iterable[Letter]) -> list[Outcome]:
    """Offers and hands over as the engine does; what is not accepted is an outcome already."""
    answers = channel.offer(list(letters))
    handed = iter(channel.hand_over([one for one in answers if isinstance(one, Accepted)]))
    return [next(handed) if isinstance(one, Accepted) else one for one in answers]
