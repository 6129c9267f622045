"""How time alone changes the answer of a condition: a moment that moves along a column of times or dates."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from engine.catalogue import Catalogue, Field
from engine.clocks.times import EARLIEST, LATEST, local_instant
from engine.conditions.aggregates import rows_of, window
from engine.conditions.sources import Bound, bound_moment, source
from engine.conditions.terms import Moment
from engine.conditions.tree import Moved, Tree, within

_TICK: Final = timedelta(microseconds=1)


@dataclass(frozen=True)
class Threshold:
    """A moment that passes the rows of one column.

    Whose answer changes between two instants by time alone is among the customers of the rows with `column` in
    [moment_at(since), moment_at(until)] for which `joined` holds.
    """

    table: str
    column: sa.ColumnElement[Any]
    of_customer: sa.ColumnElement[Any]  # on the same table, or on one that `joined` joins
    bound: Bound
    strict: bool  # a row is passed not when the moment reaches it, but right afterwards
    joined: tuple[sa.ColumnElement[bool], ...] = ()

    def moment_at(self, now: datetime, zone: ZoneInfo) -> datetime | date:
        """Where the moment stands at `now`; it never runs backwards."""
        return self.bound.value(now, zone)

    def next_crossing(self, connection: sa.Connection, after: datetime, zone: ZoneInfo) -> datetime | None:
        """When, after `after`, the moment passes a row again."""
        reached = sa.literal(self.moment_at(after, zone), self.column.type)
        ahead = self.column >= reached if self.strict else self.column > reached
        value = connection.execute(sa.select(sa.func.min(self.column, type_=self.column.type)).where(ahead)).scalar()
        return None if value is None else max(self.crossing_of(value, zone), after + _TICK)

    def crossing_of(self, value: datetime | date, zone: ZoneInfo) -> datetime:
        """The first instant at which the moment has passed a row with that value."""
        guess = value.astimezone(UTC) if isinstance(value, datetime) else local_instant(value, time(), zone)
        moment = self.bound.moment
        if moment.further is not None:
            guess = moment.further.after(guess, zone)
        if moment.length is not None:
            guess = moment.length.after(guess, zone) if moment.kind == "ago" else moment.length.before(guess, zone)
        return _first(lambda now: self._passed(value, now, zone), guess)

    def _passed(self, value: Any, now: datetime, zone: ZoneInfo) -> bool:
        moment = self.bound.moment
        at: Any = moment.local_day(now, zone) if self.bound.as_day else moment.instant(now, zone)
        return bool(at > value) if self.strict else bool(at >= value)


def thresholds(tree: Tree, catalogue: Catalogue, segments: Mapping[str, Tree]) -> list[Threshold]:
    """All thresholds of a condition about customers, each once; segments are looked through."""
    found: dict[tuple[str, str, bool], Threshold] = {}
    for node in within(tree, segments):
        if isinstance(node, Moved) and node.moment.moves and node.mention.scope == "customer":
            one = _of_field(node.mention.field, node.moment, node.side == "before", catalogue)
            found.setdefault((str(one.column), one.bound.name, one.strict), one)
        for mention in node.mentions:
            for one in _of_metric(mention.field, catalogue):
                found.setdefault((f"{one.column} {one.joined and one.joined[-1]}", one.bound.name, one.strict), one)
    return list(found.values())


def _of_field(field: Field, moment: Moment, strict: bool, catalogue: Catalogue) -> Threshold:
    if field.column is None:
        raise ValueError(f"customer.{field.name} is not in the store")
    table = field.column.table
    owned = table != catalogue.customers.name
    column = source(field, "row" if owned else "customer", catalogue).expression
    owner = catalogue.table(table).c[catalogue.tables[table].customer] if owned else catalogue.customer_key
    return Threshold(table, column, owner, bound_moment(field, moment)[1], strict)


def _of_metric(field: Field, catalogue: Catalogue) -> list[Threshold]:
    metric = field.metric
    if metric is None:
        return []
    rows = rows_of(metric, catalogue)
    if rows.time is None:
        return []
    owner: Any = rows.owner
    joined: tuple[sa.ColumnElement[bool], ...] = ()
    if metric.across is not None:
        owner, joined = _all_who_share(metric.across, rows.owner, catalogue)
    return [
        Threshold(metric.table, rows.time, owner, Bound(moment, as_day=False), strict=False, joined=joined)
        for moment in window(metric)
        if moment is not None
    ]


def _all_who_share(column: str, owner: Any, catalogue: Catalogue) -> tuple[Any, tuple[sa.ColumnElement[bool], ...]]:
    """From the customer of a row to all customers who share his value."""
    key, customers = catalogue.customers.key, catalogue.table(catalogue.customers.name)
    one, peers = customers.alias("one"), customers.alias("peers")
    return peers.c[key], (one.c[key] == owner, one.c[column] == peers.c[column])


#: Of the built-in store: whoever writes these moves the customer's own row too.
_CARRIED = frozenset({"customers", "orders", "order_lines"})


@dataclass(frozen=True)
class Tally:
    """Rows beside the customers' own that a metric counts: their number of the writing transaction, and whose they are."""

    column: Any
    of_customer: Any
    joined: tuple[sa.ColumnElement[bool], ...]


def tallies(tree: Tree, catalogue: Catalogue, segments: Mapping[str, Tree]) -> list[Tally]:
    """What may be written without a change of the customer himself, and changes his answer all the same."""
    found: dict[tuple[object, ...], Tally] = {}
    for metric in (one.field.metric for node in within(tree, segments) for one in node.mentions):
        if metric is None or metric.table in _CARRIED or catalogue.tables[metric.table].position is None:
            continue
        rows = rows_of(metric, catalogue)
        owner: Any = rows.owner
        joined: tuple[sa.ColumnElement[bool], ...] = ()
        if metric.across is not None:
            owner, joined = _all_who_share(metric.across, rows.owner, catalogue)
        column = rows.table.c[catalogue.tables[metric.table].position or ""]
        named = tuple(rows.table.c[name] == sa.literal(values[0]) for name, values in metric.only if len(values) == 1)
        key = (metric.table, metric.across, *((name, values) for name, values in metric.only if len(values) == 1))
        found.setdefault(key, Tally(column, owner, (*named, *joined)))
    return list(found.values())


def shared(tree: Tree, segments: Mapping[str, Tree]) -> list[str]:
    """The columns of customers by which a change of one customer can change the answer for others."""
    metrics = (mention.field.metric for node in within(tree, segments) for mention in node.mentions)
    return sorted({one.across for one in metrics if one is not None and one.across is not None})


def _first(passed: Callable[[datetime], bool], guess: datetime) -> datetime:
    """The first instant of those from which on it is passed; calendars make the guess wrong by some days at most."""
    reach = timedelta(days=4)
    while (low := _shifted(guess, -reach)) > EARLIEST and passed(low):
        reach *= 2
    while (high := _shifted(guess, reach)) < LATEST and not passed(high):
        reach *= 2
    while high - low > _TICK:
        middle = low + (high - low) // _TICK // 2 * _TICK
        if passed(middle):
            high = middle
        else:
            low = middle
    return high


def _shifted(instant: datetime, by: timedelta) -> datetime:
    try:
        return min(max(instant + by, EARLIEST), LATEST)
    except OverflowError:
        return LATEST if by > timedelta() else EARLIEST
