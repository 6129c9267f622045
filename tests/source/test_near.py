"""Suggestions: only where they are near, else what there is."""

import pytest

from engine.source.near import distance, near, suggest

WORDS = ["within", "then", "wait_for", "purchase-voucher", "platinum"]


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("withing", "within"),
        ("purchase-vuocher", "purchase-voucher"),
        ("platnum", "platinum"),
        ("the", "then"),
        ("colour", None),
        ("x", None),
        ("", None),
    ],
)
def test_near(word: str, expected: str | None) -> None:
    assert near(word, WORDS) == expected


def test_neighbours_that_changed_places_are_one_step_apart() -> None:
    assert distance("ab", "ba", 3) == 1
    assert distance("abcdef", "uvwxyz", 2) == 3


def test_everything_is_listed_where_nothing_is_near() -> None:
    assert suggest("colour", WORDS, "words") == ("words: platinum, purchase-voucher, then, wait_for, within",)
    assert suggest("colour", [], "words") == ()
