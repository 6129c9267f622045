"""Opened: the next channel of a message is left alone where the customer has read it meanwhile."""

from engine.guards.verdict import Look, Verdict


def opened(at: Look) -> Verdict | None:
    """Cancelled where an earlier try of the same message was opened or clicked."""
    return Verdict("cancelled", "the customer has opened it already") if at.opened else None
