"""Chance that always falls the same way: what is made up follows from a hash of whom and what it is made up for."""

from collections.abc import Sequence
from hashlib import sha256
from typing import TypeVar

_T = TypeVar("_T")


def chance(*words: object) -> float:
    """A number in [0, 1), evenly spread over words."""
    return int.from_bytes(sha256("/".join(map(str, words)).encode()).digest()[:6]) / 2**48


def pick(pool: Sequence[_T], *words: object) -> _T:
    """One of the pool."""
    return pool[int(chance(*words) * len(pool))]


def between(first: int, last: int, *words: object) -> int:
    """A whole number from `first` to `last`, both among them."""
    return first + int(chance(*words) * (last - first + 1))
