"""What an SMTP reply means for a letter (RFC 5321, 4.2; enhanced codes: RFC 3463)."""

import re
from datetime import timedelta

from engine.channels.channel import Cause, Failed, Outcome, Retry, Uncertain

_ENHANCED = re.compile(r"\s*[245]\.(\d{1,3}\.\d{1,3})\b")
# The recipient's address is dead. Not 1.7 and 1.8, which speak of the sender's, nor 1.5, which is a valid address.
_DEAD = frozenset({"1.0", "1.1", "1.2", "1.3", "1.4", "1.6", "1.10", "2.1"})
_FULL = "2.2"
_LOGIN = frozenset({432, 454, 530, 534, 535, 538})
_TEMPORARY_LOGIN = 454  # the relay's own trouble, which passes
_CLOSING = 421
_CONTENT = frozenset({552, 554})
_GREYLISTED = timedelta(minutes=5)
_GREYLISTING = re.compile("gr[ae]y.?list", re.IGNORECASE)
_LONGEST = 300


def said(reply: object) -> str:
    """A reply as it is kept: one line, nothing unprintable, not endless."""
    words = str(reply)
    if not words.isascii():
        words = words.encode("utf-8", "replace").decode("utf-8")
    words = " ".join(words.split())
    if not words.isprintable():
        words = "".join(letter for letter in words if letter.isprintable())
    return words[:_LONGEST]


def is_login(code: int | None) -> bool:
    """Whether a code says that we may not come in until a person has mended something."""
    return code in _LOGIN and code != _TEMPORARY_LOGIN


def holds_for_all(code: int) -> bool:
    """Whether a refusal speaks of the connection or the relay, not of a letter."""
    return code == _CLOSING or code in _LOGIN


def is_rate(code: int, reply: str) -> bool:
    """Whether the recipient's side asks for less (4.7.x), which holds for its domain; greylisting only asks to wait."""
    found = _ENHANCED.match(reply)
    return code < 500 and found is not None and found[1].startswith("7.") and not _GREYLISTING.search(reply)


def is_policy(code: int, reply: str) -> bool:
    """Whether a final refusal is for what we are, not for whom the letter is."""
    found = _ENHANCED.match(reply)
    return code >= 500 and found is not None and found[1].startswith("7.")


def of_relay(code: int | None, reply: object) -> Retry:
    """The relay cannot be reached, lets us not in, or breaks off: nothing is lost, nothing else is tried there now."""
    return Retry(None, code, said(reply), "relay")


def of_sender(code: int, reply: object) -> Outcome:
    """The answer to MAIL was no: a temporary one, or one about logging in, holds for every letter."""
    if code < 500 or code in _LOGIN:
        return of_relay(code, reply)
    return Failed(code, said(reply), suppress=False, cause="policy" if is_policy(code, str(reply)) else None)


def of_recipient(code: int, reply: object) -> Outcome:
    """The answer to RCPT was no."""
    if holds_for_all(code):
        return of_relay(code, reply)
    if code < 500:
        return Retry(_GREYLISTED, code, said(reply), "message")
    cause = _cause(code, str(reply))
    return Failed(code, said(reply), suppress=cause == "address", cause=cause)


def of_content(code: int, reply: object) -> Outcome:
    """The answer to DATA or to the content, where it was not the one hoped for; a strange one tells nothing."""
    if not 400 <= code < 600:
        return Uncertain(said(f"{code} {reply}"))
    found = of_recipient(code, reply)
    if isinstance(found, Failed) and found.cause is None and code in _CONTENT:
        return Failed(code, found.reply, suppress=False, cause="content")
    return found


def _cause(code: int, reply: str) -> Cause | None:
    found = _ENHANCED.match(reply)
    if found is None:
        return None
    if found[1] in _DEAD:
        return "address"
    if found[1] == _FULL:
        return "mailbox"
    if found[1].startswith("6."):
        return "content"
    return "policy" if is_policy(code, reply) else None
