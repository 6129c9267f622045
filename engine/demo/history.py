"""What a shop's customers did: real purchases of 1997 and 1998, moved until yesterday, and what is derived from them."""

import gzip
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from engine.demo.aftermath import Order, of_order, unpaid_for
from engine.demo.chance import between
from engine.demo.goods import goods_events, products
from engine.demo.lives import of_person
from engine.demo.people import Person, person
from engine.demo.telling import Telling, in_order

#: Every tenth customer; the tests have all of them.
TENTH = Path(__file__).with_name("history.txt.gz")
_LAST_DAY = date(1998, 6, 30)
_FIRST_DAY = date(1997, 1, 1)
#: US cents to Chinese fen.
_RATE = 7

#: Whether the customer of a number takes part.
Chosen = Callable[[str], bool]


@dataclass(frozen=True)
class History:
    """Customers, their orders, and everything that the shop's systems tell, in the order of time."""

    begins: datetime
    until: datetime
    people: Mapping[str, Person]
    orders: Sequence[Order]
    tellings: Sequence[Telling]


def everybody(_number: str) -> bool:
    """All customers of the file."""
    return True


def every(share: int) -> Chosen:
    """Every so-many-th customer of the demo's file."""
    return lambda number: int(number) // 10 % share == 0


def history(now: datetime, zone: ZoneInfo, file: Path = TENTH, chosen: Chosen = everybody) -> History:
    """The history of a file with its last day on the day before `now` (UTC). `zone` is the brand's."""
    moved = now.astimezone(UTC).date() - timedelta(days=1) - _LAST_DAY
    first_day = _FIRST_DAY + moved
    begins = datetime.combine(first_day, time(), UTC)
    people: dict[str, Person] = {}
    of: dict[str, list[Order]] = {}
    for number, day, items, cents in _rows(file, chosen):
        if number not in people:
            people[number], of[number] = person(number, first_day), []
        key = f"{number}-{len(of[number]) + 1}"
        at = _in_daytime(day + moved, key, people[number].zone(zone))
        of[number].append(Order(key, number, at, cents * _RATE, items, unpaid_for(key)))
    orders = sorted((order for mine in of.values() for order in mine), key=lambda order: (order.at, order.id))
    told = in_order(_told(people, of, begins, now))
    return History(begins, now, people, orders, told)


def _told(
    people: Mapping[str, Person], orders: Mapping[str, Sequence[Order]], begins: datetime, now: datetime
) -> Iterator[Telling]:
    yield from products(begins)
    yield from goods_events(begins, now)
    for number, one in people.items():
        mine = [telling for order in orders[number] for telling in of_order(order)]
        yield from (telling for telling in (*mine, *of_person(one, orders[number], begins)) if telling.at < now)


def _rows(file: Path, chosen: Chosen) -> Iterator[tuple[str, date, int, int]]:
    with gzip.open(file, "rt", encoding="ascii") as opened:
        for line in opened:
            number, day, items, amount = line.split()
            if chosen(number):
                yield number, date.fromisoformat(day), int(items), round(float(amount) * 100)


def _in_daytime(day: date, key: str, zone: ZoneInfo) -> datetime:
    """A moment of that day in UTC at which it is between eight and ten in the evening where the customer lives."""
    local = time(between(8, 21, key, "hour"), between(0, 59, key, "minute"))
    at = datetime.combine(day, local, zone).astimezone(UTC)
    return datetime.combine(day, at.timetz())
