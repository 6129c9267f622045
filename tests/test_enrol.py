"""Enrolment: every occasion once, by the playbook's rules, however the passes are cut, late or repeated."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from engine.store.ingest import record_event
from engine.store.ledger import progress, revisions
from tests.shop import SETTINGS, World, playbook

WAIT = "\ndo:\n  - wait: 40 days\n"
PAID = "when: {event: order.paid}\n"


def _bought(world: World, customer: str, *days: float) -> None:
    for day in days:
        world.event("order.paid", customer, at=world.now - timedelta(days=3) + timedelta(days=day), total=100)


def _outcomes(world: World) -> list[tuple[str, str | None]]:
    return [(row["state"], row["reason"]) for row in world.runs()]


@pytest.mark.parametrize("if_running", ["ignore", "restart", "parallel"])
def test_while_a_run_is_under_way(store: sa.Engine, now: datetime, if_running: str) -> None:
    world = World(store, now, playbook("p", f"{PAID}if_running: {if_running}{WAIT}"))
    world.customers("mei")
    world.tick()
    for minutes in (1, 2):
        world.now = now + timedelta(minutes=minutes)
        world.event("order.paid", "mei", total=100)
        world.tick()
    assert (
        _outcomes(world)
        == {
            "ignore": [("running", None), ("refused", "a run is under way")],
            "restart": [("replaced", "begun again"), ("running", None)],
            "parallel": [("running", None), ("running", None)],
        }[if_running]
    )


@pytest.mark.parametrize("if_running", ["ignore", "restart", "parallel"])
def test_several_occasions_of_one_window_are_decided_in_their_order(
    store: sa.Engine, now: datetime, if_running: str
) -> None:
    world = World(store, now, playbook("p", f"{PAID}if_running: {if_running}{WAIT}"))
    world.customers("mei", "tom")
    world.tick()
    world.now = now + timedelta(hours=1)
    for minutes in (30, 10, 20):  # recorded out of order
        world.event("order.paid", "mei", at=now + timedelta(minutes=minutes), id=f"at-{minutes}", total=1)
    world.event("order.paid", "tom", id="tom", total=1)
    world.tick()
    states = {row["occasion"]: row["state"] for row in world.runs()}
    assert (
        states
        == {
            "ignore": {"at-10": "running", "at-20": "refused", "at-30": "refused", "tom": "running"},
            "restart": {"at-10": "replaced", "at-20": "replaced", "at-30": "running", "tom": "running"},
            "parallel": {"at-10": "running", "at-20": "running", "at-30": "running", "tom": "running"},
        }[if_running]
    )


def test_once_per_a_length_counts_from_the_entry(store: sa.Engine, now: datetime) -> None:
    world = World(store, now, playbook("p", f"{PAID}enter: once per 30 days\nif_running: parallel{WAIT}"))
    world.customers("mei")
    world.tick()
    for days in (0, 10, 30, 31):
        world.now = now + timedelta(days=days, minutes=1)
        world.event("order.paid", "mei", total=100)
        world.tick()
    refused = ("refused", "once per 30 days")
    assert [outcome[0] for outcome in _outcomes(world)] == ["running", "refused", "running", "refused"]
    assert _outcomes(world)[1] == refused


@pytest.mark.parametrize("asleep", [False, True])
@pytest.mark.parametrize(
    ("days", "entered"),
    [((1, 3), {1, 3}), ((1, 2, 3), {1, 2, 3}), ((1, 1.9), {1}), ((1, 1.9, 2.5), {1, 2.5}), ((3, 1), {1, 3})],
)
def test_a_length_lies_between_the_occasions_and_not_between_the_passes(
    store: sa.Engine, now: datetime, days: tuple[float, ...], entered: set[float], asleep: bool
) -> None:
    world = World(store, now, playbook("p", f"{PAID}enter: once per 1 day\nif_running: parallel{WAIT}"))
    world.customers("mei")
    world.tick()
    for day in days:
        at = now + timedelta(days=day)
        world.now = max(world.now, at)
        world.event("order.paid", "mei", at=at, total=100)
        if not asleep:
            world.tick()
    world.tick()
    runs = [row["fired_at"] for row in world.runs() if row["state"] == "running"]
    assert {at - now for at in runs} == {timedelta(days=day) for day in entered}


def test_a_day_on_which_the_clocks_change_is_a_day(store: sa.Engine, now: datetime) -> None:
    berlin = SETTINGS.replace("timezone: UTC", "timezone: Europe/Berlin")
    daily = playbook("p", f"when: {{every: day, at: 10:00}}\nenter: once per 1 day\nif_running: parallel{WAIT}")
    before = datetime(2026, 3, 27, 12, tzinfo=UTC)  # a Friday; the clocks change on Sunday
    world = World(store, before, daily, settings=berlin)
    world.customers("mei")
    world.tick()
    world.tick(before + timedelta(days=3))
    assert _outcomes(world) == [("running", None)] * 3


def test_once_is_once_for_ever(store: sa.Engine, now: datetime) -> None:
    world = World(store, now, playbook("p", f"{PAID}enter: once\ndo:\n  - tag: met"))
    world.customers("mei")
    world.tick()
    for days in (0, 500):
        world.now = now + timedelta(days=days, minutes=1)
        world.event("order.paid", "mei", total=100)
        world.tick()
    assert _outcomes(world) == [("done", None), ("refused", "once")]


def test_conditions_are_looked_at_when_the_occasion_is_seen(store: sa.Engine, now: datetime) -> None:
    world = World(store, now, playbook("p", f"{PAID}if: [customer.tier is gold]{WAIT}"))
    world.customers("mei", tier="gold")
    world.customers("tom", tier="silver")
    world.tick()
    for who in ("mei", "tom"):
        world.event("order.paid", who, total=100)
    world.tick()
    world.customers("tom", tier="gold")
    world.tick(now + timedelta(minutes=1))
    assert world.entered() == ["mei"]


def test_pieces_end_the_same_as_the_whole(store: sa.Engine, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.enrol.PIECE", 3)
    members = playbook("members", f"when: {{enters: [customer.tier is gold], existing: include}}{WAIT}")
    world = World(store, now, {**playbook("orders", f"{PAID}if_running: parallel{WAIT}"), **members})
    world.customers(*(f"a{number}" for number in range(8)), tier="gold")
    world.tick()
    world.customers(*(f"b{number}" for number in range(8)), tier="gold")
    world.now = now + timedelta(minutes=1)
    for number in range(8):
        for _ in range(2):
            world.event("order.paid", f"b{number}", total=100)
    assert world.tick().enrolled == {"orders": 16, "members": 8}
    assert len(world.runs(playbook="members")) == len(world.runs(playbook="orders")) == 16


def test_a_pass_that_broke_off_between_pieces_is_taken_up(
    store: sa.Engine, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.enrol.PIECE", 3)
    world = World(store, now, playbook("p", f"when: {{every: day, at: 13:00}}{WAIT}"))
    world.customers(*(f"c{number:02}" for number in range(10)))
    world.tick()
    world.now = now + timedelta(hours=2)
    with _refusing(store, "c07"), pytest.raises(sa.exc.DBAPIError):
        world.tick_once()
    assert sorted(world.entered()) == [f"c{number:02}" for number in range(6)]
    world.restart()
    world.tick()
    assert sorted(world.entered()) == [f"c{number:02}" for number in range(10)]


@contextmanager
def _refusing(store: sa.Engine, customer: str) -> Iterator[None]:
    """The database itself refuses that customer's enrolment, as a full disk would."""
    name = "refuse"
    sqlite = f"""CREATE TRIGGER {name} BEFORE INSERT ON enrolments WHEN NEW.customer_id = '{customer}'
                 BEGIN SELECT RAISE(ABORT, 'refused'); END"""
    check = f"ALTER TABLE enrolments ADD CONSTRAINT {name} CHECK (customer_id <> '{customer}')"
    on_sqlite = store.dialect.name == "sqlite"
    with store.begin() as connection:
        connection.exec_driver_sql(sqlite if on_sqlite else check)
    try:
        yield
    finally:
        with store.begin() as connection:
            connection.exec_driver_sql(
                f"DROP TRIGGER {name}" if on_sqlite else f"ALTER TABLE enrolments DROP CONSTRAINT {name}"
            )


