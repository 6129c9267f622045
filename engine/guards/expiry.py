"""Expiry: a message that comes too late is not sent."""

from engine.guards.verdict import Look, Verdict


def expiry(at: Look) -> Verdict | None:
    """Expired where its time is over."""
    if at.expires_at is not None and at.now >= at.expires_at:
        return Verdict("expired", "it would come too late")
    return None
