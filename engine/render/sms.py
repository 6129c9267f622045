"""How long an SMS is: parts of 160 letters of its own alphabet, or of 70 where one letter lies outside it."""

from engine.render.message import Message
from engine.render.places import literal, place
from engine.source.problem import Problem

#: 3GPP TS 23.038: the letters of the default alphabet, and those that take the room of two.
_SINGLE = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_DOUBLE = frozenset("^{}\\[~]|€\f")

#: Letters of a message of one part, and of each part of a longer one, whose head takes the rest.
_ROOM = {"gsm": (160, 153), "wide": (70, 67)}
_MOST_PARTS = 3


def sms_parts(text: str) -> int:
    """How many parts a text takes, each of which costs as much as a message."""
    alphabet, letters = _letters(text)
    whole, each = _ROOM[alphabet]
    return 1 if letters <= whole else -(-letters // each)


def _letters(text: str) -> tuple[str, int]:
    if all(letter in _SINGLE or letter in _DOUBLE for letter in text):
        return "gsm", sum(2 if letter in _DOUBLE else 1 for letter in text)
    return "wide", len(text.encode("utf-16-le")) // 2


def doubts(message: Message) -> list[Problem]:
    """Warnings about a text that can be sent all the same: its fixed words alone make a very long SMS."""
    part = message.sms
    if part is None or sms_parts(words := literal(part.text)) <= _MOST_PARTS:
        return []
    alphabet, letters = _letters(words)
    most = _MOST_PARTS * _ROOM[alphabet][1]
    text = f"this SMS has {letters} letters without its values; {_MOST_PARTS} parts hold {most}"
    help_ = "shorten it"
    if alphabet == "wide":
        odd = next(letter for letter in words if letter not in _SINGLE and letter not in _DOUBLE)
        help_ = f"shorten it; letters such as `{odd}` make a part hold {_ROOM['wide'][1]} instead of {_ROOM['gsm'][1]}"
    at = place(message, part, 1, 1, len(part.text))
    return [Problem(at, "long-sms", text, (help_,), severity="warning")]
