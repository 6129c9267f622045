"""What steps decided, written for a whole batch: fields of customers, variants, messages of series, runs that go on."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from engine.catalogue import Catalogue
from engine.guards.suspension import SUSPENDED
from engine.store.customers import POSITION, customers
from engine.store.dialect import insert, next_position
from engine.store.ledger import WAITING, had, outbox, variants


def write_fields(connection: sa.Connection, catalogue: Catalogue, fields: Mapping[tuple[str, str], Any]) -> None:
    """Writes fields of customers, and lets the next pass look at them: they may enter or leave an audience."""
    by_customer: dict[str, dict[str, Any]] = {}
    for (customer, name), value in fields.items():
        column = catalogue.fields[name].column
        if column is not None:
            by_customer.setdefault(customer, {})[column.name] = value
    table, spec = catalogue.table(catalogue.customers.name), catalogue.customers
    same: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for customer, values in by_customer.items():
        key = int(customer) if spec.numbered else customer
        row = {"which": key, **{f"new_{name}": value for name, value in values.items()}}
        same.setdefault(tuple(sorted(values)), []).append(row)
    for names, rows in same.items():
        new = {name: sa.bindparam(f"new_{name}", type_=table.c[name].type) for name in names}
        which = catalogue.customer_key == sa.bindparam("which", type_=catalogue.customer_key.type)
        connection.execute(sa.update(table).where(which).values(new), rows)
    if by_customer and spec.name == customers.name:
        changed = customers.c.id.in_(sorted(by_customer))
        connection.execute(sa.update(customers).where(changed).values({POSITION: next_position(connection)}))


def write_choices(
    connection: sa.Connection,
    drawn: Sequence[Mapping[str, Any]],
    told: Sequence[Mapping[str, Any]],
    released: Mapping[int, timedelta],
) -> None:
    """Writes variants and what was told of series, and lets go what runs had planned before they stood still.

    Raises `sqlalchemy.exc.IntegrityError` where another worker has just told the same: run the batch again.
    """
    if drawn:
        connection.execute(insert(connection.dialect.name, variants).on_conflict_do_nothing(), drawn)
    if told:
        connection.execute(sa.insert(had), told)
    if released:
        _release(connection, released)


def _release(connection: sa.Connection, released: Mapping[int, timedelta]) -> None:
    """Messages that waited for their run are due again, and come too late only so much later."""
    waiting: tuple[sa.ColumnElement[bool], ...] = (
        sa.literal_column(WAITING),
        outbox.c.enrolment_id.in_(released),
        outbox.c.reason == SUSPENDED,
    )
    columns = (outbox.c.id, outbox.c.enrolment_id, outbox.c.planned_at, outbox.c.expires_at)
    rows = [
        {"which": id_, "due": planned + released[run], "over": over + released[run] if over is not None else None}
        for id_, run, planned, over in connection.execute(sa.select(*columns).where(*waiting))
    ]
    if rows:
        due, over = (sa.bindparam(name, type_=outbox.c.due_at.type) for name in ("due", "over"))
        statement = sa.update(outbox).where(outbox.c.id == sa.bindparam("which"))
        connection.execute(statement.values(due_at=due, expires_at=over, state="planned", reason=None), rows)
