"""date, of a record: a reservation, a contract; told on time, ended when it moves, and always current."""

from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from engine.store.dialect import next_position
from engine.store.goods import reservations, subscriptions
from tests.shop import World, playbook

VISIT = playbook(
    "visit",
    """
    when:
      date: reservation.starts_at
      lead: 1 day
      at: 18:00
      where:
        - reservation.state is booked
    do:
      - email: tomorrow
      - wait_until: 1 day after reservation.starts_at
        at: 10:00
      - email: thanks
    """,
)
TEXT = {
    "messages/tomorrow/en.md": "---\nsubject: For {{ reservation.subject }}\n---\nSee you at {{ reservation.starts_at | time }}.\n"
}
SOON = playbook(
    "soon",
    "when: {date: reservation.starts_at, lead: 3 hours}\nstop_when: [reservation.state is cancelled]\n"
    "do: [task: told, wait: 1 hour, task: still]",
)
AT = datetime(2026, 3, 5, 19, tzinfo=UTC)


def _book(world: World, key: str, who: str, at: datetime, state: str = "booked") -> None:
    with world.store.begin() as connection:
        row = {"id": key, "customer_id": who, "starts_at": at, "state": state, "subject": "Gongfu table"}
        connection.execute(sa.delete(reservations).where(reservations.c.id == key))
        position = next_position(connection)
        connection.execute(sa.insert(reservations).values(**row, made_at=world.now, position=position))


def _world(store: sa.Engine, now: datetime, files: dict[str, str]) -> World:
    world = World(store, now, {**files, **TEXT})
    world.customers("mei", timezone="Asia/Shanghai")
    world.customers("tom")
    world.tick()
    return world


def test_each_reservation_is_told_on_the_evening_before_by_the_customers_clock(store: sa.Engine, now: datetime) -> None:
    world = _world(store, now, VISIT)
    _book(world, "r1", "mei", AT)  # 6 March, 3:00 in Shanghai
    _book(world, "r2", "tom", AT)
    _book(world, "r3", "tom", AT + timedelta(hours=2))
    _book(world, "r4", "tom", AT, state="cancelled")
    world.tick_until(datetime(2026, 3, 5, 18, 30, tzinfo=UTC))
    assert [(row["occasion"], row["fired_at"]) for row in world.runs()] == [
        ("r2@2026-03-05", datetime(2026, 3, 4, 18, tzinfo=UTC)),
        ("r3@2026-03-05", datetime(2026, 3, 4, 18, tzinfo=UTC)),
        ("r1@2026-03-06", datetime(2026, 3, 5, 10, tzinfo=UTC)),
    ]
    assert world.mails()[0] == ("tom@example.com", "For Gongfu table")


def test_a_reservation_that_moves_ends_its_run_and_is_told_anew(store: sa.Engine, now: datetime) -> None:
    world = _world(store, now, VISIT)
    _book(world, "r1", "tom", AT)
    world.tick(datetime(2026, 3, 4, 18, tzinfo=UTC))
    _book(world, "r1", "tom", AT + timedelta(days=7))
    world.tick(datetime(2026, 3, 5, 9, tzinfo=UTC))
    assert [(row["state"], row["reason"]) for row in world.runs()] == [("stopped", "moved")]
    world.tick_until(datetime(2026, 3, 20, tzinfo=UTC))
    assert [(row["occasion"], row["state"]) for row in world.runs()] == [
        ("r1@2026-03-05", "stopped"),
        ("r1@2026-03-12", "done"),
    ]


def test_another_hour_of_the_same_day_is_no_move_and_the_text_says_the_new_one(store: sa.Engine, now: datetime) -> None:
    world = _world(store, now, VISIT)
    _book(world, "r1", "tom", AT)
    world.tick(datetime(2026, 3, 4, 12, tzinfo=UTC))
    _book(world, "r1", "tom", AT.replace(hour=20))
    world.tick(datetime(2026, 3, 4, 18, tzinfo=UTC))
    assert b"20:00" in world.record.letters[0].content or b"8:00" in world.record.letters[0].content
    _book(world, "r1", "tom", AT.replace(hour=21))
    world.tick(datetime(2026, 3, 5, 9, tzinfo=UTC))
    assert world.run()["state"] == "running"


def test_a_record_that_is_deleted_ends_its_run(store: sa.Engine, now: datetime) -> None:
    world = _world(store, now, VISIT)
    _book(world, "r1", "tom", AT)
    world.tick(datetime(2026, 3, 4, 18, tzinfo=UTC))
    world.write(sa.delete(reservations))
    world.tick_until(datetime(2026, 3, 20, tzinfo=UTC))
    assert (world.run()["state"], world.run()["reason"]) == ("stopped", "gone")


def test_hours_before_a_time_are_elapsed_time(store: sa.Engine, now: datetime) -> None:
    world = _world(store, now, SOON)
    _book(world, "r1", "mei", AT)
    world.tick_until(AT - timedelta(hours=3, minutes=1))
    assert world.runs() == []
    world.tick_until(AT)
    assert [(row["occasion"], row["fired_at"], row["state"]) for row in world.runs()] == [
        ("r1@2026-03-05T19:00Z", AT - timedelta(hours=3), "done")
    ]


def test_a_condition_on_the_record_is_asked_as_it_is_now(store: sa.Engine, now: datetime) -> None:
    world = _world(store, now, SOON)
    _book(world, "r1", "mei", AT)
    world.tick(AT - timedelta(hours=3))
    _book(world, "r1", "mei", AT, state="cancelled")
    world.tick(AT - timedelta(hours=2, minutes=30))
    assert (world.run()["state"], world.run()["reason"]) == ("stopped", "reservation.state is cancelled")


@pytest.mark.parametrize("days", [30, 7, 1])
def test_a_day_of_a_contract_is_told_so_long_before(store: sa.Engine, now: datetime, days: int) -> None:
    world = _world(
        store, now, playbook("renew", f"when: {{date: subscription.renews_on, lead: {days} days}}\ndo: [tag: x]")
    )
    with world.store.begin() as connection:
        row = {"id": "s1", "customer_id": "tom", "renews_on": date(2026, 6, 1), "plan": "tea", "state": "active"}
        connection.execute(
            sa.insert(subscriptions).values(**row, amount=100, began_at=now, position=next_position(connection))
        )
    world.tick_until(datetime(2026, 7, 1, tzinfo=UTC))
    assert world.run()["fired_at"] == datetime(2026, 6, 1, 9, tzinfo=UTC) - timedelta(days=days)
    assert world.run()["occasion"] == "s1@2026-06-01"
