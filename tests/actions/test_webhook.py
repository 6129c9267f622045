"""webhook: what a system is told is written down when the step is reached. More in tests/test_tries.py."""

import json
from datetime import date, datetime

import sqlalchemy as sa

from tests.speaking import bought


def test_values_are_as_json_has_them(sqlite_store: sa.Engine, now: datetime) -> None:
    steps = (
        "- voucher: gift\n    as: present\n    expires: 3 days\n"
        "  - webhook: erp\n    sends: [customer.id, customer.birthday, customer.tags, event.total, present.code, "
        "present.expires_at, customer.tier]"
    )
    world, ways = bought(sqlite_store, now, steps, birthday=date(1990, 5, 5), tags=("b", "a"))
    world.tick()
    (letter,) = ways["webhook"].taken  # type: ignore[attr-defined]
    told = json.loads(letter.content)
    assert told["customer"] == {"id": "mei", "birthday": "1990-05-05", "tags": ["a", "b"], "tier": None}
    assert told["present"] == {"code": "GIFT-CODE0001", "expires_at": "2026-03-04T12:00:00+00:00"}
    assert letter.recipient == "erp"


def test_it_is_said_at_any_hour_and_asks_for_no_consent(sqlite_store: sa.Engine, now: datetime) -> None:
    world, ways = bought(sqlite_store, now.replace(hour=3), "- webhook: erp", email_consent=False)
    world.tick()
    assert len(ways["webhook"].taken) == 1  # type: ignore[attr-defined]
