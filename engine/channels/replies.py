"""What an SMTP reply means for a letter (RFC 5321, 4.2; enhanced codes: RFC 3463)."""

import re
from datetime import timedelta

from engine.channels.channel import Failed, Outcome, Retry, Uncertain

_ENHANCED = re.compile(r"\s*[245]\.(\d{1,3}\.\d{1,3})\b")
# The recipient's address is dead. Not 1.7 and 1.8, which speak of the sender's, nor 1.5, which is a valid address.
_DEAD = frozenset({"1.0", "1.1", "1.2", "1.3", "1.4", "1.6", "1.10", "2.1"})
_LOGIN = frozenset({432, 454, 530, 534, 535, 538})
_CLOSING = 421
_GREYLISTED = timedelta(minutes=5)
_LONGEST = 300


def said(reply: object) -> str:
    """A reply as it is kept: one line, nothing unprintable, not endless."""
    words = " ".join(str(reply).encode("utf-8", "replace").decode("utf-8").split())
    return "".join(letter for letter in words if letter.isprintable())[:_LONGEST]


def of_relay(code: int | None, reply: object) -> Retry:
    """The relay cannot be reached, lets us not in, or breaks off: nothing is lost, nothing else is tried there now."""
    return Retry(None, code, said(reply), "relay")


def of_sender(code: int, reply: object) -> Outcome:
    """The answer to MAIL was no: a temporary one, or one about logging in, holds for every letter."""
    if code < 500 or code in _LOGIN:
        return of_relay(code, reply)
    return Failed(code, said(reply), suppress=False)


def of_recipient(code: int, reply: object) -> Outcome:
    """The answer to RCPT was no."""
    if code == _CLOSING or code in _LOGIN:
        return of_relay(code, reply)
    if code < 500:
        return Retry(_GREYLISTED, code, said(reply), "message")
    found = _ENHANCED.match(str(reply))
    return Failed(code, said(reply), suppress=found is not None and found[1] in _DEAD)


def of_content(code: int, reply: object) -> Outcome:
    """The answer to DATA or to the content, where it was not the one hoped for; a strange one tells nothing."""
    return of_recipient(code, reply) if 400 <= code < 600 else Uncertain(said(f"{code} {reply}"))
