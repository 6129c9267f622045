"""Customers as the shop knows them, with their tags and consents."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engine.store.customers import POSITION, consents, customer_tags, customers
from engine.store.dialect import insert, next_position
from engine.store.ingest.touched import touch
from engine.store.ingest.written import Row, Written, alike, batches, differs, once

#: Columns of a row that become rows of other tables.
TAGS = "tags"
CONSENTS = {"email_consent": "email", "sms_consent": "sms"}

#: The evidence written for a consent that came with a customer's row.
IMPORTED = "import"

_ELSEWHERE = {TAGS, *CONSENTS}
_KEPT = "consent stays withdrawn: the customer withdrew it here, and the row gives no later date"


def put_customers(connection: sa.Connection, rows: Sequence[Row], now: datetime) -> Written:
    """Writes customers by their `id`. A row names columns of `customers`, and may name these:

    * `tags`: any number of texts; they are added, none is taken away, since the engine gives tags too;
    * `email_consent`, `sms_consent`: True, False, or the instant at which consent was given. Consent for every topic.
      A customer who withdrew consent elsewhere than by an import gets it back only by a later date.
    """
    done = Written()
    for offset, batch in batches(rows):
        part = Written()
        kept = [row for _, row in once(enumerate(batch), "id", "customer", part)]
        _put(connection, kept, now, part)
        done.add(part, offset)
    return done


def _put(connection: sa.Connection, rows: Sequence[Row], now: datetime, done: Written) -> None:
    ids = [row["id"] for row in rows]
    known = set(connection.scalars(sa.select(customers.c.id).where(customers.c.id.in_(ids))))
    position = next_position(connection)
    written: set[str] = set()
    for group in alike({name: row[name] for name in row if name not in _ELSEWHERE} for row in rows):
        written |= _upsert(connection, group, position, now)
    tagged = _add_tags(connection, rows, now)
    touch(connection, tagged - written, position)
    agreed = _put_consents(connection, rows, now, done)
    done.count(ids, known, written | tagged | agreed)


def _upsert(connection: sa.Connection, rows: Sequence[Row], position: int, now: datetime) -> set[str]:
    given = [name for name in rows[0] if name != "id"]
    statement = insert(connection.dialect.name, customers)
    new = statement.excluded
    statement = statement.on_conflict_do_update(
        index_elements=[customers.c.id],
        set_={name: new[name] for name in (*given, POSITION)},
        where=differs(customers, new, given),
    ).returning(customers.c.id)
    always = {"created_at": now, POSITION: position}
    return set(connection.scalars(statement, [{**always, **row} for row in rows]))


def _add_tags(connection: sa.Connection, rows: Sequence[Row], now: datetime) -> set[str]:
    tags = [
        {"customer_id": row["id"], "tag": tag, "at": now} for row in rows for tag in dict.fromkeys(row.get(TAGS, ()))
    ]
    if not tags:
        return set()
    statement = insert(connection.dialect.name, customer_tags).on_conflict_do_nothing()
    return set(connection.scalars(statement.returning(customer_tags.c.customer_id), tags))


def _put_consents(connection: sa.Connection, rows: Sequence[Row], now: datetime, done: Written) -> set[str]:
    written: set[str] = set()
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
    if not said:
        return set()
    statement = insert(connection.dialect.name, consents)
    new, old = statement.excluded, consents.c
    # A plain yes has no date: it may take back what an earlier import said, but not what the customer said since.
    allowed = {
        False: old.given,
        True: sa.and_(sa.not_(old.given), old.how == IMPORTED),
    }.get(said[0][1], sa.and_(sa.not_(old.given), new.at > old.at))
    statement = statement.on_conflict_do_update(
        index_elements=[old.customer_id, old.channel, old.topic],
        set_={"given": new.given, "at": new.at, "how": new.how},
        where=allowed,
    ).returning(old.customer_id)
    fixed = {"channel": channel, "topic": "*", "how": IMPORTED}
    values = [
        fixed | {"customer_id": who, "given": what is not False, "at": now if isinstance(what, bool) else what}
        for who, what in said
    ]
    return set(connection.scalars(statement, values))


def _count_withdrawn(connection: sa.Connection, channel: str, ids: Sequence[str]) -> int:
    if not ids:
        return 0
    withdrawn = (consents.c.channel == channel, consents.c.topic == "*", sa.not_(consents.c.given))
    query = sa.select(sa.func.count()).where(consents.c.customer_id.in_(ids), *withdrawn)
    return connection.scalar(query) or 0
