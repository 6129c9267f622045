"""A deploy: what a changed workspace does with the playbooks on record, and with the people who are in them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engine.progress import Progress, read_progress, record_revision
from engine.runs.counting import forget
from engine.shop import Shop
from engine.source.problem import Place, Problem
from engine.store.customers import metadata
from engine.store.dialect import horizon
from engine.store.ledger import enrolments, progress
from engine.workspace import Workspace
from engine.workspace.playbook import Playbook, Step

#: States in which nobody enters, and after which a playbook goes on from the day it is back: what came meanwhile is
#: nobody's occasion. A paused one is not among them: what comes during a pause is caught up with.
CLOSED = ("draft", "retired", "deleted")
#: The state of the engine's own rows.
_OWN = "engine"


@dataclass(frozen=True)
class People:
    """Those who stand at one step of an older version."""

    step: str | None  # None: at the beginning
    count: int


def people_of(connection: sa.Connection, playbook: str, revision: str) -> list[People]:
    """Who is in flight in versions of a playbook other than this one."""
    count = sa.func.count()
    statement = sa.select(enrolments.c.step, count).where(*_older(playbook, revision)).group_by(enrolments.c.step)
    return [People(*row) for row in connection.execute(statement.order_by(count.desc(), enrolments.c.step))]


def goes_to(playbook: Playbook, step: str | None) -> str | None:
    """Where somebody who stands at a step of an older version comes to stand; None where that step is gone."""
    if step is None:
        return playbook.first
    found = playbook.change.moves.get(step, step)
    return found if found in playbook.steps else None


def lost(playbook: Playbook, people: list[People], text: str) -> Problem | None:
    """The problem of a version that lacks a step at which people stand; `text` is the playbook's file."""
    if playbook.change.in_flight != "move":
        return None
    gone = [one for one in people if goes_to(playbook, one.step) is None]
    if not gone:
        return None
    found = re.search(r"^in_flight\b", text, re.MULTILINE)
    line = text.count("\n", 0, found.start()) + 1 if found else 1
    where = ", ".join(f"{_persons(one.count)} at `{one.step}`" for one in gone)
    helps = (
        f"say where they go:  moves: {{{gone[0].step}: {next(iter(playbook.steps), '…')}}}",
        f"steps of this version: {', '.join(playbook.steps)}",
        "or write  in_flight: finish",
    )
    place = Place(playbook.file, line, 1, len("in_flight"))
    return Problem(place, "people-in-flight", f"steps are gone at which people stand: {where}", helps)


def _persons(count: int) -> str:
    return "1 person" if count == 1 else f"{count:,} people"


def written_ids(workspace: Workspace) -> set[str]:
    """The ids of all playbooks of the folder, those with mistakes among them."""
    lines = (re.search(r"^playbook: *[\"']?([^\s\"'#]+)", text, re.MULTILINE) for text in workspace.texts.values())
    return {found[1] for found in lines if found}


def deploy(shop: Shop, now: datetime) -> tuple[Shop, list[Problem]]:
    """Brings the store in line with a workspace that was just loaded.

    Where a new version has lost a step at which people stand, the old one goes on, and a problem says so.
    Done twice it does nothing the second time; several workers may do it at once.
    """
    with shop.store.connect().execution_options(reading=True) as connection, connection.begin():
        stored = read_progress(connection)
    _rename(shop, stored)
    with shop.store.connect().execution_options(reading=True) as connection, connection.begin():
        stored = read_progress(connection)
    chosen = {name: _salted(one, stored.get(name)) for name, one in shop.workspace.playbooks.items()}
    problems = []
    for name, playbook in list(chosen.items()):
        before = stored.get(name)
        if before is not None and (before.revision, before.status) != (playbook.revision, playbook.status):
            problem = _take_over(shop, playbook, now)
            if problem is not None:
                problems.append(problem)
                _keep(shop, chosen, before, name)
    _delete(shop, stored)
    return Shop(shop.store, replace(shop.workspace, playbooks=chosen)), problems


def _rename(shop: Shop, stored: Mapping[str, Progress]) -> None:
    """What is on record of a playbook under its old id is on record under the new one, all of it or nothing."""
    for name, playbook in shop.workspace.playbooks.items():
        old = playbook.change.renamed_from
        if old is None or old not in stored or name in stored:
            continue
        with shop.store.begin() as connection:
            mine = progress.c.playbook == old
            if connection.execute(sa.select(progress.c.playbook).where(mine).with_for_update()).first() is None:
                continue  # another worker was faster
            salt = sa.func.coalesce(progress.c.salt, sa.literal(old))
            connection.execute(sa.update(progress).where(mine).values(playbook=name, salt=salt))
            for table in metadata.sorted_tables:
                if table is not progress and "playbook" in table.c:
                    connection.execute(sa.update(table).where(table.c.playbook == old).values(playbook=name))


def _salted(playbook: Playbook, before: Progress | None) -> Playbook:
    """Customers are hashed under the id that the playbook had when they were first."""
    return playbook if before is None else replace(playbook, salt=before.salt or playbook.id)


def _keep(shop: Shop, chosen: dict[str, Playbook], before: Progress, name: str) -> None:
    """The version on record goes on in the place of one that cannot take over."""
    with shop.store.connect().execution_options(reading=True) as connection, connection.begin():
        old = shop.pinned(connection, name, before.revision)
    if old is None:
        del chosen[name]
    else:
        chosen[name] = replace(old, salt=chosen[name].salt)


