"""Guards: may we contact this customer now? Asked when a message is claimed, and again at the last instant before it goes."""

from collections.abc import Mapping

from engine.guards.cap import cap
from engine.guards.complaint import complaint
from engine.guards.consent import EVERY_TOPIC, consent, holding
from engine.guards.expiry import expiry
from engine.guards.hold import hold
from engine.guards.opened import opened
from engine.guards.priority import priority
from engine.guards.run_state import run_state
from engine.guards.send_window import send_window
from engine.guards.suppression import suppression
from engine.guards.suspension import suspension
from engine.guards.verdict import Cap, Guard, Look, Rival, Said, Verdict

#: In the order in which they are asked; the first verdict stands. What is final comes before what only delays.
GUARDS: Mapping[str, Guard] = {
    "run_state": run_state,
    "opened": opened,
    "suspension": suspension,
    "expiry": expiry,
    "consent": consent,
    "suppression": suppression,
    "hold": hold,
    "complaint": complaint,
    "send_window": send_window,
    "cap": cap,
    "priority": priority,
}


#: Those whose verdict time alone can change, or what the engine itself has sent since.
_PASSING = (expiry, send_window, cap)


def look_again(at: Look) -> Verdict | None:
    """The same as `look` for a message that might go a moment ago, where nothing but time has passed and messages went."""
    return next((verdict for guard in _PASSING if (verdict := guard(at)) is not None), None)


def look(at: Look) -> Verdict | None:
    """The first guard's verdict on a message; None where it may go."""
    return next((verdict for guard in GUARDS.values() if (verdict := guard(at)) is not None), None)


def against(at: Look) -> dict[str, Verdict]:
    """Every guard's verdict on a message, by the guard's name; the first one would stand."""
    return {name: verdict for name, guard in GUARDS.items() if (verdict := guard(at)) is not None}


__all__ = [
    "EVERY_TOPIC",
    "GUARDS",
    "Cap",
    "Look",
    "Rival",
    "Said",
    "Verdict",
    "against",
    "holding",
    "look",
    "look_again",
]
