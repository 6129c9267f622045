"""Suppression: nothing goes to an address that is missing, bounced, or asked to be left alone."""

from engine.guards.verdict import Look, Verdict


def suppression(at: Look) -> Verdict | None:
    """Suppressed for transactional messages too: an address that does not exist gets none of either."""
    if at.address is None:
        return Verdict("suppressed", f"no valid {at.channel} address")
    if at.suppressed is not None:
        return Verdict("suppressed", at.suppressed)
    return None
