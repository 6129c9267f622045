"""Whether a trigger that no event of a customer fires concerns him: his records, his list, the calendar of his country."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from engine.answers.timely import Said, Timely
from engine.calendars import ANYWHERE, coming
from engine.catalogue import Field, PersonalList, Record
from engine.conditions import Tree, compile_value, explain
from engine.shop import Shop
from engine.triggers.anniversary import Anniversary
from engine.triggers.date import DateTrigger
from engine.triggers.event import EventTrigger
from engine.triggers.holiday import HolidayTrigger
from engine.triggers.once import Once
from engine.workspace.playbook import Playbook

#: Records and entries that are told, the latest first.
_TOLD = 5
#: Under which a row's own key stands beside its fields; no field can have that name.
_KEY = ""


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
    timely: Timely

    def __call__(
        self, connection: sa.Connection, customer_id: str, record: Mapping[str, Mapping[str, Any]]
    ) -> Iterator[Said]:
        """The lines; none where the trigger is of another kind."""
        trigger, catalogue = self.playbook.trigger, self.shop.catalogue
        kind, met = trigger.origin.record_in(catalogue), trigger.origin.list_in(catalogue)
        if kind is not None and isinstance(trigger, DateTrigger):
            yield from self._records(connection, kind, trigger, customer_id, record)
        elif met is not None and isinstance(trigger, EventTrigger):
            yield from self._entries(connection, met, trigger, customer_id)
        elif isinstance(trigger, HolidayTrigger):
            yield from self._holiday(trigger, record["customer"])
        elif isinstance(trigger, DateTrigger | Anniversary):
            yield from self._date(trigger, record["customer"])
        elif isinstance(trigger, Once):
            yield f"when once {trigger.once:%Y-%m-%d %H:%M}", None, "on the customer's own clock", 0
            at = trigger.noticed_at(self._zone(record["customer"]))
            yield from self.timely.notices([(at, frozenset({"once"}))])

    def _zone(self, customer: Mapping[str, Any]) -> ZoneInfo:
        return self.shop.settings.zone_of(customer.get("timezone"))

    def _date(self, trigger: DateTrigger | Anniversary, customer: Mapping[str, Any]) -> Iterator[Said]:
        """A date of the customer's own."""
        written = trigger.date if isinstance(trigger, DateTrigger) else trigger.anniversary
        value, zone = customer.get(written.removeprefix("customer.")), self._zone(customer)
        yield f"when {trigger.word} {written}", value is not None, is_dated(value, self.shop.settings.zone), 0
        if value is None:
            return
        if isinstance(trigger, DateTrigger):
            at = trigger.noticed_at(value, self.shop.catalogue, zone)
            yield from self.timely.notices([(at, trigger.occasions(value, zone))])
        else:
            this = self.timely.now.year
            years = {year: trigger.noticed_at(value, year, zone) for year in range(this - 1, this + 3)}
            yield from self.timely.notices(
                [(at, frozenset({str(year)})) for year, at in years.items() if at is not None]
            )

    def _records(
        self,
        connection: sa.Connection,
        kind: Record,
        trigger: DateTrigger,
        customer_id: str,
        record: Mapping[str, Mapping[str, Any]],
    ) -> Iterator[Said]:
        name, zone = trigger.date.partition(".")[2], self._zone(record["customer"])
        rows = self._rows(connection, kind.table, kind.customer, customer_id, kind.name, kind.fields, kind.key)
        text = f"when date {trigger.date}"
        if not rows:
            yield text, False, f"this customer has no {kind.name}", 0
        for values in rows:
            value = values[name]
            yield text, value is not None, is_dated(value, self.shop.settings.zone), 0
            asked = [*self._explained("where", trigger.where, {**record, kind.name: values})]
            yield from asked
            if value is not None:
                found = (
                    trigger.noticed_at(value, self.shop.catalogue, zone),
                    trigger.occasions(value, zone, values[_KEY]),
                )
                yield from self.timely.notices([found], sound=all(holds is not False for _, holds, _, _ in asked))

    def _entries(
        self, connection: sa.Connection, met: PersonalList, trigger: EventTrigger, customer_id: str
    ) -> Iterator[Said]:
        rows = self._rows(connection, met.table, met.customer, customer_id, met.word, met.fields, met.item)
        text = f"when event {trigger.event} meets {met.name}"
        if not rows:
            yield text, False, "nothing stands on this customer's list", 0
        for values in rows:
            yield text, None, f"waits for {next((values[one] for one in met.fields), '')}", 0

    def _rows(
        self,
        connection: sa.Connection,
        name: str,
        owner: str,
        customer_id: str,
        scope: str,
        fields: Mapping[str, Field],
        key: str,
    ) -> list[dict[str, Any]]:
        """The fields of the customer's rows, and what stands in the column `key`."""
        catalogue = self.shop.catalogue
        table = catalogue.table(name)
        columns = [
            compile_value(one, catalogue, scope).expression.label(f"field_{number}")
            for number, one in enumerate(fields.values())
        ]
        mine = table.c[owner] == (int(customer_id) if catalogue.customers.numbered else customer_id)
        rows = connection.execute(sa.select(table.c[key], *columns).select_from(table).where(mine).limit(_TOLD))
        return [dict(zip((_KEY, *fields), row, strict=True)) for row in rows]

    def _holiday(self, trigger: HolidayTrigger, customer: Mapping[str, Any]) -> Iterator[Said]:
        country, now, zone = customer.get("country"), self.timely.now, self._zone(customer)
        known = self.shop.workspace.holidays[trigger.holiday]
        written = str(country or self.shop.settings.country or "").upper()
        by = written if written in known.countries else ANYWHERE
        text = f"when holiday {trigger.holiday}"
        if by not in known.days:
            yield text, False, f"{written or 'a customer without a country'} does not keep it", 0
            return
        days = coming(known.days[by], now.date(), 1)
        calendar = f"by the calendar of {by}" if by != ANYWHERE else "as everywhere"
        yield text, bool(days), f"next on {days[0]}, {calendar}" if days else "no calendar reaches so far", 0
        kept = [day for year in range(now.year - 1, now.year + 3) for day in known.days[by].in_year(year)]
        yield from self.timely.notices([(trigger.noticed_at(day, zone), frozenset({f"{day}"})) for day in kept])

    def _explained(self, label: str, tree: Tree | None, record: Mapping[str, Mapping[str, Any]]) -> Iterator[Said]:
        settings, now = self.shop.settings, self.timely.now
        for reason in (
            explain(tree, record, now, settings.zone, self.shop.segments, settings.currency) if tree is not None else ()
        ):
            yield f"{label}  {reason.text}", reason.holds, reason.value, 1
