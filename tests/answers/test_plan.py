"""The plan of a deploy: what changes, what becomes of people in flight, and why a version could not take over."""

from datetime import datetime

import sqlalchemy as sa

from engine.answers.plan import lines, plan, problems
from tests.shop import World, playbook, workspace_of

OLD = "when: {event: order.paid}\ndo: [{wait: 5 days, id: pause}, {tag: x}]"
NEW = "when: {event: order.paid}\ndo: [{wait: 5 days, id: rest}, {tag: x}]"


def planned(world: World, files: dict[str, str]) -> list[str]:
    """The plan for other files on the store of that world."""
    with world.store.connect().execution_options(reading=True) as connection:
        return list(lines(plan(workspace_of(files), connection, world.now)))


def begun(store: sa.Engine, now: datetime) -> World:
    """A playbook with one run that stands at `pause`."""
    world = World(store, now, playbook("one", OLD))
    world.tick()
    world.customers("mei")
    world.event("order.paid", "mei", total=10)
    world.tick()
    return world


def test_it_tells_what_is_new_changed_renamed_and_gone(store: sa.Engine, now: datetime) -> None:
    world = begun(store, now)
    assert planned(world, playbook("one", OLD)) == []
    assert planned(world, {}) == [
        "one: no longer in the folder",
        "  1 in flight: stand still; write  status: retired  to let them finish",
    ]
    assert planned(world, {**playbook("one", NEW), **playbook("two", OLD)}) == [
        "one: changed",
        "  1 at `pause`: finish the version that they began with",
        "two: new: starts",
    ]
    assert planned(world, playbook("two", NEW, renamed_from="one", in_flight="move", moves="{pause: rest}")) == [
        "two: renamed from one, changed",
        "  1 at `pause`: move to `rest`",
    ]
    assert planned(world, playbook("one", OLD, in_flight="cancel", status="paused")) == [
        "one: changed, active -> paused",
        "  1 at `pause`: are cancelled",
    ]


def test_a_launch_after_a_single_moment_is_told(store: sa.Engine, now: datetime) -> None:
    world = World(store, now, {})
    world.customers("mei", timezone="Asia/Shanghai")
    past = playbook("past", "when: {once: 2025-01-01 10:00}\ndo: [{tag: x}]")
    partly = playbook("partly", "when: {once: 2026-03-01 16:00}\ndo: [{tag: x}]")
    ahead = playbook("yet", "when: {once: 2027-06-01 10:00}\ndo: [{tag: x}]")
    draft = playbook("draft", "when: {once: 2025-01-01 10:00}\ndo: [{tag: x}]", status="draft")
    assert planned(world, {**past, **partly, **ahead, **draft}) == [
        "draft: new: is draft",
        "partly: new: starts",
        "  2026-03-01 16:00: past in 1 of 2 zones, which a launch from now on does not reach",
        "past: new: starts",
        "  2025-01-01 10:00: past everywhere, a launch from now on reaches nobody",
        "yet: new: starts",
    ]


def test_nothing_is_written(store: sa.Engine, now: datetime) -> None:
    world = begun(store, now)
    before = world.runs()
    planned(world, playbook("one", NEW, in_flight="cancel"))
    assert world.runs() == before


def test_a_step_that_is_gone_and_holds_people_is_a_problem_with_a_place(store: sa.Engine, now: datetime) -> None:
    world = begun(store, now)
    workspace = workspace_of(playbook("one", NEW, in_flight="move"))
    with store.connect().execution_options(reading=True) as connection:
        (problem,) = problems(workspace, connection)
    assert (problem.place.file, problem.place.line, problem.rule) == ("one.yaml", 2, "people-in-flight")
    assert problem.helps[0] == "say where they go:  moves: {pause: rest}"
    assert "  1 at `pause`: have no step to go to" in planned(world, playbook("one", NEW, in_flight="move"))
