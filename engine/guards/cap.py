"""The cap: not too often, over all playbooks, within any stretch of time."""

from engine.guards.verdict import Look, Verdict


def cap(at: Look) -> Verdict | None:
    """Deferred until the oldest of the messages that count is old enough. Marketing alone counts and is held."""
    if at.purpose != "marketing" or at.cap is None or at.cap.per is None:
        return None
    # Asked forwards, as the verdict says it: a month before 31 March is 28 February, and a month after that 28 March, long
    # over; a message held until then would be looked at again and again.
    counted = sorted(sent for sent in at.sent if at.cap.per.after(sent, at.zone) > at.now)
    if len(counted) < at.cap.count:
        return None
    oldest = counted[len(counted) - at.cap.count]
    return Verdict(
        "deferred", f"the cap of {at.cap.count} per {at.cap.per} is reached", at.cap.per.after(oldest, at.zone)
    )
