"""tag: put once, and seen by the steps that follow."""

from datetime import datetime

import sqlalchemy as sa

from engine.store.customers import customer_tags
from tests.actions.worlds import after


def test_it_is_put_once(store: sa.Engine, now: datetime) -> None:
    world = after(store, now, "- tag: met\n- tag: met")
    assert [(row["customer_id"], row["tag"]) for row in world.rows(customer_tags)] == [("mei", "met")]


def test_the_next_step_sees_it(sqlite_store: sa.Engine, now: datetime) -> None:
    steps = "- tag: met\n- choose:\n    - if: [customer.tags contains met]\n      do:\n        - tag: again"
    world = after(sqlite_store, now, steps)
    assert [row["tag"] for row in world.rows(customer_tags)] == ["again", "met"]
