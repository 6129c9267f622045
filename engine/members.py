"""Who is inside an audience: kept by looking only at customers who changed, and at those whose time threshold was crossed."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa

from engine.conditions import Compiled, Not, Threshold, Tree, shared, tallies, thresholds
from engine.store.dialect import insert
from engine.store.ledger import memberships
from engine.store.types import Instant
from engine.trigger import Firing, Ground, Span, Window, begun, bounded

Side = Literal["enters", "leaves"]


@dataclass(frozen=True)
class Following:
    """The firings of a trigger that follows an audience from one side."""

    ground: Ground
    tree: Tree
    side: Side

    def firings(self) -> tuple[Firing, ...]:
        """One for the customers who changed, one for each value that others share with them, one for what is told of
        them and counted, and one for each way in which time alone changes the answer.
        """
        changed = self.ground.catalogue.customers.position
        crossing = tuple(self._crossing(one) for one in self._thresholds())
        if changed is None:
            return (self._everybody(fires=True),)
        column = self.ground.catalogue.table(self.ground.catalogue.customers.name).c[changed]
        others = tuple(self._sharing(changed, one) for one in shared(self.tree, self.ground.segments))
        written = (
            self._over(one.column, one.of_customer, _changed, joined=one.joined)
            for one in tallies(self.tree, self.ground.catalogue, self.ground.segments)
        )
        return (self._over(column, self.ground.catalogue.customer_key, _changed), *others, *written, *crossing)

    def baseline(self, *, fires: bool) -> Firing:
        """Everybody, at the launch: they become members, and are enrolled only if `fires`."""
        return self._everybody(fires=fires)

    def next_at(self, connection: sa.Connection, after: datetime) -> datetime | None:
        """When time alone next changes somebody's answer."""
        zone = self.ground.settings.zone
        found = (one.next_crossing(connection, after, zone) for one in self._thresholds())
        return min((instant for instant in found if instant is not None), default=None)

    def _thresholds(self) -> list[Threshold]:
        return thresholds(self.tree, self.ground.catalogue, self.ground.segments)

    def _crossing(self, threshold: Threshold) -> Firing:
        zone = self.ground.settings.zone

        def spans(window: Window) -> list[Span]:
            lower, upper = threshold.moment_at(window.since, zone), threshold.moment_at(window.until, zone)
            # A moment that has not moved passed nobody: of a date it stands still all day.
            return [] if lower == upper else [{"lower": _just_before(lower), "upper": upper}]

        return self._over(threshold.column, threshold.of_customer, spans, joined=threshold.joined)

    def _sharing(self, position: str, column: str) -> Firing:
        """All who share a value with somebody who changed, such as his company."""
        customers, key = (
            self.ground.catalogue.table(self.ground.catalogue.customers.name),
            self.ground.catalogue.customers.key,
        )
        changed, peers = customers.alias("changed"), customers.alias("peers")
        joined = (changed.c[column] == peers.c[column],)
        return self._over(changed.c[position], peers.c[key], _changed, joined=joined)

    def _everybody(self, *, fires: bool) -> Firing:
        key = self.ground.catalogue.customer_key
        lowest, highest = self.ground.catalogue.key_bounds

        def spans(_window: Window) -> list[Span]:
            return [{"lower": lowest, "upper": highest}]

        return self._over(key, key, spans, fires=fires)

    def _over(
        self,
        axis: Any,
        who: sa.ColumnElement[Any],
        spans: Any,
        *,
        fires: bool = True,
        joined: tuple[sa.ColumnElement[bool], ...] = (),
    ) -> Firing:
        bounds = bounded(axis)
        range_ = _Range(self.ground, axis, who, (*bounds, *joined))
        inside, outside = self.ground.compile(self.tree), self.ground.compile(Not(self.tree))
        return Firing(
            rows=sa.select(axis).where(*bounds),
            axis=axis,
            candidates=self._candidates(range_, fires),
            spans=lambda window, _zones: spans(window),
            moments=Compiled(inside.expression, {**inside.moments, **outside.moments}),
            prelude=(self._end(range_, outside), self._begin(range_, inside)),
        )

    def _begin(self, range_: "_Range", inside: Compiled) -> Any:
        """Those who match are members now; the count goes up only for those who were none."""
        key = self.ground.catalogue.customer_key
        rows = sa.select(
            self.ground.catalogue.as_text(key),
            sa.literal(self.ground.playbook),
            sa.true(),
            sa.literal(1),
            sa.literal(0),
            sa.bindparam("now", type_=Instant),
            sa.bindparam("position", type_=sa.BigInteger),
        ).where(range_.holds(key), inside.expression)
        names = ["customer_id", "playbook", "inside", "entries", "exits", "changed_at", "position"]
        statement = insert(self.ground.dialect, memberships).from_select(names, rows)
        return statement.on_conflict_do_update(
            index_elements=["playbook", "customer_id"],
            set_={
                "inside": sa.true(),
                "entries": memberships.c.entries + 1,
                "changed_at": statement.excluded.changed_at,
                "position": statement.excluded.position,
            },
            where=sa.not_(memberships.c.inside),
        )

    def _end(self, range_: "_Range", outside: Compiled) -> sa.Update:
        """Those who match no longer are members no longer. Looks at members first: at a launch there are none."""
        key = self.ground.catalogue.customer_key
        gone = sa.exists().where(key == self.ground.catalogue.as_key(memberships.c.customer_id), outside.expression)
        return (
            sa.update(memberships)
            .where(self._of_playbook(), memberships.c.inside, range_.holds_text(memberships.c.customer_id), gone)
            .values(
                inside=sa.false(),
                exits=memberships.c.exits + 1,
                changed_at=sa.bindparam("now", type_=Instant),
                position=sa.bindparam("position", type_=sa.BigInteger),
            )
        )

    def _candidates(self, range_: "_Range", fires: bool) -> sa.Select[Any]:
        """Those whose membership this very transaction changed."""
        count = memberships.c.entries if self.side == "enters" else memberships.c.exits
        changed = memberships.c.inside if self.side == "enters" else sa.not_(memberships.c.inside)
        return sa.select(*begun(memberships.c.customer_id, sa.cast(count, sa.Text), memberships.c.changed_at)).where(
            self._of_playbook(),
            range_.holds_text(memberships.c.customer_id),
            memberships.c.position == sa.bindparam("position", type_=sa.BigInteger),
            changed,
            sa.true() if fires else sa.false(),
        )

    def _of_playbook(self) -> sa.ColumnElement[bool]:
        return memberships.c.playbook == sa.literal(self.ground.playbook)


@dataclass(frozen=True)
class _Range:
    """The customers of a range of an axis, said so that an index is searched: directly where the axis is their own."""

    ground: Ground
    axis: Any
    who: sa.ColumnElement[Any]
    bounds: tuple[sa.ColumnElement[bool], ...]

    def holds(self, key: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
        """For the customers' own key, in a statement over the customers."""
        if self.axis.table is key.table:
            return sa.and_(*self.bounds)
        return key.in_(sa.select(self.who).where(*self.bounds))

    def holds_text(self, customer_id: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
        """For a customer's id as the engine keeps it."""
        catalogue = self.ground.catalogue
        if self.axis is catalogue.customer_key and not catalogue.customers.numbered:
            return sa.and_(*bounded(customer_id, self.axis.type))
        return customer_id.in_(sa.select(catalogue.as_text(self.who)).where(*self.bounds))


def _changed(window: Window) -> list[Span]:
    if window.until_position <= window.since_position:
        return []
    return [{"lower": window.since_position, "upper": window.until_position}]


def _just_before(moment: datetime | date) -> datetime | date:
    return moment - (timedelta(microseconds=1) if isinstance(moment, datetime) else timedelta(days=1))
