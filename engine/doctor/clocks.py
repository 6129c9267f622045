"""The clock of this machine, against the database's and against those that servers told meanwhile."""

from collections.abc import Iterator
from datetime import datetime

from engine.clocks.trust import DOUBTFUL, WRONG
from engine.doctor.finding import Finding
from engine.doctor.patient import Patient
from engine.store.dialect import clock_of
from engine.store.faults import StoreError, in_plain_words

_ADVICE = "set the clocks by NTP:  timedatectl set-ntp true"


def clocks(patient: Patient) -> Iterator[Finding]:
    """This machine's clock against every other that can be asked."""
    if patient.store.dialect.name == "postgresql":
        try:
            with in_plain_words(), patient.store.connect().execution_options(reading=True) as connection:
                theirs = clock_of(connection)
            if theirs is not None:
                yield compared("the database's clock", theirs, patient.clock())
        except StoreError as fault:
            yield Finding("clock", "fault", fault.text, fault.advice)
    for who, theirs, ours in patient.told_time:
        yield compared(who, theirs, ours)
    if patient.store.dialect.name != "postgresql" and not patient.told_time:
        yield Finding("clock", "ok", f"it is {patient.clock():%Y-%m-%d %H:%M:%S} UTC here; nobody was asked")


def compared(who: str, theirs: datetime, ours: datetime) -> Finding:
    """How far two clocks are apart."""
    apart = abs(theirs - ours)
    way = "ahead of" if ours > theirs else "behind"
    seen = f"this machine's clock is {apart.total_seconds():,.0f} s {way} {who}"
    if apart > WRONG:
        return Finding("clock", "fault", seen, f"{_ADVICE}; until then nothing is sent")
    if apart > DOUBTFUL:
        return Finding("clock", "warn", seen, _ADVICE)
    return Finding("clock", "ok", f"this machine's clock agrees with {who}")
