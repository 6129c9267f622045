"""What happened to people in flight: an event wakes their runs, and counts as success where it is the playbook's goal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from engine.catalogue import Catalogue, Event
from engine.conditions import compile_value, fields, segments_in
from engine.failpoints import reach
from engine.progress import LISTENER, begin_progress, move
from engine.shop import MOVING, Shop
from engine.store.customers import metadata
from engine.store.dialect import as_instant, lock_listening
from engine.store.ledger import enrolments
from engine.store.prepared import Prepared, Questions
from engine.store.types import Instant, Key
from engine.trigger import OVERLAP, Window
from engine.workspace.playbook import Goal, Playbook


@dataclass
class Listen:
    """The pass over what was recorded since the last one; its statements are compiled once."""

    shop: Shop
    _probes: tuple[Prepared, ...] = field(init=False)
    _wakes: tuple[Prepared, ...] = field(init=False)
    _goals: tuple[Prepared, ...] = field(init=False)
    _questions: Questions = field(default_factory=Questions)

    def __post_init__(self) -> None:
        dialect, catalogue = self.shop.store.dialect.name, self.shop.catalogue
        playbooks = self.shop.of_status(*MOVING, "paused")
        sources = [
            *_sources(catalogue),
            *_changed(catalogue, {table for one in playbooks for table in _dated(catalogue, one)}),
            *_come_due(catalogue, {name for one in playbooks for name in _heard(one)}),
        ]
        keyed = [one for one in playbooks if _by_key_alone(one) and not _dated(catalogue, one)]
        of_key = [_wake_key(catalogue, one, name) for one in keyed for name in sorted(_heard(one))]
        self._probes = tuple(
            Prepared(who.with_only_columns(sa.literal_column("1")).limit(1), dialect) for who in sources
        )
        # What was recorded of the customers themselves is of no key.
        wakes = [_wake(who, () if _of_customers(catalogue, who) else keyed) for who in sources]
        self._wakes = tuple(Prepared(statement, dialect) for statement in (*wakes, *of_key))
        self._goals = tuple(Prepared(_converted(self.shop, one, one.goal), dialect) for one in playbooks if one.goal)

    def __call__(self, connection: sa.Connection, window: Window) -> bool:
        """Whether anything was recorded in the window; asked without the write lock."""
        return any(self._questions.any(connection, [(probe, _bounds(window)) for probe in self._probes]))

    def run(self, window: Window) -> None:
        """Wakes and counts, and moves the progress, in one transaction."""
        params = {**_bounds(window), "now": window.until}
        with self.shop.store.begin() as connection:
            lock_listening(connection, alone=True)
            begin_progress(connection, LISTENER, "", "engine", window)
            for statement in (*self._wakes, *self._goals):
                statement.execute(connection, params)
            move(connection, [LISTENER], window.until, window.until_position)
            reach("listen.heard")


def _bounds(window: Window) -> Mapping[str, Any]:
    return {
        "since": window.since - OVERLAP,
        "exactly_since": window.since,
        "until": window.until,
        "since_position": window.since_position,
        "until_position": window.until_position,
    }


def _recorded(table: sa.TableClause, position: str | None, time: str | None) -> sa.ColumnElement[bool]:
    """The rows of a table that were recorded in the window."""
    if position is not None:
        column = table.c[position]
        since, until = (sa.bindparam(name, type_=sa.BigInteger) for name in ("since_position", "until_position"))
    else:
        column = table.c[time or ""]
        since, until = (sa.bindparam(name, type_=column.type) for name in ("since", "until"))
    return sa.and_(column > since, column <= until)


def _sources(catalogue: Catalogue) -> list[sa.Select[Any]]:
    """The customers to whom something happened: one selection for each table of events, and one for the customers'."""
    found = []
    for name in sorted({event.table for event in catalogue.events.values() if event.about == "customer"}):
        spec, table = catalogue.tables[name], catalogue.table(name)
        time = spec.time or next(event.time for event in catalogue.events.values() if event.table == name)
        found.append(sa.select(catalogue.as_text(table.c[spec.customer])).where(_recorded(table, spec.position, time)))
    if catalogue.customers.position is not None:
        table = catalogue.table(catalogue.customers.name)
        changed = _recorded(table, catalogue.customers.position, None)
        found.append(sa.select(catalogue.as_text(catalogue.customer_key)).where(changed))
    return found


def _dated(catalogue: Catalogue, playbook: Playbook) -> set[str]:
    """The tables beside the customers' own whose dates a playbook goes by: a record that moves ends its run, or moves the
    moment that the run waits for."""
    record = playbook.trigger.origin.record_in(catalogue)
    moments = (pair for step in playbook.steps.values() for pair in step.action.moments())
    of_customer = (catalogue.fields[name].column for scope, name in moments if scope == "customer")
    found = {column.table for column in of_customer if column is not None} - {catalogue.customers.name}
    return found | ({record.table} if record is not None else set())


def _changed(catalogue: Catalogue, names: set[str]) -> list[sa.Select[Any]]:
    """The customers of whose rows in these tables some were written."""
    found = []
    for spec in (catalogue.tables[name] for name in sorted(names)):
        if spec.position is not None and spec.through is None:
            table = catalogue.table(spec.name)
            recorded = _recorded(table, spec.position, None)
            found.append(sa.select(catalogue.as_text(table.c[spec.customer])).where(recorded))
    return found


def _of_customers(catalogue: Catalogue, who: sa.Select[Any]) -> bool:
    return who.get_final_froms() == [catalogue.table(catalogue.customers.name)]


