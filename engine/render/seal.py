"""Values in a link that only we can read and write: sealed for one purpose, opaque, without any personal data in sight.

The tag of 128 bits is a keyed hash of the values, and begins the key stream that hides them (SIV, Rogaway and Shrimpton
2006; RFC 5297 has it for AES). So the same values give the same link, which frozen messages need, and no random numbers
are asked for. The standard library has no cipher, and for one line of a link we take in no other.
"""

import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha256, shake_256
from typing import Any

#: Characters that a secret needs at least.
SHORTEST_SECRET = 16
_TAG = 16
_STEP = 16  # lengths are rounded up, so that they do not tell how long an id is
_LONGEST = 2048
_ENCODER = json.JSONEncoder(separators=(",", ":"))


def seal(secrets: Sequence[str], purpose: str, values: Sequence[Any]) -> str:
    """The values, safe in a URL; sealed with the last of the secrets. It never expires.

    Raises `ValueError` for a secret that is too short.
    """
    checked(secrets)
    plain = _ENCODER.encode(values).encode()
    plain += b" " * (-len(plain) % _STEP)
    whole, hiding = _keys(secrets[-1], purpose)
    tag = hmac.digest(whole, plain, sha256)[:_TAG]
    return urlsafe_b64encode(tag + _hidden(hiding, tag, plain)).rstrip(b"=").decode()


def unseal(secrets: Sequence[str], purpose: str, text: str) -> list[Any] | None:
    """The values, whichever of the secrets sealed them; None for everything that we did not seal for this purpose."""
    checked(secrets)
    sealed = _bytes(text)
    if sealed is None:
        return None
    tag, body = sealed[:_TAG], sealed[_TAG:]
    for secret in reversed(secrets):
        whole, hiding = _keys(secret, purpose)
        plain = _hidden(hiding, tag, body)
        if hmac.compare_digest(hmac.digest(whole, plain, sha256)[:_TAG], tag):
            return list(json.loads(plain))
    return None


def checked(secrets: Sequence[str]) -> None:
    """Refuses secrets that could be guessed with a `ValueError`."""
    if not secrets or any(len(secret) < SHORTEST_SECRET for secret in secrets):
        raise ValueError(f"the secret of unsubscribe links needs at least {SHORTEST_SECRET} characters")


def _bytes(text: str) -> bytes | None:
    if len(text) > _LONGEST or not text.isascii():
        return None
    try:
        sealed = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return None
    # Bits that mean nothing, and letters that the decoder passes over, would make a second link of the same values.
    ours = urlsafe_b64encode(sealed).rstrip(b"=").decode() == text and len(sealed) > _TAG
    return sealed if ours else None


@lru_cache(maxsize=64)
def _keys(secret: str, purpose: str) -> tuple[bytes, bytes]:
    key = hmac.digest(secret.encode(), f"regulars.{purpose}.2".encode(), sha256)
    return hmac.digest(key, b"whole", sha256), hmac.digest(key, b"hiding", sha256)


def _hidden(key: bytes, tag: bytes, text: bytes) -> bytes:
    stream = shake_256(key + tag).digest(len(text))
    return (int.from_bytes(text) ^ int.from_bytes(stream)).to_bytes(len(text))
