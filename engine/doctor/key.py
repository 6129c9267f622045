"""Whether the key that a domain publishes is the one that mails are signed with: one signs, and the other is asked."""

import importlib
from base64 import b64decode
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from engine.channels.dkim import open_signer

_PROBE = b"a look by the doctor"


def disagreement(
    domain: str, selector: str, variable: str, environment: Mapping[str, str], published: Mapping[str, str]
) -> str | None:
    """What keeps receivers from verifying with the published key; None where they can."""
    try:
        signer = open_signer(domain, selector, variable, environment)
    except ValueError as fault:
        return str(fault)
    if not published.get("p"):
        return "the key there is withdrawn (p= is empty)"
    kind = published.get("k", "rsa")
    if not signer.algorithm.startswith(kind):
        return f"the key there is for {kind}, and {variable} signs with {signer.algorithm.partition('-')[0]}"
    try:
        known = _verified(kind, b64decode(published["p"]), signer.sign(_PROBE))
    except ValueError:
        return "what stands there is no key"
    return None if known else f"the key there is not that of {variable}"


def _verified(kind: str, public: bytes, signature: bytes) -> bool:
    """Whether a signature of the probe is by the owner of a public key. Raises `ValueError` for what is none."""
    asymmetric = "cryptography.hazmat.primitives.asymmetric"
    invalid: Any = importlib.import_module("cryptography.exceptions").InvalidSignature
    try:
        if kind == "ed25519":
            ed25519: Any = importlib.import_module(f"{asymmetric}.ed25519")
            ed25519.Ed25519PublicKey.from_public_bytes(public).verify(signature, sha256(_PROBE).digest())
        else:
            serialization: Any = importlib.import_module("cryptography.hazmat.primitives.serialization")
            padding: Any = importlib.import_module(f"{asymmetric}.padding")
            hashes: Any = importlib.import_module("cryptography.hazmat.primitives.hashes")
            key: Any = serialization.load_der_public_key(public)
            key.verify(signature, _PROBE, padding.PKCS1v15(), hashes.SHA256())
    except invalid:
        return False
    return True
