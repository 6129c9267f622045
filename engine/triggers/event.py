"""event: fires when something happened: an order, a cart, a review."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, ClassVar

import sqlalchemy as sa
from pydantic import Field

from engine.blocks import Conditions
from engine.literals import Text
from engine.store.dialect import as_instant
from engine.store.types import Instant
from engine.trigger import OVERLAP, Firing, Ground, Span, Trigger, Window, bounded


class EventTrigger(Trigger):
    """Fires for each event of that name; the occasion is the event itself.

    An event that was recorded before it happened fires when it happens; one that is recorded later than
    `limits.catch_up` after it happened fires no more (a history may be imported without writing to everybody).
    """

    word: ClassVar[str] = "event"

    event: Text = Field(description="The event, as the catalogue names it.")
    where: Conditions | None = Field(default=None, description="Which of these events; its fields are `event.*`.")

    @property
    def event_name(self) -> str:
        return self.event

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
        table, spec = catalogue.table(event.table), catalogue.tables[event.table]
        who, key = table.c[spec.customer], sa.cast(table.c[spec.key], sa.Text)
        in_range = (*catalogue.only(event), *bounded(axis), *extra)
        where = ground.compile(self.where)
        candidates = (
            sa.select(
                catalogue.as_text(who).label("customer_id"),
                key.label("occasion"),
                as_instant(table.c[event.time]).label("fired_at"),
                key.label("event_id"),
            )
            .select_from(table.join(catalogue.table(catalogue.customers.name), catalogue.customer_key == who))
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
