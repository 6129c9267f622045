"""Complaint: nobody who waits for an answer to a complaint is sent marketing."""

from datetime import timedelta

from engine.guards.verdict import Look, Verdict
from engine.store.ledger import COMPLAINT

#: How often it is looked again, where nobody says that the complaint was closed.
_AGAIN = timedelta(hours=1)


def complaint(at: Look) -> Verdict | None:
    """Deferred while any complaint is open, unless the author says that it goes all the same."""
    if at.purpose != "marketing" or at.despite_complaint or not at.open_complaints:
        return None
    return Verdict("deferred", COMPLAINT, at.now + _AGAIN)
