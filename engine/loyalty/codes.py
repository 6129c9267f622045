"""The random part of a voucher's code."""

import secrets

#: Without `0 O 1 I L`, which people confuse when they read a code aloud.
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
_LETTERS = 10


def random_code() -> str:
    """Ten letters and digits from the system's source of randomness: 49 bits that nobody guesses."""
    number = secrets.randbelow(
        len(_ALPHABET) ** _LETTERS
    )  # once for all letters: asking for each takes ten times as long
    return "".join(_ALPHABET[number // len(_ALPHABET) ** place % len(_ALPHABET)] for place in range(_LETTERS))
