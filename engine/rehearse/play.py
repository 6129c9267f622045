"""A test played: the real engine over its store, the clock moved through everything that the script makes happen."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby

from engine.channels import Record
from engine.rehearse.clock import EngineFault, Rehearsal
from engine.rehearse.script import Case, Happening
from engine.rehearse.stage import Codes, Stage, Unplayable, happen
from engine.rehearse.timeline import Entry, Timeline
from engine.rehearse.witness import Trace, Visit, witnessed
from engine.source.problem import Problem
from engine.tick import Ticked
from engine.workspace import Playbook, Workspace


@dataclass(frozen=True)
class Played:
    """What came of a test: what the playbook did, the steps that runs passed, and what went wrong with the play itself."""

    entries: tuple[Entry, ...]
    trace: Trace
    deferred: Mapping[int, str]  # enrolment -> why its mail was put off last
    problem: Problem | None = None  # a mistake in the script
    fault: str | None = None  # a mistake of the engine


def play(workspace: Workspace, playbook: Playbook, case: Case, stage: Stage, channel: Record | None = None) -> Played:
    """Plays one test: the playbook alone, active whatever its status. The store is left as it was at the end.

    What leaves is found on `channel`.
    """
    trace, channel = Trace(), channel or Record()
    timeline = Timeline(channel)
    problem = fault = None
    held_out = {person.id for person in case.people.values() if person.held_out}
    try:
        rehearsal = Rehearsal(
            replace(workspace, playbooks={playbook.id: witnessed(replace(playbook, status="active"), trace)}),
            stage.set_up(case, _pools(workspace, playbook)),
            channel,
            case.start,
            new_code=Codes(),
            control=lambda _playbook, customer: customer in held_out,
            variant=lambda _playbook, step, _customer: case.split.get(step),
            compiled=stage.compiled,
            checked=True,
        )
        _run(rehearsal, case, timeline, playbook, trace)
    except Unplayable as unplayable:
        problem = unplayable.problem
    except EngineFault as broken:
        fault = str(broken)
    return Played(tuple(timeline.entries), trace, timeline.deferred, problem, fault)


def _pools(workspace: Workspace, playbook: Playbook) -> list[str]:
    """The vouchers that the playbook gives out of an imported pool."""
    given = {getattr(step.action, "voucher", None) for step in playbook.steps.values()}
    return [name for name, kind in workspace.vouchers.items() if name in given and kind.pool is not None]


def _run(rehearsal: Rehearsal, case: Case, timeline: Timeline, playbook: Playbook, trace: Trace) -> None:
    written = 0  # visits of steps that write fields, as far as they are told
    _begin(rehearsal, timeline)

    def note(ticks: Iterable[Ticked]) -> None:
        for ticked in ticks:
            nonlocal written
            if not ticked.idle:
                timeline.entries += _fields(playbook, trace.visits[written:])
                written = len(trace.visits)
                with rehearsal.store.connect() as connection:
                    timeline.look(connection, rehearsal.now, playbook)

    note(rehearsal.tick())  # it is launched before anything happens, and before it falls asleep
    for at, happenings in _moments(case.happenings):
        note(_until(rehearsal, at, case.asleep))
        for one in happenings:
            happen(rehearsal.store, playbook.id, one, case.people, at)
        _begin(rehearsal, timeline)
    note(_until(rehearsal, case.until, case.asleep))
    note(rehearsal.tick())


def _until(rehearsal: Rehearsal, instant: datetime, asleep: tuple[datetime, datetime] | None) -> Iterator[Ticked]:
    """Moves the clock there, with what is due before; while nothing runs, without a tick.

    What is due at that very instant is left to the next tick, which then knows what happened at it.
    """
    if asleep is not None and rehearsal.now < asleep[1] and instant >= asleep[0]:
        begins, ends = asleep
        if rehearsal.now < begins:
            yield from rehearsal.advance_to(begins)
        rehearsal.now = min(instant, ends)
        if instant <= ends:
            return
    yield from rehearsal.approach(instant)


def _fields(playbook: Playbook, visits: Sequence[Visit]) -> Iterator[Entry]:
    """The fields that steps wrote; the store does not say who wrote them."""
    for visit in visits:
        for word, value in playbook.steps[visit.step].action.shows():
            if word == "set":
                yield Entry(visit.at, visit.customer, word, value, visit.enrolment, visit.step)


def _begin(rehearsal: Rehearsal, timeline: Timeline) -> None:
    with rehearsal.store.connect() as connection:
        timeline.begin(connection)


def _moments(happenings: tuple[Happening, ...]) -> Iterator[tuple[datetime, list[Happening]]]:
    for at, group in groupby(happenings, key=lambda one: one.at):
        yield at, list(group)
