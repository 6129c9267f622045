"""Who is speaking: keys by source, kept as hashes and compared in constant time, and signatures where a source has a secret."""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256

from engine.channels.webhook import read_secrets, signatures
from engine.settings.sources import SHORTEST_KEY, Source

#: How far the clock of a source may be from ours; an older request that somebody recorded is worth nothing.
TOLERANCE = timedelta(minutes=5)

_SCHEME = "bearer "


@dataclass(frozen=True)
class Keys:
    """The keys of all sources. One whose key or secret cannot be used is left out, and its fault told."""

    _digests: tuple[tuple[str, bytes], ...] = field(repr=False)
    _secrets: Mapping[str, tuple[bytes, ...]] = field(repr=False)
    faults: tuple[str, ...] = ()

    @classmethod
    def read(cls, sources: Mapping[str, Source], environment: Mapping[str, str]) -> "Keys":
        """Takes keys and secrets from the environment."""
        digests: list[tuple[str, bytes]] = []
        secrets: dict[str, tuple[bytes, ...]] = {}
        faults: list[str] = []
        for name, source in sources.items():
            try:
                signing = {name: _secrets_of(source.secret, environment)} if source.secret is not None else {}
                digests += [(name, digest) for digest in _digests_of(source, environment, digests)]
                secrets |= signing
            except ValueError as fault:
                faults.append(f"the source `{name}` is shut: {fault}")
        return cls(tuple(digests), secrets, tuple(faults))

    def whose(self, authorization: str) -> str | None:
        """The source whose key that header holds. Every key is compared, so that the time taken says nothing."""
        given = authorization[len(_SCHEME) :].strip() if authorization[: len(_SCHEME)].lower() == _SCHEME else ""
        digest = sha256(given.encode()).digest()
        found = None
        for name, known in self._digests:
            if hmac.compare_digest(digest, known):
                found = name
        return found

    def is_signed(self, source: str, headers: Mapping[str, str], body: bytes, now: datetime) -> bool:
        """Whether one of the signatures is right and fresh; a source without a secret need not sign."""
        secrets = self._secrets.get(source)
        if secrets is None:
            return True
        key, at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
        if not key or not at.isascii() or not at.isdigit() or len(at) > 12:
            return False
        right = [one.encode() for one in signatures(secrets, key, int(at), body).split()]
        given = [one.encode() for one in headers.get("webhook-signature", "").split()[:10]]
        matches = [hmac.compare_digest(one, other) for one in given for other in right]
        return any(matches) and abs(now.timestamp() - int(at)) <= TOLERANCE.total_seconds()


def _digests_of(source: Source, environment: Mapping[str, str], others: Sequence[tuple[str, bytes]]) -> list[bytes]:
    keys = environment.get(source.key, "").split()
    if not keys or min(map(len, keys)) < SHORTEST_KEY:
        raise ValueError(
            f"set {source.key} to its key, {SHORTEST_KEY} characters or more; make one with:\n"
            "  python3 -c 'import secrets; print(secrets.token_urlsafe(32))'"
        )
    found = [sha256(key.encode()).digest() for key in keys]
    same = [name for name, digest in others if digest in found]
    if same:
        raise ValueError(f"it has the key of the source `{same[0]}`; give it one of its own")
    return found


def _secrets_of(variable: str, environment: Mapping[str, str]) -> tuple[bytes, ...]:
    written = environment.get(variable, "")
    try:
        return read_secrets(written) or read_secrets("-")
    except ValueError as fault:
        raise ValueError(f"the environment variable {variable} {fault}") from None
