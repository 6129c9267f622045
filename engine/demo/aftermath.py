"""What follows an order: its payment, parcel and lines, carts and pages around it, reviews, complaints, visits, wishes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from engine.demo.chance import between, chance, pick
from engine.demo.goods import lines, product
from engine.demo.telling import Telling

_CARRIERS = ("sf-express", "ems", "dhl")
_VISITS = ("Tasting of the new harvest", "An hour at the tea table", "Gongfu for two")
_COMPLAINTS = ("the tin was dented", "something is missing", "it came too late")
_STAFF = ("Wen", "Mila", "Joon")


@dataclass(frozen=True)
class Order:
    """An order; `total` in minor units, `items` pieces. It is paid as it is placed, or some time after."""

    id: str
    customer: str
    at: datetime
    total: int
    items: int
    unpaid_for: timedelta = timedelta()

    @property
    def paid_at(self) -> datetime:
        """When it is paid."""
        return self.at + self.unpaid_for

    def row(self, *, paid: bool = True) -> dict[str, Any]:
        """As the store takes it."""
        return {
            "id": self.id,
            "customer_id": self.customer,
            "placed_at": self.at,
            "paid_at": self.paid_at if paid else None,
            "total": self.total,
        }


def unpaid_for(key: str) -> timedelta:
    """How long an order waits for its payment; most do not."""
    return timedelta(hours=between(2, 60, key, "paid")) if chance(key, "unpaid") < 0.05 else timedelta()


def of_order(order: Order) -> Iterator[Telling]:
    """Everything that the shop is told about an order."""
    yield Telling(order.at, "orders", order.id, order.row(paid=not order.unpaid_for))
    if order.unpaid_for:
        yield Telling(order.paid_at, "orders", order.id, order.row())
    for line in lines(order.id, order.items, order.total):
        yield Telling(order.at, "order_lines", f"{order.id}-{line['line']}", line)
    for part in (_carts, _pages, _forgotten, _parcel, _opinions, _complaint, _visit, _wish):
        yield from part(order)


def event(customer: str, id_: str, name: str, at: datetime, payload: Mapping[str, Any]) -> Telling:
    """An event of a customer. Now and then the shop hears of one only days later."""
    row = {"id": id_, "name": name, "customer_id": customer, "occurred_at": at, "payload": dict(payload)}
    heard = at + timedelta(hours=between(5, 60, id_, "heard")) if chance(id_, "late") < 0.02 else at
    return Telling(heard, "events", id_, row)


def _of(order: Order, name: str, after: timedelta, payload: Mapping[str, Any], mark: str = "") -> Telling:
    return event(order.customer, f"{name}{mark}-{order.id}", name, order.paid_at + after, payload)


def _carts(order: Order) -> Iterator[Telling]:
    """Carts before some orders and, left alone, after others."""
    cart = {"items_count": order.items, "total": order.total}
    falls = chance(order.id, "cart")
    if falls < 0.05:
        yield _of(order, "cart.updated", -timedelta(minutes=25), cart)
    elif falls < 0.10:
        yield _of(order, "cart.updated", -timedelta(hours=between(6, 9, order.id, "before")), cart)
    elif falls < 0.17:
        yield _of(order, "cart.updated", timedelta(days=between(6, 30, order.id, "after"), minutes=7), cart)


def _pages(order: Order) -> Iterator[Telling]:
    """An evening of looking around, some time after."""
    if chance(order.id, "pages") < 0.12:
        begun = timedelta(days=between(9, 80, order.id, "looks"), minutes=3)
        for number in range(between(1, 4, order.id, "seen")):
            id_, title, _, _ = product(order.id, "page", number)
            after = begun + timedelta(minutes=number * between(1, 40, order.id, number))
            yield _of(order, "page.viewed", after, {"product": id_, "title": title}, f"-{number}")


def _forgotten(order: Order) -> Iterator[Telling]:
    """Another order, placed and never paid; it may be cancelled."""
    if chance(order.id, "forgotten") < 0.015:
        at = order.paid_at + timedelta(days=between(20, 60, order.id, "again"), minutes=11)
        other = Order(f"{order.id}-unpaid", order.customer, at, order.total, order.items)
        yield Telling(at, "orders", other.id, other.row(paid=False))
        if chance(other.id, "cancelled") < 0.5:
            after = timedelta(hours=between(5, 100, other.id, "hours"))
            said = {"order_id": other.id}
            yield event(order.customer, f"cancelled-{other.id}", "order.cancelled", at + after, said)


def _parcel(order: Order) -> Iterator[Telling]:
    """The parcel leaves, arrives (some late, some never), is taken out of its paper, and now and then comes back."""
    of = {"order_id": order.id}
    shipped = timedelta(hours=between(8, 50, order.id, "shipped"))
    sent = {"carrier": pick(_CARRIERS, order.id, "carrier"), "tracking": f"T{order.id.replace('-', '')}"}
    yield _of(order, "order.shipped", shipped, {**of, **sent})
    fate = chance(order.id, "parcel")
    if fate < 0.01:
        return
    days = between(8, 12, order.id, "late") if fate < 0.05 else between(1, 5, order.id, "way")
    arrived = shipped + timedelta(days=days, minutes=between(0, 500, order.id, "door"))
    yield _of(order, "order.delivered", arrived, of)
    if chance(order.id, "received") < 0.4:
        yield _of(order, "order.received", arrived + timedelta(hours=between(1, 30, order.id, "opened")), of)
    if chance(order.id, "returned") < 0.03:
        after = arrived + timedelta(days=between(2, 12, order.id, "kept"))
        yield _of(order, "order.returned", after, {**of, "total": order.total})


def _opinions(order: Order) -> Iterator[Telling]:
    """A review, and a friend who comes of it; an answer to a survey."""
    if chance(order.id, "review") < 0.06:
        rating = pick((2, 3, 4, 4, 5, 5, 5), order.id, "rating")
        after = timedelta(days=between(4, 9, order.id, "tasted"), minutes=13)
        said = {"rating": rating, "product": product(order.id, "tea")[0]}
        yield _of(order, "review.posted", after, said)
        if rating == 5 and chance(order.id, "friend") < 0.4:
            after += timedelta(days=between(4, 10, order.id, "told"))
            yield _of(order, "referral.created", after, {"friend": f"friend.{order.id}@example.com"})
    if chance(order.id, "survey") < 0.04:
        after = timedelta(days=between(5, 25, order.id, "asked"), minutes=31)
        score = pick((2, 5, 6, 7, 8, 9, 9, 10), order.id, "score")
        yield _of(order, "survey.answered", after, {"score": score, "comment": ""})


def _complaint(order: Order) -> Iterator[Telling]:
    if chance(order.id, "complaint") < 0.015:
        said = {"subject": pick(_COMPLAINTS, order.id, "subject"), "order_id": order.id}
        opened = timedelta(days=between(3, 12, order.id, "opened"), minutes=17)
        yield _of(order, "complaint.opened", opened, said)
        if chance(order.id, "closed") < 0.9:
            after = opened + timedelta(hours=between(3, 200, order.id, "settled"))
            yield _of(order, "complaint.closed", after, said)


def _visit(order: Order) -> Iterator[Telling]:
    """A table is booked; some move it, some do not come."""
    if chance(order.id, "visit") >= 0.02:
        return
    id_, made = f"visit-{order.id}", order.paid_at + timedelta(days=between(2, 20, order.id, "books"), minutes=41)
    starts = made + timedelta(days=between(1, 15, id_, "ahead"), hours=between(0, 5, id_, "hour"))
    booked: dict[str, Any] = {
        "id": id_,
        "customer_id": order.customer,
        "starts_at": starts,
        "subject": pick(_VISITS, id_),
        "state": "booked",
        "staff": pick(_STAFF, id_),
        "party": between(1, 4, id_, "party"),
        "made_at": made,
    }
    yield Telling(made, "reservations", id_, booked)
    if chance(id_, "moved") < 0.15:
        booked |= {"starts_at": starts + timedelta(days=between(2, 9, id_, "moved"))}
        yield Telling(made + (starts - made) / 2, "reservations", id_, dict(booked))
    came = pick(("kept",) * 8 + ("missed", "cancelled"), id_, "came")
    known = booked["starts_at"] + (timedelta(hours=2) if came != "cancelled" else -timedelta(hours=20))
    yield Telling(max(known, made), "reservations", id_, {**booked, "state": came})


def _wish(order: Order) -> Iterator[Telling]:
    if chance(order.id, "wish") < 0.08:
        wanted, at = product(order.id, "wanted")[0], order.paid_at + timedelta(days=2, minutes=5)
        row = {"customer_id": order.customer, "product": wanted, "at": at}
        yield Telling(at, "wishes", f"{order.customer}-{wanted}", row)
