"""Consents with their evidence: when, how and where from; the newest answer holds, and every answer stays on record."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
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
#: The key of an answer on record; what is told again is on record already.
_LOG_KEY = (*_KEY, "at", "given")
_MOMENT = timedelta(microseconds=1)
_OLDER = "the answer that holds is newer; this one is kept on record alone"


@dataclass(frozen=True)
class Evidence:
    """How an answer was given, when, and where from."""

    how: str
    at: datetime
    source: str | None


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
    """Keeps every answer on record; of each customer, channel and topic the newest one holds, a withdrawal before a yes.

    None counts as later than it was recorded first, whatever the clock of its teller said: what the customer does after
    that is newer. The record has the time that was told.
    """
    said = [
        {**{name: row[name] for name in (*_KEY, "at", "given", "how")}, "source": row.get("source")} for row in rows
    ]
    _lock_withdrawn(connection, said)
    keys = {_of(row) for row in said}
    held = set(_stored(connection, keys)) if done is not None else set()
    logged = _log(connection, said, now)
    changed = _hold(connection, [{**row, "at": min(row["at"], now)} for row in said if _on_log(row) in logged])
    if done is not None:
        new = {_as_text(key) for key in changed}
        done.count({_as_text(key) for key in keys}, {_as_text(key) for key in held}, new)
        done.warn(_OLDER, len({_of_log(key) for key in logged} - changed))


def answer_now(
    connection: sa.Connection, customer: str, said: Mapping[str, Sequence[tuple[str, bool]]], evidence: Evidence
) -> dict[str, datetime]:
    """Keeps what a customer says to us at this moment, by channel: topics, and whether he agrees.

    It holds: it is newer than all that stands for its channel, also where another clock was ahead of ours. Of one deed
    the later answer counts: who leaves everything but one topic says so in this order. Gives the time of the last answer
    by channel.
    """
    lock_answers(connection, [customer], alone=True)
    rows: list[dict[str, Any]] = []
    last = _last_said(connection, customer)
    for channel, answers in said.items():
        at = max(evidence.at, last[channel] + _MOMENT) if channel in last else evidence.at
        for number, (topic, given) in enumerate(answers):
            key = {"customer_id": customer, "channel": channel, "topic": topic}
            how = {"how": evidence.how, "source": evidence.source}
            rows.append({**key, "given": given, "at": at + number * _MOMENT, **how})
    _log(connection, rows, evidence.at)
    _hold(connection, rows)
    return {row["channel"]: row["at"] for row in rows}


def _lock_withdrawn(connection: sa.Connection, said: Sequence[Row]) -> None:
    if not all(row["given"] for row in said):
        # All of them, in one order: what is written below locks in the order of the rows, and might wait in a circle.
        lock_answers(connection, {row["customer_id"] for row in said}, alone=True)


def _last_said(connection: sa.Connection, customer: str) -> dict[str, datetime]:
    """When the customer said anything of a channel, by what stands."""
    newest = sa.select(consents.c.channel, sa.func.max(consents.c.at, type_=consents.c.at.type))
    mine = newest.where(consents.c.customer_id == customer).group_by(consents.c.channel)
    return {channel: at for channel, at in connection.execute(mine)}


def _log(connection: sa.Connection, said: Sequence[Row], now: datetime) -> set[tuple[Any, ...]]:
    """Keeps answers on record; the keys of those that were not there."""
    log = {_on_log(row): {**row, "recorded_at": now} for row in said}
    return write(connection, consent_log, list(log.values()))


def _hold(connection: sa.Connection, said: Sequence[Row]) -> set[tuple[Any, ...]]:
    """Lets the newest answers hold; the keys of those that do now."""
    latest: dict[tuple[Any, ...], Row] = {}
    for row in sorted(said, key=lambda one: (one["at"], not one["given"])):
        latest[_of(row)] = row
    return write(connection, consents, list(latest.values()), ["given", "at", "how", "source"], only_if=_newer)


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


def _on_log(row: Row) -> tuple[Any, ...]:
    return tuple(row[name] for name in _LOG_KEY)


def _of_log(key: tuple[Any, ...]) -> tuple[Any, ...]:
    return key[:3]


def _as_text(key: tuple[Any, ...]) -> str:
    return " ".join(key)


def _stored(connection: sa.Connection, keys: Any) -> list[tuple[str, str, str]]:
    columns = (consents.c.customer_id, consents.c.channel, consents.c.topic)
    found = sa.select(*columns).where(among(connection, consents.c.customer_id, {key[0] for key in keys}))
    return [(row[0], row[1], row[2]) for row in connection.execute(found)]
