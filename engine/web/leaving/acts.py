"""What customers do on the pages, each in one transaction: leave, choose, and take back what was just done."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import sqlalchemy as sa

from engine.guards import EVERY_TOPIC
from engine.outgoing.doubt import confirm
from engine.render import Leave
from engine.shop import Shop
from engine.store.dialect import lock_customers
from engine.store.ingest.consents import Evidence, answer_now
from engine.store.ledger import outbox
from engine.web.leaving.choices import Answer, Standing, offered, standing, to_have, to_leave

_MOMENT = timedelta(microseconds=1)
#: How long the page of a deed can take it back.
UNDONE_WITHIN = timedelta(days=1)

#: What was received before, by channel: `1` or `0` for each topic that is known, in the order of their names; a mark of
#: these names; and when the last answer of that channel was given then. It travels in a page, so it has no names in it:
#: those of many topics would be longer than anything that we unseal.
Before = Mapping[str, tuple[str, str, int]]


@dataclass(frozen=True)
class Done:
    """How the customer stood before a deed; `before` takes it back, and is empty where nothing changed."""

    was: Standing
    before: Before


def leave(shop: Shop, connection: sa.Connection, said: Leave, evidence: Evidence) -> Done | None:
    """Takes back the consent for what the link stands for; None where there is no such customer."""
    before = _locked(shop, connection, said.customer, evidence)
    if before is None:
        return None
    if said.message is not None:  # he has it, so it was taken
        mine = sa.select(outbox.c.id).where(outbox.c.id == said.message, outbox.c.customer_id == said.customer)
        confirm(connection, connection.scalars(mine).all())
    answers = {said.channel: to_leave(before, said.channel, said.topic or EVERY_TOPIC)}
    return _record(shop, connection, before, answers, evidence)


def leave_all(shop: Shop, connection: sa.Connection, customer: str, evidence: Evidence) -> Done | None:
    """Takes back every consent, by every channel."""
    before = _locked(shop, connection, customer, evidence)
    if before is None:
        return None
    answers = {channel: to_leave(before, channel, EVERY_TOPIC) for channel in before.channels}
    return _record(shop, connection, before, answers, evidence)


def choose(
    shop: Shop, connection: sa.Connection, customer: str, wanted: Mapping[tuple[str, str], bool], evidence: Evidence
) -> Done | None:
    """Makes it so that the customer receives what is wanted by channel and topic; what is not named stays as it is."""
    before = _locked(shop, connection, customer, evidence)
    if before is None:
        return None
    answers = {}
    for channel in before.channels:
        stands = {topic: before.gets(channel, topic) for topic in offered(shop)}
        mine = {**stands, **{topic: want for (by, topic), want in wanted.items() if by == channel}}
        if mine != stands:
            if not any(mine.values()):
                mine[EVERY_TOPIC] = False  # who keeps nothing of what there is wants nothing that is new either
            answers[channel] = to_have(before, channel, mine)
    return _record(shop, connection, before, answers, evidence)


def undo(shop: Shop, connection: sa.Connection, customer: str, deed: Before, evidence: Evidence) -> Done | None:
    """Makes it as it was before a deed, unless something else was said since."""
    before = _locked(shop, connection, customer, evidence)
    if before is None:
        return None
    answers = {}
    for channel, (received, names, last) in deed.items():
        fresh = evidence.at - _instant(last) <= UNDONE_WITHIN
        topics = sorted(before.receives(channel, offered(shop)))
        if fresh and before.last_said(channel) == _instant(last) and _mark(topics) == names:
            was = {topic: one == "1" for topic, one in zip(topics, received, strict=True)}
            answers[channel] = to_have(before, channel, was)
    return _record(shop, connection, before, answers, evidence)


def _locked(shop: Shop, connection: sa.Connection, customer: str, evidence: Evidence) -> Standing | None:
    # The last look before a content leaves takes the same lock: it comes before this deed, or sees what it did.
    lock_customers(connection, [customer])
    return standing(shop, connection, customer, evidence.at)


def _record(
    shop: Shop, connection: sa.Connection, before: Standing, answers: Mapping[str, Sequence[Answer]], evidence: Evidence
) -> Done:
    """Keeps the answers with their evidence, as the newest of their channels."""
    new = {channel: said for channel, said in answers.items() if said}
    if not new:
        return Done(before, {})
    deed: dict[str, tuple[str, str, int]] = {}
    for channel, last in answer_now(connection, before.customer, new, evidence).items():
        received = before.receives(channel, [*offered(shop), *(topic for topic, _ in new[channel])])
        bits = "".join("1" if received[topic] else "0" for topic in sorted(received))
        deed[channel] = bits, _mark(sorted(received)), in_microseconds(last)
    return Done(before, deed)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _mark(topics: Sequence[str]) -> str:
    """By which the names of topics are known again."""
    return sha256(json.dumps(topics).encode()).hexdigest()[:16]


def in_microseconds(at: datetime) -> int:
    """An instant as a number, to be sealed."""
    return (at - _EPOCH) // _MOMENT


def _instant(microseconds: int) -> datetime:
    return _EPOCH + microseconds * _MOMENT
