"""The cap: not too often within any stretch of time, over all playbooks, of one playbook, or by one channel."""

from engine.guards.verdict import Cap, Look, Verdict


def cap(at: Look) -> Verdict | None:
    """Deferred until the oldest of the messages that count is old enough. Marketing alone counts and is held."""
    if at.purpose != "marketing":
        return None
    verdicts = [verdict for one in at.caps if (verdict := _reached(at, one)) is not None]
    return max(verdicts, key=lambda verdict: verdict.until or at.now, default=None)


def _reached(at: Look, cap: Cap) -> Verdict | None:
    counted = cap.counted(at.now, at.zone)
    if len(counted) < cap.limit.count:
        return None
    oldest = counted[len(counted) - cap.limit.count]
    until = cap.limit.per.after(oldest.at, at.zone) if cap.limit.per is not None else None
    # One that went after this one was planned, and before it, took its place.
    winner = max(counted, key=lambda one: (one.priority, one.at))
    reason = f"{cap} is reached"
    if winner.priority > at.priority and winner.at >= at.planned_at:
        reason = f"yields to {winner.playbook} (priority {winner.priority}): {reason}"
    return Verdict("deferred", reason, until)
