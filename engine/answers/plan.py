"""A plan: what a deploy of the workspace would do on a store, playbook by playbook, and why it could not. Nothing is written."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa

from engine.answers.over import over
from engine.deploy import CLOSED, People, goes_to, lost, people_of, written_ids
from engine.progress import Progress, read_progress
from engine.source.problem import Problem
from engine.store.ledger import enrolments
from engine.triggers.once import Once
from engine.workspace import Workspace
from engine.workspace.playbook import Playbook


@dataclass(frozen=True)
class Planned:
    """What becomes of one playbook, and of the people in flight in its older versions."""

    playbook: str
    what: str
    people: tuple[str, ...] = ()
    problem: Problem | None = None
    launched: bool = False  # whether occasions count from this deploy on
    missed: str | None = None  # what a launch comes too late for


def plan(workspace: Workspace, connection: sa.Connection, now: datetime) -> list[Planned]:
    """Every playbook that is new, changed or gone, in the order of their ids."""
    return [replace(one, missed=_missed(workspace, connection, one, now)) for one in _changes(workspace, connection)]


def _missed(workspace: Workspace, connection: sa.Connection, planned: Planned, now: datetime) -> str | None:
    settings, catalogue = workspace.settings, workspace.catalogue
    trigger = workspace.playbooks[planned.playbook].trigger if planned.launched else None
    if not isinstance(trigger, Once) or settings is None or catalogue is None:
        return None
    missed = over(connection, settings, catalogue, trigger, now)
    return f"{trigger.once:%Y-%m-%d %H:%M}: {missed}" if missed else None


def _changes(workspace: Workspace, connection: sa.Connection) -> list[Planned]:
    stored = {name: one for name, one in read_progress(connection).items() if one.status != "engine"}
    found: list[Planned] = []
    renamed: set[str] = set()
    for name, playbook in sorted(workspace.playbooks.items()):
        old = playbook.change.renamed_from
        taken = old if old in stored and name not in stored else None
        renamed |= {taken} if taken else set()
        one = _planned(workspace, connection, playbook, stored.get(taken or name), taken)
        if one is not None:
            found.append(one)
    there = written_ids(workspace) | set(workspace.playbooks) | renamed
    found += [_gone(connection, name) for name, one in stored.items() if name not in there and one.status != "deleted"]
    return sorted(found, key=lambda one: one.playbook)


def problems(workspace: Workspace, connection: sa.Connection) -> list[Problem]:
    """Why versions of playbooks cannot take over on that store."""
    return [one.problem for one in _changes(workspace, connection) if one.problem is not None]


def _planned(
    workspace: Workspace, connection: sa.Connection, playbook: Playbook, before: Progress | None, renamed: str | None
) -> Planned | None:
    launched = playbook.status == "active" and (before is None or before.status in CLOSED)
    if before is None:
        starts = "starts" if playbook.status == "active" else f"is {playbook.status}"
        return Planned(playbook.id, f"new: {starts}", launched=launched)
    words = _words(playbook, before, renamed)
    if not words:
        return None
    people = people_of(connection, renamed or playbook.id, playbook.revision)
    problem = lost(playbook, people, workspace.texts.get(playbook.file, ""))
    return Planned(playbook.id, ", ".join(words), tuple(_fate(playbook, one) for one in people), problem, launched)


def _words(playbook: Playbook, before: Progress, renamed: str | None) -> list[str]:
    words = [f"renamed from {renamed}"] if renamed else []
    if before.revision != playbook.revision:
        words.append("changed")
    if before.status != playbook.status:
        back = before.status in CLOSED and playbook.status not in CLOSED
        words.append(f"{before.status} -> {playbook.status}" + (", goes on from now" if back else ""))
    return words


def _fate(playbook: Playbook, people: People) -> str:
    at = f"at `{people.step}`" if people.step is not None else "at the beginning"
    target = goes_to(playbook, people.step)
    moves = {
        "finish": "finish the version that they began with",
        "cancel": "are cancelled",
        "move": f"move to `{target}`" if target is not None else "have no step to go to",
    }
    return f"{people.count:,} {at}: {moves[playbook.change.in_flight]}"


def _gone(connection: sa.Connection, name: str) -> Planned:
    mine = (enrolments.c.playbook == name, enrolments.c.state == sa.literal_column("'running'"))
    count = connection.execute(sa.select(sa.func.count()).select_from(enrolments).where(*mine)).scalar_one()
    people = (f"{count:,} in flight: stand still; write  status: retired  to let them finish",) if count else ()
    return Planned(name, "no longer in the folder", people)


def lines(planned: list[Planned]) -> Iterator[str]:
    """The plan as people read it."""
    for one in planned:
        yield f"{one.playbook}: {one.what}"
        yield from (f"  {note}" for note in (*one.people, one.missed) if note)
