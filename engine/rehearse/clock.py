"""A virtual clock: the real engine on any store, its time moved from one instant with something to do to the next."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from engine.channels import Channel
from engine.run import random_code
from engine.shop import Shop
from engine.tick import Tick, Ticked
from engine.workspace import Workspace

#: Signs the unsubscribe links of a rehearsal, which nobody will follow.
_SECRETS = ("a rehearsal signs nothing that counts",)


class EngineFault(RuntimeError):
    """The engine broke one of its own rules in a rehearsal: a mistake of ours, never of an author."""


@dataclass
class Rehearsal:
    """The engine over a store, at a time of its own.

    `checked` runs every tick a second time and raises `EngineFault` where that does anything.
    """

    workspace: Workspace
    store: sa.Engine
    channel: Channel
    now: datetime
    new_code: Callable[[], str] = random_code
    control: Callable[[str, str], bool] | None = None
    secrets: Sequence[str] = _SECRETS
    checked: bool = False
    _tick: Tick = field(init=False)

    def __post_init__(self) -> None:
        shop = Shop(self.store, self.workspace)
        self._tick = Tick(shop, self.channel, self.secrets, new_code=self.new_code, control=self.control)

    def tick(self) -> Ticked:
        """Does what is due now."""
        ticked = self._tick(self.now)
        if self.checked:
            again = self._tick(self.now)
            if not again.idle:
                raise EngineFault(f"the same tick again at {self.now:%Y-%m-%d %H:%M:%S} UTC was not idle: {again}")
        return ticked

    def advance_to(self, instant: datetime) -> Iterator[Ticked]:
        """Moves the clock forward to `instant`, with a tick wherever something may be due, and one at the end.

        Yields after each tick, with `now` standing at it; the clock moves only as far as the results are asked for.
        """
        while (due := self._tick.next_at(self.now)) is not None and due < instant:
            if due <= self.now:
                raise EngineFault(f"the clock stands still at {self.now:%Y-%m-%d %H:%M:%S} UTC")
            self.now = due
            yield self.tick()
        self.now = max(self.now, instant)
        yield self.tick()
