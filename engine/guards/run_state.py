"""The run behind a message: what a stopped run has not sent yet is not sent any more."""

from engine.guards.verdict import Look, Verdict


def run_state(at: Look) -> Verdict | None:
    """Cancelled where the run was stopped, replaced or erased after the message was planned."""
    if at.run_state in ("stopped", "replaced", "failed", None):
        return Verdict("cancelled", at.run_reason or "the run was stopped")
    return None
