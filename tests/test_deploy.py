"""Deploys: people in flight finish, move or are cancelled; pauses lose nobody; old ids and old days fire nothing again."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from engine.deploy import deploy
from engine.guards.holdout import held_out
from engine.shop import Shop
from engine.store.ledger import progress
from tests.shop import World, playbook

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

OLD = """
    when: {event: order.paid}
    do:
      - wait: 5 days
        id: pause
      - email: first
"""
NEW = """
    when: {event: order.paid}
    do:
      - tag: seen
      - wait: 9 days
        id: pause
      - email: second
"""
OTHER = """
    when: {event: order.paid}
    do:
      - tag: seen
      - wait: 9 days
        id: rest
      - email: second
"""


def begun(store: sa.Engine, now: datetime, body: str = OLD, **keys: Any) -> World:
    """A playbook with a run of `mei`, who stands at its first wait."""
    world = World(store, now, playbook("one", body, **keys))
    world.tick()
    world.customers("mei")
    world.event("order.paid", "mei", total=10)
    world.tick()
    return world


def mails_after(world: World, days: int = 20) -> list[str]:
    """The messages that went when so many days have passed."""
    world.tick_until(world.now + days * DAY)
    return [row["message"] for row in world.messages(state="sent")]


# --- In flight -----------------------------------------------------------------------------------------------------


def test_people_finish_the_version_they_began_with(store: sa.Engine, now: datetime) -> None:
    world = begun(store, now)
    world.edit(playbook("one", OTHER))
    assert not world.refused
    assert mails_after(world) == ["first"]


def test_people_move_by_the_id_of_their_step_and_their_wait_keeps_its_instant(store: sa.Engine, now: datetime) -> None:
    world = begun(store, now)
    due = world.run()["due_at"]
    world.edit(playbook("one", NEW, in_flight="move"))
    run = world.run()
    assert (run["step"], run["due_at"], run["revision"]) == (
        "pause",
        due,
        world.shop.workspace.playbooks["one"].revision,
    )
    assert mails_after(world) == ["second"]


def test_people_move_to_the_step_that_is_named_for_theirs(store: sa.Engine, now: datetime) -> None:
    world = begun(store, now)
    world.edit(playbook("one", OTHER, in_flight="move", moves="{pause: rest}"))
    assert (world.run()["step"], world.run()["due_at"]) == ("rest", now + 5 * DAY)
    assert mails_after(world) == ["second"]


@pytest.mark.parametrize(("times", "told"), [("3", 3), ("4", 4), ("1", 2)])
def test_the_rounds_of_a_loop_are_counted_on(store: sa.Engine, now: datetime, times: str, told: int) -> None:
    body = """
        when: {event: order.paid}
        do:
          - repeat: %s times
            do:
              - email: again
              - wait: 1 day
        """
    world = begun(store, now, body % 3)
    world.tick(now + DAY)
    assert len(world.messages(state="sent")) == 2
    world.edit(playbook("one", (body % times).replace("1 times", "1 time"), in_flight="move", title="New"))
    assert world.refused == []
    assert len(mails_after(world)) == told


def test_a_version_without_their_step_is_refused_and_the_old_one_goes_on(store: sa.Engine, now: datetime) -> None:
    world = begun(store, now)
    old = world.run()["revision"]
    world.edit(playbook("one", OTHER, in_flight="move"))
    (problem,) = world.refused
    assert (problem.rule, problem.place.line) == ("people-in-flight", 2)
    assert problem.text == "steps are gone at which people stand: 1 person at `pause`"
    assert world.shop.workspace.playbooks["one"].revision == old
    world.customers("jun")
    world.event("order.paid", "jun", total=10)
    world.tick()
    assert {row["revision"] for row in world.runs()} == {old}
    assert mails_after(world) == ["first", "first"]


def test_once_nobody_stands_there_the_version_takes_over(store: sa.Engine, now: datetime) -> None:
    world = begun(store, now)
    world.edit(playbook("one", OTHER, in_flight="move"))
    mails_after(world)
    world.restart()
    assert not world.refused
    (row,) = world.rows(progress, playbook="one")
    assert row["revision"] == world.shop.workspace.playbooks["one"].revision


def test_people_are_cancelled_with_the_revision_as_the_reason(store: sa.Engine, now: datetime) -> None:
    world = begun(store, now)
    world.edit(playbook("one", OTHER, in_flight="cancel"))
    revision = world.shop.workspace.playbooks["one"].revision
    assert (world.run()["state"], world.run()["reason"]) == ("stopped", f"cancelled by revision {revision}")
    assert mails_after(world) == []


def test_what_was_planned_and_not_sent_is_cancelled_too(store: sa.Engine, now: datetime) -> None:
    body = "when: {event: order.paid}\ndo: [{email: first}, {wait: 1 day}, {tag: x}]"
    world = begun(store, now, body, send_window="20:00-21:00")
    world.now = now + HOUR
    world.edit(playbook("one", OTHER, in_flight="cancel"))
    world.tick(now + 8 * HOUR)
    assert world.message()["state"] == "cancelled"


def test_a_second_process_with_the_same_files_changes_nothing(store: sa.Engine, now: datetime) -> None:
    world = begun(store, now)
    world.edit(playbook("one", OTHER, in_flight="move", moves="{pause: rest}"))
    before = world.runs()
    deploy(Shop(store, world.shop.workspace), now + HOUR)
    assert world.runs() == before


def test_going_back_to_the_older_files_moves_people_back(store: sa.Engine, now: datetime) -> None:
    world = begun(store, now, in_flight="move", moves="{rest: pause}")
    world.edit(playbook("one", OTHER, in_flight="move", moves="{pause: rest}"))
    world.edit(playbook("one", OLD, in_flight="move", moves="{rest: pause}"))
    assert world.run()["step"] == "pause"
    assert mails_after(world) == ["first"]


# --- Paused, retired, deleted ----------------------------------------------------------------------------------------

AUDIENCE = "when: {enters: [customer.tier is gold]}\ndo: [{tag: gold}]"
BIRTHDAY = "when: {anniversary: customer.birthday, at: 10:00}\ndo: [{tag: wished}]"


@pytest.mark.parametrize("body", [OLD, AUDIENCE, BIRTHDAY], ids=["event", "enters", "anniversary"])
def test_what_came_during_a_pause_is_caught_up_with(store: sa.Engine, now: datetime, body: str) -> None:
    world = World(store, now, playbook("one", body))
    world.customers("mei", birthday=date(1990, 3, 2))
    world.tick()
    world.edit(playbook("one", body, status="paused"))
    world.tick(now + HOUR)
    world.customers("mei", tier="gold")
    world.event("order.paid", "mei", total=10)
    world.tick(now + DAY)
    assert world.entered() == []
    world.edit(playbook("one", body))
    world.tick(now + DAY + HOUR)
    assert world.entered() == ["mei"]


def test_after_a_long_pause_what_is_older_than_the_catch_up_is_left_alone(store: sa.Engine, now: datetime) -> None:
    world = World(store, now, playbook("one", OLD))
    world.tick()
    world.customers("mei", "jun")
    world.edit(playbook("one", OLD, status="paused"))
    world.event("order.paid", "mei", total=10)
    world.now = now + 9 * DAY
    world.event("order.paid", "jun", total=10)
    world.edit(playbook("one", OLD))
    world.tick(now + 10 * DAY)
    assert world.entered() == ["jun"]


def test_people_in_a_paused_playbook_go_on_where_they_stood(store: sa.Engine, now: datetime) -> None:
    world = begun(store, now)
    world.edit(playbook("one", OLD, status="paused"))
    world.tick(now + 6 * DAY)
    assert world.messages() == []
    world.edit(playbook("one", OLD))
    world.tick(now + 6 * DAY + HOUR)
    assert world.message()["state"] == "sent"


@pytest.mark.parametrize("status", ["retired", "draft"])
def test_what_came_while_a_playbook_was_closed_is_nobodys_occasion(
    store: sa.Engine, now: datetime, status: str
) -> None:
    world = World(store, now, playbook("one", AUDIENCE))
    world.customers("mei")
    world.tick()
    world.edit(playbook("one", AUDIENCE, status=status))
    world.customers("mei", tier="gold")
    world.tick(now + HOUR)
    world.edit(playbook("one", AUDIENCE))
    world.tick(now + 2 * HOUR)
    assert world.entered() == []
    world.customers("jun", tier="gold")
    world.tick()
    assert world.entered() == ["jun"]


def test_a_retired_playbook_lets_its_people_finish(store: sa.Engine, now: datetime) -> None:
    world = begun(store, now)
    world.edit(playbook("one", OLD, status="retired"))
    assert mails_after(world) == ["first"]


def test_a_playbook_that_was_deleted_goes_on_from_the_day_it_is_back(store: sa.Engine, now: datetime) -> None:
    world = begun(store, now)
    world.edit({})
    (row,) = world.rows(progress, playbook="one")
    assert row["status"] == "deleted"
    world.now = now + HOUR
    world.customers("jun")
    world.event("order.paid", "jun", total=10)
    world.tick()
    world.edit(playbook("one", OLD))
    world.tick(now + 2 * HOUR)
    assert world.entered() == ["mei"]
    world.event("order.paid", "jun", total=10)
    world.tick()
    assert world.entered() == ["mei", "jun"]


def test_a_broken_file_is_not_a_deleted_playbook(store: sa.Engine, now: datetime) -> None:
    world = begun(store, now)
    broken = world.shop.workspace
    texts = {**broken.texts, "one.yaml": "playbook: one\nwhen: nothing\n"}
    deploy(Shop(store, type(broken)(**{**vars(broken), "playbooks": {}, "texts": texts})), now)
    (row,) = world.rows(progress, playbook="one")
    assert row["status"] == "active"


# --- Renamed ---------------------------------------------------------------------------------------------------------


def test_a_renamed_playbook_takes_its_people_and_its_past_along(store: sa.Engine, now: datetime) -> None:
    world = begun(store, now)
    body = OLD.replace("email: first", "email: renamed")
    world.edit(playbook("two", body, renamed_from="one"))
    assert [row["playbook"] for row in world.rows(progress) if row["playbook"] != "*"] == ["two"]
    world.tick(now + HOUR)
    assert [(row["playbook"], row["customer_id"]) for row in world.runs()] == [("two", "mei")]
    assert mails_after(world) == ["first"]  # the version she began with


def test_a_renamed_audience_fires_nobody_again(store: sa.Engine, now: datetime) -> None:
    body = AUDIENCE.replace("gold]}", "gold], existing: include}")
    world = World(store, now, playbook("one", body))
    world.customers("mei", tier="gold")
    world.tick()
    world.edit(playbook("two", body, renamed_from="one"))
    world.tick(now + HOUR)
    assert world.entered() == ["mei"]
    assert world.members("two") == {"mei"}


def test_it_is_done_once_and_a_new_playbook_of_the_old_id_is_new(store: sa.Engine, now: datetime) -> None:
    world = begun(store, now)
    renamed = playbook("two", OLD, renamed_from="one")
    world.edit(renamed)
    before = world.runs()
    world.edit(renamed)
    assert world.runs() == before
    world.edit({**playbook("two", OLD), **playbook("one", OLD)})
    world.tick(now + HOUR)
    assert {row["playbook"] for row in world.runs()} == {"two"}


def test_who_is_held_out_stays_so_over_two_renames(store: sa.Engine, now: datetime) -> None:
    body = "when: {event: order.paid}\ndo: [{tag: x}]"
    people = [f"c{number}" for number in range(20)]
    world = World(store, now, playbook("one", body, holdout="50%"))
    world.tick()
    world.edit(playbook("two", body, holdout="50%", renamed_from="one"))
    world.edit(playbook("three", body, holdout="50%", renamed_from="two"))
    world.customers(*people)
    for one in people:
        world.event("order.paid", one, total=10)
    world.tick(now + HOUR)
    share = world.shop.workspace.playbooks["three"].holdout
    wanted = {one for one in people if held_out("one", one, share)}
    assert {row["customer_id"] for row in world.runs(state="held_out")} == wanted


def test_two_workers_rename_once(postgres_store: sa.Engine, now: datetime) -> None:
    world = begun(postgres_store, now)
    workspace = World(postgres_store, now, playbook("two", OLD, renamed_from="one")).shop.workspace
    for _ in range(2):
        _, problems = deploy(Shop(postgres_store, workspace), now)
        assert not problems
    assert world.run()["playbook"] == "two"


def test_a_day_is_not_kept_twice_after_a_rename(store: sa.Engine) -> None:
    start = datetime(2026, 3, 2, 8, tzinfo=UTC)
    world = World(store, start, playbook("one", BIRTHDAY))
    world.customers("mei", birthday=date(1990, 3, 2))
    world.tick()
    world.tick(start + 2 * HOUR)
    world.edit(playbook("two", BIRTHDAY, renamed_from="one"))
    world.tick(start + 3 * HOUR)
    assert world.entered() == ["mei"]


@pytest.mark.parametrize("when", ["anniversary: customer.birthday", "date: customer.member_until"])
def test_a_launch_in_the_middle_of_the_lead_tells_nobody_late(store: sa.Engine, now: datetime, when: str) -> None:
    body = f"when: {{{when}, lead: 7 days, at: 10:00}}\ndo: [{{tag: wished}}]"
    world = World(store, now, playbook("one", body))
    world.customers("mei", birthday=date(1990, 3, 4), member_until=date(2026, 3, 4))
    world.customers("jun", birthday=date(1990, 3, 10), member_until=date(2026, 3, 10))
    world.tick()
    world.tick_until(now + 20 * DAY)
    assert world.entered() == ["jun"]
