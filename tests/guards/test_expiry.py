"""Expiry: too late is not sent."""

from datetime import timedelta

from engine.guards.expiry import expiry
from engine.guards.verdict import Verdict
from tests.guards.looks import NOW, look_at


def test_a_message_whose_time_is_over_is_not_sent() -> None:
    assert expiry(look_at(expires_at=NOW)) == Verdict("expired", "it would come too late")
    assert expiry(look_at(expires_at=NOW + timedelta(microseconds=1))) is None
    assert expiry(look_at(expires_at=None)) is None
