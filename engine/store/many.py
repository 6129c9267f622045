"""Writes many rows with one statement, and says which of them it really wrote.

The rows travel as one parameter (SQLite: a JSON document) or one for each column (Postgres: arrays), so the statement
is the same text for any number of rows: it is compiled once, and both databases return the keys of what they wrote.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Dialect
from sqlalchemy.sql.dml import ReturningInsert

from engine.store.dialect import insert

#: Rows that share one statement. It bounds the memory, and how long SQLite's write lock is held.
BATCH = 5_000


def write(
    connection: sa.Connection,
    table: sa.Table,
    rows: Sequence[Mapping[str, Any]],
    change: Sequence[str] | None = None,
    *,
    only_if: Any = None,
    also: Sequence[str] = (),
) -> set[Any]:
    """Inserts rows that all name the same columns; of those whose primary key exists, changes the columns `change`.

    A row that would change nothing is left alone; `also` is changed with others, but is itself no reason to change.
    `only_if` takes the table's columns and the new ones to a further condition for a change. Gives the primary keys
    of what was inserted or changed (the bare value where the key is one column). Keys must not repeat within `rows`.
    """
    if not rows:
        return set()
    names = tuple(rows[0])
    statement = _writing(connection.dialect, table, names, tuple(change or ()), only_if, tuple(also))
    values = _packed(connection.dialect, [table.c[name] for name in names], rows)
    found = connection.execute(statement, values)
    return {tuple(row) if len(row) > 1 else row[0] for row in found}


def among(connection: sa.Connection, column: sa.ColumnElement[Any], values: Iterable[Any]) -> sa.ColumnElement[bool]:
    """Whether a text column has one of many values, which travel as one parameter."""
    wanted = sorted(set(values))
    if connection.dialect.name == "postgresql":
        return column == sa.any_(sa.bindparam(None, wanted, type_=postgresql.ARRAY(sa.Text)))
    each = sa.func.json_each(sa.bindparam(None, json.dumps(wanted), type_=sa.Text)).table_valued("value")
    return column.in_(sa.select(each.c.value))


def one_of(connection: sa.Connection, column: sa.ColumnElement[Any], values: Iterable[Any]) -> sa.ColumnElement[bool]:
    """The same for a column of any type, in any table: a list as SQLAlchemy writes it costs more than the question."""
    if connection.dialect.name == "sqlite":
        return among(connection, column, values)
    return column.in_(list(values))  # the driver leaves it to the database what type the column has


@lru_cache(maxsize=256)
def _writing(
    dialect: Dialect,
    table: sa.Table,
    names: tuple[str, ...],
    change: tuple[str, ...],
    only_if: Any,
    also: tuple[str, ...],
) -> ReturningInsert[Any]:
    """The statement, built once: for a single row, that costs more than to run it."""
    columns = [table.c[name] for name in names]
    source = _of_arrays(dialect, columns) if dialect.name == "postgresql" else _of_json(len(columns))
    statement = insert(dialect.name, table).from_select(names, source)
    if change:
        new = statement.excluded
        differs = sa.or_(sa.false(), *(table.c[name].is_distinct_from(new[name]) for name in change))
        where = differs if only_if is None else sa.and_(differs, only_if(table.c, new))
        set_ = {name: new[name] for name in (*change, *also)}
        statement = statement.on_conflict_do_update(index_elements=[*table.primary_key], set_=set_, where=where)
    else:
        statement = statement.on_conflict_do_nothing()
    built: ReturningInsert[Any] = statement.returning(*table.primary_key)
    return built


def _packed(dialect: Dialect, columns: Sequence[sa.Column[Any]], rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The rows as parameters."""
    lists = [_values(dialect, column, rows) for column in columns]
    if dialect.name == "postgresql":
        return {f"rows_{number}": values for number, values in enumerate(lists)}
    return {"rows": json.dumps(list(zip(*lists, strict=True)))}


def _values(dialect: Dialect, column: sa.Column[Any], rows: Sequence[Mapping[str, Any]]) -> list[Any]:
    kind = column.type.dialect_impl(dialect)
    process = json.dumps if isinstance(kind, sa.JSON) else kind.bind_processor(dialect)
    if process is None:
        return [row[column.name] for row in rows]
    return [None if row[column.name] is None else process(row[column.name]) for row in rows]


def _of_json(width: int) -> sa.Select[Any]:
    each = sa.func.json_each(sa.bindparam("rows", type_=sa.Text)).table_valued("value")
    fields = (sa.func.json_extract(each.c.value, sa.literal_column(f"'$[{number}]'")) for number in range(width))
    # Without a WHERE, SQLite reads ON CONFLICT as part of a join.
    return sa.select(*fields).where(sa.true())


def _of_arrays(dialect: Dialect, columns: Sequence[sa.Column[Any]]) -> sa.Select[Any]:
    kinds = [column.type.dialect_impl(dialect) for column in columns]
    arrays = (
        sa.bindparam(f"rows_{number}", type_=postgresql.ARRAY(_element(kind))) for number, kind in enumerate(kinds)
    )
    each = sa.func.unnest(*arrays).table_valued(*(column.name for column in columns)).render_derived()
    return sa.select(
        *(
            sa.cast(each.c[column.name], postgresql.JSONB) if isinstance(kind, sa.JSON) else each.c[column.name]
            for column, kind in zip(columns, kinds, strict=True)
        )
    )


def _element(kind: Any) -> Any:
    if isinstance(kind, (sa.Text, sa.JSON)):
        return sa.Text()  # without the collation, which is the column's
    return getattr(kind, "impl", kind)
