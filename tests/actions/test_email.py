"""email: a message planned once, in the run's name."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from engine.runs.effects import Effects
from tests.actions.worlds import after


def test_it_plans_a_message_for_the_first_moment_at_which_it_may_go(sqlite_store: sa.Engine, now: datetime) -> None:
    world = after(sqlite_store, now, "- email: hello")
    row = world.message()
    assert (row["message"], row["channel"], row["step"], row["planned_at"]) == ("hello", "email", "email-hello", now)
    assert row["expires_at"] == now + timedelta(days=3)
    assert world.mails() == [("mei@example.com", "hello")]


def test_the_same_step_of_the_same_run_writes_once(store: sa.Engine, now: datetime) -> None:
    world = after(store, now, "- email: hello")
    row = {name: value for name, value in world.message().items() if name != "id"}
    with store.begin() as connection:
        Effects(messages=[row]).write(connection, world.shop.catalogue, now)
    assert len(world.messages()) == 1


def test_a_message_sent_twice_by_two_steps_is_two_messages(sqlite_store: sa.Engine, now: datetime) -> None:
    world = after(sqlite_store, now, "- email: hello\n- email: hello")
    assert [row["step"] for row in world.messages()] == ["email-hello", "email-hello-2"]