# --- Edits ---------------------------------------------------------------------------------------------------------


def test_an_edited_audience_is_looked_at_as_on_the_day_of_launch(store: sa.Engine, now: datetime) -> None:
    def gold_or(tiers: str, existing: str) -> dict[str, str]:
        return playbook("p", f"when: {{enters: ['customer.tier in [{tiers}]'], existing: {existing}}}{WAIT}")

    world = World(store, now, gold_or("gold", "skip"))
    world.customers("mei", tier="gold")
    world.customers("tom", tier="silver")
    world.tick()
    world.edit(gold_or("gold, silver", "skip"))
    world.tick(now + timedelta(minutes=1))
    assert world.entered() == []
    assert world.members("p") == {"mei", "tom"}
    world.customers("ana", tier="bronze")
    world.edit(gold_or("gold, silver, bronze", "include"))
    world.tick(now + timedelta(minutes=2))
    assert world.entered() == ["ana"]


def test_new_runs_take_the_new_revision(store: sa.Engine, now: datetime) -> None:
    world = World(store, now, playbook("p", f"{PAID}if_running: parallel{WAIT}"))
    world.customers("mei")
    world.tick()
    world.event("order.paid", "mei", total=100)
    world.tick()
    world.edit(playbook("p", f"{PAID}if_running: parallel\ndo:\n  - wait: 41 days"))
    world.tick(now + timedelta(minutes=1))
    world.event("order.paid", "mei", total=100)
    world.tick(now + timedelta(minutes=2))
    first, second = (row["revision"] for row in world.runs())
    assert first != second
    assert {row["revision"] for row in world.rows(revisions)} == {first, second}


