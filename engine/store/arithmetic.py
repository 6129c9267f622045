"""Arithmetic with instants and numbers that both databases do by the same steps, each in its own words."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from engine.store.types import Instant


class in_microseconds(FunctionElement[int]):  # noqa: N801
    """An instant as microseconds since 1970, for arithmetic in whole numbers."""

    type = sa.BigInteger()
    inherit_cache = True


@compiles(in_microseconds, "sqlite")
def _in_microseconds_sqlite(element: in_microseconds, compiler: SQLCompiler, **kw: Any) -> str:
    return compiler.process(element.clauses, **kw)


@compiles(in_microseconds, "postgresql")
def _in_microseconds_postgres(element: in_microseconds, compiler: SQLCompiler, **kw: Any) -> str:
    return f"(extract(epoch from {compiler.process(element.clauses, **kw)}) * 1000000)::bigint"


class from_microseconds(FunctionElement[datetime]):  # noqa: N801
    """The instant of that many microseconds since 1970."""

    type = Instant()
    inherit_cache = True


@compiles(from_microseconds, "sqlite")
def _from_microseconds_sqlite(element: from_microseconds, compiler: SQLCompiler, **kw: Any) -> str:
    return compiler.process(element.clauses, **kw)


@compiles(from_microseconds, "postgresql")
def _from_microseconds_postgres(element: from_microseconds, compiler: SQLCompiler, **kw: Any) -> str:
    return f"('epoch'::timestamptz + ({compiler.process(element.clauses, **kw)}) * interval '1 microsecond')"


class hundredths(FunctionElement[int]):  # noqa: N801
    """A number in whole hundredths, rounded half away from zero by the same steps of the same doubles on both."""

    type = sa.BigInteger()
    inherit_cache = True


@compiles(hundredths, "sqlite")
def _hundredths_sqlite(element: hundredths, compiler: SQLCompiler, **kw: Any) -> str:
    number = compiler.process(element.clauses, **kw)
    return f"CAST({number} * 100.0 + CASE WHEN {number} < 0 THEN -0.5 ELSE 0.5 END AS INTEGER)"


@compiles(hundredths, "postgresql")
def _hundredths_postgres(element: hundredths, compiler: SQLCompiler, **kw: Any) -> str:
    number = f"({compiler.process(element.clauses, **kw)})::float8"
    return f"trunc({number} * 100.0::float8 + CASE WHEN {number} < 0 THEN -0.5 ELSE 0.5 END::float8)::bigint"


class from_hundredths(FunctionElement[float]):  # noqa: N801
    """A number out of whole hundredths, as a double."""

    type = sa.Double()
    inherit_cache = True


@compiles(from_hundredths, "sqlite")
def _from_hundredths_sqlite(element: from_hundredths, compiler: SQLCompiler, **kw: Any) -> str:
    return f"({compiler.process(element.clauses, **kw)}) / 100.0"


@compiles(from_hundredths, "postgresql")
def _from_hundredths_postgres(element: from_hundredths, compiler: SQLCompiler, **kw: Any) -> str:
    return f"(({compiler.process(element.clauses, **kw)})::float8 / 100.0::float8)"
