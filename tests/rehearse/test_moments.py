"""Moments in test files."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from engine.rehearse.moments import Misread, read_moment, write_moment

BERLIN, SHANGHAI = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Shanghai")


def test_the_zone_of_the_file_counts_unless_the_moment_names_its_own() -> None:
    assert read_moment("2026-03-01 12:00", BERLIN).instant == datetime(2026, 3, 1, 11, tzinfo=UTC)
    assert read_moment("2026-03-01 12:00 Asia/Shanghai", BERLIN).instant == datetime(2026, 3, 1, 4, tzinfo=UTC)


def test_a_moment_is_as_precise_as_it_is_written() -> None:
    minute = read_moment("2026-03-01 12:00", BERLIN)
    assert minute.holds(minute.instant + timedelta(seconds=59))
    assert not minute.holds(minute.instant + timedelta(seconds=60))
    second = read_moment("2026-03-01 12:00:30", BERLIN)
    assert second.holds(second.instant + timedelta(microseconds=1))
    assert not second.holds(second.instant + timedelta(seconds=1))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("tomorrow", "`tomorrow` is not a moment"),
        ("2026-03-01", "`2026-03-01` is not a moment"),
        ("2026-02-30 12:00", "`2026-02-30 12:00` is no day and hour of the calendar"),
        ("2026-03-01 25:00", "`2026-03-01 25:00` is no day and hour of the calendar"),
        ("2026-03-01 12:00 Asia/Shangai", "`Asia/Shangai` is not a time zone"),
    ],
)
def test_what_is_no_moment_is_told(text: str, said: str) -> None:
    with pytest.raises(Misread) as caught:
        read_moment(text, BERLIN)
    assert str(caught.value) == said
    assert caught.value.helps


@pytest.mark.parametrize("hour", range(0, 24))
@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25", "2026-07-01"])
def test_what_is_written_reads_back_the_same_also_on_nights_when_clocks_change(day: str, hour: int) -> None:
    instant = datetime.fromisoformat(f"{day}T{hour:02}:30:00+00:00")
    for default in (BERLIN, SHANGHAI):
        assert read_moment(write_moment(instant, BERLIN, default), default).instant == instant
