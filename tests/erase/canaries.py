"""A customer of whom every text in every table is a canary, so that whatever remains of him is found."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from engine.erase.tables import TABLES, Anonymised, Deleted
from engine.store.customers import metadata
from engine.store.types import Instant

WHO = "canary-customer"
#: Texts that decide which rows are found, or which the engine itself writes.
_FIXED: dict[str, dict[str, Any]] = {
    "customers": {
        "id": WHO,
        "email": "canary@nest.example",
        "phone": "+4930canary",
        "chat": "canary-chat",
        "timezone": "",
    },
    "events": {"id": "canary-source:canary-event"},
    "receipts": {"source": "canary-source", "event_id": "canary-event"},
    "orders": {"id": "canary-order"},
    "order_lines": {"order_id": "canary-order", "line": 1},
    "outbox": {"id": 4711, "channel": "email", "state": "sent"},
    "enrolments": {"id": 4711, "state": "done", "playbook": "p", "step": "s"},
    "vouchers": {"state": "issued", "kind": "gift"},
    "attempts": {"message_id": 4711},
    "contents": {"message_id": 4711},
    "questions": {"subject": f"{WHO}/canary-occasion"},
    "tasks": {"done_at": None},
}


def fill(connection: sa.Connection, now: datetime) -> int:
    """Writes the rows, several of each table. Gives how many."""
    written = 0
    for table in metadata.sorted_tables:
        rule = TABLES.get(table.name)
        if isinstance(rule, (Deleted, Anonymised)):
            keeps = rule.keeps if isinstance(rule, Anonymised) else frozenset()
            row = {column.name: _value(table, column, keeps, now) for column in table.columns}
            row = {name: value for name, value in row.items() if value is not _LEFT_OUT}
            connection.execute(sa.insert(table).values({**row, **_FIXED.get(table.name, {})}))
            written += 1
    return written


_LEFT_OUT = object()


def _value(table: sa.Table, column: sa.Column[Any], keeps: frozenset[str], now: datetime) -> Any:
    if column.name == "customer_id":
        return WHO
    if column.identity is not None and column.name == "id":
        return _LEFT_OUT
    if column.name in keeps:
        return "kept" if isinstance(column.type, sa.Text) else None
    values = (
        (sa.JSON, {"canary": f"canary in {table.name}"}),
        (sa.Text, f"canary in {table.name}.{column.name}"),
        (Instant, now),
        (sa.Date, date(1990, 3, 1)),
        (sa.Boolean, False),
        (sa.LargeBinary, b"canary in bytes"),
    )
    numbers = {"enrolment_id": 4711, "message_id": 4711}
    return next((value for kind, value in values if isinstance(column.type, kind)), numbers.get(column.name, 1))
