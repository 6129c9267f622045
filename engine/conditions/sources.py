"""Where a field's value comes from in SQL: a column, a member of a JSON document, an aggregate over a window."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from engine.catalogue import Catalogue, Column, Field, Metric, Type
from engine.conditions.aggregates import aggregate, rows_of, window
from engine.conditions.terms import Moment
from engine.store.dialect import json_number, json_text
from engine.store.types import Key, from_microseconds, to_microseconds

#: A day inside a JSON document; such texts compare like their days. Both databases and Python read the pattern alike.
ISO_DAY: Final = r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}\Z"
#: How a date or time is kept: see `Field.stored`; inside a document, a day is ISO text and a time is microseconds.
Form = Literal["native", "iso", "seconds", "document"]
Rounding = Literal["", "up", "down"]


class Microseconds(TypeDecorator[datetime]):
    """An instant inside a JSON document: whole microseconds since 1970, on both databases."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        return None if value is None else to_microseconds(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return None if value is None else from_microseconds(int(value))


class Plain(TypeDecorator[Any]):
    """A number as Python has it: whole ones are `int`, so that a text prints `3` and not `3.0`."""

    impl = sa.Numeric(asdecimal=False)
    cache_ok = True

    def process_result_value(self, value: Any, dialect: Dialect) -> int | float | None:  # noqa: ARG002
        return int(value) if value is not None and value == int(value) else value


class IsoDay(TypeDecorator[date]):
    """A day inside a JSON document: ISO text, which sorts like days."""

    impl = Key
    cache_ok = True

    def process_bind_param(self, value: date | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else value.isoformat()


@dataclass(frozen=True)
class Bound:
    """A moment as a bound parameter, in the form in which the other side of the comparison is kept.

    What keeps whole seconds is compared with a moment rounded to them.
    """

    moment: Moment
    as_day: bool
    form: Form = "native"
    rounding: Rounding = ""

    @property
    def name(self) -> str:
        """The parameter's name; the same moment in the same form has the same name wherever it stands."""
        words = [] if self.moment.further is None else [str(self.moment.further), "before"]
        text = "_".join([*words, str(self.moment)]).replace(" ", "_").replace("-", "_")
        form = "" if self.form == "native" else self.form
        return "_".join(filter(None, ["on" if self.as_day else "at", text, form, self.rounding]))

    def value(self, now: datetime, zone: ZoneInfo) -> datetime | date:
        """The parameter's value at `now`, in the brand's zone."""
        if self.as_day:
            return self.moment.local_day(now, zone)
        instant = self.moment.instant(now, zone)
        if self.rounding == "up" and instant.microsecond:
            return instant.replace(microsecond=0) + timedelta(seconds=1)
        return instant.replace(microsecond=0) if self.rounding == "down" else instant


@dataclass(frozen=True)
class Source:
    """An expression and the moments that it binds."""

    expression: sa.ColumnElement[Any]
    bounds: tuple[Bound, ...] = ()


def source(field: Field, scope: str, catalogue: Catalogue) -> Source:
    """The expression of one field. A customer's field in another table is a subquery for the row's customer."""
    if field.metric is not None:
        return _metric(field, field.metric, catalogue)
    if field.column is None:
        raise ValueError(f"{scope}.{field.name} is not in the store")
    table = catalogue.table(field.column.table)
    expression = _column(field, field.column, table)
    if scope != "customer" or field.column.table == catalogue.customers.name:
        return Source(expression)
    owner = table.c[catalogue.tables[field.column.table].customer]
    rows = sa.select(expression).where(owner == catalogue.customer_key).limit(1)
    return Source(rows.correlate_except(table).scalar_subquery())


def bound_moment(field: Field, moment: Moment, rounding: Rounding = "") -> tuple[sa.ColumnElement[Any], Bound]:
    """A moment as the parameter with which that date or time is compared."""
    in_document = field.column is not None and field.column.member is not None
    form: Form = "document" if in_document else field.stored
    bound = Bound(moment, field.type is Type.DATE, form, rounding if form in ("iso", "seconds") else "")
    kept = (IsoDay() if bound.as_day else Microseconds()) if in_document else field.column_type
    return sa.bindparam(bound.name, type_=kept), bound


def _column(field: Field, column: Column, table: sa.TableClause) -> sa.ColumnElement[Any]:
    plain = table.c[column.name]
    if column.member is None:
        return plain
    if field.type in (Type.NUMBER, Type.MONEY):
        return json_number(plain, column.member)
    if field.type is Type.TIME:
        return sa.type_coerce(json_number(plain, column.member), Microseconds())
    text = json_text(plain, column.member)
    if field.type is Type.DATE:
        return sa.type_coerce(sa.case((text.regexp_match(ISO_DAY), text)), IsoDay())
    if field.type is Type.YES_NO:
        return sa.case((text == "true", sa.true()), (text == "false", sa.false()))
    return text


def _metric(field: Field, metric: Metric, catalogue: Catalogue) -> Source:
    time = rows_of(metric, catalogue).time
    if time is None:
        return Source(aggregate(metric, field.type, catalogue, None, None))
    bounds = [None if moment is None else Bound(moment, as_day=False) for moment in window(metric)]
    begins, ends = (None if one is None else sa.bindparam(one.name, type_=time.type) for one in bounds)
    value = aggregate(metric, field.type, catalogue, begins, ends)
    return Source(value, tuple(one for one in bounds if one is not None))
