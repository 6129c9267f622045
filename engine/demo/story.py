"""One customer's story: everything that the store and the ledger know of one customer, in the order of time."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from babel.numbers import format_currency

from engine.store.customers import customers, events, orders, vouchers
from engine.store.desk import tasks
from engine.store.ledger import enrolments, outbox

_ENDS = {
    "done": "reached its end",
    "stopped": "stopped",
    "held_out": "held out: gets nothing, for comparison",
    "replaced": "begun again",
    "failed": "failed",
}
_FEW, _MANY = 12, 26


class Line(NamedTuple):
    """One thing that happened."""

    at: datetime
    rank: int  # among things of the same instant: the cause first
    kind: str
    text: str


def of_interest(connection: sa.Connection) -> str | None:
    """A customer whose story shows much and is not long: of many playbooks, won back, with a voucher used."""
    runs = enrolments.c
    used = sa.select(sa.func.count()).where(vouchers.c.customer_id == runs.customer_id, vouchers.c.state == "redeemed")
    bought = sa.select(sa.func.count()).where(orders.c.customer_id == runs.customer_id)
    sent = (outbox.c.customer_id == runs.customer_id, outbox.c.sent_at.is_not(None))  # as the index has it
    mails = sa.select(sa.func.count()).where(*sent).scalar_subquery()
    score = (
        sa.func.count(runs.playbook.distinct())
        + 3 * sa.func.count(runs.converted_at)
        + 2 * sa.func.min(used.scalar_subquery(), 2)
        + sa.func.min(bought.scalar_subquery(), 3)
    )
    counted = sa.func.count()
    return connection.execute(
        sa.select(runs.customer_id)
        .where(runs.state != "refused")
        .group_by(runs.customer_id)
        .having(counted + mails >= _FEW, counted + mails <= _MANY, mails >= _FEW // 3)
        .order_by(score.desc(), runs.customer_id)
        .limit(1)
    ).scalar()


def headline(connection: sa.Connection, customer: str) -> str:
    """Who that is."""
    row = connection.execute(sa.select(customers).where(customers.c.id == customer)).one()
    where = row.timezone or "the shop's zone"
    born = f"born {row.birthday:%-d %B %Y}" if row.birthday else "birthday unknown"
    family_first = row.language in ("zh-CN", "ko")
    name = f"{row.last_name}{row.first_name}" if family_first else f"{row.first_name} {row.last_name}"
    return f"{name}, customer {row.id}: {row.language}, lives in {where}, {born}"


def story(connection: sa.Connection, customer: str, currency: str) -> list[Line]:
    """Orders, events, runs, vouchers, mails and tasks of one customer, in order."""
    parts = (part(connection, customer) for part in (_did, _runs, _vouchers, _mails, _tasks))
    return sorted([*_bought(connection, customer, currency), *(line for part in parts for line in part)])


def _bought(connection: sa.Connection, customer: str, currency: str) -> Iterator[Line]:
    for row in connection.execute(sa.select(orders).where(orders.c.customer_id == customer)):
        yield Line(row.placed_at, 0, "order", f"buys for {format_currency(row.total / 100, currency, locale='en')}")


def _did(connection: sa.Connection, customer: str) -> Iterator[Line]:
    said = {"cart.updated": "fills a cart", "review.posted": "writes a review", "referral.created": "brings a friend"}
    for row in connection.execute(sa.select(events).where(events.c.customer_id == customer)):
        if row.name in said:
            yield Line(row.occurred_at, 0, "event", said[row.name])


def _runs(connection: sa.Connection, customer: str) -> Iterator[Line]:
    for row in connection.execute(sa.select(enrolments).where(enrolments.c.customer_id == customer)):
        if row.state == "refused":
            continue
        yield Line(row.entered_at, 1, "enters", row.playbook)
        if row.ended_at is not None:
            why = f" ({row.reason})" if row.reason else ""
            yield Line(row.ended_at, 9, "leaves", f"{row.playbook}: {_ENDS.get(row.state, row.state)}{why}")
        if row.converted_at is not None:
            yield Line(row.converted_at, 2, "goal", f"{row.playbook} has reached its goal")


def _vouchers(connection: sa.Connection, customer: str) -> Iterator[Line]:
    for row in connection.execute(sa.select(vouchers).where(vouchers.c.customer_id == customer)):
        until = f", good until {row.expires_at:%Y-%m-%d}" if row.expires_at else ""
        yield Line(row.issued_at, 3, "voucher", f"{row.kind} {row.code}{until}")
        if row.redeemed_at is not None:
            yield Line(row.redeemed_at, 1, "voucher", f"{row.code} redeemed")


def _mails(connection: sa.Connection, customer: str) -> Iterator[Line]:
    for row in connection.execute(sa.select(outbox).where(outbox.c.customer_id == customer)):
        if row.state == "sent":
            yield Line(row.sent_at, 4, "mail", f"{row.message}, in {row.language}")
        else:
            yield Line(row.planned_at, 4, "no mail", f"{row.message}: {row.reason or row.state}")


def _tasks(connection: sa.Connection, customer: str) -> Iterator[Line]:
    for row in connection.execute(sa.select(tasks).where(tasks.c.customer_id == customer)):
        yield Line(row.created_at, 5, "task", f"{row.task} for {row.assignee or 'staff'}")
