"""Priority: where a cap leaves fewer places than messages wait for a customer, the more important go first."""

from datetime import timedelta

from engine.guards.verdict import Cap, Look, Rival, Verdict

#: After the winner's time it is looked again: it may not have gone.
_AGAIN = timedelta(minutes=1)


def priority(at: Look) -> Verdict | None:
    """Deferred behind those of a higher priority that take the last places, and are due now or within a day."""
    if at.purpose != "marketing":
        return None
    verdicts = (_behind(at, one) for one in at.caps if one.playbook is None)
    return next((verdict for verdict in verdicts if verdict is not None), None)


def _behind(at: Look, cap: Cap) -> Verdict | None:
    ahead = sorted((one for one in at.rivals if _before(at, cap, one)), key=lambda one: (-one.priority, one.due_at))
    places = cap.limit.count - len(cap.counted(at.now, at.zone))
    if not 0 < places <= len(ahead):
        return None
    winners = ahead[:places]
    last = winners[-1]
    until = max(at.now, *(one.due_at for one in winners)) + _AGAIN
    return Verdict(
        "deferred", f"yields to {last.playbook} (priority {last.priority}): {cap} leaves no other place", until
    )


def _before(at: Look, cap: Cap, rival: Rival) -> bool:
    return rival.priority > at.priority and cap.channel in (None, rival.channel)
