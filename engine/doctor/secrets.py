"""The secrets: each that the settings name is set, and long enough. None is ever shown."""

from collections.abc import Iterator
from typing import Final

from engine.channels.webhook import read_secrets
from engine.doctor.finding import Finding
from engine.doctor.patient import Patient
from engine.render import SHORTEST_SECRET
from engine.settings.secrets import named_secrets
from engine.settings.sources import SHORTEST_KEY

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
    shut = dict(_shut(patient))
    for place, name in named_secrets(patient.settings):
        value = given.get(name, "")
        if not value:
            yield Finding("secrets", "fault", f"{name} is not set, which {place} names", f"export {name}=…")
        elif place in shut:
            seen, advice = shut[place]
            yield Finding("secrets", "fault", f"{name} ({place}) {seen}: the source is shut", advice)
        elif len(value) < _SHORT:
            yield Finding("secrets", "warn", f"{name} ({place}) has only {len(value)} characters", "take a longer one")
        else:
            yield Finding("secrets", "ok", f"{name} ({place}) is set")


def _shut(patient: Patient) -> Iterator[tuple[str, tuple[str, str]]]:
    """The places of keys and secrets with which nothing is taken of a source: why, and what to do."""
    for name, source in patient.settings.sources.items():
        if any(len(one) < SHORTEST_KEY for one in patient.environment.get(source.key, "").split()):
            yield f"sources.{name}.key", (f"has less than {SHORTEST_KEY} characters", f"make one with:  {_MAKE}")
        try:
            read_secrets(patient.environment.get(source.secret or "", ""))
        except ValueError:
            advice = "take the one that signs its requests, whsec_…"
            yield f"sources.{name}.secret", ("is not whsec_ and a secret in base64", advice)