class _Lost(Exception):
    """Ends a transaction that would leave people behind."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.text)
        self.problem = problem


def _take_over(shop: Shop, playbook: Playbook, now: datetime) -> Problem | None:
    """Makes a version the one that counts, in one transaction; its problem where it cannot."""
    try:
        with shop.store.begin() as connection:
            mine = progress.c.playbook == playbook.id
            row = connection.execute(sa.select(progress).where(mine).with_for_update()).mappings().one()
            if (row["revision"], row["status"]) == (playbook.revision, playbook.status):
                return None  # another worker was faster
            if row["revision"] != playbook.revision:
                _carry(connection, playbook, now, shop.workspace.texts.get(playbook.file, ""))
                forget(connection, playbook)
            record_revision(connection, playbook, now)
            if row["status"] in CLOSED and playbook.status not in CLOSED:
                again = {"since": now, "position": horizon(connection), "audience": None}
                connection.execute(sa.update(progress).where(mine).values(**again))
    except _Lost as refused:
        return refused.problem
    return None


def _carry(connection: sa.Connection, playbook: Playbook, now: datetime, text: str) -> None:
    """Does with the people in flight what the new version says. Raises `_Lost`."""
    older = _older(playbook.id, playbook.revision)
    if playbook.change.in_flight == "cancel":
        ended = {"state": "stopped", "ended_at": now, "listens": False, "resume_at": None}
        reason = f"cancelled by revision {playbook.revision}"
        connection.execute(sa.update(enrolments).where(*older).values(reason=reason, **ended))
    elif playbook.change.in_flight == "move":
        found = {one.step: goes_to(playbook, one.step) for one in people_of(connection, playbook.id, playbook.revision)}
        for step, target in found.items():
            if target is not None:
                at = enrolments.c.step.is_(None) if step is None else enrolments.c.step == step
                _count_on(connection, playbook, target, (*older, at))
                values = _standing(playbook, None if step is None else target)
                connection.execute(sa.update(enrolments).where(*older, at).values(**values))
        # Asked after the others have moved: meanwhile another worker may have brought somebody to a step that is gone.
        problem = lost(playbook, people_of(connection, playbook.id, playbook.revision), text)
        if problem is not None:
            raise _Lost(problem)


def _count_on(
    connection: sa.Connection, playbook: Playbook, step: str, whose: tuple[sa.ColumnElement[bool], ...]
) -> None:
    """Keeps the rounds of those who come to stand at a step; `repeat: 3 times` has another id once it says 4."""
    around = [one.id for one in playbook.steps.values() if one.action.repeats and step in _within(playbook, one)]
    if not around:
        return
    rows = connection.execute(sa.select(enrolments.c.id, enrolments.c.rounds).where(*whose)).all()
    changed = [
        {"run": id_, "counted": counted}
        for id_, rounds in rows
        if rounds and (counted := _rounds(playbook, around, rounds)) != rounds
    ]
    if changed:
        counts = sa.bindparam("counted", type_=enrolments.c.rounds.type)
        statement = sa.update(enrolments).where(enrolments.c.id == sa.bindparam("run")).values(rounds=counts)
        connection.execute(statement, changed)


def _rounds(playbook: Playbook, around: list[str], rounds: Mapping[str, int]) -> dict[str, int]:
    """The rounds by the ids of this version; where one loop went and one came, it is the same one."""
    found = {playbook.change.moves.get(name, name): count for name, count in rounds.items()}
    gone, new = [name for name in found if name not in around], [name for name in around if name not in found]
    if len(gone) == len(new) == 1:
        found[new[0]] = found.pop(gone[0])
    return {name: count for name, count in found.items() if name in around}


def _within(playbook: Playbook, loop: Step) -> set[str]:
    """A step that repeats others, and all that it repeats."""
    found, ahead = {loop.id}, [*loop.blocks]
    while ahead:
        name = ahead.pop()
        if name is not None and name not in found:
            found.add(name)
            ahead += [playbook.steps[name].next, *playbook.steps[name].blocks]
    return found


def _standing(playbook: Playbook, step: str | None) -> dict[str, Any]:
    """What changes for somebody who comes to stand at a step of this version; waits keep their instants.

    A step that waits for a date is told of every change, until the run itself has looked which of them concern it.
    """
    action = playbook.steps[step].action if step is not None else None
    hears = action is not None and (action.listens or bool(action.moments()))
    return {"revision": playbook.revision, "step": step, "listens": playbook.listens or hears}


def _delete(shop: Shop, stored: Mapping[str, Progress]) -> None:
    """Notes which playbooks are in the folder no more. Their people stand still; nothing of theirs is forgotten."""
    there = written_ids(shop.workspace) | set(shop.workspace.playbooks)
    gone = [name for name, one in stored.items() if name not in there and one.status not in ("deleted", _OWN)]
    if gone:
        with shop.store.begin() as connection:
            connection.execute(sa.update(progress).where(progress.c.playbook.in_(gone)).values(status="deleted"))


def _older(playbook: str, revision: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        enrolments.c.playbook == playbook,
        enrolments.c.state.in_(["running", "waiting"]),
        enrolments.c.revision != revision,
    )
