"""Tokens of unsubscribe links: signed, bound to this purpose, of use for nothing else."""

from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple

from itsdangerous import BadData, URLSafeSerializer

_PURPOSE = "regulars.unsubscribe.1"
#: Characters that a secret needs at least.
SHORTEST_SECRET = 16


class Leave(NamedTuple):
    """What a customer asks with the link: no more mail on the channel, or no more of one topic."""

    customer: str
    channel: str
    topic: str | None


def unsubscribe_token(secrets: Sequence[str], customer: str, channel: str, topic: str | None) -> str:
    """The token for a link, safe in a URL. Signed with the last of the secrets; it never expires.

    It names the customer by id, never by address. Raises `ValueError` for a secret that is too short.
    """
    return str(_serializer(secrets).dumps([customer, channel, topic]))


def read_unsubscribe_token(secrets: Sequence[str], token: str) -> Leave | None:
    """What a token says, whichever of the secrets signed it; None for every token that is not ours."""
    try:
        customer, channel, topic = _serializer(secrets).loads(token)
    except (BadData, ValueError, TypeError):
        return None
    return Leave(customer, channel, topic)


def _serializer(secrets: Sequence[str]) -> URLSafeSerializer:
    if not secrets or any(len(secret) < SHORTEST_SECRET for secret in secrets):
        raise ValueError(f"the secret of unsubscribe links needs at least {SHORTEST_SECRET} characters")
    signer = {"digest_method": sha256, "key_derivation": "hmac"}
    return URLSafeSerializer(list(secrets), salt=_PURPOSE, signer_kwargs=signer)
