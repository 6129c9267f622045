"""What a mail carries of its message for those who answer it: the return address, the way to leave by mail, Feedback-ID."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from engine.render import return_address
from engine.settings.channels import Email
from engine.settings.mail import OWN_NAME

_LONGEST_ID = 15  # of a sender in a Feedback-ID, as Gmail asks
_OTHER = re.compile(r"[^A-Za-z0-9._-]+")

Row = Mapping[str, Any]


def sender_of(email: Email, secrets: Sequence[str], row: Row, recipient: str) -> str:
    """The envelope sender: an address that tells the message where bounces come in, else the sender's own."""
    if email.bounces is None:
        return email.address
    return return_address(secrets, email.bounces.address, row, recipient)


def leave_address(email: Email, secrets: Sequence[str], row: Row, recipient: str) -> str | None:
    """The address by which a reader leaves with an empty mail, where bounces come in and mails to it are read."""
    if email.bounces is None:
        return None
    return return_address(secrets, email.bounces.address, row, recipient, "leave")


def feedback_id(email: Email, row: Row) -> str | None:
    """`playbook:message:topic:sender`: Gmail counts complaints by each of the four, and nobody can be told by them."""
    if email.feedback_id is None:
        return None
    own = email.feedback_id if email.feedback_id != OWN_NAME else own_sender_id(email)
    return _joined(row["playbook"], row["message"], row["topic"] or row["purpose"], own)


@lru_cache(maxsize=256)  # the same for all mails of a message
def _joined(*parts: str) -> str:
    return ":".join(_OTHER.sub("-", part) for part in parts)


def own_sender_id(email: Email) -> str:
    """The sender's id where the settings give none: its domain, in 5 to 15 letters."""
    return _shortened(email.address.rpartition("@")[2])


@lru_cache(maxsize=16)
def _shortened(domain: str) -> str:
    return _OTHER.sub("-", domain.replace(".", "-"))[:_LONGEST_ID].strip("-").ljust(5, "0")
