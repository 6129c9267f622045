"""Every check in its order; one that meets a fault of its own says so, and the others go on."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from engine.doctor.clocks import clocks
from engine.doctor.database import database
from engine.doctor.disk import disk
from engine.doctor.finding import Finding
from engine.doctor.pages import link, pages
from engine.doctor.patient import Patient
from engine.doctor.relay import relay
from engine.doctor.secrets import secrets
from engine.doctor.sender import sender

Check = Callable[[Patient], Iterator[Finding]]

#: What needs nothing of the net, and then what does; the clocks come last, since servers tell the time on the way.
CHECKS: Final[Mapping[str, Check]] = {"database": database, "disk": disk, "secrets": secrets, "link": link}
OVER_THE_NET: Final[Mapping[str, Check]] = {"pages": pages, "relay": relay, "sender": sender}
LAST: Final[Mapping[str, Check]] = {"clock": clocks}


def examine(patient: Patient, *, offline: bool = False) -> Iterator[Finding]:
    """Everything that can be seen; `offline` asks nobody but the database."""
    for name, check in {**CHECKS, **({} if offline else OVER_THE_NET), **LAST}.items():
        try:
            yield from check(patient)
        except Exception as fault:
            yield Finding(name, "fault", f"the look itself failed ({type(fault).__name__})", "report this as a bug")
