"""A hundred kills with every run of the tests, on both databases; and that no failpoint is forgotten by the campaigns."""

from datetime import timedelta
from pathlib import Path

import pytest

from engine.failpoints import FAILPOINTS
from tests.killer.campaign import Plan, campaign, leave_alone
from tests.killer.failpoints import ELSEWHERE, EVENTS, failpoints_of_engine
from tests.killer.kills import kill_all
from tests.killer.ledger import Ledger, table
from tests.killer.oracle import violations

SMALL = {
    "sqlite": Plan("sqlite", kills=80, seed=1, events_per_kill=6, customers=300, patience=timedelta(seconds=5)),
    "postgres": Plan(
        "postgres", kills=20, seed=1, workers=3, restarts=3, events_per_kill=6, customers=300,
        patience=timedelta(seconds=5),
    ),
}  # fmt: skip


@pytest.mark.parametrize("plan", SMALL.values(), ids=SMALL)
def test_nothing_is_lost_and_nothing_said_twice_in_silence(plan: Plan, tmp_path: Path) -> None:
    with campaign(plan, tmp_path, lambda _line: None) as run:
        kill_all(run)
        leave_alone(run)
        ledger = Ledger.of(run)
        found = violations(run, ledger)
        assert not found, "\n".join([*found[:20], table(ledger, run, found)])
        assert ledger.taken, "the campaign sent nothing"
        assert len(run.deaths) >= plan.kills


def test_every_failpoint_is_reached_by_a_campaign_or_said_to_be_elsewhere() -> None:
    reached, elsewhere = (
        {*failpoints_of_engine(), *EVENTS},
        {name for name in FAILPOINTS if name.startswith(tuple(ELSEWHERE))},
    )
    assert reached | elsewhere == set(FAILPOINTS)
    assert len(reached) >= 12
    assert all(any(name.startswith(room) for name in FAILPOINTS) for room in ELSEWHERE)
