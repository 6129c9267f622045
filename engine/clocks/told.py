"""Times as others tell them, in mails and in headers (RFC 5322, 3.3; RFC 9110, 5.6.7)."""

from datetime import datetime
from email.utils import parsedate_to_datetime


def told_time(text: str) -> datetime | None:
    """The time; None for what is none, also where its numbers are too large for any. Naive where it names no zone."""
    try:
        return parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
