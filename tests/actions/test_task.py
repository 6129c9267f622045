"""task: work for people, once."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from engine.store.customers import tasks
from tests.actions.worlds import after


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
