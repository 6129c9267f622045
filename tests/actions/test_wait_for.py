"""wait_for: an event in time, or the end of the wait."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from tests.actions.worlds import after

STEPS = """
- wait_for: review.posted
  where: [it.rating >= 4]
  within: 2 days
  then:
    - stop: praised
  else:
    - stop: silent
"""


@pytest.mark.parametrize(
    ("rating", "hours", "reason"), [(5, 1, "praised"), (3, 1, "silent"), (5, 47, "praised"), (5, 49, "silent")]
)
def test_which_way_the_run_goes(store: sa.Engine, now: datetime, rating: int, hours: int, reason: str) -> None:
    world = after(store, now, STEPS)
    if hours > 48:
        world.tick(now + timedelta(days=2))
    world.now = now + timedelta(hours=hours)
    world.event("review.posted", "mei", rating=rating)
    world.tick_until(now + timedelta(days=3))
    assert world.run()["reason"] == reason


def test_one_event_answers_one_wait(store: sa.Engine, now: datetime) -> None:
    world = after(
        store, now, "- wait_for: review.posted\n  within: 2 days\n- wait_for: review.posted\n  within: 2 days"
    )
    world.now = now + timedelta(hours=1)
    world.event("review.posted", "mei", rating=5)
    world.tick()
    assert (world.run()["step"], world.run()["state"]) == ("wait-for-review-posted-2", "running")


def test_an_event_of_somebody_else_wakes_nobody(sqlite_store: sa.Engine, now: datetime) -> None:
    world = after(sqlite_store, now, STEPS)
    world.customers("tom")
    world.now = now + timedelta(hours=1)
    world.event("review.posted", "tom", rating=5)
    assert world.tick().advanced == 0
