"""The send window: marketing arrives at decent hours of the customer's day."""

from engine.guards.verdict import Look, Verdict


def send_window(at: Look) -> Verdict | None:
    """Deferred to the next opening, in the customer's zone."""
    if at.send_window is None:
        return None
    opening = at.send_window.opening(at.now, at.zone)
    return None if opening <= at.now else Verdict("deferred", f"outside the send window {at.send_window}", opening)
