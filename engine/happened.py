"""The words for what a playbook does, as a test expects it and a failing test prints it."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Word:
    """One word of an `expect:` line. The list of those that people outside would notice must be complete."""

    meaning: str  # for editors and the reference
    noun: str  # what its value is called: there is no `message` …
    outside: bool = True
    message: bool = False  # its value is the id of a message; `language`, `subject` and `says` may stand beside
    number: bool = False  # its value may be any number
    unsent: bool = False  # why a message was not sent; the message itself may stand beside, under its own word
    beside: tuple[str, ...] = ()


WORDS: Mapping[str, Word] = {
    "email": Word("A mail was sent: its message.", "message", message=True),
    "sms": Word("A text message was sent: its message.", "message", message=True),
    "chat": Word("A chat message was sent: its message.", "message", message=True),
    "notify": Word("Staff were told something: the message.", "message", message=True, beside=("to",)),
    "webhook": Word("Another system was called: its name.", "webhook", beside=("says", "never_says")),
    "voucher": Word("A voucher was issued: its kind.", "voucher"),
    "extended": Word("A voucher lives longer: the name that `as` gave it.", "voucher"),
    "undone": Word("A voucher or points were taken back: the name that `as` gave them.", "anything called"),
    "points": Word("Points were granted, or spent (`-50`): how many.", "points", number=True),
    "task": Word("A task was opened.", "task", beside=("for",)),
    "tag": Word("A tag was put on.", "tag"),
    "untag": Word("A tag was taken off.", "tag"),
    "set": Word("A field of the customer was written: `customer.tier is gold`.", "field"),
    "stopped": Word("The run ended: the reason.", "reason", outside=False),
    "not_entered": Word("No run began: the reason.", "reason", outside=False),
    "held_out": Word("The customer was held out.", "share", outside=False),
    "suppressed": Word("A message was not sent: the reason.", "reason", outside=False, unsent=True),
    "expired": Word("A message came too late and was not sent: the reason.", "reason", outside=False, unsent=True),
    "skipped": Word("A message was not sent: the reason.", "reason", outside=False, unsent=True),
    "cancelled": Word(
        "A message was not sent because its run had ended: the reason.", "reason", outside=False, unsent=True
    ),
}

#: Keys that stand beside a word, and say more of it.
BESIDE: Mapping[str, str] = {
    "language": "The language of the text.",
    "subject": "The mail's subject.",
    "for": "Who is to do the task.",
    "to": "The address of staff that it went to.",
}
#: Those that go with every message.
WITH_TEXT = ("language", "subject", "says", "never_says")
OUTSIDE = tuple(word for word, one in WORDS.items() if one.outside)
MESSAGES = tuple(word for word, one in WORDS.items() if one.message)
UNSENT = tuple(word for word, one in WORDS.items() if one.unsent)
