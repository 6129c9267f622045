"""Tokens of unsubscribe links: opaque, bound to this purpose, of use for nothing else."""

from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple

from itsdangerous import BadData, URLSafeSerializer

from engine.render.seal import checked, seal, unseal

_PURPOSE = "unsubscribe"
#: The form of the first links, which are in mails that were sent; they are signed, and their values can be read.
_FIRST_FORM = "regulars.unsubscribe.1"


class Leave(NamedTuple):
    """What a customer asks with the link: no more mail on the channel, or no more of one topic."""

    customer: str
    channel: str
    topic: str | None
    message: int | None = None  # the row of the outbox whose letter the link stood in


def unsubscribe_token(
    secrets: Sequence[str], customer: str, channel: str, topic: str | None, message: int | None = None
) -> str:
    """The token for a link, safe in a URL. Sealed with the last of the secrets; it never expires.

    It shows nothing of what it says. Raises `ValueError` for a secret that is too short.
    """
    return seal(secrets, _PURPOSE, [customer, channel, topic, message])


def read_unsubscribe_token(secrets: Sequence[str], token: str) -> Leave | None:
    """What a token says, whichever of the secrets sealed it; None for every token that is not ours."""
    if "." in token:
        return _of_first_form(secrets, token)
    values = unseal(secrets, _PURPOSE, token)
    return Leave(*values) if values is not None else None


def _of_first_form(secrets: Sequence[str], token: str) -> Leave | None:
    checked(secrets)
    signer = {"digest_method": sha256, "key_derivation": "hmac"}
    try:
        customer, channel, topic = URLSafeSerializer(list(secrets), salt=_FIRST_FORM, signer_kwargs=signer).loads(token)
    except (BadData, ValueError, TypeError):
        return None
    return Leave(customer, channel, topic)
