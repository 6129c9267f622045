"""The invariants find what they should, in a store that was falsified after a plain morning."""

import pytest
import sqlalchemy as sa

from tests.simulation.lived import ZONES
from tests.states.ground import Ground
from tests.states.invariants import ALWAYS, AT_REST, broken
from tests.states.machine import Machine

_MOVE = "INSERT INTO moves (message_id, was, state, had, attempt, who) VALUES (1, {}, 'c0')"


@pytest.fixture
def machine(empty_store: sa.Engine) -> Machine:
    machine = type("Here", (Machine,), {"ground": Ground(empty_store)})()
    machine.begin([ZONES[0]] * 3)
    machine.buys(who=0, late=0, times=2)
    machine.ticks(which=0)
    machine.edits("retire")
    machine.buys(who=1, late=0, times=1)
    machine.calm()
    machine.holds()
    assert len(machine.account.outside.ledger) == 5  # for the first order three, for the second two
    return machine


@pytest.mark.parametrize(
    ("statement", "check"),
    [
        ("DELETE FROM orders WHERE id = 'order-0'", "recorded_once"),
        ("DELETE FROM enrolments WHERE playbook = 'receipt'", "each_occasion_has_its_run"),
        ("UPDATE enrolments SET playbook = 'thanks' WHERE occasion = 'order-1'", "no_run_without_an_occasion"),
        ("UPDATE enrolments SET occasion = 'order-7'", "no_run_without_an_occasion"),
        (
            "UPDATE enrolments SET playbook = 'win-back', customer_id = 'c2' WHERE playbook = 'thanks'",
            "one_run_an_occasion",
        ),
        (
            "UPDATE enrolments SET playbook = 'weekly', occasion = '2026-04-06T10:00' WHERE id = 1",
            "at_nominal_times_alone",
        ),
        ("DELETE FROM outbox WHERE id = 1", "sums_agree"),
        ("UPDATE outbox SET state = 'failed', dup_risk = 0", "nothing_lost_or_doubled_in_silence"),
        (_MOVE.format("'planned', 'sent', 'a', 'a'"), ""),  # a late answer
        (_MOVE.format("'sent', 'planned', 'a', 'a'"), "within_the_graph"),
        (_MOVE.format("'planned', 'sending', 'a', 'a'"), "within_the_graph"),
        (_MOVE.format("'sending', 'uncertain', 'a', 'b'"), "one_holder"),
    ],
)
def test_what_is_falsified_is_found(machine: Machine, statement: str, check: str) -> None:
    with machine.ground.store.begin() as connection:
        connection.execute(sa.text(statement))
    machine.account.known.clear()
    found = [*broken(ALWAYS, machine.account), *broken(AT_REST, machine.account)]
    assert not check or any(f"({check})" in one for one in found), found


def test_who_is_written_to_after_the_address_was_closed_is_found(machine: Machine) -> None:
    machine.account.closed[machine.addresses["c1"]] = -1
    assert any(one.startswith("I14") for one in broken(ALWAYS, machine.account))
