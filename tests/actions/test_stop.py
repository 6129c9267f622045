"""stop: the run ends there, with its reason."""

from datetime import datetime

import sqlalchemy as sa

from engine.store.customers import customer_tags
from tests.actions.worlds import after


def test_nothing_follows(sqlite_store: sa.Engine, now: datetime) -> None:
    world = after(
        sqlite_store,
        now,
        "- tag: before\n- choose:\n    - if: [event.total >= 1]\n      do:\n        - stop: enough\n- tag: behind",
    )
    assert (world.run()["state"], world.run()["reason"], world.run()["ended_at"]) == ("stopped", "enough", now)
    assert [row["tag"] for row in world.rows(customer_tags)] == ["before"]
