"""The run's state: a message outlives its run only where the run ended well."""

import pytest

from engine.guards.run_state import run_state
from tests.guards.looks import look_at


@pytest.mark.parametrize("state", ["running", "done"])
def test_a_run_that_goes_on_or_is_done_sends(state: str) -> None:
    assert run_state(look_at(run_state=state)) is None


@pytest.mark.parametrize("state", ["stopped", "replaced", "failed", None])
def test_a_run_that_was_ended_does_not(state: str | None) -> None:
    verdict = run_state(look_at(run_state=state, run_reason="bought"))
    assert verdict is not None
    assert (verdict.state, verdict.reason) == ("cancelled", "bought")
