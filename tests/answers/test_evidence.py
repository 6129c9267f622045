"""The evidence of consent in words: what was told, when, and since when it counts."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from engine.answers.evidence import answers
from engine.store.ingest import put_consents
from tests.store.rows import add_customers

HOUR = timedelta(hours=1)


def test_a_consent_of_a_clock_ahead_of_ours_is_told_with_both_times(store: sa.Engine, now: datetime) -> None:
    add_customers(store, now, "mei")

    def told(given: bool, at: datetime) -> list[str]:
        row: dict[str, Any] = {"customer_id": "mei", "channel": "email", "topic": "offers", "how": "form"}
        with store.begin() as connection:
            assert not put_consents(connection, [{**row, "given": given, "at": at}], now).rejected
            return answers(connection, "mei", ZoneInfo("UTC"))

    agreed = "2026-03-01 17:00  agreed to email, offers: form  counts since 2026-03-01 12:00"
    assert told(given=True, at=now + 5 * HOUR) == [f"{agreed}  holds"]
    withdrew = "2026-03-01 12:00  withdrew email, offers: form"
    assert told(given=False, at=now) == [f"{withdrew}  holds", agreed]
