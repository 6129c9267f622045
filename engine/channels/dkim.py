"""DKIM: signs the bytes of a mail, relaxed/relaxed, with RSA or Ed25519 (RFC 6376, 8301, 8463)."""

import importlib
import importlib.util
import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

#: Puts the signature in front of a mail. The instant is told in it and belongs to the mail: the same again is the same.
Sign = Callable[[bytes, datetime], bytes]

#: What is signed where it is there, in the order in which it is told.
SIGNED = (
    b"from", b"to", b"cc", b"subject", b"date", b"message-id", b"in-reply-to", b"references", b"reply-to",
    b"mime-version", b"content-type", b"content-transfer-encoding", b"list-unsubscribe", b"list-unsubscribe-post",
    b"feedback-id",
)  # fmt: skip
_SPACES = re.compile(rb"  +")
_STARTS = re.compile(rb"\r\n(?![ \t])")
_FOLD = re.compile(rb"\r\n(?=[ \t])")
_WIDTH = 72
_SHORTEST_KEY = 1024  # bits; RFC 8301 asks for 2048, and verifiers ignore what is shorter than 1024


def unsigned(mail: bytes, _at: datetime) -> bytes:
    """The mail as it is: the relay signs, or nobody does."""
    return mail


@dataclass(frozen=True)
class Signer:
    """Signs for one domain with one key."""

    domain: str
    selector: str
    algorithm: str
    sign: Callable[[bytes], bytes]  # the bytes to be signed -> the signature

    def __call__(self, mail: bytes, at: datetime) -> bytes:
        """The mail with its DKIM-Signature in front."""
        head, body = _parted(mail)
        fields = _fields(head)
        # From stands once more than there is: a second one, put in on the way, would break the signature.
        names = (*(name for name in SIGNED for _ in fields.get(name, ())), b"from")
        hashed = b64encode(sha256(relaxed_body(body)).digest()).decode()
        written = (
            f"DKIM-Signature: v=1; a={self.algorithm}; c=relaxed/relaxed; d={self.domain};\r\n"
            f" s={self.selector}; t={int(at.timestamp())};\r\n"
            f" h={_listed(names)};\r\n bh={hashed};\r\n b="
        ).encode("ascii")
        told = b"".join([*_told(fields), _relaxed(written)])
        return written + _wrapped(b64encode(self.sign(told))) + b"\r\n" + mail


def _told(fields: Mapping[bytes, list[bytes]]) -> list[bytes]:
    """The fields that are signed; of several with one name the last comes first (RFC 6376, 5.4.2)."""
    return [_relaxed(field) + b"\r\n" for name in SIGNED for field in reversed(fields.get(name, ()))]


def relaxed_body(body: bytes) -> bytes:
    """The body as `relaxed` sees it (RFC 6376, 3.4.4): spaces are one, and none ends a line; no empty lines at the end."""
    lines = _single(body).replace(b" \r\n", b"\r\n").removesuffix(b" ")
    end = len(lines)
    while lines.endswith(b"\r\n", 0, end):
        end -= 2
    return lines[:end] + b"\r\n" if end else b""


def _relaxed(field: bytes) -> bytes:
    """A field as `relaxed` sees it (3.4.2): small letters for its name, one line, spaces are one."""
    name, _, value = field.partition(b":")
    return name.rstrip(b" \t").lower() + b":" + _single(_FOLD.sub(b"", value)).strip(b" \r\n")


def _parted(mail: bytes) -> tuple[bytes, bytes]:
    head, _, body = mail.partition(b"\r\n\r\n")
    return head, body


def _fields(head: bytes) -> dict[bytes, list[bytes]]:
    found: dict[bytes, list[bytes]] = {}
    for field in _STARTS.split(head):
        found.setdefault(field.partition(b":")[0].rstrip(b" \t").lower(), []).append(field)
    return found


def _single(text: bytes) -> bytes:
    """Runs of spaces and tabs as one space; most lines have none."""
    return _SPACES.sub(b" ", text.replace(b"\t", b" "))


@lru_cache(maxsize=16)  # a shop's mails have few sets of fields
def _listed(names: tuple[bytes, ...]) -> str:
    lines, line = [], ""
    for word in re.split("(?<=:)", b":".join(names).decode()):
        if len(line) + len(word) > _WIDTH:
            lines.append(line)
            line = ""
        line += word
    return "\r\n  ".join([*lines, line])


def _wrapped(text: bytes) -> bytes:
    return b"\r\n ".join(text[start : start + _WIDTH] for start in range(0, len(text), _WIDTH))


def open_signer(domain: str, selector: str, variable: str, environment: Mapping[str, str]) -> Signer:
    """The signer whose key stands in an environment variable: the key itself (PEM), or the name of a file with it.

    Raises `ValueError` with a sentence for people.
    """
    key = _private(variable, _pem(variable, environment.get(variable, "")))
    algorithm, sign = _way(variable, key)
    return Signer(domain, selector, algorithm, sign)


def installed() -> bool:
    """Whether the extra is there that signing needs."""
    return importlib.util.find_spec("cryptography") is not None


def _pem(variable: str, given: str) -> bytes:
    if not given:
        raise ValueError(f"the environment variable {variable} with the DKIM key is not set")
    if given.lstrip().startswith("-----BEGIN"):
        return given.replace("\\n", "\n").encode()
    try:
        return Path(given).read_bytes()
    except (OSError, ValueError) as fault:
        why = getattr(fault, "strerror", None) or "it is no name of a file"
        raise ValueError(f"the file with the DKIM key, named by {variable}, cannot be read: {why}") from None


def _private(variable: str, pem: bytes) -> Any:
    if not installed():
        raise ValueError("DKIM needs cryptography, which is not installed:  pip install 'regulars[dkim]'")
    serialization = importlib.import_module("cryptography.hazmat.primitives.serialization")
    unsupported = importlib.import_module("cryptography.exceptions").UnsupportedAlgorithm
    try:
        return serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, unsupported):
        raise ValueError(
            f"{variable} holds no private key without a password; make one with:  openssl genrsa -out dkim.pem 2048"
        ) from None


def _way(variable: str, key: Any) -> tuple[str, Callable[[bytes], bytes]]:
    """The algorithm of a key, and how it signs."""
    asymmetric = "cryptography.hazmat.primitives.asymmetric"
    rsa, ed25519, padding = (importlib.import_module(f"{asymmetric}.{one}") for one in ("rsa", "ed25519", "padding"))
    hashes = importlib.import_module("cryptography.hazmat.primitives.hashes")
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return "ed25519-sha256", lambda told: bytes(key.sign(sha256(told).digest()))  # RFC 8463, 3
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size >= _SHORTEST_KEY:
        filling, by = padding.PKCS1v15(), hashes.SHA256()
        return "rsa-sha256", lambda told: bytes(key.sign(told, filling, by))
    raise ValueError(f"{variable} holds a key that DKIM does not know: RSA from {_SHORTEST_KEY} bits on, or Ed25519")
