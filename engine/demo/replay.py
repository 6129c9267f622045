"""The history once more, at the pace of a virtual clock: what happened is written down, and the engine ticks."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

import sqlalchemy as sa

from engine.demo.chance import chance
from engine.demo.history import Event, History, Order
from engine.store.customers import vouchers
from engine.store.ingest import put_events, put_orders
from engine.store.many import among
from engine.tick import Tick, Ticked

#: When the engine looks, in UTC, on even and on odd days: of two moments twelve hours apart one lies in a send window of
#: twelve hours, wherever it is, so a letter waits two days at most.
_HOURS = (2, 14)
#: How many of those who have a voucher think of it when they order.
_REDEEMED = 0.45

_Thing = TypeVar("_Thing", Order, Event)


@dataclass(frozen=True)
class Moment:
    """A tick of the replay, and what was written down since the one before."""

    at: datetime
    orders: Sequence[Order]
    events: Sequence[Event]
    ticked: Ticked


def replay(history: History, tick_of: Callable[[datetime], Tick], until: datetime) -> Iterator[Moment]:
    """Lives through the history until `until`, moment by moment. `tick_of` gives the engine of each moment."""
    orders, events = _taker(history.orders), _taker(history.events)
    days = (until - history.begins).days + 1
    for at in (history.begins + timedelta(days=day, hours=_HOURS[day % 2]) for day in range(days)):
        if at > until:
            return
        tick, done, said = tick_of(at), orders(at), events(at)
        if done or said:
            with tick.shop.store.begin() as connection:
                write_down(connection, done, said, at)
        yield Moment(at, done, said, tick(at))


def write_down(connection: sa.Connection, orders: Sequence[Order], events: Sequence[Event], now: datetime) -> None:
    """Takes orders and events in as the shop's own system would send them, with the vouchers redeemed at an order."""
    put_orders(connection, [order.row() for order in orders], now)
    redeemed = list(_redeemed(connection, orders))
    put_events(connection, [event.row() for event in (*events, *redeemed)], now)


def _redeemed(connection: sa.Connection, orders: Sequence[Order]) -> Iterator[Event]:
    thinking = {order.customer: order for order in orders if chance(order.id, "voucher") < _REDEEMED}
    valid = sa.select(vouchers.c.customer_id, vouchers.c.code, vouchers.c.issued_at).where(
        among(connection, vouchers.c.customer_id, thinking), vouchers.c.state == "issued"
    )
    first: dict[str, str] = {}
    for customer, code, issued_at in connection.execute(valid.order_by(vouchers.c.id)):
        if issued_at < thinking[customer].at:
            first.setdefault(customer, code)
    for customer, code in first.items():
        order = thinking[customer]
        yield Event(f"voucher-{order.id}", "voucher.redeemed", customer, order.at, {"code": code})


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
