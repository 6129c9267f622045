"""Reckoning with instants inside a statement, where SQLite and Postgres differ."""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from engine.store.types import Instant


class shifted(FunctionElement[datetime]):  # noqa: N801
    """An instant of the engine's own form so much later (or earlier), in elapsed time: always as much, or by a number of
    microseconds that is bound at each run (see `elapsed`)."""

    type = Instant()
    inherit_cache = True

    def __init__(self, instant: sa.ColumnElement[datetime], by: timedelta | sa.ColumnElement[int]) -> None:
        # As a literal column the length is part of the key under which a compiled statement is kept.
        super().__init__(instant, sa.literal_column(str(elapsed(by))) if isinstance(by, timedelta) else by)


def elapsed(length: timedelta) -> int:
    """A length in the unit of `shifted`."""
    return length // timedelta(microseconds=1)


@compiles(shifted, "sqlite")
def _shifted_sqlite(element: shifted, compiler: SQLCompiler, **kw: Any) -> str:
    instant, by = (compiler.process(one, **kw) for one in element.clauses)
    return f"({instant} + ({by}))"


@compiles(shifted, "postgresql")
def _shifted_postgres(element: shifted, compiler: SQLCompiler, **kw: Any) -> str:
    instant, by = (compiler.process(one, **kw) for one in element.clauses)
    return f"({instant} + ({by}) * interval '1 microsecond')"


class instant_text(FunctionElement[str]):  # noqa: N801
    """An instant of the engine's own form as `2026-12-24T18:30Z`."""

    type = sa.Text()
    inherit_cache = True


@compiles(instant_text, "sqlite")
def _instant_text_sqlite(element: instant_text, compiler: SQLCompiler, **kw: Any) -> str:
    return f"strftime('%Y-%m-%dT%H:%MZ', {compiler.process(element.clauses, **kw)} / 1000000, 'unixepoch')"


@compiles(instant_text, "postgresql")
def _instant_text_postgres(element: instant_text, compiler: SQLCompiler, **kw: Any) -> str:
    instant = compiler.process(element.clauses, **kw)
    return f"to_char({instant} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI\"Z\"')"
