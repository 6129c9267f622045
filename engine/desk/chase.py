"""Who is reminded: tasks that are due soon, and tasks that nobody does, which go on to somebody else."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from engine.shop import Shop
from engine.store.desk import TO_ESCALATE, TO_REMIND, tasks
from engine.store.dialect import insert
from engine.store.ledger import enrolments, outbox
from engine.store.prepared import Prepared

#: The messages that speak of a task, in the folder messages/ of every workspace that asks for them.
REMINDER: Final = "task-reminder"
ESCALATION: Final = "task-escalated"
_BATCH = 500
#: Of one step several mails may go to staff; each kind has a range of places of its own.
_RANKS = {REMINDER: 100, ESCALATION: 200}


class Chase:
    """The pass over one shop. Its probes say whether there is anything to do."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        dialect = shop.store.dialect.name
        one: sa.Select[Any] = sa.select(sa.literal_column("1")).select_from(tasks).limit(1)
        self.probes = tuple(Prepared(one.where(*_due(column, words)), dialect) for column, words in _KINDS.values())
        later = (
            sa.select(sa.func.min(column)).where(
                sa.literal_column(words), column > sa.bindparam("after", type_=column.type)
            )
            for column, words in _KINDS.values()
        )
        self.agenda = tuple(Prepared(statement, dialect) for statement in later)

    def __call__(self, now: datetime, due: Sequence[bool]) -> bool:
        """Does what the probes found due. Whether any mail was planned."""
        return any([self._all(kind, now) for kind, found in zip(_KINDS, due, strict=True) if found])

    def _all(self, kind: str, now: datetime) -> bool:
        taken = _BATCH
        while taken == _BATCH:
            with self.shop.store.begin() as connection:
                taken = self._some(connection, kind, now)
        return True

    def _some(self, connection: sa.Connection, kind: str, now: datetime) -> int:
        column, words = _KINDS[kind]
        found = connection.execute(
            sa.select(tasks, enrolments.c.playbook, enrolments.c.revision)
            .join(enrolments, enrolments.c.id == tasks.c.enrolment_id)
            .where(*_due(column, words))
            .limit(_BATCH)
            .with_for_update(of=tasks, skip_locked=True),
            {"now": now},
        ).all()
        mails = [mail for task in found for mail in self._mails(kind, task, now)]
        if mails:
            connection.execute(insert(connection.dialect.name, outbox).on_conflict_do_nothing(), mails)
        if found:
            values: dict[str, Any] = {column.name: None}
            if kind == ESCALATION:
                values["escalated_at"] = now
            connection.execute(sa.update(tasks).where(tasks.c.id.in_([task.id for task in found])).values(values))
        return len(found)

    def _mails(self, kind: str, task: Any, now: datetime) -> list[dict[str, Any]]:
        settings = self.shop.settings
        whom = task.escalate_to if kind == ESCALATION else task.assignee
        today = now.astimezone(settings.zone).date()
        addresses = settings.staff.addresses(whom, today) if whom else ()
        due_at = task.due_at.isoformat() if task.due_at is not None else None
        told = {"task": {"name": task.task, "assignee": task.assignee, "due_at": due_at}}
        return [
            {
                "enrolment_id": task.enrolment_id,
                "step": task.step,
                "iteration": task.iteration,
                "rank": _RANKS[kind] + number,
                "playbook": task.playbook,
                "revision": task.revision,
                "customer_id": task.customer_id,
                "channel": "email",
                "message": kind,
                "recipient": address,
                "fields": told,
                "purpose": "transactional",
                "state": "planned",
                "planned_at": now,
                "due_at": now,
                "expires_at": settings.limits.catch_up.after(now, settings.zone),
            }
            for number, address in enumerate(addresses)
        ]


_KINDS = {REMINDER: (tasks.c.remind_at, TO_REMIND), ESCALATION: (tasks.c.escalate_at, TO_ESCALATE)}


def _due(column: sa.Column[datetime], words: str) -> tuple[sa.ColumnElement[bool], ...]:
    return sa.literal_column(words), column <= sa.bindparam("now", type_=column.type)
