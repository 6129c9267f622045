"""Hold: nothing of a playbook goes that a brake or a person holds."""

from engine.guards.verdict import Look, Verdict


def hold(at: Look) -> Verdict | None:
    """Deferred until the release; the message stays due, and is not claimed while the hold is open."""
    return None if at.held is None else Verdict("deferred", f"held: {at.held}", at.now)
