"""wait: elapsed hours, calendar days."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from tests.actions.worlds import after


@pytest.mark.parametrize(
    ("step", "until"),
    [
        ("- wait: 36 hours", datetime(2026, 3, 3, 0, tzinfo=UTC)),
        ("- wait: 30 days", datetime(2026, 3, 31, 11, tzinfo=UTC)),  # summer time has begun in Berlin
        ("- wait: 2 days\n  at: 10:00", datetime(2026, 3, 3, 9, tzinfo=UTC)),
    ],
)
def test_a_wait_ends(sqlite_store: sa.Engine, now: datetime, step: str, until: datetime) -> None:
    world = after(sqlite_store, now, f"{step}\n- tag: x", timezone="Europe/Berlin")
    assert world.run()["resume_at"] == until
    world.tick(until - timedelta(microseconds=1))
    assert world.run()["state"] == "running"
    world.tick(until)
    assert world.run()["state"] == "done"
