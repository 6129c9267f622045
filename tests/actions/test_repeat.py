"""repeat: rounds, their effects apart, and the ways out."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from tests.actions.worlds import after

ROUNDS = """
- repeat: 3 times
  do:
    - email: hello
    - wait: 1 day
- email: goodbye
"""


def test_each_round_does_its_steps_once(store: sa.Engine, now: datetime) -> None:
    world = after(store, now, ROUNDS)
    world.tick_until(now + timedelta(days=10))
    sent = [(row["message"], row["iteration"], row["sent_at"] - now) for row in world.messages()]
    day = timedelta(days=1)
    assert sent == [("hello", 1, 0 * day), ("hello", 2, day), ("hello", 3, 2 * day), ("goodbye", 3, 3 * day)]
    assert (world.run()["state"], world.run()["rounds"]) == ("done", None)


def test_the_round_is_kept_over_a_restart(store: sa.Engine, now: datetime) -> None:
    world = after(store, now, ROUNDS)
    world.tick_until(now + timedelta(days=1, hours=1))
    assert world.run()["rounds"] == {"repeat-3-times": 2}
    world.restart()
    world.tick_until(now + timedelta(days=10))
    assert len(world.messages()) == 4


def test_until_begins_no_further_round(store: sa.Engine, now: datetime) -> None:
    steps = """
- repeat: 5 times
  until: customer.tags contains done
  do:
    - email: hello
    - wait: 1 day
    - tag: done
- stop: left
"""
    world = after(store, now, steps)
    world.tick_until(now + timedelta(days=10))
    assert (len(world.messages()), world.run()["reason"]) == (1, "left")


def test_stop_inside_ends_the_run(store: sa.Engine, now: datetime) -> None:
    steps = """
- repeat: 5 times
  do:
    - wait_for: order.paid
      within: 1 day
      then: [{stop: bought}]
    - email: hello
"""
    world = after(store, now, steps)
    world.tick_until(now + timedelta(days=2, hours=1))
    world.event("order.paid", "mei", total=1)
    world.tick()
    assert (world.runs()[0]["reason"], len(world.messages())) == ("bought", 2)


def test_repeats_within_repeats_never_meet(store: sa.Engine, now: datetime) -> None:
    steps = """
- repeat: 2 times
  do:
    - repeat: 3 times
      do:
        - email: inner
        - wait: 1 hour
    - email: outer
"""
    world = after(store, now, steps)
    world.tick_until(now + timedelta(days=2))
    messages = [row["message"] for row in world.messages()]
    assert messages == [*["inner"] * 3, "outer", *["inner"] * 3, "outer"]
    assert len({(row["step"], row["iteration"]) for row in world.messages()}) == len(messages)


@pytest.mark.parametrize("late", [timedelta(days=5)])
def test_after_a_standstill_every_round_still_waits(store: sa.Engine, now: datetime, late: timedelta) -> None:
    world = after(store, now, ROUNDS)
    world.tick(now + late)
    assert len(world.messages(message="hello")) == 2
