"""The send window: by the customer's own clock."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from engine.clocks.windows import WeekWindow
from engine.guards.send_window import send_window
from tests.guards.looks import look_at

DAY = WeekWindow.parse("09:00-21:00")


def test_without_a_window_every_hour_is_fine() -> None:
    assert send_window(look_at(send_window=None, now=datetime(2026, 3, 1, 3, tzinfo=UTC))) is None


@pytest.mark.parametrize(
    ("zone", "hour", "until"),
    [
        ("UTC", 9, None),
        ("UTC", 20, None),
        ("UTC", 21, datetime(2026, 3, 2, 9, tzinfo=UTC)),
        ("UTC", 8, datetime(2026, 3, 1, 9, tzinfo=UTC)),
        ("Asia/Shanghai", 12, None),  # 20:00 there
        ("Asia/Shanghai", 13, datetime(2026, 3, 2, 1, tzinfo=UTC)),
    ],
)
def test_it_defers_to_the_next_opening(zone: str, hour: int, until: datetime | None) -> None:
    verdict = send_window(look_at(send_window=DAY, zone=ZoneInfo(zone), now=datetime(2026, 3, 1, hour, tzinfo=UTC)))
    assert (verdict.until if verdict else None) == until
    assert verdict is None or verdict.state == "deferred"
