"""What the playbooks did: enrolments, messages, vouchers and tasks by playbook, read from the ledger."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import sqlalchemy as sa

from engine.store.customers import vouchers
from engine.store.desk import tasks
from engine.store.ledger import enrolments, outbox


@dataclass
class Standing:
    """One playbook in numbers."""

    playbook: str
    runs: dict[str, int] = field(default_factory=dict)  # by state
    messages: dict[str, int] = field(default_factory=dict)  # by state
    vouchers: dict[str, int] = field(default_factory=dict)  # by state
    tasks: int = 0
    converted: int = 0  # of those who were written to
    converted_held_out: int = 0

    @property
    def entered(self) -> int:
        """Runs that entered, those held out among them; an event that joined the run of another is none."""
        return sum(count for state, count in self.runs.items() if state not in ("refused", "collected"))

    @property
    def held_out(self) -> int:
        """Runs that get nothing, for comparison."""
        return self.runs.get("held_out", 0)


def standings(connection: sa.Connection, playbooks: Iterable[str] = ()) -> list[Standing]:
    """All playbooks that ever enrolled anybody, and those named, in the order of their names."""
    found = {name: Standing(name) for name in playbooks}

    def of(name: str) -> Standing:
        return found.setdefault(name, Standing(name))

    run, message = (enrolments.c.playbook, enrolments.c.state), (outbox.c.playbook, outbox.c.state)
    for name, state, count in _count(connection, enrolments, *run):
        of(name).runs[state] = count
    for name, state, count in _count(connection, outbox, *message):
        of(name).messages[state] = count
    issued = vouchers.join(enrolments, enrolments.c.id == vouchers.c.enrolment_id)
    for name, state, count in _count(connection, issued, enrolments.c.playbook, vouchers.c.state):
        of(name).vouchers[state] = count
    opened = tasks.join(enrolments, enrolments.c.id == tasks.c.enrolment_id)
    for name, _, count in _count(connection, opened, enrolments.c.playbook, sa.literal("")):
        of(name).tasks = count
    for name, state, count in _count(connection, enrolments, *run, where=enrolments.c.converted_at.is_not(None)):
        if state == "held_out":
            of(name).converted_held_out = count
        else:
            of(name).converted += count
    return [found[name] for name in sorted(found)]


def sent_by_channel(connection: sa.Connection) -> dict[str, int]:
    """How many messages each channel took."""
    count = sa.select(outbox.c.channel, sa.func.count()).where(outbox.c.state == "sent").group_by(outbox.c.channel)
    return {channel: number for channel, number in connection.execute(count.order_by(outbox.c.channel))}


def _count(
    connection: sa.Connection,
    source: sa.FromClause,
    name: sa.ColumnElement[str],
    state: sa.ColumnElement[str],
    where: sa.ColumnElement[bool] | None = None,
) -> list[tuple[str, str, int]]:
    statement = sa.select(name, state, sa.func.count()).select_from(source).group_by(name, state)
    rows = connection.execute(statement if where is None else statement.where(where))
    return [(row[0], row[1], row[2]) for row in rows]
