"""A tick with nothing to do costs next to nothing: it writes not one byte."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from engine.enrol import Entry
from engine.shop import Shop
from engine.tick import Tick
from engine.workspace import load
from tests.shop import SECRETS, World, playbook

EXAMPLES = load(Path(__file__).parents[1] / "playbooks")


def _mark(store: sa.Engine) -> object:
    """Changes with every write, whoever does it."""
    with store.connect().execution_options(reading=True) as connection:
        if store.dialect.name == "postgresql":
            # The log itself grows now and then by what the server writes of its own accord.
            return connection.exec_driver_sql("SELECT pg_snapshot_xmax(pg_current_snapshot())::text").scalar()
        path = Path(store.url.database or "")
        log = Path(f"{path}-wal")
        return path.read_bytes(), log.read_bytes() if log.exists() else b""


def test_an_idle_tick_of_all_examples_writes_nothing(store: sa.Engine, now: datetime) -> None:
    world = World(store, now, playbook("p", "when: {every: monday}\ndo:\n  - tag: x"))
    world.customers("mei", "tom", orders_count=3, tier="gold")
    tick = Tick(Shop(store, EXAMPLES), world.record, SECRETS)
    for _ in range(3):
        tick(now)
    before = _mark(store)
    for seconds in range(1, 20):
        assert tick(now + timedelta(seconds=seconds)).idle
    assert _mark(store) == before


def test_a_tick_takes_what_the_one_before_left(store: sa.Engine, now: datetime) -> None:
    body = "when: {enters: [customer.tier is gold], existing: include}\ndo:\n  - email: hello"
    world = World(store, now, playbook("p", body))
    world.customers("mei", tier="gold")
    report = world.tick()
    assert (report.enrolled, report.advanced, report.delivered.counts) == ({"p": 1}, 1, {"sent": 1})


def test_all_examples_run_on_both_databases(store: sa.Engine, now: datetime) -> None:
    world = World(store, now, playbook("p", "when: {every: monday}\ndo:\n  - tag: x"))
    tick = Tick(Shop(store, EXAMPLES), world.record, SECRETS)
    world.customers("mei", timezone="Asia/Shanghai", language="zh-CN", first_name="Mei", tier="gold")
    tick(now)
    world.now = now + timedelta(minutes=1)
    world.event("order.paid", "mei", total=500_000)
    tick(world.now)
    tick(world.now)  # a tag that the first one put may let somebody enter elsewhere
    assert tick(world.now).idle
    assert not world.runs(state="failed")
    assert not world.messages(state="failed")


def test_a_launch_that_met_a_fault_is_tried_again_at_once(
    store: sa.Engine, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = playbook("p", "when: {every: monday}\ndo:\n  - tag: x")
    world = World(store, now, files)
    world.tick()
    world.edit({**files, **playbook("q", "when: {event: order.paid}\ndo:\n  - tag: x")})
    with monkeypatch.context() as locked:
        locked.setattr(Entry, "begin", _locked)
        with pytest.raises(sa.exc.OperationalError):
            world.tick_once()
    world.customers("mei")
    world.tick_once()
    world.event("order.paid", "mei", total=100)
    world.tick_once()
    assert world.entered() == ["mei"]


def _locked(*_: object) -> int:
    raise sa.exc.OperationalError("BEGIN IMMEDIATE", None, Exception("database is locked"))


def test_a_fault_of_one_playbook_is_raised_when_the_others_are_done(
    store: sa.Engine, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = "when: {event: order.paid}\ndo:\n  - email: hello"
    world = World(store, now, {**playbook("bad", body), **playbook("good", body)})
    world.customers("mei")
    world.tick()
    world.event("order.paid", "mei", total=100)
    whole = Entry.enrol

    def enrol(self: Entry, *given: Any) -> int:
        if self.playbook.id == "bad":
            raise sa.exc.DataError("INSERT", None, Exception("invalid input syntax for type timestamp"))
        return whole(self, *given)

    with monkeypatch.context() as faulty:
        faulty.setattr(Entry, "enrol", enrol)
        with pytest.raises(sa.exc.DataError):
            world.tick_once()
    assert [row["playbook"] for row in world.messages(state="sent")] == ["good"]
    world.tick()
    assert sorted(row["playbook"] for row in world.messages(state="sent")) == ["bad", "good"]
