"""message: one row of the outbox for each channel that is tried, and one delivery. More in tests/test_tries.py."""

from datetime import datetime

import sqlalchemy as sa

from engine.runs.effects import Effects
from tests.speaking import bought, told


def test_it_plans_the_first_channel_and_keeps_the_others(sqlite_store: sa.Engine, now: datetime) -> None:
    steps = "- message: late\n    by: [sms, email]\n    unless_opened: 1 day"
    world, _ = bought(sqlite_store, now, steps)
    world.tick()
    row, following = world.messages()
    assert (following["channel"], following["state"], following["opened_since"]) == ("email", "planned", now)
    assert (row["channel"], row["channels"], row["unless_opened"], row["rank"]) == ("sms", ["email"], "1 day", 0)


def test_the_same_step_of_the_same_run_speaks_once(store: sa.Engine, now: datetime) -> None:
    world, ways = bought(store, now, "- message: late")
    world.tick()
    row = {name: value for name, value in world.message().items() if name != "id"}
    with store.begin() as connection:
        Effects(messages=[row]).write(connection, world.shop.catalogue, now)
    world.tick()
    assert told(ways) == [("email", "mei@example.com")]
