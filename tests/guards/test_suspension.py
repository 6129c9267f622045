"""suspension: what a run planned waits while it stands still."""

from datetime import timedelta

from engine.guards.suspension import suspension
from tests.guards.looks import NOW, look_at


def test_waits_while_the_run_stands_still() -> None:
    verdict = suspension(look_at(run_state="suspended"))
    assert verdict is not None
    assert (verdict.state, verdict.until) == ("deferred", NOW + timedelta(hours=6))


def test_goes_with_any_other_run() -> None:
    assert suspension(look_at(run_state="running")) is None
