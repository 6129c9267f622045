"""untag: taken off, where it is there."""

from datetime import datetime

import sqlalchemy as sa

from engine.store.customers import customer_tags
from tests.actions.worlds import after


def test_it_is_taken_off(store: sa.Engine, now: datetime) -> None:
    world = after(store, now, "- untag: guest\n- untag: never-had", tags=["guest", "friend"])
    assert [row["tag"] for row in world.rows(customer_tags)] == ["friend"]


def test_of_two_steps_the_later_one_counts(store: sa.Engine, now: datetime) -> None:
    world = after(store, now, "- tag: a\n- untag: a\n- untag: b\n- tag: b", tags=["b"])
    assert [row["tag"] for row in world.rows(customer_tags)] == ["b"]
