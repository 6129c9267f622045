"""The points that a test says a customer has: entries of the ledger, so that they can be spent and lapse."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from engine.clocks.times import local_instant
from engine.loyalty import Till

POINTS: Final = "points"
EXPIRE: Final = "points_expire_on"
_REASON = "the test says so"


def put_points(connection: sa.Connection, customer: str, row: Mapping[str, Any], zone: ZoneInfo, now: datetime) -> None:
    """Makes the ledger say what the columns of that row do; where they name a day, all points lapse at its end."""
    if POINTS not in row:
        return
    till = Till(connection, now)
    till.prepare([customer])
    had, has = till.balance(customer), row[POINTS]
    kept = 0 if EXPIRE in row else min(had, has)
    if had > kept:
        till.spend(customer, had - kept, _REASON)
    if has > kept:
        till.grant(customer, has - kept, _REASON, _end_of(row.get(EXPIRE), zone), zone)
    till.write()


def _end_of(day: date | None, zone: ZoneInfo) -> datetime | None:
    """The last moment of that day: its points can be spent all day."""
    return None if day is None else local_instant(day + timedelta(days=1), time(0), zone) - timedelta(microseconds=1)
