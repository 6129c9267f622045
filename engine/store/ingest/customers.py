"""Customers as the shop knows them, with their tags and consents."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engine.store.customers import POSITION, consent_log, consents, customer_tags, customers
from engine.store.dialect import next_position
from engine.store.ingest.consents import lock_answers
from engine.store.ingest.touched import touch, touch_sharing
from engine.store.ingest.written import Numbered, Rejected, Row, Written, alike, batches, once
from engine.store.many import among, write
from engine.store.sealed import CUSTOMER, erased_among

#: Columns of a row that become rows of other tables.
TAGS = "tags"
CONSENTS = {"email_consent": "email", "sms_consent": "sms", "chat_consent": "chat"}

#: The evidence written for a consent that came with a customer's row.
IMPORTED = "import"

#: What several customers share; a metric may look `across` it.
_SHARED = ("company", "household")
_ELSEWHERE = {TAGS, *CONSENTS}
#: The columns with addresses, and their channels.
_ADDRESSES = {"id": CUSTOMER, "email": "email", "phone": "sms", "chat": "chat"}
_ERASED = "this customer was erased; one who came back is let in by  regulars unsuppress {what} --channel {channel}"
_KEPT = "consent stays withdrawn: the customer withdrew it here, and the row gives no later date"


def put_customers(connection: sa.Connection, rows: Sequence[Row], now: datetime) -> Written:
    """Writes customers by their `id`. A row names columns of `customers`, and may name these:

    * `tags`: any number of texts; they are added, none is taken away, since the engine gives tags too;
    * `email_consent`, `sms_consent`, `chat_consent`: True, False, or the instant at which consent was given, for every
      topic. A customer who withdrew consent elsewhere than by an import gets it back only by a later date.

    A row with an address whose owner was erased is rejected: nobody comes back by a file that was written before.
    """
    done = Written()
    for offset, batch in batches(rows):
        part = Written()
        kept = _not_erased(connection, once(enumerate(batch), "id", "customer", part), part)
        _put(connection, kept, now, part)
        done.add(part, offset)
    return done


def _not_erased(connection: sa.Connection, rows: Sequence[Numbered], done: Written) -> list[Row]:
    """The rows without those of people who were erased."""
    given = {
        (number, column): (channel, row[column])
        for number, row in rows
        for column, channel in _ADDRESSES.items()
        if row.get(column)
    }
    erased = erased_among(connection, given.values())
    gone: dict[int, str] = {}
    for (number, column), address in given.items():
        if address in erased:
            gone.setdefault(number, column)
    done.rejected += [Rejected(number, column, _erased(column)) for number, column in gone.items()]
    return [row for number, row in rows if number not in gone]


def _erased(column: str) -> str:
    # Without the value, which would stand in logs.
    return _ERASED.format(what=column.upper(), channel=_ADDRESSES[column])


def _put(connection: sa.Connection, rows: Sequence[Row], now: datetime, done: Written) -> None:
    ids = [row["id"] for row in rows]
    known = set(connection.scalars(sa.select(customers.c.id).where(among(connection, customers.c.id, ids))))
    position = next_position(connection)
    touch_sharing(connection, _left(connection, rows), position)
    written: set[str] = set()
    for group in alike({name: row[name] for name in row if name not in _ELSEWHERE} for row in rows):
        written |= _upsert(connection, group, position, now)
    tagged = _add_tags(connection, rows, now)
    touch(connection, tagged - written, position)
    agreed = _put_consents(connection, rows, now, done)
    done.count(ids, known, written | tagged | agreed)


def _left(connection: sa.Connection, rows: Sequence[Row]) -> Iterator[tuple[str, str]]:
    """The companies and households that lose a member: for the others of them, an average changes."""
    moving = {row["id"]: row for row in rows if any(name in row for name in _SHARED)}
    if not moving:
        return
    columns = (customers.c[name] for name in _SHARED)
    before = sa.select(customers.c.id, *columns).where(among(connection, customers.c.id, moving))
    for key, *values in connection.execute(before).all():
        for name, value in zip(_SHARED, values, strict=True):
            if value and moving[key].get(name, value) != value:
                yield name, value


def _upsert(connection: sa.Connection, rows: Sequence[Row], position: int, now: datetime) -> set[str]:
    given = [name for name in rows[0] if name != "id"]
    always = {"created_at": now, POSITION: position}
    return write(connection, customers, [{**always, **row} for row in rows], given, also=[POSITION])


def _add_tags(connection: sa.Connection, rows: Sequence[Row], now: datetime) -> set[str]:
    tags = [
        {"customer_id": row["id"], "tag": tag, "at": now} for row in rows for tag in dict.fromkeys(row.get(TAGS, ()))
    ]
    return {customer for customer, _ in write(connection, customer_tags, tags)}


def _put_consents(connection: sa.Connection, rows: Sequence[Row], now: datetime, done: Written) -> set[str]:
    written: set[str] = set()
    if any(row.get(column) is False for row in rows for column in CONSENTS):
        lock_answers(connection, [row["id"] for row in rows], alone=True)
    for column, channel in CONSENTS.items():
        said = [(row["id"], row[column]) for row in rows if row.get(column) is not None]
        withdrawn = [one for one in said if one[1] is False]
        plain = [one for one in said if one[1] is True]
        dated = [one for one in said if isinstance(one[1], datetime)]
        written |= _consent(connection, channel, withdrawn, now)
        written |= _consent(connection, channel, plain, now)
        written |= _consent(connection, channel, dated, now)
        done.warn(_KEPT, _count_withdrawn(connection, channel, [one[0] for one in (*plain, *dated)]))
    return written


def _consent(connection: sa.Connection, channel: str, said: Sequence[tuple[str, Any]], now: datetime) -> set[str]:
    fixed = {"channel": channel, "topic": "*", "how": IMPORTED}
    rows = [
        {**fixed, "customer_id": who, "given": what is not False, "at": now if isinstance(what, bool) else what}
        for who, what in said
    ]
    allowed = _dated if said and isinstance(said[0][1], datetime) else _plain
    written = {
        customer for customer, *_ in write(connection, consents, rows, ["given"], only_if=allowed, also=["at", "how"])
    }
    write(connection, consent_log, [{**row, "recorded_at": now} for row in rows if row["customer_id"] in written])
    return written


# The conditions of a change. They are functions of their own, for the statements built with them are kept by them.


def _dated(old: Any, new: Any) -> sa.ColumnElement[bool]:
    return sa.or_(sa.not_(new.given), new.at > old.at)


def _plain(old: Any, new: Any) -> sa.ColumnElement[bool]:
    # A plain yes has no date: it may take back what an earlier import said, but not what the customer said since.
    return sa.or_(sa.not_(new.given), old.how == IMPORTED)


def _count_withdrawn(connection: sa.Connection, channel: str, ids: Sequence[str]) -> int:
    if not ids:
        return 0
    withdrawn = (consents.c.channel == channel, consents.c.topic == "*", sa.not_(consents.c.given))
    query = sa.select(sa.func.count()).where(among(connection, consents.c.customer_id, ids), *withdrawn)
    return connection.scalar(query) or 0
