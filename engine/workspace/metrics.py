"""The metrics of settings/catalogue.yaml: aggregates over rows and events, read into fields of the customer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args

from engine.catalogue import Aggregate, Catalogue, Event, Field, Metric, Table, Type
from engine.source.marks import Path
from engine.source.near import suggest
from engine.workspace.catalogue_forms import CatalogueForm, MetricForm
from engine.workspace.reading import Draft

_AGGREGATES: tuple[Aggregate, ...] = get_args(Aggregate)
#: Of these the value is a number whatever the column holds.
_COUNTING = ("count", "days_between", "share_of")


def read_metrics(draft: Draft, form: CatalogueForm, catalogue: Catalogue) -> dict[str, Field]:
    """The metrics by their names without `customer.`; mistakes are noted in the draft."""
    reader = _Reader(draft, catalogue, _types(catalogue))
    return {name.removeprefix("customer."): reader.metric(name, one) for name, one in form.metrics.items()}


def _types(catalogue: Catalogue) -> dict[tuple[str, str], Type]:
    """The types of the columns that some field reads."""
    groups = [catalogue.fields, *(record.fields for record in catalogue.records.values())]
    for event in catalogue.events.values():
        groups += [event.fields, *(elements.fields for elements in event.lists.values())]
    return {
        (one.column.table, one.column.name): one.type
        for group in groups
        for one in group.values()
        if one.column is not None and one.column.member is None
    }


@dataclass(frozen=True)
class _Target:
    """What a metric counts: rows of a table, or events; and the column or the member whose values it takes."""

    table: Table
    column: str | None = None
    member: str | None = None
    type: Type | None = None
    event: Event | None = None


@dataclass(frozen=True)
class _Reader:
    draft: Draft
    catalogue: Catalogue
    types: Mapping[tuple[str, str], Type]

    def metric(self, name: str, form: MetricForm) -> Field:
        """One metric as a field."""
        path: Path = ("metrics", name)
        short = name.removeprefix("customer.")
        aggregate = next((word for word in _AGGREGATES if getattr(form, word) is not None), None)
        if aggregate is None:
            self._missing(path, f"`{name}` needs an aggregate", f"aggregates: {', '.join(_AGGREGATES)}")
            return Field(short, Type.NUMBER)
        target = self._target((*path, aggregate), getattr(form, aggregate), rows=aggregate in ("count", "days_between"))
        if target is None:
            return Field(short, Type.NUMBER)
        self._check_time((*path, aggregate), target, form)
        if aggregate == "share_of" and not form.only:
            self._missing(path, f"`{name}` needs `only`", "say whose share it is:  only: {category: tea}")
        metric = Metric(
            aggregate,
            target.table.name,
            target.column,
            form.over,
            form.ending,
            _only(form, target) if aggregate != "share_of" else _of_event(target),
            target.member,
            target.event.time if target.event is not None else None,
            self._across((*path, "across"), form.across),
            _given(form) if aggregate == "share_of" else (),
        )
        kind = self._type((*path, aggregate), aggregate, target, form)
        return Field(short, kind, metric=metric, required=metric.always, never_negative=aggregate == "count")

    def _target(self, path: Path, written: str, *, rows: bool) -> _Target | None:
        """Rows and columns of tables first; then events and their fields, the longest name that fits."""
        table, _, rest = written.partition(".")
        known = self._table(table)
        if known is not None and bool(rest) != rows:
            return _Target(known, rest or None, type=self.types.get((table, rest)))
        event = self.catalogue.events.get(written if rows else written.rpartition(".")[0])
        if event is not None and event.about == "product":
            text = f"`{event.name}` happens to a product, and a metric counts what a customer did"
            self.draft.add(self.draft.source.place(path), "value", text, "count an event of customers")
            return None
        if event is not None:
            return self._of_event(path, event, None if rows else written.rpartition(".")[2])
        self._unknown(path, table, known, written, rows)
        return None

    def _table(self, name: str) -> Table | None:
        customers = self.catalogue.customers
        return customers if name == customers.name else self.catalogue.tables.get(name)

    def _of_event(self, path: Path, event: Event, name: str | None) -> _Target | None:
        table = self.catalogue.tables[event.table]
        if name is None:
            return _Target(table, event=event)
        field = event.fields.get(name)
        if field is None or field.column is None:
            helps = suggest(name, event.fields, "fields")
            self.draft.add(
                self.draft.source.place(path), "unknown-field", f"`{event.name}` has no field `{name}`", *helps
            )
            return None
        return _Target(table, field.column.name, field.column.member, field.type, event)

    def _unknown(self, path: Path, table: str, known: Table | None, written: str, rows: bool) -> None:
        place = self.draft.source.place(path)
        if known is not None:
            example = f"{table}.amount"
            text = f"`{written}` names a column, and rows are counted" if rows else f"`{written}` names no column"
            self.draft.add(place, "value", text, f"write:  {table}" if rows else f"write for example:  {example}")
            return
        names = {self.catalogue.customers.name, *self.catalogue.tables}
        helps = suggest(written, {*names, *self.catalogue.events}, "tables and events")
        self.draft.add(
            place, "unknown-table", f"unknown table `{table}`", *helps, f"or declare it:  tables:  {table}: ..."
        )

    def _check_time(self, path: Path, target: _Target, form: MetricForm) -> None:
        table = target.table
        timed = self.catalogue.tables.get(table.through or "", table)
        place = self.draft.source.place(path)
        if table.name == self.catalogue.customers.name:
            if form.across is None:
                text = "one customer has one row of customers"
                self.draft.add(place, "value", text, "say whose rows count:  across: customers.company")
            if form.over is not None or form.ending is not None:
                self.draft.add(
                    place, "value", f"`{table.name}` has no time for a window", "leave `over` and `ending` out"
                )
        elif timed.time is None and target.event is None:
            self.draft.add(
                place, "missing-key", f"`{timed.name}` needs `time`", "say in `tables` which column holds the time"
            )

    def _across(self, path: Path, written: str | None) -> str | None:
        if written is None:
            return None
        table, _, column = written.partition(".")
        if table != self.catalogue.customers.name:
            text = f"`across` names a column of customers; `{table}` is another table"
            self.draft.add(
                self.draft.source.place(path), "value", text, f"write:  {self.catalogue.customers.name}.{column}"
            )
        return column

    def _type(self, path: Path, aggregate: Aggregate, target: _Target, form: MetricForm) -> Type:
        if aggregate in _COUNTING:
            return Type.NUMBER
        kind = Type(form.type) if form.type else target.type
        if kind in (Type.NUMBER, Type.MONEY):
            return kind
        column = f"{target.table.name}.{target.column}"
        text = f"it is not known whether `{column}` is a number or money"
        self.draft.add(self.draft.source.place(path), "type", text, "add  type: number")
        return Type.NUMBER

    def _missing(self, path: Path, text: str, help_: str) -> None:
        self.draft.add(self.draft.source.key_place(path), "missing-key", text, help_)


_Only = tuple[tuple[str, tuple[str, ...]], ...]


def _only(form: MetricForm, target: _Target) -> _Only:
    return (*_of_event(target), *_given(form))


def _of_event(target: _Target) -> _Only:
    """Which rows of its table are the event."""
    return () if target.event is None else tuple((column, (value,)) for column, value in target.event.only)


def _given(form: MetricForm) -> _Only:
    return tuple((column, _texts(values)) for column, values in form.only.items())


def _texts(values: Any) -> tuple[str, ...]:
    return tuple(str(one) for one in values) if isinstance(values, list | tuple) else (str(values),)
