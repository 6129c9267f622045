"""Messages are written by a process of their own: what becomes of them where there is none, or where a text ends it."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from engine.render import press, shared_presses
from engine.store.ledger import outbox
from tests.shop import World, playbook

PAID = """
    when:
      event: order.paid
    do:
      - email: thanks
"""
LONG = "{% for a in customer.tags %}{% for b in customer.tags %}Thank you very much. {% endfor %}{% endfor %}"


def states(world: World) -> list[tuple[str, str | None]]:
    with world.store.connect() as connection:
        return [
            tuple(row) for row in connection.execute(sa.select(outbox.c.state, outbox.c.reason).order_by(outbox.c.id))
        ]


def bought(store: sa.Engine, now: datetime, text: str) -> World:
    files = {
        **playbook("thanks", PAID, purpose="transactional"),
        "messages/thanks/en.md": f"---\nsubject: Hi\n---\n{text}\n",
    }
    world = World(store, now, files)
    world.customers("mei", "ada")
    world.tick()
    for one in ("mei", "ada"):
        world.event("order.paid", one, total=1000)
    return world


def test_where_no_process_starts_messages_wait_and_it_is_said_why(
    store: sa.Engine, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = bought(store, now, "Thank you")
    shared_presses(1).close()
    monkeypatch.setattr(press, "_BEGIN", "raise SystemExit(7)")
    report = world.tick_once()
    assert report.delivered.resting == {
        "email": "the process that writes messages does not start: it ended with status 7"
    }
    assert [state for state, _ in states(world)] == ["planned", "planned"]
    monkeypatch.undo()
    world.tick(now + timedelta(minutes=5))
    assert [state for state, _ in states(world)] == ["sent", "sent"]


def test_a_text_that_becomes_too_long_for_one_customer_fails_for_him_alone(store: sa.Engine, now: datetime) -> None:
    world = bought(store, now, LONG)
    world.customers("mei", tags=[f"tag{number}" for number in range(400)])
    world.tick()
    assert sorted(states(world)) == [("failed", "the text of thanks/en became longer than 1 MiB"), ("sent", None)]


def test_messages_of_one_run_know_what_began_it_whatever_another_revision_of_it_says(
    store: sa.Engine, now: datetime
) -> None:
    body = "when: {event: order.paid}\ndo: [{email: first}, {wait: 1 hour, id: pause}, {email: second}]"
    keys = {"send_window": "20:00-21:00", "in_flight": "move"}
    texts = {"messages/first/en.md": "---\nsubject: Paid {{ event.total | money }}\n---\nThank you.\n"}
    world = World(store, now, {**playbook("one", body, **keys), **texts})
    world.customers("mei")
    world.tick()
    world.event("order.paid", "mei", total=10)
    world.tick(now + timedelta(minutes=5))
    world.edit({**playbook("one", body, title="New", **keys), **texts})
    world.tick(now + timedelta(hours=2))
    assert len({row["revision"] for row in world.messages()}) == 2
    world.tick(now.replace(hour=20))
    assert sorted(subject for _, subject in world.mails()) == ["Paid €0.10", "second"]
