"""What the demo's customers did: real purchases of 1997 and 1998, moved until yesterday, and what is derived from them."""

import gzip
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from engine.demo.chance import between, chance, pick
from engine.demo.people import Person, person

_FILE = Path(__file__).with_name("history.txt.gz")
_LAST_DAY = date(1998, 6, 30)
_FIRST_DAY = date(1997, 1, 1)
#: US cents to Chinese fen.
_RATE = 7

_TEAS = ("longjing", "tieguanyin", "puer", "jasmine-pearls", "lapsang", "white-peony")


@dataclass(frozen=True)
class Order:
    """A paid order; `total` in minor units, `items` pieces."""

    id: str
    customer: str
    at: datetime
    total: int
    items: int

    def row(self) -> dict[str, Any]:
        """As the store takes it."""
        return {
            "id": self.id,
            "customer_id": self.customer,
            "placed_at": self.at,
            "paid_at": self.at,
            "total": self.total,
        }


@dataclass(frozen=True)
class Event:
    """Anything else that a customer did; amounts in minor units."""

    id: str
    name: str
    customer: str
    at: datetime
    payload: Mapping[str, Any]

    def row(self) -> dict[str, Any]:
        """As the store takes it."""
        return {
            "id": self.id, "name": self.name, "customer_id": self.customer, "occurred_at": self.at, "payload": self.payload,
        }  # fmt: skip


@dataclass(frozen=True)
class History:
    """Customers, and what they did, in the order of time."""

    begins: datetime
    people: Mapping[str, Person]
    orders: Sequence[Order]
    events: Sequence[Event]


def history(now: datetime, zone: ZoneInfo, share: int = 1) -> History:
    """The whole history with its last day on the day before `now` (UTC). `zone` is the brand's.

    With `share`, only every so-many-th customer of it.
    """
    moved = now.astimezone(UTC).date() - timedelta(days=1) - _LAST_DAY
    first_day = _FIRST_DAY + moved
    people: dict[str, Person] = {}
    orders: list[Order] = []
    counted: Counter[str] = Counter()
    for number, day, items, cents in _rows():
        if int(number) // 10 % share:
            continue
        people.setdefault(number, person(number, first_day))
        counted[number] += 1
        key = f"{number}-{counted[number]}"
        at = _in_daytime(day + moved, key, people[number].zone(zone))
        orders.append(Order(key, number, at, cents * _RATE, items))
    orders.sort(key=lambda order: (order.at, order.id))
    events = sorted((one for order in orders for one in _derived(order)), key=lambda event: (event.at, event.id))
    begins = datetime.combine(first_day, time(), UTC)
    return History(begins, people, orders, [event for event in events if event.at < now])


def _rows() -> Iterator[tuple[str, date, int, int]]:
    with gzip.open(_FILE, "rt", encoding="ascii") as file:
        for line in file:
            number, day, items, amount = line.split()
            yield number, date.fromisoformat(day), int(items), round(float(amount) * 100)


def _in_daytime(day: date, key: str, zone: ZoneInfo) -> datetime:
    """A moment of that day in UTC at which it is between eight and ten in the evening where the customer lives."""
    local = time(between(8, 21, key, "hour"), between(0, 59, key, "minute"))
    at = datetime.combine(day, local, zone).astimezone(UTC)
    return datetime.combine(day, at.timetz())


def _derived(order: Order) -> Iterator[Event]:
    """Carts before some orders and, left alone, after others; now and then a review, and a friend who comes of it."""
    cart = {"items_count": order.items, "total": order.total}
    falls = chance(order.id, "cart")
    if falls < 0.05:
        yield _event(order, "cart.updated", -timedelta(minutes=25), cart)
    elif falls < 0.10:
        yield _event(order, "cart.updated", -timedelta(hours=between(6, 9, order.id, "before")), cart)
    elif falls < 0.17:
        yield _event(order, "cart.updated", timedelta(days=between(6, 30, order.id, "after"), minutes=7), cart)
    if chance(order.id, "review") < 0.06:
        rating = pick((2, 3, 4, 4, 5, 5, 5), order.id, "rating")
        after = timedelta(days=between(4, 9, order.id, "tasted"), minutes=13)
        yield _event(order, "review.posted", after, {"rating": rating, "product": pick(_TEAS, order.id, "tea")})
        if rating == 5 and chance(order.id, "friend") < 0.4:
            after += timedelta(days=between(4, 10, order.id, "told"))
            yield _event(order, "referral.created", after, {"friend": f"friend.{order.id}@example.com"})


def _event(order: Order, name: str, after: timedelta, payload: Mapping[str, Any]) -> Event:
    return Event(f"{name.partition('.')[0]}-{order.id}", name, order.customer, order.at + after, payload)
