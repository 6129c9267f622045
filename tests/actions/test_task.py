"""task: work for people, once; dealt out, reminded of, and handed on."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from engine.desk.settle import Refused, finish, open_tasks
from engine.store.desk import tasks
from engine.store.ledger import outbox
from tests.actions.worlds import after
from tests.shop import SETTINGS, World, playbook

_STAFF = """
staff:
  people:
    anna: {name: Anna, email: anna@shop.example}
    boris: {name: Boris, email: boris@shop.example, away: [2026-03-02..2026-03-05]}
    chen: {name: Chen, email: chen@shop.example}
  teams:
    sales: {anna: 2, boris: 1}
    owner: {chen: 1}
"""
_MAILS = {
    "messages/task-reminder/en.md": "---\nsubject: {{ task.name }}\n---\nDue {{ task.due_at | time }}.\n",
    "messages/task-escalated/en.md": "---\nsubject: nobody did {{ task.name }}\n---\nIt was for {{ task.assignee }}.\n",
}
_BODY = """
when: {event: order.paid}
if_running: parallel
do:
  - task: call
    for: rotation sales
    due: 1 day
    remind: 4 hours before
    escalate: {to: owner, after: 2 hours}
    as: call
  - wait: 30 days
  - tag: gone-on
"""


def test_a_task_is_opened_with_who_and_by_when(store: sa.Engine, now: datetime) -> None:
    world = after(store, now, "- task: call\n  for: account-manager\n  due: 2 days\n- task: write")
    call, write = world.rows(tasks)
    assert (call["task"], call["assignee"], call["due_at"], call["done_at"]) == (
        "call",
        "account-manager",
        now + timedelta(days=2),
        None,
    )
    assert (write["task"], write["assignee"], write["due_at"], write["created_at"]) == ("write", None, None, now)


def test_the_name_can_stand_in_a_field_of_the_customer(store: sa.Engine, now: datetime) -> None:
    world = after(store, now, "- task: call\n  for: customer.account_manager", account_manager="Wen")
    assert world.rows(tasks)[0]["assignee"] == "Wen"


def test_calls_move_on_to_the_days_on_which_they_are_made(store: sa.Engine) -> None:
    monday = datetime(2026, 3, 2, 10, tzinfo=UTC)
    world = after(store, monday, "- task: call\n  due: 1 day\n  days: [thursday, friday]")
    assert world.rows(tasks)[0]["due_at"] == datetime(2026, 3, 5, 10, tzinfo=UTC)


_CLOSED = """
timezone: Europe/Berlin
working: {closed: [2026-04-03, 2026-04-10]}
"""


@pytest.mark.parametrize(("days", "due"), [("[friday]", 17), ("friday-saturday", 4), ("[thursday, friday]", 2)])
def test_calls_are_not_made_on_days_on_which_the_shop_is_closed(store: sa.Engine, days: str, due: int) -> None:
    body = f"when: {{event: order.paid}}\ndo:\n  - {{task: call, due: 1 working day, days: {days}}}\n"
    wednesday = datetime(2026, 4, 1, 10, tzinfo=UTC)
    world = World(store, wednesday, playbook("p", body), settings=SETTINGS.replace("\ntimezone: UTC\n", _CLOSED))
    world.customers("mei")
    world.tick()
    world.event("order.paid", "mei", total=10_000)
    world.tick()
    assert world.rows(tasks)[0]["due_at"] == datetime(2026, 4, due, 10, tzinfo=UTC)


def test_a_reminder_can_come_working_days_before(store: sa.Engine) -> None:
    body = _BODY.replace("due: 1 day", "due: 3 working days").replace("4 hours before", "2 working days before")
    thursday = datetime(2026, 3, 5, 10, tzinfo=UTC)
    world = World(store, thursday, {**playbook("p", body), **_MAILS}, settings=SETTINGS + _STAFF)
    world.customers("mei", first_name="Mei")
    world.tick()
    world.event("order.paid", "mei", total=10_000)
    world.tick()
    (task,) = world.rows(tasks)
    assert (task["due_at"], task["remind_at"]) == (thursday + timedelta(days=5), thursday + timedelta(days=1))


def _world(store: sa.Engine, now: datetime) -> World:
    world = World(store, now, {**playbook("p", _BODY), **_MAILS}, settings=SETTINGS + _STAFF)
    world.customers("mei", first_name="Mei")
    world.tick()
    return world


def test_work_is_dealt_out_by_weight_to_those_who_are_there(store: sa.Engine) -> None:
    world = _world(store, datetime(2026, 3, 1, 10, tzinfo=UTC))
    for _ in range(6):
        world.event("order.paid", "mei", total=10_000)
        world.tick()
    assert [task["assignee"] for task in world.rows(tasks)] == ["anna", "boris", "anna"] * 2
    world.tick(world.now + timedelta(days=1, hours=1))  # Boris is away
    for _ in range(3):
        world.event("order.paid", "mei", total=10_000)
        world.tick()
    assert [task["assignee"] for task in world.rows(tasks)][6:] == ["anna"] * 3


def test_a_task_is_reminded_of_and_handed_on_once(store: sa.Engine) -> None:
    world = _world(store, datetime(2026, 3, 1, 10, tzinfo=UTC))
    world.event("order.paid", "mei", total=10_000)
    world.tick()
    assert world.mails() == []
    for hours in (20, 0, 6, 0):
        world.tick(world.now + timedelta(hours=hours))
    assert [(row["message"], row["recipient"], row["state"]) for row in world.rows(outbox)] == [
        ("task-reminder", "anna@shop.example", "sent"),
        ("task-escalated", "chen@shop.example", "sent"),
    ]
    assert world.rows(tasks)[0]["escalated_at"] == datetime(2026, 3, 2, 12, tzinfo=UTC)


def test_what_is_done_is_not_chased_and_cannot_be_done_twice(store: sa.Engine) -> None:
    world = _world(store, datetime(2026, 3, 1, 10, tzinfo=UTC))
    world.event("order.paid", "mei", total=10_000)
    world.tick()
    with store.begin() as connection:
        number = open_tasks(connection, "anna")[0].id
        assert finish(connection, number, "Anna", "will come by", world.now) is None
        assert isinstance(finish(connection, number, "Anna", None, world.now), Refused)
        assert isinstance(finish(connection, 999, None, None, world.now), Refused)
        assert open_tasks(connection) == []
    world.tick(world.now + timedelta(days=2))
    assert world.rows(outbox) == []
