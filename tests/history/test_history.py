"""The proof: over the whole history nobody is written to outside his hours, above his cap, after leaving, or twice."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.history.findings import findings
from tests.history.lived import PARTS, PLAYBOOKS, live, share_of
from tests.history.rules import Often, hours, is_open, often, read_rules, too_often, zone_of
from tests.history.sound import nobody
from tests.history.totals import table, totals

#: Where the totals are written.
_TOTALS = Path(__file__).parents[2] / "var" / "history"


_SHARE = share_of(os.environ)
#: All customers are too many for one process; of a share, more parts would only repeat what every part costs.
_PARTS = PARTS if _SHARE == 1 else 1


@pytest.mark.parametrize("part", range(_PARTS))
def test_nobody_is_bothered(part: int) -> None:
    lived = live(part, _PARTS, _SHARE)
    found = totals(lived)
    _TOTALS.mkdir(parents=True, exist_ok=True)
    (_TOTALS / f"part-{part}-of-{_PARTS}.txt").write_text("\n".join(table(found)), encoding="utf-8")
    assert found["", "customers"] > 23_570 // _PARTS // _SHARE * 0.8
    assert not findings(lived)
    # Of a share of the customers some playbooks may concern nobody; of all of them, none does.
    assert _SHARE > 1 or not nobody(lived, read_rules(PLAYBOOKS))


def test_the_rules_are_read_as_they_are_written() -> None:
    week = hours({"weekdays": "09:00-21:00", "saturday": "10:00-18:00"})
    moscow = zone_of("Europe/Moscow")
    friday, saturday = datetime(2026, 11, 20, 6, tzinfo=UTC), datetime(2026, 11, 21, 6, tzinfo=UTC)
    assert is_open(week, friday, moscow) and not is_open(week, saturday, moscow)
    assert not is_open(week, datetime(2026, 11, 20, 18, tzinfo=UTC), moscow)
    assert often("3 per 7 days") == Often(3, 7) and often("1 per week") == Often(1, 7)
    times = [datetime(2026, 3, day, 12, tzinfo=UTC) for day in (1, 4, 7, 8)]
    assert too_often(times, Often(3, 7), moscow) == []
    assert too_often(times, Often(2, 7), moscow) == [(times[0], times[2]), (times[1], times[3])]
