"""Times of others are read, and what is none is none, however large its numbers are."""

from datetime import UTC, datetime

import pytest

from engine.clocks.told import told_time


def test_a_time() -> None:
    assert told_time("Sun, 22 Nov 2026 14:01:00 +0200") == datetime(2026, 11, 22, 12, 1, tzinfo=UTC)
    naive = told_time("Sun, 22 Nov 2026 12:01:00 -0000")
    assert naive is not None
    assert naive.tzinfo is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "²",
        "Sun, 99 Nov 2026 12:01:00 GMT",
        "Mon, 01 Jan 2027 00:00:00 +99999999999999999999",
        "Mon, 01 Jan 99999999999999999999 00:00:00 GMT",
        "Mon, 99999999999999999999 Jan 2027 00:00:00 GMT",
        "Mon, 01 Jan 2027 99999999999999999999:00:00 GMT",
        f"Mon, {'1' * 5000} Jan 2027 00:00:00 GMT",
    ],
)
def test_no_time(text: str) -> None:
    assert told_time(text) is None
