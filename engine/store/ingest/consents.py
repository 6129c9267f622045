"""Consents with their evidence: when, how and where from; the newest answer holds, and every answer stays on record."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from engine.store.customers import consent_log, consents
from engine.store.ingest.orders import unknown_customer
from engine.store.ingest.touched import lock
from engine.store.ingest.written import Row, Written, batches, not_of_the_future
from engine.store.many import among, write

#: Events that are answers of customers, and what they say.
ANSWERS: Final = {"consent.given": True, "consent.withdrawn": False}
CHANNELS: Final = ("email", "sms", "chat")
_KEY = ("customer_id", "channel", "topic")
_OLDER = "the answer that holds is newer; this one is kept on record alone"


def put_consents(connection: sa.Connection, rows: Sequence[Row], now: datetime) -> Written:
    """Writes answers: `customer_id`, `channel`, `topic` ('*' is every one), `given`, `at`, `how`, `source`.

    A consent that was withdrawn comes back only by evidence that is newer than the withdrawal.
    """
    done = Written()
    for offset, batch in batches(rows):
        part = Written()
        past = list(not_of_the_future(enumerate(batch), ("at",), now, part))
        known = lock(connection, (row["customer_id"] for _, row in past))
        part.rejected += [
            unknown_customer(at, row["customer_id"]) for at, row in past if row["customer_id"] not in known
        ]
        record_answers(connection, [row for _, row in past if row["customer_id"] in known], now, part)
        done.add(part, offset)
    return done


def lock_answers(connection: sa.Connection, ids: Iterable[str], *, alone: bool) -> None:
    """Until the transaction ends these customers take nothing back (`alone`: nobody looks whether they agreed).

    What is taken back can be a new row, for a topic, which nobody can lock before it is there; but whoever may be written
    to has a row already. The look itself comes after the lock, or it would not see what that has waited for. SQLite has
    one writer at a time and needs no lock.
    """
    if connection.dialect.name == "postgresql":
        mine = sa.select(consents.c.customer_id).where(among(connection, consents.c.customer_id, ids))
        in_order = mine.order_by(*consents.primary_key)
        connection.execute(in_order.with_for_update(read=not alone, key_share=alone))


def record_answers(connection: sa.Connection, rows: Sequence[Row], now: datetime, done: Written | None = None) -> None:
    """Keeps every answer on record; of each customer, channel and topic the newest one holds, a withdrawal before a yes."""
    said = [
        {**{name: row[name] for name in (*_KEY, "at", "given", "how")}, "source": row.get("source")} for row in rows
    ]
    log = {(*_of(row), row["at"], row["given"]): {**row, "recorded_at": now} for row in said}
    if not all(row["given"] for row in said):
        # All of them, in one order: what is written below locks in the order of the rows, and might wait in a circle.
        lock_answers(connection, {row["customer_id"] for row in said}, alone=True)
    logged = write(connection, consent_log, list(log.values()))
    latest: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in sorted(said, key=lambda one: (one["at"], not one["given"])):
        latest[_of(row)] = row
    held = set(_stored(connection, latest)) if done is not None else set()
    changed = write(connection, consents, list(latest.values()), ["given", "at", "how", "source"], only_if=_newer)
    if done is not None:
        new = {_as_text(key) for key in changed}
        done.count({_as_text(key) for key in latest}, {_as_text(key) for key in held}, new)
        done.warn(_OLDER, len({_of_log(key) for key in logged} - set(changed)))


def refusal(row: Row) -> str | None:
    """Why an event is no answer; None where it is one, or speaks of something else."""
    channel = row["payload"].get("channel")
    if row["name"] not in ANSWERS or channel in CHANNELS:
        return None
    return f"`{row['name']}` needs `channel`: {', '.join(CHANNELS)}"


def answer(connection: sa.Connection, rows: Sequence[Row], now: datetime) -> None:
    """What new events say of consent; without `how`, the event itself is the evidence."""
    said = [
        {
            "customer_id": row["customer_id"],
            "channel": row["payload"]["channel"],
            "topic": row["payload"].get("topic") or "*",
            "given": ANSWERS[row["name"]],
            "at": row["occurred_at"],
            "how": row["payload"].get("how") or "event",
            "source": row["payload"].get("source") or row["id"],
        }
        for row in rows
        if row["name"] in ANSWERS
    ]
    if said:
        record_answers(connection, said, now)


def _newer(old: Any, new: Any) -> sa.ColumnElement[bool]:
    withdrawn = sa.and_(new.at == old.at, sa.not_(new.given))
    return sa.or_(new.at > old.at, withdrawn)


def _of(row: Row) -> tuple[str, str, str]:
    return row["customer_id"], row["channel"], row["topic"]


def _of_log(key: tuple[Any, ...]) -> tuple[Any, ...]:
    return key[:3]


def _as_text(key: tuple[Any, ...]) -> str:
    return " ".join(key)


def _stored(connection: sa.Connection, keys: Any) -> list[tuple[str, str, str]]:
    columns = (consents.c.customer_id, consents.c.channel, consents.c.topic)
    found = sa.select(*columns).where(among(connection, consents.c.customer_id, {key[0] for key in keys}))
    return [(row[0], row[1], row[2]) for row in connection.execute(found)]
