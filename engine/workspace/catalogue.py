"""settings/catalogue.yaml, read into the catalogue; a workspace without one gets that of the built-in store."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import Any

from engine.catalogue import (
    Catalogue,
    Column,
    Elements,
    Event,
    Field,
    PersonalList,
    Recommendation,
    Record,
    Table,
    Type,
)
from engine.source.marks import Path
from engine.source.near import suggest
from engine.workspace.catalogue_forms import (
    CatalogueForm,
    CustomersForm,
    ElementsForm,
    EventForm,
    FieldForm,
    ListForm,
    RecommendForm,
    RecordForm,
    TableForm,
)
from engine.workspace.metrics import read_metrics
from engine.workspace.reading import Draft, open_file

#: The file that describes the built-in store.
BUILTIN = files("engine.workspace") / "builtin" / "catalogue.yaml"

#: Where events of no table of their own are kept: one table for all, with their fields in a JSON document.
_EVENTS = Table("events", customer="customer_id", time="occurred_at", position="position")
#: The same for events that happen to a product and to no customer.
_GOODS_EVENTS = Table("goods_events", customer="product", time="occurred_at", position="position", about="product")


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
    base = builtin() if form.extends is not None else _nothing(form)
    tables = {**base.tables, **{name: _table(name, one) for name, one in form.tables.items()}}
    reader = _Reader(draft, form, {base.customers.name, *tables}, tables)
    reader.parts()
    found = replace(
        base,
        fields={
            **base.fields,
            **{name: reader.field(("customer", name), name, one) for name, one in form.customer.items()},
        },
        events={**base.events, **{name: reader.event(name, one) for name, one in form.events.items()}},
        tables=tables,
        records={**base.records, **{name: reader.record(name, one) for name, one in form.records.items()}},
        lists={**base.lists, **{name: reader.personal_list(name, one) for name, one in form.lists.items()}},
        recommendations={
            **base.recommendations,
            **{
                name.removeprefix("customer."): reader.recommendation(name, one) for name, one in form.recommend.items()
            },
        },
    )
    metrics = read_metrics(draft, form, found) if draft.sound else {}
    return replace(found, fields={**found.fields, **metrics}) if draft.sound else None


def _nothing(form: CatalogueForm) -> Catalogue:
    """What there is before a file says anything: its customers, and the built-in tables of events."""
    return Catalogue(
        customers=_customers(form.customers),
        fields={},
        events={},
        tables={one.name: one for one in (_EVENTS, _GOODS_EVENTS)},
        timezone=form.customers.timezone,
        language=form.customers.language,
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
        through=form.through,
        by=form.by,
    )


class _Reader:
    def __init__(self, draft: Draft, form: CatalogueForm, known: set[str], tables: Mapping[str, Table]) -> None:
        self.draft, self.form, self.known, self.tables = draft, form, known, tables

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
            writable=form.writable,
            fold=form.ignore_case,
            stored=form.stored,
            never_negative=form.never_negative,
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

    def parts(self) -> None:
        """A table of parts needs another table, and the column that names its rows."""
        for name, one in self.form.tables.items():
            if one.through is not None:
                self._known(("tables", name, "through"), one.through)
                if one.by is None:
                    place = self.draft.source.key_place(("tables", name))
                    self.draft.add(place, "missing-key", f"`{name}` needs `by`", "name its column with the key there")

    def _known(self, path: Path, table: str) -> Table:
        """The table that is named there."""
        if table not in self.known:
            self._split(path, table)
        return self.tables.get(table, _EVENTS)

    def event(self, name: str, form: EventForm) -> Event:
        """An event, of a table of its own or of the built-in one."""
        path: Path = ("events", name)
        built_in = _EVENTS if form.about == "customer" else _GOODS_EVENTS
        table = built_in if form.table is None else self._known((*path, "table"), form.table)
        time = form.time or table.time
        if time is None:
            self.draft.add(
                self.draft.source.key_place(path),
                "missing-key",
                f"`{name}` needs `time`",
                "name the column with its time",
            )
        only = tuple(form.only.items()) if form.table else (("name", name), *form.only.items())
        fields = self._fields((*path, "fields"), form.fields, table, own=form.table is not None)
        lists = {key: self._elements((*path, "lists", key), key, one) for key, one in form.lists.items()}
        return Event(name, table.name, time or "", only, fields, lists, form.about)

    def _elements(self, path: Path, name: str, form: ElementsForm) -> Elements:
        table = self._known((*path, "table"), form.table)
        fields = self._fields((*path, "fields"), form.fields, table)
        return Elements(name, form.word, form.table, form.event, form.key, fields)

    def record(self, name: str, form: RecordForm) -> Record:
        """Something that a customer has."""
        path: Path = ("records", name)
        table = self._known((*path, "table"), form.table)
        fields = self._fields((*path, "fields"), form.fields, table)
        return Record(name, table.name, table.key, table.customer, fields, table.position)

    def personal_list(self, name: str, form: ListForm) -> PersonalList:
        """Which customers wait for which product."""
        path: Path = ("lists", name)
        table = self._known((*path, "table"), form.table)
        fields = self._fields((*path, "fields"), form.fields, table)
        return PersonalList(name, form.word, table.name, table.customer, form.item, fields)

    def recommendation(self, name: str, form: RecommendForm) -> Recommendation:
        """Products for texts."""
        path: Path = ("recommend", name)
        table, column = self._split((*path, "bought"), form.bought)
        products = Table(form.products, customer="id")
        fields = self._fields((*path, "fields"), form.fields, products)
        return Recommendation(name.removeprefix("customer."), table, column, form.most, form.products, fields)

    def _fields(self, path: Path, forms: Mapping[str, Any], table: Table, *, own: bool = True) -> dict[str, Field]:
        return {name: self._short_field((*path, name), name, one, table, own=own) for name, one in forms.items()}

    def _short_field(self, path: Path, name: str, written: Any, table: Table, *, own: bool) -> Field:
        """A field whose column has its name, where none is said; of a built-in table, a member of its payload."""
        column = Column(table.name, name) if own else Column(table.name, *self._place(name, table))
        stored = table.stored if own else "native"
        if isinstance(written, str):
            return Field(name, Type(written), column=column, stored=stored)
        form = self.draft.read(FieldForm, path, written)
        if form is None:
            return Field(name, Type.TEXT)
        if form.choice is not None and form.column is None:
            return Field(name, Type.CHOICE, column=column, choices=form.choice, required=form.required)
        return self.field(path, name, form)

    def _place(self, name: str, table: Table) -> tuple[str, str | None]:
        return (name, None) if table is _GOODS_EVENTS and name == table.customer else ("payload", name)