def test_an_edit_does_not_fire_old_occasions_again(store: sa.Engine, now: datetime) -> None:
    world = World(store, now, playbook("p", f"{PAID}do:\n  - tag: one"))
    world.customers("mei")
    world.tick()
    world.event("order.paid", "mei", total=100)
    world.tick(now + timedelta(minutes=1))
    world.edit(playbook("p", f"{PAID}do:\n  - tag: two"))
    world.tick(now + timedelta(minutes=2))
    assert _outcomes(world) == [("done", None)]


# --- Time ------------------------------------------------------------------------------------------------------------


def test_after_a_standstill_events_are_caught_up_with_to_a_limit(store: sa.Engine, now: datetime) -> None:
    world = World(store, now, playbook("p", f"{PAID}if_running: parallel{WAIT}"))
    world.customers("mei")
    world.tick()
    for days in (5, 8, 9):
        world.now = now + timedelta(days=days)
        world.event("order.paid", "mei", id=f"day-{days}", total=100)
    world.restart()
    world.tick(now + timedelta(days=10))
    assert [row["occasion"] for row in world.runs()] == ["day-8", "day-9"]


def test_a_clock_that_is_put_back_fires_nothing_twice(store: sa.Engine, now: datetime) -> None:
    world = World(store, now, playbook("p", f"when: {{every: day, at: 13:00}}\nif_running: parallel{WAIT}"))
    world.customers("mei")
    world.tick()
    world.tick(now + timedelta(hours=2))
    world.tick(now)
    world.restart()
    world.tick(now + timedelta(hours=2))
    world.tick(now + timedelta(days=1, hours=2))
    assert [row["occasion"] for row in world.runs()] == ["2026-03-01T13:00", "2026-03-02T13:00"]


def test_progress_is_remembered_and_written_now_and_then(store: sa.Engine, now: datetime) -> None:
    world = World(store, now, playbook("p", f"{PAID}{WAIT}"))
    world.tick()
    world.tick(now + timedelta(minutes=4))
    assert world.rows(progress, playbook="p")[0]["since"] == now
    world.tick(now + timedelta(minutes=5))
    assert world.rows(progress, playbook="p")[0]["since"] == now + timedelta(minutes=5)


def test_an_event_whose_transaction_commits_late_is_not_passed_over(postgres_store: sa.Engine, now: datetime) -> None:
    world = World(postgres_store, now, playbook("p", f"{PAID}{WAIT}"))
    world.customers("mei", "tom")
    world.tick()
    with postgres_store.connect() as late, late.begin():
        record_event(late, "order.paid", "mei", now, {"total": 100}, "late", now)  # takes its position first
        world.event("order.paid", "tom", total=100)
        for minutes in range(3):
            world.tick(now + timedelta(minutes=minutes))
    world.tick(now + timedelta(minutes=4))
    assert sorted(world.entered()) == ["mei", "tom"]


def test_two_engines_on_one_database_enrol_as_one_does(postgres_store: sa.Engine, now: datetime) -> None:
    files = {**playbook("p", f"{PAID}if_running: parallel{WAIT}"), **playbook("q", f"when: {{every: day}}{WAIT}")}
    first, second = World(postgres_store, now, files), World(postgres_store, now, files)
    first.customers(*(f"c{number}" for number in range(20)))
    first.tick()
    second.tick()
    for number in range(20):
        first.event("order.paid", f"c{number}", total=100)
    second.now = first.now = now + timedelta(days=1)
    entered = [world.tick_once().enrolled for world in (first, second, first)]
    assert entered == [{"p": 20, "q": 20}, {}, {}]