def _by_key_alone(playbook: Playbook) -> bool:
    """Whether nothing but the events of its key can move its runs: no condition counts what happened, and nothing asks for
    a result, which changes with events of no key (a voucher is redeemed)."""
    trees = [stop.condition for stop in playbook.stop_when] + [playbook.suspend_while]
    trees += [tree for step in playbook.steps.values() for tree in step.action.conditions()]
    mentioned = [one for tree in trees if tree is not None for one in fields(tree)]
    segments = any(segments_in(tree) for tree in trees if tree is not None)
    scopes = {scope for scope, _ in mentioned}
    scopes |= {scope for step in playbook.steps.values() for scope, _ in step.action.moments()}
    beside = any(field.metric for _, field in mentioned) or bool(scopes & {*playbook.made})
    return playbook.key is not None and not segments and not beside


def _heard(playbook: Playbook) -> set[str]:
    """The events that end its runs, that they wait for, and that are its goal."""
    named = {event for step in playbook.steps.values() for event in step.action.events()}
    named |= {stop.event for stop in playbook.stop_when if stop.event is not None}
    return named | ({playbook.goal.event} if playbook.goal is not None else set())


def _come_due(catalogue: Catalogue, names: set[str]) -> list[sa.Select[Any]]:
    """The customers of events that were recorded before they happened (a clock that is ahead), now that they have."""
    events = [catalogue.events[name] for name in sorted(names) if name in catalogue.events]
    found = []
    for event in events:
        spec, table = catalogue.tables[event.table], catalogue.table(event.table)
        if spec.position is not None and _searchable(event):
            who = catalogue.as_text(table.c[spec.customer])
            found.append(sa.select(who).where(*catalogue.only(event), _has_come(table, spec.position, event.time)))
    return found


def _has_come(table: sa.TableClause, position: str, time: str) -> sa.ColumnElement[bool]:
    column = table.c[time]
    since, until = (sa.bindparam(name, type_=column.type) for name in ("exactly_since", "until"))
    before = table.c[position] <= sa.bindparam("since_position", type_=sa.BigInteger)
    return sa.and_(column > since, column <= until, before)


def _searchable(event: Event) -> bool:
    """Whether an index leads to the event's time; without one every tick would read the whole table."""
    kept = metadata.tables.get(event.table)
    return kept is not None and any(event.time in index.columns for index in kept.indexes)


def _wake(who: sa.Select[Any], but: Sequence[Playbook]) -> sa.Update:
    """Wakes the runs of those customers, but not those of today's revision of playbooks that hear only their key."""
    spared = (enrolments.c.revision.not_in([one.revision for one in but]),) if but else ()
    return _woken(enrolments.c.customer_id.in_(who), *spared)


def _wake_key(catalogue: Catalogue, playbook: Playbook, name: str) -> sa.Update:
    """Wakes the runs that are about what an event speaks of."""
    event = catalogue.events[name]
    spec, table = catalogue.tables[event.table], catalogue.table(event.table)
    key = event.fields.get(playbook.key[1].name) if playbook.key is not None else None
    about: tuple[sa.ColumnElement[Any], ...] = (catalogue.as_text(table.c[spec.customer]),)
    run: sa.ColumnElement[Any] = enrolments.c.customer_id
    if key is not None:
        value = sa.func.coalesce(sa.cast(compile_value(key, catalogue, "event").expression, sa.Text), "")
        about, run = (*about, value), sa.tuple_(enrolments.c.customer_id, enrolments.c.key)
    recorded = _recorded(table, spec.position, event.time)
    if spec.position is not None and _searchable(event):
        recorded = sa.or_(recorded, _has_come(table, spec.position, event.time))
    who = sa.select(*about).where(*catalogue.only(event), recorded)
    return _woken(run.in_(who), enrolments.c.revision == sa.literal(playbook.revision, Key))


def _woken(*which: sa.ColumnElement[bool]) -> sa.Update:
    now = sa.bindparam("now", type_=Instant)
    return (
        sa.update(enrolments)
        .where(
            enrolments.c.state == sa.literal_column("'running'"),
            enrolments.c.listens,
            enrolments.c.due_at > now,
            *which,
        )
        .values(due_at=now)
    )


def _converted(shop: Shop, playbook: Playbook, goal: Goal) -> sa.Update:
    """The goal's first event after the occasion counts, for those held out as well."""
    catalogue = shop.catalogue
    event: Event = catalogue.events[goal.event]
    spec, table = catalogue.tables[event.table], catalogue.table(event.table)
    time, who = table.c[event.time], table.c[spec.customer]
    only = catalogue.only(event)
    where = shop.ground(playbook).compile(goal.where)
    counts = (
        *only,
        where.expression,
        who == catalogue.as_key(enrolments.c.customer_id),
        as_instant(time) > enrolments.c.fired_at,
        as_instant(time) <= enrolments.c.goal_until,
        time <= sa.bindparam("until", type_=time.type),
    )
    customers = catalogue.table(catalogue.customers.name)
    source = table.join(customers, catalogue.customer_key == who) if goal.where is not None else table
    first = (
        sa.select(as_instant(sa.func.min(time)))
        .select_from(source)
        .where(*counts)
        .correlate(enrolments)
        .scalar_subquery()
    )
    selected = sa.select(catalogue.as_text(who)).where(*only)
    recent: Any = selected.where(_recorded(table, spec.position, event.time))
    if spec.position is not None and _searchable(event):
        recent = recent.union_all(selected.where(_has_come(table, spec.position, event.time)))
    return (
        sa.update(enrolments)
        .where(
            enrolments.c.playbook == sa.literal(playbook.id, Key),
            enrolments.c.goal_until.is_not(None),
            enrolments.c.converted_at.is_(None),
            enrolments.c.customer_id.in_(recent),
            first.is_not(None),
        )
        .values(converted_at=first)
    )
