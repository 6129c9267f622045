"""wait_until: moments that hang on a date of the customer, the event or a result."""

from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa

from engine.actions.wait_until import Moment
from tests.actions.worlds import after


@pytest.mark.parametrize(
    ("step", "until"),
    [
        ("- wait_until: customer.member_until", datetime(2026, 3, 19, 16, tzinfo=UTC)),  # midnight in Shanghai
        ("- wait_until: 3 days before customer.member_until\n  at: 10:00", datetime(2026, 3, 17, 2, tzinfo=UTC)),
        ("- wait_until: 2 hours after customer.last_order_at", datetime(2026, 3, 1, 14, tzinfo=UTC)),
        ("- voucher: gift\n  as: gift\n  expires: 9 days\n- wait_until: 1 week before gift.expires_at",
         datetime(2026, 3, 3, 12, tzinfo=UTC)),
    ],
)  # fmt: skip
def test_the_run_goes_on_at_the_moment(sqlite_store: sa.Engine, now: datetime, step: str, until: datetime) -> None:
    world = after(sqlite_store, now, f"{step}\n- tag: x", timezone="Asia/Shanghai", member_until=date(2026, 3, 20))
    assert world.run()["resume_at"] == until
    world.tick(until)
    assert world.run()["state"] == "done"


@pytest.mark.parametrize(
    ("moment", "at", "until"),
    [
        ("1 working day before customer.member_until", "10:00", datetime(2026, 3, 24, 10, tzinfo=UTC)),  # a Wednesday
        ("1 working day before customer.member_until", None, datetime(2026, 3, 24, 9, tzinfo=UTC)),
        ("3 working days before customer.member_until", "10:00", datetime(2026, 3, 20, 10, tzinfo=UTC)),
        ("1 working day before call.due_at", "09:30", datetime(2026, 3, 13, 9, 30, tzinfo=UTC)),  # due on a Saturday
        ("1 working day after customer.member_until", "10:00", datetime(2026, 3, 26, 10, tzinfo=UTC)),
    ],
)
def test_working_days_are_counted_from_the_day(
    sqlite_store: sa.Engine, now: datetime, moment: str, at: str | None, until: datetime
) -> None:
    hour = f"\n  at: {at}" if at else ""
    steps = f"- task: call\n  due: 13 days\n  as: call\n- wait_until: {moment}{hour}\n- tag: x"
    assert after(sqlite_store, now, steps, member_until=date(2026, 3, 25)).run()["resume_at"] == until


def test_a_moment_that_is_past_is_not_waited_for(sqlite_store: sa.Engine, now: datetime) -> None:
    world = after(sqlite_store, now, "- wait_until: customer.birthday\n- tag: x", birthday=date(1990, 1, 1))
    assert world.run()["state"] == "done"


@pytest.mark.parametrize("text", ["gift.expires_at", "7 days before gift.expires_at", "1 hour after event.time"])
def test_a_moment_reads_back_as_written(text: str) -> None:
    assert str(Moment.parse(text)) == text


@pytest.mark.parametrize("text", ["", "tomorrow", "7 days gift.expires_at", "7 days before", "before gift.expires_at"])
def test_what_is_no_moment_is_told(text: str) -> None:
    with pytest.raises(ValueError, match="is not a moment"):
        Moment.parse(text)
