"""A virtual clock: the real engine on any store, its time moved from one instant with something to do to the next."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from engine.channels import Channel
from engine.enrol import Entry
from engine.loyalty.codes import random_code
from engine.shop import Shop
from engine.store.customers import POSITION, customers
from engine.tick import Tick, Ticked
from engine.workspace import Workspace

#: Signs the unsubscribe links of a rehearsal, which nobody will follow.
_SECRETS = ("a rehearsal signs nothing that counts",)
#: No playbooks follow from each other's tags so often at one moment; those that chase each other for ever would.
_ROUNDS = 50
_NEWEST = f"SELECT max({POSITION}) FROM {customers.name}"  # noqa: S608  (two names of our own)


class EngineFault(RuntimeError):
    """The engine broke one of its own rules in a rehearsal: a mistake of ours, never of an author."""


@dataclass
class Rehearsal:
    """The engine over a store, at a time of its own.

    `checked` runs every tick a second time and raises `EngineFault` where that does anything (on the built-in store).
    """

    workspace: Workspace
    store: sa.Engine
    channel: Channel
    now: datetime
    new_code: Callable[[], str] = random_code
    control: Callable[[str, str], bool] | None = None
    variant: Callable[[str, str, str], str | None] | None = None
    compiled: dict[str, Entry] | None = None
    secrets: Sequence[str] = _SECRETS
    checked: bool = False
    _tick: Tick = field(init=False)

    def __post_init__(self) -> None:
        shop = Shop(self.store, self.workspace)
        self._tick = Tick(
            shop,
            self.channel,
            self.secrets,
            new_code=self.new_code,
            control=self.control,
            variant=self.variant,
            compiled=self.compiled,
        )

    def tick(self) -> Iterator[Ticked]:
        """Does everything that is due now: again where a pass wrote what the next one may follow from, such as a tag."""
        for _ in range(_ROUNDS):
            before = self._facts() if self.checked else 0
            ticked = self._tick(self.now)
            yield ticked
            if ticked.idle:
                return
            if self.checked and self._facts() == before:
                again = self._tick(self.now)
                if not again.idle:
                    raise EngineFault(f"{self._moment}: the same tick again did something: {again}")
                return
        raise EngineFault(f"{self._moment}: after {_ROUNDS} ticks there is still something to do")

    def advance_to(self, instant: datetime) -> Iterator[Ticked]:
        """Does what is due now, then moves the clock to `instant`, with ticks wherever something may be due, and at the end.

        What happened is recorded before the call, at `now`; the next call plays what came of it.
        Yields after each tick, with `now` standing at it; the clock moves only as far as the results are asked for.
        """
        began = self.now
        yield from self.approach(instant)
        if instant > began:
            yield from self.tick()

    def approach(self, instant: datetime) -> Iterator[Ticked]:
        """The same without the tick at `instant`: what happens then is recorded first, and played with what is due then."""
        yield from self.tick()
        while (due := self._tick.next_at(self.now)) is not None and due < instant:
            if due <= self.now:
                raise EngineFault(f"{self._moment}: the clock stands still")
            self.now = due
            yield from self.tick()
        self.now = max(self.now, instant)

    @property
    def _moment(self) -> str:
        return f"{self.now:%Y-%m-%d %H:%M:%S} UTC"

    def _facts(self) -> int:
        """Moves on when anything is recorded of a customer, by a step too: that is work for the next tick."""
        with self.store.connect().execution_options(reading=True) as connection:
            return connection.exec_driver_sql(_NEWEST).scalar() or 0
