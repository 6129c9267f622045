"""What people do about what the engine did: customers open letters and use vouchers, staff do tasks, decide and release."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from engine.brakes.admit import let_go
from engine.demo.aftermath import Order
from engine.demo.chance import between, chance
from engine.demo.telling import Telling
from engine.desk.settle import answer, finish, open_questions
from engine.loyalty.batch import CAUSE
from engine.store.brakes import held
from engine.store.customers import vouchers
from engine.store.desk import UNDONE, tasks
from engine.store.ledger import outbox
from engine.store.many import among

#: How many of those who have a voucher think of it when they order; how many letters are opened, tasks done.
_REDEEMED, _OPENED, _DONE = 0.45, 0.35, 0.7
_OWNER = "owner"


def react(
    connection: sa.Connection, orders: Sequence[Order], playbooks: Sequence[str], since: datetime, now: datetime
) -> list[Telling]:
    """What customers say from `since` until `now`; staff act at once."""
    _work(connection, now)
    return [*_redeemed(connection, orders), *_opened(connection, playbooks, since, now)]


def _redeemed(connection: sa.Connection, orders: Sequence[Order]) -> Iterator[Telling]:
    thinking = {order.customer: order for order in orders if chance(order.id, "voucher") < _REDEEMED}
    if not thinking:
        return
    theirs = (among(connection, vouchers.c.customer_id, thinking), vouchers.c.state == "issued")
    valid = sa.select(vouchers.c.customer_id, vouchers.c.code, vouchers.c.issued_at, vouchers.c.expires_at)
    first: dict[str, str] = {}
    for customer, code, issued_at, expires_at in connection.execute(valid.where(*theirs).order_by(vouchers.c.id)):
        if issued_at < thinking[customer].at and (expires_at is None or thinking[customer].at < expires_at):
            first.setdefault(customer, code)
    for customer, code in first.items():
        order = thinking[customer]
        key = f"voucher-{order.id}"
        row = {"id": key, "name": "voucher.redeemed", "customer_id": customer, "occurred_at": order.at}
        yield Telling(order.at, "events", key, {**row, "payload": {"code": code}})


def _opened(connection: sa.Connection, playbooks: Sequence[str], since: datetime, now: datetime) -> Iterator[Telling]:
    """The letters of the last tick that were opened until this one."""
    sent = (outbox.c.id, outbox.c.customer_id, outbox.c.message, outbox.c.sent_at)
    lately = (outbox.c.playbook.in_(playbooks), outbox.c.sent_at.is_not(None), outbox.c.sent_at >= since)
    mine = (*lately, outbox.c.sent_at < now, outbox.c.state == "sent", outbox.c.recipient.is_(None))
    for row in connection.execute(sa.select(*sent).where(*mine)):
        at = row.sent_at + timedelta(minutes=between(5, 700, row.id, "opened"))
        if chance(row.customer_id, row.message, row.sent_at, "opens") < _OPENED and at <= now:
            key = f"opened-{row.id}"
            said = {"id": key, "name": "message.opened", "customer_id": row.customer_id, "occurred_at": at}
            yield Telling(at, "events", key, {**said, "payload": {"message": row.message}})


def _work(connection: sa.Connection, now: datetime) -> None:
    """Most tasks are done, each by who has it; the owner says yes, and lets go on what a brake held."""
    undone = sa.select(tasks.c.id, tasks.c.assignee).where(sa.literal_column(UNDONE), tasks.c.created_at < now)
    recent = undone.where(tasks.c.created_at > now - timedelta(days=14))
    for task in connection.execute(recent).all():
        if chance(task.id, now.date(), "done") < _DONE / 5:
            finish(connection, task.id, task.assignee, None, now)
    for question in open_questions(connection):
        answer(connection, question.id, "approved", _OWNER, now)
    for one in held(connection):
        if one.cause.startswith(CAUSE):
            continue  # the codes of a pool have run out, and no more are bought
        let_go(connection, one.playbook, now, _OWNER, drop=False)
