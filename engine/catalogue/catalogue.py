"""The catalogue: what a condition may mention, of which type it is, and where the store keeps it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from engine.catalogue.entries import (
    INSTANTS,
    Event,
    Field,
    Metric,
    PersonalList,
    Recommendation,
    Record,
    Table,
    Type,
)
from engine.store.types import Document, Key


@dataclass(frozen=True)
class Catalogue:
    """Everything that conditions may mention. Names are without their scope: `tier`, not `customer.tier`."""

    customers: Table
    fields: Mapping[str, Field]
    events: Mapping[str, Event]
    tables: Mapping[str, Table]
    timezone: str | None = None  # the customers' column with their IANA zone, '' or NULL is the brand's
    language: str | None = None  # their column with a language tag
    records: Mapping[str, Record] = field(default_factory=dict)
    lists: Mapping[str, PersonalList] = field(default_factory=dict)
    recommendations: Mapping[str, Recommendation] = field(default_factory=dict)

    def as_text(self, column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        """A customer's id, read from the store, as the engine keeps it."""
        return sa.cast(column, sa.Text) if self.customers.numbered else column

    def as_key(self, text: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        """A customer's id as the engine keeps it, for a comparison with the store's column that can use its index."""
        return sa.cast(text, sa.BigInteger) if self.customers.numbered else text

    @property
    def key_bounds(self) -> tuple[Any, Any]:
        """Below and above every key that a customer can have."""
        return (-(2**62), 2**62) if self.customers.numbered else ("", "\U0010ffff" * 4)

    @property
    def customer_key(self) -> sa.ColumnElement[Any]:
        """The customers' own key, as the store has it."""
        return self.table(self.customers.name).c[self.customers.key]

    def position_of(self, field: Field) -> str | None:
        """The column that numbers what is written to a field's table; without one, nobody hears of a change."""
        if field.column is None:
            return None
        name = field.column.table
        return self.customers.position if name == self.customers.name else self.tables[name].position

    def only(self, event: Event) -> list[sa.ColumnElement[bool]]:
        """Which rows of its table are the event."""
        table = self.table(event.table)
        return [table.c[column] == sa.literal(value) for column, value in event.only]

    def table(self, name: str) -> sa.TableClause:
        """The named table with every column that the catalogue knows of it, for building statements."""
        return self._clauses[name]

    @cached_property
    def _clauses(self) -> dict[str, sa.TableClause]:
        return _build(self)


def _build(catalogue: Catalogue) -> dict[str, sa.TableClause]:
    columns: dict[str, dict[str, Any]] = {catalogue.customers.name: {}}
    for table, column, kind in (*_of_tables(catalogue), *_of_fields(catalogue), *_of_events(catalogue)):
        if column is not None:
            columns.setdefault(table, {}).setdefault(column, kind)
    return {
        name: sa.table(name, *(sa.column(column, kind) for column, kind in known.items()))
        for name, known in columns.items()
    }


#: A table, a column of it where there is one, and its type.
_Known = Iterator[tuple[str, str | None, Any]]


def _of_tables(catalogue: Catalogue) -> _Known:
    customer_type = sa.BigInteger() if catalogue.customers.numbered else Key
    for spec in (catalogue.customers, *catalogue.tables.values()):
        yield spec.name, spec.key, sa.BigInteger() if spec.numbered else Key
        yield spec.name, spec.customer if spec.through is None else None, _owner_type(spec, customer_type)
        yield spec.name, spec.time if spec.through is None else None, INSTANTS[spec.stored]
        yield spec.name, spec.by, _key_type(catalogue.tables.get(spec.through or ""))
        yield spec.name, spec.position, sa.BigInteger()
    yield catalogue.customers.name, catalogue.timezone, Key
    yield catalogue.customers.name, catalogue.language, Key


def _owner_type(spec: Table, customer_type: Any) -> Any:
    return customer_type if spec.about == "customer" else Key


def _key_type(spec: Table | None) -> Any:
    return sa.BigInteger() if spec is not None and spec.numbered else Key


def _of_fields(catalogue: Catalogue) -> _Known:
    for one in _all_fields(catalogue):
        if one.column is not None:
            yield one.column.table, one.column.name, Document if one.column.member else one.column_type
        if one.metric is not None:
            yield from _of_metric(one.metric, catalogue)


def _of_metric(metric: Metric, catalogue: Catalogue) -> _Known:
    yield metric.table, metric.column, Document if metric.member else sa.BigInteger()
    for column, _ in (*metric.only, *metric.part):
        yield metric.table, column, Key
    yield catalogue.customers.name, metric.across, Key


def _of_events(catalogue: Catalogue) -> _Known:
    for event in catalogue.events.values():
        if event.table in catalogue.tables:
            yield event.table, event.time, INSTANTS[catalogue.tables[event.table].stored]
        for column, _ in event.only:
            yield event.table, column, Key
        for one in event.lists.values():
            yield one.table, one.event, _key_type(catalogue.tables.get(event.table))
            yield one.table, one.key, Key
    for entry in catalogue.lists.values():
        yield entry.table, entry.item, Key
    for found in catalogue.recommendations.values():
        yield found.table, found.column, Key
        yield found.products, "id", Key


def _all_fields(catalogue: Catalogue) -> list[Field]:
    events = catalogue.events.values()
    groups = (
        catalogue.fields,
        *(event.fields for event in events),
        *(elements.fields for event in events for elements in event.lists.values()),
        *(record.fields for record in catalogue.records.values()),
        *(one.fields for one in catalogue.lists.values()),
        *(one.fields for one in catalogue.recommendations.values()),
    )
    return [one for group in groups for one in group.values()]


#: What a result shows, by its kind: of a voucher kept `as: gift`, `gift.code`, `gift.expires_at` … An awaited event that
#: is kept shows its own fields.
RESULTS: Mapping[str, Mapping[str, Field]] = {
    "voucher": {
        "code": Field("code", Type.TEXT, required=True),
        "kind": Field("kind", Type.TEXT, required=True),
        "state": Field("state", Type.CHOICE, choices=("issued", "redeemed", "lapsed", "taken_back"), required=True),
        "issued_at": Field("issued_at", Type.TIME, required=True),
        "expires_at": Field("expires_at", Type.TIME),
        "redeemed_at": Field("redeemed_at", Type.TIME),
    },
    "points": {
        "amount": Field("amount", Type.NUMBER, required=True),
        "expires_at": Field("expires_at", Type.TIME),
        "balance": Field("balance", Type.NUMBER, required=True),  # what the customer has now
    },
    "task": {
        "assignee": Field("assignee", Type.TEXT),
        "created_at": Field("created_at", Type.TIME, required=True),
        "due_at": Field("due_at", Type.TIME),
        "done_at": Field("done_at", Type.TIME),
        "done_by": Field("done_by", Type.TEXT),
        "note": Field("note", Type.TEXT),
    },
}
#: What the mails to staff may say of a task or of a question, beside the customer, the event and the results.
TASK_WORDS: Mapping[str, Field] = {
    "name": Field("name", Type.TEXT, required=True),
    "assignee": Field("assignee", Type.TEXT),
    "due_at": Field("due_at", Type.TIME),
}
QUESTION_WORDS: Mapping[str, Field] = {
    "name": Field("name", Type.TEXT, required=True),
    "number": Field("number", Type.NUMBER, required=True),
    "until": Field("until", Type.TIME, required=True),
}
