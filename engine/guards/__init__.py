"""Guards: may we contact this customer now? Asked when a message is claimed, and again at the last instant before it goes."""

from collections.abc import Mapping

from engine.guards.cap import cap
from engine.guards.consent import consent
from engine.guards.expiry import expiry
from engine.guards.run_state import run_state
from engine.guards.send_window import send_window
from engine.guards.suppression import suppression
from engine.guards.verdict import Guard, Look, Verdict

#: In the order in which they are asked; the first verdict stands. What is final comes before what only delays.
GUARDS: Mapping[str, Guard] = {
    "run_state": run_state,
    "expiry": expiry,
    "consent": consent,
    "suppression": suppression,
    "send_window": send_window,
    "cap": cap,
}


def look(at: Look) -> Verdict | None:
    """The first guard's verdict on a message; None where it may go."""
    return next((verdict for guard in GUARDS.values() if (verdict := guard(at)) is not None), None)


__all__ = ["GUARDS", "Look", "Verdict", "look"]
