"""approve: a person decides, once for all who begin at one moment of the calendar."""

from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest
import sqlalchemy as sa

from engine.desk.settle import Answer, Refused, answer, open_questions
from engine.store.customers import customer_tags
from engine.store.dialect import lock_listening
from engine.store.ledger import enrolments, outbox
from tests.shop import SETTINGS, World, playbook

_NOW = datetime(2026, 3, 1, 10, tzinfo=UTC)
_STAFF = "staff: {people: {chen: {name: Chen, email: chen@shop.example}}, teams: {owner: {chen: 1}}}\n"
_ASKING = {
    "messages/approval-asked/en.md": "---\nsubject: May {{ question.name }} go?\n---\nAnswer {{ question.number }} until "
    "{{ question.until | date }}.\n"
}
_STEPS = "\ndo:\n  - approve: spring\n    by: owner\n    within: 2 days\n    otherwise: {otherwise}\n  - tag: told\n"


def _world(store: sa.Engine, when: str, otherwise: str = "skip") -> World:
    files = {**playbook("p", f"when: {when}{_STEPS.format(otherwise=otherwise)}"), **_ASKING}
    world = World(store, _NOW, files, settings=SETTINGS + _STAFF)
    world.customers("mei")
    world.customers("ann")
    world.tick()
    return world


def _say(world: World, said: Answer) -> Refused | None:
    with world.store.begin() as connection:
        return answer(connection, open_questions(connection)[0].id, said, "Chen", world.now)


@pytest.mark.parametrize(("said", "told"), [("approved", ["ann", "mei"]), ("refused", [])])
def test_one_question_for_everybody(store: sa.Engine, said: Answer, told: list[str]) -> None:
    world = _world(store, "{once: 2026-03-01 11:00}")
    world.tick(world.now + timedelta(hours=2))
    world.tick()
    assert [row["recipient"] for row in world.rows(outbox)] == ["chen@shop.example"]
    assert _say(world, said) is None
    world.tick()
    assert sorted(row["customer_id"] for row in world.rows(customer_tags)) == told
    states = {(row["state"], row["reason"]) for row in world.rows(enrolments)}
    assert states == ({("done", None)} if told else {("stopped", "spring was refused")})


@pytest.mark.parametrize(("otherwise", "told"), [("skip", 0), ("go on", 2)])
def test_nobody_decides(store: sa.Engine, otherwise: str, told: int) -> None:
    world = _world(store, "{once: 2026-03-01 11:00}", otherwise)
    for hours in (2, 47, 24):
        world.tick(world.now + timedelta(hours=hours))
    assert len(world.rows(customer_tags)) == told
    with store.begin() as connection:
        late = answer(connection, open_questions(connection)[0].id, "approved", None, world.now)
    assert late is not None and "was over" in late.why


def test_a_question_of_its_own_for_each_event(store: sa.Engine) -> None:
    world = _world(store, "{event: order.paid}")
    world.event("order.paid", "mei", total=1000)
    world.event("order.paid", "ann", total=1000)
    world.tick()
    with store.connect() as connection:
        assert len(open_questions(connection)) == 2
    assert _say(world, "approved") is None
    world.tick()
    assert len(world.rows(customer_tags)) == 1


def test_an_answer_waits_for_the_batch_that_has_not_seen_it(postgres_store: sa.Engine) -> None:
    world = _world(postgres_store, "{once: 2026-03-01 11:00}")
    world.tick(world.now + timedelta(hours=2))
    said = Thread(target=lambda: _say(world, "approved"))
    with postgres_store.begin() as connection:
        lock_listening(connection, alone=False)  # a batch at work: its runs have not come to the question yet
        connection.execute(sa.update(enrolments).values(step=None))
        said.start()
        waits = sa.text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        while said.is_alive() and not connection.execute(waits).scalar_one():
            pass
        connection.execute(sa.update(enrolments).values(step="approve-spring", due_at=world.now + timedelta(days=2)))
    said.join(30)
    world.tick()
    assert sorted(row["customer_id"] for row in world.rows(customer_tags)) == ["ann", "mei"]
