"""Opened: a message that was read is not said again by another channel."""

from engine.guards.opened import opened
from tests.guards.looks import look_at


def test_what_was_opened_is_cancelled() -> None:
    verdict = opened(look_at(opened=True))
    assert verdict is not None
    assert (verdict.state, verdict.reason) == ("cancelled", "the customer has opened it already")


def test_what_nobody_opened_may_go() -> None:
    assert opened(look_at()) is None
