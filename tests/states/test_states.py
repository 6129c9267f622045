"""I1 to I23 under everything that can happen, on both databases; `make states` tries 500 examples.

`REGULARS_STATES` is the number of examples; a few that are always the same are tried where it is not set.
"""

import os
from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.states.ground import Ground
from tests.states.machine import Machine

#: So many on each database, within `make test`.
FEW = 8
_EXAMPLES = int(os.environ.get("REGULARS_STATES", "0"))


@pytest.fixture
def ground(empty_store: sa.Engine) -> Ground:
    return Ground(empty_store)


def test_every_invariant_holds_whatever_happens(ground: Ground) -> None:
    # A class of its own: the machine is made anew for each example, by its class.
    here = type("Here", (Machine,), {"ground": ground})
    sizes = settings(
        max_examples=_EXAMPLES or FEW,
        derandomize=not _EXAMPLES,
        stateful_step_count=25,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )
    run_state_machine_as_test(here, settings=sizes)
    print(f"{here.examples_seen:,} examples, {here.rules_seen:,} steps")  # noqa: T201


def test_an_order_that_a_clock_set_back_moved_behind_a_new_beginning_may_count(ground: Ground) -> None:
    # Found by 500 examples: the playbook is taken back while the order, by its own time, is still to come.
    here = type("Here", (Machine,), {"ground": ground})()
    here.begin(zones=["Europe/Berlin"] * 3)
    here.edits(what="retire")
    here.buys(who=0, late=0, times=1)
    here.clock_goes_back(by=timedelta(minutes=4))
    here.teardown()
