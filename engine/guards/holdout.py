"""Holdout: who gets nothing, so that what a playbook brings can be measured. A stable hash, no state."""

from fractions import Fraction
from hashlib import sha256

_PRECISION = 10**9


def place(playbook: str, customer_id: str, salt: str = "holdout") -> Fraction:
    """Where a customer stands in a playbook, from 0 to 1: the same over restarts, edits and machines."""
    digest = sha256(f"{playbook}\0{customer_id}\0{salt}".encode()).digest()
    return Fraction(int.from_bytes(digest[:8]) % _PRECISION, _PRECISION)


def held_out(playbook: str, customer_id: str, share: Fraction) -> bool:
    """Whether the customer belongs to the share that is held out."""
    return place(playbook, customer_id) < share
