"""Addresses of our own that tell which message an answer is about (VERP): signed, so that nobody else can make one."""

import hmac
import re
from base64 import b32decode, b32encode
from binascii import Error
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from engine.addresses import fold_address

#: What an address is for: `bounce` is the envelope sender of a mail, `leave` stands in its List-Unsubscribe.
Purpose = Literal["bounce", "leave"]

_PURPOSES: Mapping[Purpose, bytes] = {"bounce": b"regulars.bounce.1", "leave": b"regulars.leave-by-mail.1"}
_LEAVE = "u-"
# 40 bits of the message's number, 40 of its recipient, and 80 that nobody can guess: 32 letters of base32
_NUMBER, _RECIPIENT, _SIGNATURE = 5, 5, 10
_LETTERS = (_NUMBER + _RECIPIENT + _SIGNATURE) * 8 // 5
#: Characters that the local part of the address may have at most, for all of it to stay within 64 (RFC 5321, 4.5.3.1.1).
LONGEST_LOCAL = 64 - 1 - len(_LEAVE) - _LETTERS

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Token:
    """What such an address says; it is to be believed only where it `holds`."""

    purpose: Purpose
    message: int
    recipient: bytes
    signature: bytes

    def holds(self, secrets: Sequence[str], row: Row) -> bool:
        """Whether one of the secrets made it, for this very row of the outbox."""
        told = _told(row, self.recipient)
        made = [_signature(secret, self.purpose, told) for secret in secrets]
        return row["id"] == self.message and any([hmac.compare_digest(one, self.signature) for one in made])

    def is_of(self, secrets: Sequence[str], address: str) -> bool:
        """Whether the mail went to that address."""
        return any([hmac.compare_digest(_mark(secret, address), self.recipient) for secret in secrets])


def return_address(secrets: Sequence[str], base: str, row: Row, recipient: str, purpose: Purpose = "bounce") -> str:
    """`bounces+TOKEN@mail.shop.example` for one message to one recipient; signed with the last of the secrets."""
    mark = _mark(secrets[-1], recipient)
    whole = row["id"].to_bytes(_NUMBER) + mark + _signature(secrets[-1], purpose, _told(row, mark))
    local, _, domain = base.rpartition("@")
    return f"{local}+{_LEAVE if purpose == 'leave' else ''}{b32encode(whole).decode().lower()}@{domain}"


def tokens_in(text: str, base: str) -> Iterator[Token]:
    """The tokens of all addresses in a text that are made of `base`; some systems write addresses in capitals."""
    for found in _pattern(base).finditer(text):
        try:
            whole = b32decode(found[2].upper())
        except Error:
            continue
        number, rest = whole[:_NUMBER], whole[_NUMBER:]
        purpose: Purpose = "leave" if found[1] else "bounce"
        yield Token(purpose, int.from_bytes(number), rest[:_RECIPIENT], rest[_RECIPIENT:])


@lru_cache(maxsize=16)
def _pattern(base: str) -> re.Pattern[str]:
    local, _, domain = base.rpartition("@")
    before, after = r"(?<![\w.!#$%&'*+/=?^`{|}~-])", r"(?![\w-]|\.\w)"
    address = rf"{re.escape(local)}\+({_LEAVE})?([a-z2-7]{{{_LETTERS}}})@{re.escape(domain)}"
    return re.compile(before + address + after, re.IGNORECASE | re.ASCII)


def _told(row: Row, mark: bytes) -> bytes:
    """What is signed. A number alone would not do: the numbers of deleted rows are given again."""
    return f"{row['id']}/{row['enrolment_id']}/{row['customer_id']}/{row['rank']}/".encode() + mark


@lru_cache(maxsize=16)  # the two addresses of a mail have the same
def _mark(secret: str, address: str) -> bytes:
    return hmac.digest(_key(secret, b"regulars.recipient.1"), fold_address(address).encode(), "sha256")[:_RECIPIENT]


def _signature(secret: str, purpose: Purpose, told: bytes) -> bytes:
    return hmac.digest(_key(secret, _PURPOSES[purpose]), told, "sha256")[:_SIGNATURE]


@lru_cache(maxsize=16)
def _key(secret: str, purpose: bytes) -> bytes:
    return hmac.digest(secret.encode(), purpose, "sha256")
