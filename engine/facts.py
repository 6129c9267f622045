"""The facts of a run, loaded for many at once: the customer as of now, the events of its life."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from engine.catalogue import Catalogue, Column, Field, Type
from engine.conditions import Tree, compile_value
from engine.settings import Settings
from engine.store.many import one_of

Record = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Facts:
    """Reads the customer store through the catalogue, in sets."""

    catalogue: Catalogue
    settings: Settings
    segments: Mapping[str, Tree]

    def customers(
        self, connection: sa.Connection, ids: Collection[str], fields: Iterable[Field], now: datetime
    ) -> dict[str, dict[str, Any]]:
        """The named fields of those customers, and their `timezone` and `language` where the store has them."""
        catalogue = self.catalogue
        key = catalogue.customer_key
        wanted = {one.name: one for one in fields}
        for name, column in (("timezone", catalogue.timezone), ("language", catalogue.language)):
            if column is not None:
                # They hold for every customer, whether or not conditions may mention them.
                plain_text = Field(name, Type.TEXT, column=Column(catalogue.customers.name, column))
                wanted[name] = catalogue.fields.get(name, plain_text)
        plain = [one for one in wanted.values() if one.type is not Type.TAGS]
        compiled = [compile_value(one, catalogue) for one in plain]
        params: dict[str, Any] = {}
        for one in compiled:
            params.update(one.bind(now, self.settings.zone))
        columns = [value.expression.label(field.name) for field, value in zip(plain, compiled, strict=True)]
        statement = sa.select(key, *columns).where(one_of(connection, key, self._keys(ids)))
        found = {
            str(row[0]): dict(zip((field.name for field in plain), row[1:], strict=True))
            for row in connection.execute(statement, params)
        }
        for field in wanted.values():
            if field.type is Type.TAGS:
                self._add_tags(connection, found, field)
        return found

    def events(self, connection: sa.Connection, name: str, ids: Collection[str]) -> dict[str, dict[str, Any]]:
        """The fields of those events, by their ids."""
        event = self.catalogue.events[name]
        spec, table = self.catalogue.tables[event.table], self.catalogue.table(event.table)
        keys = [int(one) for one in ids] if spec.numbered else list(ids)
        fields = list(event.fields.values())
        columns = [compile_value(one, self.catalogue, "event").expression.label(one.name) for one in fields]
        wanted = one_of(connection, table.c[spec.key], keys)
        rows = connection.execute(sa.select(table.c[spec.key], *columns).where(wanted))
        return {str(row[0]): dict(zip((one.name for one in fields), row[1:], strict=True)) for row in rows}

    def happened(
        self, connection: sa.Connection, name: str, ids: Collection[str], since: datetime, until: datetime
    ) -> dict[str, list[tuple[datetime, dict[str, Any], str]]]:
        """What those customers did of that kind in `(since, until]`, in order: when, the event's fields, and its id."""
        event = self.catalogue.events[name]
        spec, table = self.catalogue.tables[event.table], self.catalogue.table(event.table)
        who, time = table.c[spec.customer], table.c[event.time]
        fields = list(event.fields.values())
        columns = [compile_value(one, self.catalogue, "event").expression.label(one.name) for one in fields]
        only = self.catalogue.only(event)
        statement = (
            sa.select(who, time, table.c[spec.key], *columns)
            .where(time > sa.literal(since, time.type), time <= sa.literal(until, time.type))
            .where(one_of(connection, who, self._keys(ids)), *only)
            .order_by(time)
        )
        found: dict[str, list[tuple[datetime, dict[str, Any], str]]] = {}
        for row in connection.execute(statement):
            fields_of = dict(zip((one.name for one in fields), row[3:], strict=True))
            found.setdefault(str(row[0]), []).append((row[1], fields_of, str(row[2])))
        return found

    def any_happened(self, connection: sa.Connection, name: str, since: datetime, until: datetime) -> bool:
        """Whether anybody did anything of that kind in `(since, until]`."""
        event = self.catalogue.events[name]
        time = self.catalogue.table(event.table).c[event.time]
        within = (time > sa.literal(since, time.type), time <= sa.literal(until, time.type))
        found: sa.Select[Any] = sa.select(sa.literal_column("1")).where(*within, *self.catalogue.only(event)).limit(1)
        return connection.execute(found).first() is not None

    def _keys(self, ids: Collection[str]) -> list[Any]:
        return [int(one) for one in ids] if self.catalogue.customers.numbered else list(ids)

    def _add_tags(self, connection: sa.Connection, found: dict[str, dict[str, Any]], field: Field) -> None:
        if field.column is None:
            return
        spec, table = self.catalogue.tables[field.column.table], self.catalogue.table(field.column.table)
        who = table.c[spec.customer]
        tags: dict[str, set[str]] = {}
        for customer, tag in connection.execute(
            sa.select(who, table.c[field.column.name]).where(one_of(connection, who, self._keys(found)))
        ):
            tags.setdefault(str(customer), set()).add(tag)
        for customer_id, values in found.items():
            values[field.name] = tuple(sorted(tags.get(customer_id, ())))


def plain(value: Any) -> Any:
    """A value as JSON has it: dates and times in ISO 8601, money in whole minor units."""
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    return list(value) if isinstance(value, (tuple, set, frozenset)) else value
