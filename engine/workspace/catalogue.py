"""settings/catalogue.yaml, read into the catalogue; a workspace without one gets that of the built-in store."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Literal, get_args

from engine.catalogue import Catalogue, Column, Event, Field, Metric, Table, Type
from engine.source.marks import Path
from engine.source.near import suggest
from engine.workspace.forms import CatalogueForm, CustomersForm, EventForm, FieldForm, MetricForm, TableForm
from engine.workspace.reading import Draft, open_file

Aggregate = Literal["count", "sum", "average", "min", "max"]
#: The file that describes the built-in store.
BUILTIN = files("engine.workspace") / "builtin" / "catalogue.yaml"

#: Where events of no table of their own are kept: one table for all, with their fields in a JSON document.
_EVENTS = Table("events", customer="customer_id", time="occurred_at", position="position")
_AGGREGATES: tuple[Aggregate, ...] = get_args(Aggregate)


def builtin_text() -> str:
    """The catalogue of the built-in store, as `regulars init` copies it."""
    return BUILTIN.read_text(encoding="utf-8")


@cache
def builtin() -> Catalogue:
    """The catalogue of the built-in store."""
    draft = open_file("catalogue.yaml", builtin_text(), "catalogue")
    found = read_catalogue(draft) if isinstance(draft, Draft) else None
    if found is None:
        raise ValueError("the catalogue of the built-in store has mistakes")
    return found


def read_catalogue(draft: Draft) -> Catalogue | None:
    """The catalogue that a file declares; None where it has mistakes, which the draft notes."""
    form = None if draft.broken else draft.read(CatalogueForm, (), draft.source.texts(), None)
    if form is None:
        return None
    tables = {_EVENTS.name: _EVENTS, **{name: _table(name, one) for name, one in form.tables.items()}}
    reader = _Reader(draft, form, tables)
    events = {name: reader.event(name, one) for name, one in form.events.items()}
    fields = {name: reader.field(("customer", name), name, one) for name, one in form.customer.items()}
    metrics = reader.metrics(events, fields)
    return (
        None
        if not draft.sound
        else Catalogue(
            customers=_customers(form.customers),
            fields={**fields, **metrics},
            events=events,
            tables={name: one for name, one in tables.items()},
            timezone=form.customers.timezone,
            language=form.customers.language,
        )
    )


def _customers(form: CustomersForm) -> Table:
    return Table(form.table, customer=form.key, key=form.key, position=form.position, numbered=form.numbered)


def _table(name: str, form: TableForm) -> Table:
    return Table(
        name,
        customer=form.customer,
        key=form.key,
        time=form.time,
        position=form.position,
        numbered=form.numbered,
        stored=form.stored,
    )


class _Reader:
    def __init__(self, draft: Draft, form: CatalogueForm, tables: Mapping[str, Table]) -> None:
        self.draft, self.form, self.tables = draft, form, tables
        self.known = {form.customers.table, *tables}

    def field(self, path: Path, name: str, form: FieldForm) -> Field:
        """A field of the customers, or of an event that has a table."""
        kind, written = self._type(path, form)
        column = Column(*self._split((*path, "column" if kind is Type.CHOICE else str(kind)), written))
        return Field(
            name,
            kind,
            column=column,
            choices=form.choice or (),
            required=form.required,
            fold=form.ignore_case,
            stored=form.stored,
        )

    def _type(self, path: Path, form: FieldForm) -> tuple[Type, str]:
        for kind in Type:
            if kind is not Type.CHOICE and getattr(form, kind) is not None:
                return kind, getattr(form, kind)
        if form.choice is not None:
            return Type.CHOICE, form.column or ""
        place = self.draft.source.key_place(path)
        self.draft.add(place, "missing-key", "a field needs its type", f"types: {', '.join(Type)}")
        return Type.TEXT, ""

    def _split(self, path: Path, written: str) -> tuple[str, ...]:
        table, *rest = written.split(".")
        if table not in self.known and written:
            helps = (*suggest(table, self.known, "tables"), f"or declare it:  tables:  {table}: ...")
            self.draft.add(self.draft.source.place(path), "unknown-table", f"unknown table `{table}`", *helps)
        return (table, *rest) if rest else (table, "")

    def event(self, name: str, form: EventForm) -> Event:
        """An event, of a table of its own or of the built-in one."""
        path: Path = ("events", name)
        if form.table is not None and form.table not in self.known:
            self._split((*path, "table"), form.table)
        table = self.tables.get(form.table or _EVENTS.name, _EVENTS)
        time = form.time or table.time
        if time is None:
            self.draft.add(
                self.draft.source.key_place(path),
                "missing-key",
                f"`{name}` needs `time`",
                "name the column with its time",
            )
        only = tuple(form.only.items()) if form.table else (("name", name), *form.only.items())
        fields = {
            key: self._event_field((*path, "fields", key), key, one, form.table) for key, one in form.fields.items()
        }
        return Event(name, table.name, time or "", only, fields)

    def _event_field(self, path: Path, name: str, written: str | dict[str, object], table: str | None) -> Field:
        if isinstance(written, str):
            column = Column(table, name) if table else Column(_EVENTS.name, "payload", name)
            return Field(name, Type(written), column=column)
        form = self.draft.read(FieldForm, path, written)
        if form is None:
            return Field(name, Type.TEXT)
        if form.choice is not None and form.column is None:
            column = Column(table, name) if table else Column(_EVENTS.name, "payload", name)
            return Field(name, Type.CHOICE, column=column, choices=form.choice, required=form.required)
        return self.field(path, name, form)

    def metrics(self, events: Mapping[str, Event], fields: Mapping[str, Field]) -> dict[str, Field]:
        """The metrics as fields of the customer."""
        columns = {
            (one.column.table, one.column.name): one.type
            for one in (*fields.values(), *(field for event in events.values() for field in event.fields.values()))
            if one.column is not None and one.column.member is None
        }
        return {
            name.removeprefix("customer."): self._metric(name, form, columns)
            for name, form in self.form.metrics.items()
        }

    def _metric(self, name: str, form: MetricForm, columns: Mapping[tuple[str, str], Type]) -> Field:
        path: Path = ("metrics", name)
        aggregate = next((word for word in _AGGREGATES if getattr(form, word) is not None), None)
        if aggregate is None:
            place = self.draft.source.key_place(path)
            self.draft.add(
                place, "missing-key", f"`{name}` needs an aggregate", f"aggregates: {', '.join(_AGGREGATES)}"
            )
            return Field(name, Type.NUMBER)
        table, *rest = self._split((*path, aggregate), getattr(form, aggregate))
        column = rest[0] or None
        known = self.tables.get(table)
        if known is not None and known.time is None:
            place = self.draft.source.place((*path, aggregate))
            self.draft.add(
                place, "missing-key", f"`{table}` needs `time`", "say in `tables` which column holds the time"
            )
        kind = Type(form.type) if form.type else Type.NUMBER if column is None else columns.get((table, column))
        if kind not in (Type.NUMBER, Type.MONEY):
            place = self.draft.source.place((*path, aggregate))
            self.draft.add(
                place, "type", f"it is not known whether `{table}.{column}` is a number or money", "add  type: number"
            )
        metric = Metric(aggregate, table, column, form.over, form.ending)
        return Field(
            name.removeprefix("customer."), kind or Type.NUMBER, metric=metric, required=aggregate in ("count", "sum")
        )
