"""Suspension: what a run has planned waits while the run stands still (`suspend_while`)."""

from datetime import timedelta

from engine.guards.verdict import Look, Verdict

#: The state of a run that stands still, as the guards see it.
STANDS_STILL = "suspended"
#: Why its messages wait; they are let go with the run, and looked at again now and then besides.
SUSPENDED = "the run stands still"
_AGAIN = timedelta(hours=6)


def suspension(at: Look) -> Verdict | None:
    """Deferred while the run stands still; asked before `expiry`, for the time of a standstill does not count."""
    return Verdict("deferred", SUSPENDED, at.now + _AGAIN) if at.run_state == STANDS_STILL else None
