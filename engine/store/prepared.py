"""A statement built once and run often: compiled to text, so that a tick does not build expressions again."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.sql import visitors

#: Statements that ask together at most: SQLite takes 2,000 columns, and a statement must stay short enough to plan.
_TOGETHER = 100
#: Sets of questions whose text is kept: the usual one, and those of the beats of the calendar.
_SETS = 16

_DIALECTS: dict[str, Any] = {
    "sqlite": SQLiteDialect_pysqlite(paramstyle="named"),
    "postgresql": PGDialect_psycopg(),  # type: ignore[no-untyped-call]
}
_POSITIONAL: dict[str, Any] = {
    "sqlite": SQLiteDialect_pysqlite(paramstyle="qmark"),
    "postgresql": PGDialect_psycopg(paramstyle="format"),  # type: ignore[no-untyped-call]
}


class Prepared:
    """One statement as text, with the conversions of its parameters. Rows come back as the driver gives them."""

    def __init__(self, statement: sa.ClauseElement, dialect: str) -> None:
        kind = _DIALECTS[dialect]
        self._statement, self._dialect = statement, dialect
        self._columns = getattr(statement, "selected_columns", None)
        self._kind = kind
        for element in visitors.iterate(statement):
            if isinstance(element, sa.BindParameter):
                element.required = False  # lists are spelled out now, the other values come with each run
        compiled = statement.compile(dialect=kind, compile_kwargs={"render_postcompile": True})
        self.text = str(compiled)
        self._fixed: dict[str, Any] = dict(compiled.params)
        self._bind: dict[str, Any] = {}
        binds = getattr(compiled, "binds", {})
        for name in self._fixed:
            processor = binds[name].type.dialect_impl(kind).bind_processor(kind) if name in binds else None
            self._bind[name] = processor
        self._ready = {name: self._value(name, self._fixed) for name in self._fixed}

    @property
    def constants(self) -> Mapping[str, Any]:
        """The parameters that are the same at every run."""
        return {name: value for name, value in self._fixed.items() if value is not None}

    def execute(self, connection: sa.Connection, params: Mapping[str, Any]) -> sa.CursorResult[Any]:
        """Runs it; parameters that the statement does not have are left out, so that one mapping serves several."""
        return connection.exec_driver_sql(self.text, {name: self._value(name, params) for name in self._bind})

    def many(self, connection: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> int:
        """Runs it once for each of these parameters, and counts the rows that it wrote over all."""
        if not rows:
            return 0
        ready, bind = self._ready, self._bind.items()
        bound = [
            {
                name: ready[name] if name not in row else row[name] if process is None else process(row[name])
                for name, process in bind
            }
            for row in rows
        ]
        return connection.exec_driver_sql(self.text, bound).rowcount

    @cached_property
    def positional(self) -> tuple[str, list[str]]:
        """The same with unnamed marks, and the names in their order, for a part of a longer statement."""
        kind = _POSITIONAL[self._dialect]
        compiled: Any = self._statement.compile(dialect=kind, compile_kwargs={"render_postcompile": True})
        return str(compiled), list(compiled.positiontup)

    def values(self, names: Sequence[str], params: Mapping[str, Any]) -> list[Any]:
        """The parameters of those names, as the driver takes them."""
        return [self._value(name, params) for name in names]

    def _value(self, name: str, params: Mapping[str, Any]) -> Any:
        if name not in params:
            return self._ready[name]
        processor = self._bind[name]
        return processor(params[name]) if processor is not None else params[name]

    def write(self, connection: sa.Connection, params: Mapping[str, Any]) -> int:
        """Runs a statement that writes, and counts the rows that it wrote."""
        wrote = self.execute(connection, params).rowcount
        if wrote < 0:  # Python's SQLite driver counts only for statements that begin with their verb, not with WITH
            wrote = int(connection.exec_driver_sql("SELECT changes()").scalar_one())
        return wrote

    def first(self, connection: sa.Connection, params: Mapping[str, Any]) -> Any:
        """The first value of the first row, in its Python type; None where there is no row."""
        value = self.execute(connection, params).scalar()
        if value is None or self._columns is None:
            return value
        kind = next(iter(self._columns)).type.dialect_impl(self._kind)
        processor = kind.result_processor(self._kind, None)
        return processor(value) if processor is not None else value


#: A statement, and the parameters of a run of it.
Question = tuple[Prepared, Mapping[str, Any]]


class Questions:
    """Asks of many statements at once whether each finds a row: one statement, and one round trip, for a hundred."""

    def __init__(self) -> None:
        self._texts: dict[tuple[Prepared, ...], tuple[str, list[list[str]]]] = {}

    def any(self, connection: sa.Connection, asked: Sequence[Question]) -> list[bool]:
        """One answer for each, in their order."""
        parts = (asked[start : start + _TOGETHER] for start in range(0, len(asked), _TOGETHER))
        return [bool(answer) for part in parts for answer in self._ask(connection, part)]

    def _ask(self, connection: sa.Connection, asked: Sequence[Question]) -> Sequence[Any]:
        text, names = self._text(tuple(statement for statement, _ in asked))
        values = [
            value
            for (statement, params), its_names in zip(asked, names, strict=True)
            for value in statement.values(its_names, params)
        ]
        return connection.exec_driver_sql(text, tuple(values)).one()

    def _text(self, statements: tuple[Prepared, ...]) -> tuple[str, list[list[str]]]:
        if statements not in self._texts:
            if len(self._texts) == _SETS:
                self._texts.pop(next(iter(self._texts)))
            parts = [statement.positional for statement in statements]
            text = "SELECT " + ",\n".join(f"EXISTS ({part})" for part, _ in parts)
            self._texts[statements] = (text, [names for _, names in parts])
        return self._texts[statements]
