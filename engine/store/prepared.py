"""A statement built once and run often: compiled to text, so that a tick does not build expressions again."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.sql import visitors

_DIALECTS: dict[str, Any] = {
    "sqlite": SQLiteDialect_pysqlite(paramstyle="named"),
    "postgresql": PGDialect_psycopg(),  # type: ignore[no-untyped-call]
}


class Prepared:
    """One statement as text, with the conversions of its parameters. Rows come back as the driver gives them."""

    def __init__(self, statement: sa.ClauseElement, dialect: str) -> None:
        kind = _DIALECTS[dialect]
        self._columns = getattr(statement, "selected_columns", None)
        self._kind = kind
        for element in visitors.iterate(statement):
            if isinstance(element, sa.BindParameter):
                element.required = False  # lists are spelled out now, the other values come with each run
        compiled = statement.compile(dialect=kind, compile_kwargs={"render_postcompile": True})
        self.text = str(compiled)
        self._fixed: dict[str, Any] = dict(compiled.params)
        self._bind: list[tuple[str, Any]] = []
        binds = getattr(compiled, "binds", {})
        for name in self._fixed:
            processor = binds[name].type.dialect_impl(kind).bind_processor(kind) if name in binds else None
            self._bind.append((name, processor))

    @property
    def constants(self) -> Mapping[str, Any]:
        """The parameters that are the same at every run."""
        return {name: value for name, value in self._fixed.items() if value is not None}

    def execute(self, connection: sa.Connection, params: Mapping[str, Any]) -> sa.CursorResult[Any]:
        """Runs it; parameters that the statement does not have are left out, so that one mapping serves several."""
        bound = {}
        for name, processor in self._bind:
            value = params[name] if name in params else self._fixed[name]
            bound[name] = processor(value) if processor is not None else value
        return connection.exec_driver_sql(self.text, bound)

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
