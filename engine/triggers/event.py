"""event: fires when something happened: an order, a cart, a review, a price that fell."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

import sqlalchemy as sa
from pydantic import Field

from engine.blocks import Conditions
from engine.catalogue import Catalogue
from engine.catalogue.origin import Origin
from engine.settings.declared import Declared
from engine.settings.literals import Duration, Name, Text
from engine.store.dialect import as_instant
from engine.store.types import Instant
from engine.trigger import OVERLAP, Collecting, Firing, Ground, Span, Trigger, Window, begun, bounded


class Collect(Declared):
    """Several events become one run. Days count as 24 hours here."""

    quiet: Duration = Field(alias="for", description="The run begins when for so long no further event came.")
    at_most: Duration = Field(description="The run begins so long after the first event, even if more keep coming.")


class EventTrigger(Trigger):
    """Fires for each event of that name; the occasion is the event itself.

    An event that was recorded before it happened fires when it happens; one that is recorded later than
    `limits.catch_up` after it happened fires no more (a history may be imported without writing to everybody).

    With `each`, every element of a list inside the event begins a run of its own, and is spoken of as `line.*`. With
    `collect`, the events of a customer that follow each other become one run; texts know them as `events`, the oldest
    first. With `meets`, an event about a product begins a run for everybody on whose list that product stands.
    """

    word: ClassVar[str] = "event"

    event: Text = Field(description="The event, as the catalogue names it.")
    where: Conditions | None = Field(default=None, description="Which of these events; its fields are `event.*`.")
    each: Text | None = Field(default=None, description="One run for each element of a list inside it: `event.lines`.")
    collect: Collect | None = Field(default=None, description="Many events of a customer, one run.")
    meets: Name | None = Field(
        default=None,
        description="Of an event about a product: the personal list whose customers it concerns: `wishes`.",
    )

    @property
    def event_name(self) -> str:
        return self.event

    @property
    def origin(self) -> Origin:
        each = self.each.removeprefix("event.") if self.each else None
        return Origin(self.event, each, self.meets, collects=self.collect is not None)

    @property
    def collecting(self) -> Collecting | None:
        return Collecting(self.collect.quiet.approximate, self.collect.at_most.approximate) if self.collect else None

    @property
    def apart(self) -> bool:
        return self.each is not None or self.meets is not None

    def firings(self, ground: Ground) -> tuple[Firing, ...]:
        event = ground.catalogue.events[self.event]
        table, spec = ground.catalogue.table(event.table), ground.catalogue.tables[event.table]
        time = table.c[event.time]
        if spec.position is None:
            return (self._firing(ground, time, (), lambda window: _by_time(ground, window)),)
        position = table.c[spec.position]
        happened = (time <= sa.bindparam("until", type_=Instant), time > sa.bindparam("oldest", type_=Instant))
        known = position <= sa.bindparam("known", type_=sa.BigInteger)
        return (
            self._firing(ground, position, happened, lambda window: _new(ground, window)),
            self._firing(ground, time, (known,), _come_due),
        )

    def _firing(
        self,
        ground: Ground,
        axis: sa.ColumnElement[Any],
        extra: tuple[sa.ColumnElement[bool], ...],
        spans: Callable[[Window], Iterable[Span]],
    ) -> Firing:
        catalogue = ground.catalogue
        event = catalogue.events[self.event]
        in_range = (*catalogue.only(event), *bounded(axis), *extra)
        where = ground.compile(self.where)
        whom = _Whom.of(catalogue, self.origin)
        happened = as_instant(catalogue.table(event.table).c[event.time])
        key = ground.key_of(whom.apart)
        candidates = (
            sa.select(*begun(catalogue.as_text(whom.who), whom.occasion, happened, whom.event, key))
            .select_from(whom.source)
            .where(*in_range, where.expression)
        )

        return Firing(
            rows=sa.select(axis).where(*in_range),
            axis=axis,
            candidates=candidates,
            spans=lambda window, _zones: spans(window),
            moments=where,
            many=True,
        )

    def next_at(self, connection: sa.Connection, ground: Ground, after: datetime, zones: tuple[str, ...]) -> None:
        return None


@dataclass(frozen=True)
class _Whom:
    """Whom an event concerns: the tables to join, the customer, the occasion, and what tells its runs apart."""

    source: sa.FromClause
    who: sa.ColumnElement[Any]
    event: sa.ColumnElement[str]
    occasion: sa.ColumnElement[str]
    apart: sa.ColumnElement[str] | None = None

    @classmethod
    def of(cls, catalogue: Catalogue, origin: Origin) -> "_Whom":
        event, elements, met = origin.event_in(catalogue), origin.elements_in(catalogue), origin.list_in(catalogue)
        if event is None:
            raise ValueError(f"there is no event {origin.event}")
        table, spec = catalogue.table(event.table), catalogue.tables[event.table]
        customers, id_ = catalogue.table(catalogue.customers.name), sa.cast(table.c[spec.key], sa.Text)
        about: sa.ColumnElement[Any] = table.c[spec.customer]
        if met is not None:
            listed = catalogue.table(met.table)
            who = listed.c[met.customer]
            source = table.join(listed, listed.c[met.item] == about).join(customers, catalogue.customer_key == who)
            return cls(source, who, id_, id_, listed.c[met.item])
        source = table.join(customers, catalogue.customer_key == about)
        if elements is None:
            return cls(source, about, id_, id_)
        inside = catalogue.table(elements.table)
        occasion = id_ + sa.literal("/") + sa.cast(inside.c[elements.key], sa.Text)
        source = source.join(inside, inside.c[elements.event] == table.c[spec.key])
        return cls(source, about, id_, occasion, occasion)


def _new(ground: Ground, window: Window) -> list[Span]:
    """What was recorded since the last pass and has happened already."""
    if window.until_position <= window.since_position:
        return []
    bounds = {"lower": window.since_position, "upper": window.until_position}
    return [{**bounds, "until": window.until, "oldest": ground.oldest(window.until)}]


def _come_due(window: Window) -> list[Span]:
    """What was recorded before and has happened since."""
    return [{"lower": window.since, "upper": window.until, "known": window.since_position}]


def _by_time(ground: Ground, window: Window) -> list[Span]:
    return [{"lower": max(window.since - OVERLAP, ground.oldest(window.until)), "upper": window.until}]
