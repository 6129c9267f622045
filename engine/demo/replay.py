"""The history once more, at the pace of a virtual clock: what happened is written down, and the engine ticks."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from engine.demo.aftermath import Order
from engine.demo.history import History
from engine.demo.reactions import react
from engine.demo.telling import Telling, in_order, write_down
from engine.tick import Tick, Ticked

#: When the engine looks, in UTC, on even and on odd days: of two moments twelve hours apart one lies in a send window of
#: twelve hours, wherever it is, so a letter waits two days at most.
_HOURS = (2, 14)

_Thing = TypeVar("_Thing", Order, Telling)


@dataclass(frozen=True)
class Moment:
    """A tick of the replay, and what was told since the one before."""

    at: datetime
    orders: Sequence[Order]
    tellings: Sequence[Telling]
    ticked: Ticked


def once_a_day(history: History, until: datetime) -> Iterator[datetime]:
    """A moment on each day of the history."""
    days = (until - history.begins).days + 1
    moments = (history.begins + timedelta(days=day, hours=_HOURS[day % 2]) for day in range(days))
    return (at for at in moments if at <= until)


def replay(history: History, tick_of: Callable[[datetime], Tick], moments: Iterator[datetime]) -> Iterator[Moment]:
    """Lives through the history, moment by moment. `tick_of` gives the engine of each moment."""
    orders, tellings = _taker(history.orders), _taker(history.tellings)
    before = history.begins
    for at in moments:
        tick, done, told = tick_of(at), orders(at), tellings(at)
        with tick.shop.store.begin() as connection:
            write_down(connection, told, at)
            reactions = in_order(react(connection, done, tick.shop.moving, before, at))
            write_down(connection, reactions, at)
        yield Moment(at, done, [*told, *reactions], tick(at))
        before = at


def _taker(things: Sequence[_Thing]) -> Callable[[datetime], list[_Thing]]:
    """A function that gives what came since its last call."""
    place = 0

    def until(at: datetime) -> list[_Thing]:
        nonlocal place
        begin = place
        while place < len(things) and things[place].at <= at:
            place += 1
        return list(things[begin:place])

    return until
