"""Metrics in SQL: which rows one reads, whose they are, and the aggregate over them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from engine.catalogue import Catalogue, Metric, Type
from engine.clocks.times import Length
from engine.conditions.terms import Moment
from engine.store.arithmetic import from_hundredths, hundredths, in_microseconds
from engine.store.dialect import as_instant, json_number

_DAY: Final = 86_400_000_000
#: A rhythm needs two intervals at least.
_TIMES: Final = 3


@dataclass(frozen=True)
class Rows:
    """The rows that a metric reads: with the table they are parts of, their customer and their time."""

    table: Any
    source: Any
    owner: sa.ColumnElement[Any]
    time: sa.ColumnElement[Any] | None  # None for the customers themselves


def window(metric: Metric) -> tuple[Moment | None, Moment]:
    """The ends of a metric's window; rows after the first and up to the second count. None is all of the past."""
    ends = Moment("now") if metric.ending is None else Moment("ago", metric.ending)
    if metric.over is None:
        return None, ends
    return (_ago(metric.over) if metric.ending is None else Moment("ago", metric.ending, further=metric.over)), ends


def rows_of(metric: Metric, catalogue: Catalogue) -> Rows:
    """Where a metric reads. Raises `ValueError` where the catalogue names no time for a window."""
    customers = catalogue.customers
    if metric.table == customers.name:
        table = catalogue.table(metric.table).alias("members")
        return Rows(table, table, table.c[customers.key], None)
    spec, table = catalogue.tables[metric.table], catalogue.table(metric.table)
    whole, parts = (spec, table) if spec.through is None else (catalogue.tables[spec.through], table)
    of = table if whole is spec else catalogue.table(whole.name)
    time = metric.time or whole.time
    if time is None:
        raise ValueError(f"{whole.name} has no time column for a metric")
    joined = parts if of is parts else parts.join(of, parts.c[spec.by or ""] == of.c[whole.key])
    return Rows(table, joined, of.c[whole.customer], of.c[time])


def aggregate(metric: Metric, kind: Type, catalogue: Catalogue, begins: Any, ends: Any) -> sa.ColumnElement[Any]:
    """The metric of the customer in the surrounding statement; `begins` and `ends` are bound, or None for no limit."""
    rows, customers = rows_of(metric, catalogue), catalogue.table(catalogue.customers.name)
    value = _aggregated(metric, kind, rows)
    chosen = [_among(rows.table.c[column], values) for column, values in metric.only]
    if rows.time is not None:
        chosen += [rows.time <= ends] if begins is None else [rows.time > begins, rows.time <= ends]
    if metric.across is None:
        mine = rows.owner == catalogue.customer_key
        return sa.select(value).select_from(rows.source).where(mine, *chosen).correlate(customers).scalar_subquery()
    peers, source = _peers(rows, catalogue)
    shared = peers.c[metric.across] == customers.c[metric.across]
    found = sa.select(value).select_from(source).where(shared, *chosen).correlate(customers).scalar_subquery()
    return sa.case((customers.c[metric.across] != "", found))


def _peers(rows: Rows, catalogue: Catalogue) -> tuple[Any, Any]:
    """The customers who share a value, beside their rows."""
    if rows.time is None:
        return rows.table, rows.source
    peers = catalogue.table(catalogue.customers.name).alias("peers")
    return peers, peers.join(rows.source, peers.c[catalogue.customers.key] == rows.owner)


def _among(column: sa.ColumnElement[Any], values: Sequence[str]) -> sa.ColumnElement[bool]:
    return column == sa.literal(values[0], sa.Text()) if len(values) == 1 else column.in_(values)


def _aggregated(metric: Metric, kind: Type, rows: Rows) -> sa.ColumnElement[Any]:
    if metric.aggregate == "count":
        return sa.func.count()
    if metric.aggregate == "days_between":
        return _days_between(rows)
    if metric.column is None:
        raise ValueError(f"the {metric.aggregate} of {metric.table} needs a column")
    column = rows.table.c[metric.column]
    value = column if metric.member is None else json_number(column, metric.member)
    if metric.aggregate in ("min", "max"):
        return (sa.func.min if metric.aggregate == "min" else sa.func.max)(value)
    fine = kind is Type.NUMBER and metric.aggregate != "share_of"
    whole = value if kind is Type.MONEY and metric.member is None else hundredths(value)
    if metric.aggregate == "share_of":
        return _share(whole, sa.and_(*(_among(rows.table.c[name], values) for name, values in metric.part)))
    total = _sum(whole if fine or metric.member is None else value)
    if metric.aggregate == "average":
        found: sa.ColumnElement[Any] = rounded(total, sa.func.count(value))
    else:
        found = sa.func.coalesce(total, 0)
    return from_hundredths(found) if fine else found


def _sum(value: sa.ColumnElement[Any]) -> sa.ColumnElement[int]:
    return sa.cast(sa.func.sum(value), sa.BigInteger)


def _share(value: sa.ColumnElement[Any], part: sa.ColumnElement[bool]) -> sa.ColumnElement[Any]:
    """Whole percents; missing where there is nothing to have a share of."""
    whole, share = _sum(value), sa.func.coalesce(_sum(sa.case((part, value))), 0)
    return sa.case((whole > 0, rounded(100 * share, whole)))


def _days_between(rows: Rows) -> sa.ColumnElement[Any]:
    """The intervals between consecutive rows add up to the time from the first to the last."""
    if rows.time is None:
        raise ValueError("customers have no time between them")
    at, count = in_microseconds(as_instant(rows.time)), sa.func.count()
    span = sa.cast(sa.func.max(at) - sa.func.min(at), sa.BigInteger)
    return sa.case((count >= _TIMES, rounded(span, (count - 1) * sa.literal(_DAY, sa.BigInteger()))))


def rounded(total: sa.ColumnElement[int], count: sa.ColumnElement[int]) -> sa.ColumnElement[int]:
    """The quotient, rounded half away from zero in whole numbers; both databases cut a quotient toward zero."""
    half = sa.case((total < 0, -count), else_=count)
    return (2 * total + half).op("/", precedence=8, return_type=sa.BigInteger())(sa.func.nullif(2 * count, 0))


def _ago(length: Length) -> Moment:
    return Moment("ago", length)
