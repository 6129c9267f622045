"""Suppression: for every purpose."""

import pytest

from engine.guards.suppression import suppression
from engine.guards.verdict import Verdict
from tests.guards.looks import look_at


@pytest.mark.parametrize("purpose", ["marketing", "transactional"])
def test_nothing_goes_to_no_address_or_a_dead_one(purpose: str) -> None:
    assert suppression(look_at(purpose=purpose, address=None)) == Verdict("suppressed", "no valid email address")
    assert suppression(look_at(purpose=purpose, suppressed="bounced")) == Verdict("suppressed", "bounced")


def test_any_other_address_is_fine() -> None:
    assert suppression(look_at()) is None
