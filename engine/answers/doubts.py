"""Messages that were handed over and never answered: how many there are, and which wait for a person."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from engine.store.ledger import UNCERTAIN, outbox


@dataclass(frozen=True)
class Doubts:
    """Messages in numbers; a message may count more than once."""

    uncertain: int  # a sign is waited for
    review: int  # a person is to decide
    assumed: int  # taken for sent
    again: int  # sent again after a doubt
    twice: int  # known to have been taken twice


def doubts(connection: sa.Connection) -> Doubts:
    """What is in doubt, and what was."""

    def count(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
        return sa.func.coalesce(sa.func.sum(sa.case((condition, 1), else_=0)), 0)

    state = outbox.c.state
    counted = sa.select(
        count(state == "uncertain"),
        count(state == "review"),
        count(state == "assumed_sent"),
        count(outbox.c.dup_risk > 0),
        count(outbox.c.duplicate_known),
    )
    return Doubts(*(int(one) for one in connection.execute(counted).one()))


def told(found: Doubts) -> Iterator[str]:
    """The same in words."""
    if found.uncertain:
        yield f"{_messages(found.uncertain)} handed over and never answered; a sign is waited for that they arrived"
    if found.assumed:
        yield f"{_messages(found.assumed)} taken for sent without an answer, and not sent again"
    if found.again:
        yield f"{_messages(found.again)} sent again after no answer, the same to the letter"
    if found.twice:
        yield f"{_messages(found.twice)} taken twice"
    if found.review:
        wait = "waits" if found.review == 1 else "wait"
        yield f"{found.review:,} of them {wait} for you:  regulars uncertain"


def _messages(count: int) -> str:
    return f"{count:,} {'message was' if count == 1 else 'messages were'}"


def open_doubts(connection: sa.Connection, most: int) -> list[Mapping[str, Any]]:
    """The messages in doubt, those that wait for a person first."""
    columns = (
        outbox.c.id, outbox.c.state, outbox.c.reason, outbox.c.playbook, outbox.c.message, outbox.c.channel,
        outbox.c.customer_id, outbox.c.sent_at, outbox.c.due_at,
    )  # fmt: skip
    found = sa.select(*columns).where(sa.literal_column(UNCERTAIN)).order_by(outbox.c.state, outbox.c.id).limit(most)
    return [dict(row) for row in connection.execute(found).mappings()]
