"""How values are written: no templates, no secrets; a file may be seen by everyone who sees the repository."""

import re

from engine.source.marks import Mark, Source
from engine.source.mistakes import braces
from engine.source.problem import Problem
from engine.workspace.subject import Subject

_SECRETS = (
    re.compile(r"\b(?:sk|rk|pk)_(?:live|test)_[0-9A-Za-z]{8,}"),
    re.compile(r"\bAKIA[0-9A-Z]{16}\b"),
    re.compile(r"\bgh[pousr]_[0-9A-Za-z]{20,}\b"),
    re.compile(r"\bxox[abprs]-[0-9A-Za-z-]{10,}"),
    re.compile(r"\bSG\.[\w-]{16,}\.[\w-]{16,}"),
    re.compile(r"https://hooks\.[\w.-]+/\S{6,}"),
    re.compile(r"\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{10,}"),
    re.compile(r"\bwhsec_[0-9A-Za-z+/=]{16,}"),
    re.compile(r"\b\d{8,10}:[\w-]{35}\b"),  # a bot of Telegram
    re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
)
_BRACES = re.compile(r"\{\{.*?\}\}", re.DOTALL)


def written(subject: Subject) -> None:
    """Notes values that do not belong into a playbook."""
    source = subject.draft.source
    for path, mark in source.marks.items():
        told = subject.draft.is_broken(path)  # together with what else is wrong with that value
        found = _BRACES.search(source.text, mark.start, mark.end) if mark.raw and not told else None
        if found is not None:
            subject.draft.problems.append(braces(source.file, source.text, found.start(), found.end()))
    subject.draft.problems.extend(secrets(source))


def secrets(source: Source) -> list[Problem]:
    """Values that look like access tokens or keys."""
    return [_secret(mark) for mark in source.marks.values() if mark.raw and _looks_secret(mark.raw)]


def _looks_secret(raw: str) -> bool:
    return any(pattern.search(raw) for pattern in _SECRETS)


def _secret(mark: Mark) -> Problem:
    return Problem(
        mark.value,
        "secret-in-file",
        "this looks like an access token",
        ("keep it in the environment; and make a new one: whoever sees the repository has this one",),
    )
