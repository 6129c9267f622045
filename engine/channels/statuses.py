"""What an HTTP status means for a letter (RFC 9110, 15; RFC 6585). A reply is certain, whatever it says."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from engine.channels.channel import Done, Failed, Outcome, Retry, Uncertain
from engine.clocks.told import told_time

_SHORTEST_WAIT = timedelta(seconds=10)  # nobody can have us call again and again
_LONGEST_WAIT = timedelta(hours=4)  # as long as the engine itself would wait; nobody can put us off for years
_LOGIN = frozenset({401, 402, 403, 407})  # no login, no right or no credit: true of every letter
_BUSY = frozenset({429, 503})
_LATER = frozenset({408, 425})
_DEAD = frozenset({404, 410})
_NO_ANSWER_BEHIND = 504


def of_status(status: int, reply: str, after: timedelta | None, *, addressed: bool, keyed: bool) -> Outcome:
    """The outcome. `addressed`: the recipient stands in the URL, so that 404 speaks of him. `keyed`: the same letter
    twice is taken once, so that even a gateway's silence is no doubt.
    """
    if 200 <= status < 300:
        return Done(reply)
    if 300 <= status < 400:
        return Failed(status, f"{reply}: redirects are not followed", suppress=False)
    if status in _LOGIN or status in _BUSY:
        return Retry(after, status, reply, "relay")
    if status in _LATER:
        return Retry(after, status, reply, "message")
    if 400 <= status < 500:
        return Failed(status, reply, suppress=addressed and status in _DEAD)
    if status == _NO_ANSWER_BEHIND and not keyed:
        return Uncertain(reply)
    if 500 <= status < 600:
        return Retry(after, status, reply, "message")
    return Uncertain(reply)


def wait_of(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """How long the other side asks to wait: `Retry-After` in seconds or as a date; None where it says nothing usable."""
    written = headers.get("retry-after", "").strip()
    if written.isascii() and written.isdigit():
        return _bounded(timedelta(seconds=int(written[:9])))
    until = told_time(written)
    if until is None:
        return None
    until = until if until.tzinfo is not None else until.replace(tzinfo=UTC)
    return _bounded(until - now)


def _bounded(wait: timedelta) -> timedelta:
    return min(max(wait, _SHORTEST_WAIT), _LONGEST_WAIT)
