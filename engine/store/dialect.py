"""What differs between SQLite and Postgres, and nothing else."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from engine.store.types import Instant, IsoInstant, SecondsInstant


class month_day(FunctionElement[int]):  # noqa: N801  (reads as the SQL function it is)
    """Month and day of a date as one number: 29 February is 229. The same text in the index and in the query."""

    type = sa.Integer()
    inherit_cache = True


@compiles(month_day, "sqlite")
def _month_day_sqlite(element: month_day, compiler: SQLCompiler, **kw: Any) -> str:
    return f"CAST(strftime('%m%d', {compiler.process(element.clauses, **kw)}) AS INTEGER)"


@compiles(month_day, "postgresql")
def _month_day_postgres(element: month_day, compiler: SQLCompiler, **kw: Any) -> str:
    column = compiler.process(element.clauses, **kw)
    return f"(extract(month from {column})::int * 100 + extract(day from {column})::int)"


class as_instant(FunctionElement[datetime]):  # noqa: N801
    """A shop's own way to keep an instant, as the engine keeps it."""

    type = Instant()
    inherit_cache = True

    def __init__(self, column: sa.ColumnElement[Any]) -> None:
        self.kept = type(column.type)
        super().__init__(column)


@compiles(as_instant, "sqlite")
def _as_instant_sqlite(element: as_instant, compiler: SQLCompiler, **kw: Any) -> str:
    column = compiler.process(element.clauses, **kw)
    if element.kept is IsoInstant:
        return f"(CAST(strftime('%s', {column}) AS INTEGER) * 1000000)"
    return f"({column} * 1000000)" if element.kept is SecondsInstant else column


@compiles(as_instant, "postgresql")
def _as_instant_postgres(element: as_instant, compiler: SQLCompiler, **kw: Any) -> str:
    column = compiler.process(element.clauses, **kw)
    if element.kept is IsoInstant:
        return f"(({column})::timestamp AT TIME ZONE 'UTC')"
    return f"to_timestamp({column})" if element.kept is SecondsInstant else column


class contains_text(FunctionElement[bool]):  # noqa: N801
    """Whether a text contains another, by code point (LIKE would ignore ASCII case on SQLite)."""

    type = sa.Boolean()
    inherit_cache = True


@compiles(contains_text, "sqlite")
def _contains_sqlite(element: contains_text, compiler: SQLCompiler, **kw: Any) -> str:
    return f"(instr({compiler.process(element.clauses, **kw)}) > 0)"


@compiles(contains_text, "postgresql")
def _contains_postgres(element: contains_text, compiler: SQLCompiler, **kw: Any) -> str:
    return f"(strpos({compiler.process(element.clauses, **kw)}) > 0)"


class _JsonMember(FunctionElement[Any]):
    inherit_cache = True

    def __init__(self, document: sa.ColumnElement[Any], member: str) -> None:
        # As a literal column the name is part of the key under which a compiled statement is kept; a parameter is not.
        super().__init__(document, sa.literal_column(_member(member)))

    @property
    def document(self) -> sa.ColumnElement[Any]:
        return next(iter(self.clauses))

    @property
    def member(self) -> str:
        *_, name = self.clauses
        return cast(sa.ColumnClause[str], name).name


class json_number(_JsonMember):  # noqa: N801
    """A number out of a JSON document; NULL where it is absent or no number (a bad cast would fail the query)."""

    type = sa.Numeric(asdecimal=False)
    inherit_cache = True


def _member(name: str) -> str:
    return name.replace("'", "''")


@compiles(json_number, "sqlite")
def _json_number_sqlite(element: json_number, compiler: SQLCompiler, **kw: Any) -> str:
    document, path = compiler.process(element.document, **kw), f"'$.\"{element.member}\"'"
    return f"CASE WHEN json_type({document}, {path}) IN ('integer', 'real') THEN json_extract({document}, {path}) END"


@compiles(json_number, "postgresql")
def _json_number_postgres(element: json_number, compiler: SQLCompiler, **kw: Any) -> str:
    document, name = compiler.process(element.document, **kw), f"'{element.member}'"
    return f"CASE WHEN jsonb_typeof({document} -> {name}) = 'number' THEN ({document} ->> {name})::numeric END"


class json_text(_JsonMember):  # noqa: N801
    """A text (or true/false as text) out of a JSON document; NULL where the member is absent or something else."""

    type = sa.Text()
    inherit_cache = True


@compiles(json_text, "sqlite")
def _json_text_sqlite(element: json_text, compiler: SQLCompiler, **kw: Any) -> str:
    document, path = compiler.process(element.document, **kw), f"'$.\"{element.member}\"'"
    return (
        f"CASE json_type({document}, {path}) WHEN 'text' THEN json_extract({document}, {path})"
        " WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' END"
    )


@compiles(json_text, "postgresql")
def _json_text_postgres(element: json_text, compiler: SQLCompiler, **kw: Any) -> str:
    document, name = compiler.process(element.document, **kw), f"'{element.member}'"
    found = f"CASE WHEN jsonb_typeof({document} -> {name}) IN ('string', 'boolean') THEN {document} ->> {name} END"
    return f'({found} COLLATE "C")'


