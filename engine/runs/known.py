"""What is known of a run at an instant, and what it says of the run's end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from engine.action import Action, Heard
from engine.catalogue import Catalogue, Field
from engine.conditions import Tree, holds, within
from engine.runs.kept import kept
from engine.runs.started import started
from engine.shop import Shop
from engine.workspace.playbook import Playbook

#: Events of the customer since a moment, by name: when, the event's fields, and its id.
Happenings = Mapping[str, Sequence[tuple[datetime, Mapping[str, Any], str]]]


@dataclass(frozen=True)
class Known:
    """One run with everything that its playbook may ask; `record` holds the facts by the word before the dot."""

    playbook: Playbook
    row: Mapping[str, Any]  # of the enrolments
    record: dict[str, dict[str, Any]]
    events: Happenings
    zone: ZoneInfo
    now: datetime
    brand_zone: ZoneInfo
    segments: Mapping[str, Tree]

    def holds(self, condition: Tree) -> bool:
        """Whether a condition is true for the run's customer, event and results now."""
        return holds(condition, self.record, self.now, self.brand_zone, self.segments)

    def heard(self, event: str, where: Tree | None, since: datetime, until: datetime | None = None) -> Heard | None:
        """The first such event of the customer in `(since, until]`."""
        for at, fields, key in self.events.get(event, ()):
            if since < at <= (until or self.now) and (where is None or self._meets(where, fields)):
                return Heard(event, key, at, fields)
        return None

    def _meets(self, where: Tree, fields: Mapping[str, Any]) -> bool:
        return holds(where, {**self.record, "it": fields}, self.now, self.brand_zone, self.segments)

    def stopped(self) -> str | None:
        """The text of what ends the run now, if anything does. Events count from the occasion that began the run."""
        moved = self.playbook.trigger.moved(self.row["occasion"], self.record, self.zone)
        if moved is not None:
            return moved
        for stop in self.playbook.stop_when:
            if stop.event is not None:
                if self.heard(stop.event, stop.where, self.row["fired_at"]):
                    return stop.text
            elif stop.condition is not None and self.holds(stop.condition):
                return stop.text
        return None


@dataclass(frozen=True)
class Wanted:
    """What is to be read of runs: fields of the customer, the words before the dot, and events."""

    customer: frozenset[Field]
    scopes: frozenset[str]
    events: frozenset[str]

    @classmethod
    def of(
        cls,
        playbook: Playbook,
        catalogue: Catalogue,
        segments: Mapping[str, Tree],
        actions: Sequence[Action] = (),
    ) -> "Wanted":
        """What ends a run asks for, and what these steps ask for; segments are looked into."""
        conditions = [tree for action in actions for tree in action.conditions()]
        trees = [*(stop.condition or stop.where for stop in playbook.stop_when), *conditions]
        if actions:
            trees.append(playbook.suspend_while)
        nodes = [node for tree in trees if tree is not None for node in within(tree, segments)]
        mentioned = {(one.scope, one.field) for node in nodes for one in node.mentions}
        read = {pair for action in actions for pair in (*action.moments(), *action.reads())}
        fields = catalogue.fields
        ends = (stop.event for stop in playbook.stop_when if stop.event is not None)
        return cls(
            customer=frozenset(
                [one for scope, one in mentioned if scope == "customer"]
                + [fields[name] for scope, name in read if scope == "customer"]
            ),
            # Whether a record's date has moved is asked before each step.
            scopes=frozenset([scope for scope, _ in (*mentioned, *read)] + [playbook.trigger.origin.record or ""]),
            events=frozenset([*ends, *(event for action in actions for event in action.events())]),
        )


def know(
    connection: sa.Connection,
    shop: Shop,
    playbook: Playbook,
    rows: Sequence[Mapping[str, Any]],
    wanted: Wanted,
    now: datetime,
) -> list[Known | None]:
    """Runs of one revision, in a handful of statements; None where the customer is no longer in the store."""
    facts, ids = shop.facts, [row["customer_id"] for row in rows]
    customers = facts.customers(connection, ids, wanted.customer, now)
    results = kept(connection, facts, rows)
    began = started(connection, facts, playbook.trigger.origin, rows, wanted.scopes)
    since = min(min(row["step_since"] or row["fired_at"], row["fired_at"]) for row in rows)
    happened = {name: facts.happened(connection, name, ids, since, now) for name in wanted.events}
    found: list[Known | None] = []
    for row, result, origin in zip(rows, results, began, strict=True):
        customer = customers.get(row["customer_id"])
        if customer is None:
            found.append(None)
            continue
        record: dict[str, dict[str, Any]] = {"customer": customer, **origin, **result}
        events = {name: _of_key(playbook, row, one.get(row["customer_id"], [])) for name, one in happened.items()}
        zone = shop.settings.zone_of(customer.get("timezone"))
        found.append(Known(playbook, row, record, events, zone, now, shop.settings.zone, shop.segments))
    return found


def _of_key(
    playbook: Playbook, row: Mapping[str, Any], events: Sequence[tuple[datetime, Mapping[str, Any], str]]
) -> Sequence[tuple[datetime, Mapping[str, Any], str]]:
    """Of a customer's events those that speak of what the run is about."""
    if playbook.key is None:
        return events
    name = playbook.key[1].name
    return [one for one in events if str("" if one[1].get(name) is None else one[1][name]) == row["key"]]
