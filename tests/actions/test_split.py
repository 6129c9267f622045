"""split: shares, the same way for ever, and a record of who went which."""

from collections import Counter
from datetime import datetime
from fractions import Fraction

import pytest
import sqlalchemy as sa

from engine.runs.choices import drawn
from engine.store.ledger import variants
from tests.actions.worlds import after

STEPS = """
- split:
    - {share: 50%, name: warm, do: [{tag: warm}]}
    - {share: 50%, name: brief, do: [{tag: brief}]}
- email: hello
"""


def test_a_customer_goes_one_way_and_it_is_on_record(store: sa.Engine, now: datetime) -> None:
    world = after(store, now, STEPS)
    (row,) = world.rows(variants)
    assert row["variant"] in ("warm", "brief")
    assert row["step"] == "split"
    assert [row["state"] for row in world.messages()] == ["sent"]


def test_the_same_way_in_every_run(store: sa.Engine, now: datetime) -> None:
    world = after(store, now, STEPS)
    for _ in range(3):
        world.event("order.paid", "mei", total=5_000)
        world.tick()
    assert len({row["variant"] for row in world.rows(variants)}) == 1
    assert len(world.rows(variants)) == 4


@pytest.mark.parametrize("shares", [(50, 50), (10, 90), (20, 30, 50)])
def test_shares_are_kept(shares: tuple[int, ...]) -> None:
    given = [Fraction(one, 100) for one in shares]
    found = Counter(drawn("p", "split", f"customer-{number}", given) for number in range(20_000))
    for number, share in enumerate(shares):
        assert found[number] == pytest.approx(200 * share, rel=0.1)


def test_another_step_draws_anew() -> None:
    half = [Fraction(1, 2)] * 2
    both = Counter((drawn("p", "a", str(one), half), drawn("p", "b", str(one), half)) for one in range(4_000))
    assert min(both.values()) > 850


def test_stable_over_edits_and_machines() -> None:
    half = [Fraction(1, 2)] * 2
    assert [drawn("welcome", "split", f"c{one}", half) for one in range(12)] == [0, 1, 0, 0, 0, 1, 1, 0, 1, 0, 1, 1]