def insert(dialect: str, table: sa.Table) -> Any:
    """The INSERT of the named dialect, for ON CONFLICT.

    `INSERT … SELECT … ON CONFLICT` needs a WHERE on SQLite, which else reads ON as part of a join: give `sa.true()`.
    """
    return _INSERTS[dialect](table)


_INSERTS: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


# --- Positions -------------------------------------------------------------------------------------------------------
# "New since the last pass" may not be read off an id: on Postgres a transaction that took a lower id can commit later.
# So each row carries the number of its transaction, and a reader goes only as far as the oldest one still open.


def next_position(connection: sa.Connection) -> int:
    """The number of the write transaction under way, for the `position` of every row that it writes."""
    if connection.dialect.name == "postgresql":
        statement = "SELECT pg_current_xact_id()::text::bigint"
    else:
        statement = "UPDATE positions SET value = value + 1 WHERE id = 1 RETURNING value"
    return int(connection.exec_driver_sql(statement).scalar_one())


def horizon(connection: sa.Connection) -> int:
    """Rows up to this position are all committed and visible; later ones may still be on their way."""
    if connection.dialect.name == "postgresql":
        statement = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint - 1"
    else:
        statement = "SELECT value FROM positions WHERE id = 1"
    return int(connection.exec_driver_sql(statement).scalar_one())


def still_counts(dialect: str, position: sa.ColumnElement[int]) -> tuple[sa.ColumnElement[bool], ...]:
    """That a horizon seen a moment ago still is one: a Postgres that was torn down since gives its numbers again."""
    if dialect == "postgresql":
        return (position < sa.literal_column("pg_snapshot_xmin(pg_current_snapshot())::text::bigint"),)
    return ()


positions_ddl = (
    "CREATE TABLE IF NOT EXISTS positions (id INTEGER PRIMARY KEY CHECK (id = 1), value INTEGER NOT NULL)",
    "INSERT OR IGNORE INTO positions (id, value) VALUES (1, 1)",
)


# --- Leases ----------------------------------------------------------------------------------------------------------
# Workers on several machines agree on one clock only: the database's. SQLite has no other process, so `now` serves.


def lease_clock(dialect: str) -> sa.ColumnElement[datetime]:
    """The instant that leases are measured by; `now` is bound where the database has no clock of its own."""
    return sa.func.clock_timestamp(type_=Instant()) if dialect == "postgresql" else sa.bindparam("now", type_=Instant())


def lease_end(dialect: str, now: datetime, length: timedelta) -> sa.ColumnElement[datetime]:
    """The end of a lease that begins now."""
    if dialect == "postgresql":
        span = sa.func.make_interval(0, 0, 0, 0, 0, 0, length.total_seconds())
        return sa.type_coerce(sa.func.clock_timestamp() + span, Instant())
    return sa.literal(now + length, Instant())


def clock_of(connection: sa.Connection) -> datetime | None:
    """The database's clock; None where it has none of its own."""
    if connection.dialect.name != "postgresql":
        return None
    told: datetime = connection.execute(sa.select(sa.func.clock_timestamp(type_=Instant()))).scalar_one()
    return told


def lock_customers(connection: sa.Connection, ids: Iterable[str]) -> None:
    """Until the transaction ends nobody else decides what these customers may get (SQLite has one writer anyway)."""
    if connection.dialect.name == "postgresql":
        statement = "SELECT pg_advisory_xact_lock(hashtextextended(id, 0)) FROM unnest(%(ids)s::text[]) AS id"
        connection.exec_driver_sql(statement, {"ids": sorted(set(ids))})


def lock_listening(connection: sa.Connection, *, alone: bool) -> None:
    """Until the transaction ends runs are either moved on (by several at once) or woken (by one alone), never both.

    Else an event could be committed after a run had looked for it, and its wake come before that run had said that it
    listens: it would sleep until its time was over.
    """
    if connection.dialect.name == "postgresql":
        way = "pg_advisory_xact_lock" if alone else "pg_advisory_xact_lock_shared"
        connection.exec_driver_sql(f"SELECT {way}(hashtextextended('regulars listening', 0))")


# --- Others at work --------------------------------------------------------------------------------------------------


def one_view(store: sa.Engine) -> sa.Engine:
    """The store for transactions that see every table as of one moment, as those of SQLite do anyway.

    On Postgres such a transaction fails where another one changed the same rows (`is_a_clash`), to be done again.
    """
    return store.execution_options(isolation_level="REPEATABLE READ") if store.dialect.name == "postgresql" else store


def under_way(connection: sa.Connection) -> dict[str, int] | None:
    """The transactions of others in this database, with their processes; None where there is one writer at most.

    By the lock that each holds on itself from its first statement on, which every user may see: the times of their
    beginning are hidden from other users, and a transaction that has only read has no number. Postgres's own cleaning
    (it has no user) writes nothing.
    """
    if connection.dialect.name != "postgresql":
        return None
    statement = (
        "SELECT held.virtualxid, held.pid FROM pg_locks AS held JOIN pg_stat_activity AS who ON who.pid = held.pid"
        " WHERE held.locktype = 'virtualxid' AND held.mode = 'ExclusiveLock' AND held.granted"
        " AND who.datname = current_database() AND who.usesysid IS NOT NULL AND held.pid <> pg_backend_pid()"
    )
    return {row.virtualxid: row.pid for row in connection.exec_driver_sql(statement)}
