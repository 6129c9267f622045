"""What happens in a customer's life beside his orders: consents given and taken back, a wedding, a subscription, friends."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from engine.demo.aftermath import Order, event
from engine.demo.chance import between, chance, pick
from engine.demo.people import Person
from engine.demo.telling import Telling

_TOPICS = ("offers", "news", "membership")
#: How a customer leaves everything that comes by mail, a topic of it, the text messages; whoever left may come back.
_LEAVES, _LEAVES_TOPIC, _STOPS, _COMES_BACK = 0.08, 0.10, 0.03, 0.2
_YEAR_AND_A_HALF = 545


def of_person(person: Person, orders: Sequence[Order], begins: datetime) -> Iterator[Telling]:
    """Everything that the shop is told about a customer after the beginning."""
    for part in (_prospect, _chat, _leaving, _complaining, _wedding, _subscription):
        yield from part(person, orders, begins)


def _some_day(begins: datetime, person: Person, *words: object) -> datetime:
    days = between(3, _YEAR_AND_A_HALF, person.id, *words)
    return begins + timedelta(days=days, minutes=between(0, 1439, person.id, *words, "minute"))


def _prospect(person: Person, orders: Sequence[Order], begins: datetime) -> Iterator[Telling]:
    """Before the first order some had asked for a catalogue; some of them a friend had sent."""
    ahead = (orders[0].at - begins) / timedelta(days=1)
    if ahead < 6:
        return
    if chance(person.id, "prospect") < 0.4:
        asked = begins + timedelta(days=between(1, int(ahead) - 3, person.id, "asked"), minutes=9)
        yield Telling(asked, "customers", person.id, {"id": person.id, "tags": ["prospect"]})
    if chance(person.id, "sent") < 0.1:
        came = orders[0].at - timedelta(days=between(1, 4, person.id, "came"))
        said = {"referrer": f"{int(person.id) - 1:05}"}
        yield event(person.id, f"joined-{person.id}", "referral.joined", came, said)


def _chat(person: Person, _orders: Sequence[Order], begins: datetime) -> Iterator[Telling]:
    if person.chat and chance(person.id, "chat-consent") < 0.9:
        yield _answer(person, "chat", "*", True, begins)


def _leaving(person: Person, _orders: Sequence[Order], begins: datetime) -> Iterator[Telling]:
    """Consent is withdrawn in the middle of everything, told by the unsubscribe page or as an event of another system."""
    if person.email and chance(person.id, "leaves") < _LEAVES:
        left = _some_day(begins, person, "left")
        yield _answer(person, "email", "*", False, left)
        if chance(person.id, "back") < _COMES_BACK:
            yield _answer(person, "email", "*", True, left + timedelta(days=between(20, 90, person.id, "back")))
    if person.email and chance(person.id, "leaves-topic") < _LEAVES_TOPIC:
        topic, left = pick(_TOPICS, person.id, "topic"), _some_day(begins, person, "topic")
        said = {"channel": "email", "topic": topic, "how": "page of settings"}
        yield _at_once(event(person.id, f"left-{person.id}", "consent.withdrawn", left, said))
    if person.phone and chance(person.id, "stops") < _STOPS:
        stopped = _some_day(begins, person, "stopped")
        said = {"channel": "sms"}
        yield _at_once(event(person.id, f"stop-{person.id}", "message.stopped", stopped, said))
    if person.chat and chance(person.id, "leaves-chat") < _STOPS:
        yield _answer(person, "chat", "*", False, _some_day(begins, person, "left-chat"))


def _at_once(telling: Telling) -> Telling:
    """An answer about consent is told when it is given."""
    return Telling(telling.row["occurred_at"], telling.kind, telling.key, telling.row)


def _answer(person: Person, channel: str, topic: str, given: bool, at: datetime) -> Telling:
    who = {"customer_id": person.id, "channel": channel, "topic": topic}
    row = {**who, "given": given, "at": at, "how": "unsubscribe link" if not given else "form", "source": None}
    return Telling(at, "consents", f"{person.id}-{channel}-{topic}-{at:%Y%m%d%H%M}", row)


def _complaining(person: Person, _orders: Sequence[Order], begins: datetime) -> Iterator[Telling]:
    """A few ask by telephone that nothing ever comes to their address again."""
    if person.email and chance(person.id, "never-again") < 0.004:
        at = _some_day(begins, person, "never-again")
        row = {"address": person.email, "reason": "asked by telephone", "at": at}
        yield Telling(at, "suppressions", person.email, row)


def _wedding(person: Person, _orders: Sequence[Order], begins: datetime) -> Iterator[Telling]:
    """A wedding day is told of some weeks before; a few weddings do not take place."""
    if chance(person.id, "wedding") >= 0.02:
        return
    told = _some_day(begins, person, "wedding")
    day = (told + timedelta(days=between(3, 90, person.id, "engaged"))).date()
    yield Telling(told, "customers", person.id, {"id": person.id, "wedding_day": day})
    if chance(person.id, "no-wedding") < 0.1:
        off = datetime.combine(told.date() + (day - told.date()) / 2, time(12), UTC)
        if off > told:
            yield Telling(off, "customers", person.id, {"id": person.id, "wedding_day": None})


def _subscription(person: Person, orders: Sequence[Order], _begins: datetime) -> Iterator[Telling]:
    """A box of tea each quarter: renewed, paused or ended; a payment now and then fails, and fails again."""
    if chance(person.id, "subscribes") >= 0.03:
        return
    began = orders[0].paid_at + timedelta(days=12, minutes=21)
    key, plan = f"box-{person.id}", pick(("two teas", "four teas"), person.id, "plan")
    renews: date = began.date() + timedelta(days=91)
    row: dict[str, Any] = {
        "id": key, "customer_id": person.id, "plan": plan, "state": "active", "began_at": began,
        "amount": 29_800 if plan == "two teas" else 49_800, "renews_on": renews,
    }  # fmt: skip
    yield Telling(began, "subscriptions", key, dict(row))
    for turn in range(between(1, 6, person.id, "turns")):
        at = datetime.combine(renews, time(between(0, 23, key, turn)), UTC)
        if chance(key, turn, "failed") < 0.15:
            said = {"subscription_id": key, "amount": row["amount"]}
            yield event(person.id, f"failed-{key}-{turn}", "payment.failed", at, said)
            if chance(key, turn, "again") < 0.4:
                yield event(person.id, f"failed-{key}-{turn}-again", "payment.failed", at + timedelta(days=3), said)
        renews += timedelta(days=91)
        yield Telling(at, "subscriptions", key, {**row, "renews_on": renews})
    last = datetime.combine(renews, time(9), UTC) - timedelta(days=between(1, 50, key, "last"))
    state = pick(("ended", "paused"), key, "last")
    yield Telling(last, "subscriptions", key, {**row, "renews_on": renews, "state": state})
