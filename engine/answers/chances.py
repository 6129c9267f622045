"""Whether a trigger that no event of a customer fires concerns him: his records, his list, the calendar of his country."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from engine.calendars import ANYWHERE, coming
from engine.catalogue import Field, PersonalList, Record
from engine.conditions import Tree, compile_value, explain
from engine.shop import Shop
from engine.triggers.date import DateTrigger
from engine.triggers.event import EventTrigger
from engine.triggers.holiday import HolidayTrigger
from engine.triggers.once import Once
from engine.workspace.playbook import Playbook

#: Records and entries that are told, the latest first.
_TOLD = 5

#: A line of an answer: its text, whether it holds, the customer's value, and how deep it stands.
Said = tuple[str, bool | None, str, int]


def is_dated(value: Any, zone: ZoneInfo) -> str:
    """What a field with a date or a time holds, by the clocks of `zone`."""
    if value is None:
        return "is missing"
    return f"is {value.astimezone(zone):%Y-%m-%d %H:%M}" if isinstance(value, datetime) else f"is {value}"


@dataclass(frozen=True)
class Chances:
    """Answers for one playbook of one shop."""

    shop: Shop
    playbook: Playbook

    def __call__(
        self, connection: sa.Connection, customer_id: str, record: Mapping[str, Mapping[str, Any]], now: datetime
    ) -> Iterator[Said]:
        """The lines; none where the trigger is of another kind."""
        trigger, catalogue = self.playbook.trigger, self.shop.catalogue
        kind, met = trigger.origin.record_in(catalogue), trigger.origin.list_in(catalogue)
        if kind is not None and isinstance(trigger, DateTrigger):
            yield from self._records(connection, kind, trigger, customer_id, record, now)
        elif met is not None and isinstance(trigger, EventTrigger):
            yield from self._entries(connection, met, trigger, customer_id)
        elif isinstance(trigger, HolidayTrigger):
            yield self._holiday(trigger, record["customer"].get("country"), now)
        elif isinstance(trigger, Once):
            yield f"when once {trigger.once:%Y-%m-%d %H:%M}", None, "on the customer's own clock", 0

    def _records(
        self,
        connection: sa.Connection,
        kind: Record,
        trigger: DateTrigger,
        customer_id: str,
        record: Mapping[str, Mapping[str, Any]],
        now: datetime,
    ) -> Iterator[Said]:
        name = trigger.date.partition(".")[2]
        rows = self._rows(connection, kind.table, kind.customer, customer_id, kind.name, kind.fields)
        text = f"when date {trigger.date}"
        if not rows:
            yield text, False, f"this customer has no {kind.name}", 0
        for values in rows:
            yield text, values[name] is not None, is_dated(values[name], self.shop.settings.zone), 0
            yield from self._explained("where", trigger.where, {**record, kind.name: values}, now)

    def _entries(
        self, connection: sa.Connection, met: PersonalList, trigger: EventTrigger, customer_id: str
    ) -> Iterator[Said]:
        rows = self._rows(connection, met.table, met.customer, customer_id, met.word, met.fields)
        text = f"when event {trigger.event} meets {met.name}"
        if not rows:
            yield text, False, "nothing stands on this customer's list", 0
        for values in rows:
            yield text, None, f"waits for {next(iter(values.values()), '')}", 0

    def _rows(
        self,
        connection: sa.Connection,
        name: str,
        owner: str,
        customer_id: str,
        scope: str,
        fields: Mapping[str, Field],
    ) -> list[dict[str, Any]]:
        catalogue = self.shop.catalogue
        table = catalogue.table(name)
        columns = [
            compile_value(one, catalogue, scope).expression.label(f"field_{number}")
            for number, one in enumerate(fields.values())
        ]
        key: Any = int(customer_id) if catalogue.customers.numbered else customer_id
        found = connection.execute(sa.select(*columns).select_from(table).where(table.c[owner] == key).limit(_TOLD))
        return [dict(zip(fields, row, strict=True)) for row in found]

    def _holiday(self, trigger: HolidayTrigger, country: Any, now: datetime) -> Said:
        known = self.shop.workspace.holidays[trigger.holiday]
        written = str(country or self.shop.settings.country or "").upper()
        by = written if written in known.countries else ANYWHERE
        text = f"when holiday {trigger.holiday}"
        if by not in known.days:
            return text, False, f"{written or 'a customer without a country'} does not keep it", 0
        days = coming(known.days[by], now.date(), 1)
        calendar = f"by the calendar of {by}" if by != ANYWHERE else "as everywhere"
        return text, bool(days), f"next on {days[0]}, {calendar}" if days else "no calendar reaches so far", 0

    def _explained(
        self, label: str, tree: Tree | None, record: Mapping[str, Mapping[str, Any]], now: datetime
    ) -> Iterator[Said]:
        settings = self.shop.settings
        for reason in (
            explain(tree, record, now, settings.zone, self.shop.segments, settings.currency) if tree is not None else ()
        ):
            yield f"{label}  {reason.text}", reason.holds, reason.value, 1
