"""What steps kept under a name (`as: gift`), read again for many runs at once, and always as it is now."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from engine.catalogue import RESULTS
from engine.facts import Facts
from engine.store.customers import vouchers
from engine.store.desk import tasks
from engine.store.ledger import had as had_
from engine.store.points import points_of_runs

#: Where a result is found: the run's id, and what its step wrote down (`enrolments.results`).
Reference = tuple[int, Any]
Found = Mapping[Reference, Mapping[str, Any]]


def kept(connection: sa.Connection, facts: Facts, runs: Sequence[Mapping[str, Any]]) -> list[dict[str, dict[str, Any]]]:
    """The results of several runs (rows with `id` and `results`), by name, in the same order."""
    wanted: dict[str, set[Reference]] = {}
    named = [_references(run) for run in runs]
    for one in named:
        for kind, reference in one.values():
            wanted.setdefault(kind, set()).add(reference)
    reading = Reading(connection, facts)
    known = {kind: KINDS[kind](reading, references) for kind, references in wanted.items()}
    return [
        {name: dict(known[kind][reference]) for name, (kind, reference) in one.items() if reference in known[kind]}
        for one in named
    ]


def _references(run: Mapping[str, Any]) -> dict[str, tuple[str, Reference]]:
    found = {}
    for name, written in (run["results"] or {}).items():
        kind, value = next(iter(written.items()))
        found[name] = (kind, (run["id"], _hashable(value)))
    return found


def _hashable(value: Any) -> Any:
    """A document as a key: lists and objects become tuples."""
    if isinstance(value, dict):
        return tuple((name, _hashable(one)) for name, one in value.items())
    return tuple(_hashable(one) for one in value) if isinstance(value, list) else value


@dataclass(frozen=True)
class Reading:
    """Reads results, each kind in one statement: what was asked for, and the fields of each that is still there."""

    connection: sa.Connection
    facts: Facts

    def vouchers(self, references: Collection[Reference]) -> Found:
        """By their codes."""
        columns = [vouchers.c[name] for name in RESULTS["voucher"]]
        statement = sa.select(*columns).where(vouchers.c.code.in_({code for _, code in references}))
        rows = (dict(zip(RESULTS["voucher"], row, strict=True)) for row in self.connection.execute(statement))
        found = {row["code"]: row for row in rows}
        return {one: found[one[1]] for one in references if one[1] in found}

    def events(self, references: Collection[Reference]) -> Found:
        """By name and id."""
        names = {name for _, (name, _) in references if name in self.facts.catalogue.events}
        found = {
            name: self.facts.events(self.connection, name, {id_ for _, (other, id_) in references if other == name})
            for name in names
        }
        return {one: found[one[1][0]][one[1][1]] for one in references if one[1][1] in found.get(one[1][0], ())}

    def tasks(self, references: Collection[Reference]) -> Found:
        """By the step that opened them."""
        columns = [tasks.c[name] for name in RESULTS["task"]]
        key = (tasks.c.enrolment_id, tasks.c.step, tasks.c.iteration)
        statement = sa.select(*key, *columns).where(tasks.c.enrolment_id.in_({run for run, _ in references}))
        rows = self.connection.execute(statement)
        found = {(row[0], (row[1], row[2])): dict(zip(RESULTS["task"], row[3:], strict=True)) for row in rows}
        return {one: found[one] for one in references if one in found}

    def points(self, references: Collection[Reference]) -> Found:
        """By the step that granted or spent them."""
        found = points_of_runs(self.connection, {run for run, _ in references})
        return {one: found[(one[0], *one[1])] for one in references if (one[0], *one[1]) in found}

    def values(self, references: Collection[Reference]) -> Found:
        """What was written down in full."""
        return {one: dict(one[1]) for one in references}


#: The kinds of results: `{"voucher": CODE}`, `{"event": [NAME, ID]}`, `{"task": [STEP, ITERATION]}`, points alike,
#: `{"value": {…}}`.
KINDS: Mapping[str, Callable[[Reading, Collection[Reference]], Found]] = {
    "voucher": Reading.vouchers,
    "event": Reading.events,
    "task": Reading.tasks,
    "points": Reading.points,
    "value": Reading.values,
}


def load_had(
    connection: sa.Connection,
    known: dict[tuple[str, str], set[str]],
    series: Iterable[str],
    ids: Collection[str],
) -> None:
    """Adds to `known` which messages of these series those customers have had; what a batch adds itself stays."""
    names = list(series)
    if not names:
        return
    columns = (had_.c.customer_id, had_.c.series, had_.c.message)
    mine = (had_.c.series.in_(names), had_.c.customer_id.in_(list(ids)))
    for customer, name, message in connection.execute(sa.select(*columns).where(*mine)):
        known.setdefault((customer, name), set()).add(message)
