"""The secrets: each that the settings name is set, and long enough. None is ever shown."""

from collections.abc import Iterator
from typing import Final

from engine.doctor.finding import Finding
from engine.doctor.patient import Patient
from engine.render import SHORTEST_SECRET
from engine.settings.secrets import named_secrets

_OURS, _OLD = "REGULARS_SECRET", "REGULARS_SECRET_OLD"
_SHORT: Final = 8
_MAKE: Final = "python3 -c 'import secrets; print(secrets.token_urlsafe(32))'"


def secrets(patient: Patient) -> Iterator[Finding]:
    """Every variable that something needs."""
    given = patient.environment
    if not given.get(_OURS):
        level, advice = ("fault", f"make one with:  {_MAKE}") if patient.marketing else ("warn", "erase needs it")
        yield Finding("secrets", level, f"{_OURS} is not set", advice)  # type: ignore[arg-type]
    for name in (_OURS, _OLD):
        length = len(given.get(name, ""))
        if 0 < length < SHORTEST_SECRET:
            advice = f"it needs {SHORTEST_SECRET} or more:  {_MAKE}"
            yield Finding("secrets", "fault", f"{name} has {length} characters", advice)
        elif length:
            yield Finding("secrets", "ok", f"{name} is set and long enough")
    for place, name in named_secrets(patient.settings):
        value = given.get(name, "")
        if not value:
            yield Finding("secrets", "fault", f"{name} is not set, which {place} names", f"export {name}=…")
        elif len(value) < _SHORT:
            yield Finding("secrets", "warn", f"{name} ({place}) has only {len(value)} characters", "take a longer one")
        else:
            yield Finding("secrets", "ok", f"{name} ({place}) is set")
