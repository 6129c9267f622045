"""What a guard sees where nothing is against a message; each test changes what it is about."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from engine.guards import Look

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def look_at(**changed: Any) -> Look:
    """A marketing mail that may go."""
    plain: dict[str, Any] = {
        "now": NOW,
        "zone": ZoneInfo("UTC"),
        "purpose": "marketing",
        "channel": "email",
        "topic": None,
        "expires_at": None,
        "run_state": "running",
        "run_reason": None,
        "address": "mei@example.com",
        "consents": [("*", True)],
        "suppressed": None,
        "send_window": None,
        "caps": (),
        "priority": 50,
        "planned_at": NOW,
        "rivals": (),
        "open_complaints": 0,
        "despite_complaint": False,
    }
    return Look(**{**plain, **changed})
