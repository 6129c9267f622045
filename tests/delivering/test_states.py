"""The graph of states: what stands in it is possible, and every statement keeps to it, from each state to each."""

from datetime import datetime
from itertools import product

import sqlalchemy as sa

from engine.outgoing.outbox import begin_sending, claim, settle
from engine.outgoing.states import ALLOWED, FINAL, WENT
from engine.store.ledger import outbox

STATES = sorted(ALLOWED)


def test_every_state_can_be_reached_and_left_unless_it_is_final() -> None:
    reached = {"planned"}
    while more := {state for state, before in ALLOWED.items() if before & reached} - reached:
        reached |= more
    assert reached == set(ALLOWED)
    left = set().union(*ALLOWED.values())
    assert {*FINAL} - left == {*FINAL} - {"assumed_sent"}  # which a late answer makes `sent`
    assert {*ALLOWED} - left == {*FINAL} - {"assumed_sent"}
    assert {*WENT} <= {*ALLOWED}


def test_a_message_moves_along_the_graph_and_nowhere_else(store: sa.Engine, now: datetime) -> None:
    row = {
        "enrolment_id": 1, "step": "hello", "iteration": 0, "playbook": "p", "revision": "r", "customer_id": "mei",
        "channel": "email", "message": "hello", "purpose": "marketing", "planned_at": now, "due_at": now,
        "attempt_id": "a", "id": 1,
    }  # fmt: skip
    wrong = []
    for before, after in product(STATES, STATES):
        with store.begin() as connection:
            connection.execute(sa.delete(outbox))
            connection.execute(sa.insert(outbox).values(**row, state=before))
            if after == "claimed":
                claim(connection, "b", now, 9, ["p"])
            elif after == "sending":
                begin_sending(connection, "a", [1], now)
            else:
                settle(connection, "a", [{"id": 1, "state": after}], now)
            found = connection.execute(sa.select(outbox.c.state)).scalar()
        if found != (after if before in ALLOWED[after] else before):
            wrong.append((before, after, found))
    assert wrong == []
