"""A daemon whose clock is wrong does nothing, says so once, and loses nothing; a clock that is set back fires nothing twice."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from engine.channels import Record
from engine.daemon import Daemon
from engine.store.dialect import clock_of
from engine.store.ledger import enrolments, outbox
from tests.shop import SECRETS, SETTINGS, World, playbook
from tests.test_daemon import _write

FILES = playbook("daily", "when: {cron: '0 12 * * *'}\ndo:\n  - email: daily")
TEXT = {"messages/daily/en.md": "---\nsubject: daily\n---\nDaily.\n"}


class Machine:
    """A clock that a test sets, and the time that passes."""

    def __init__(self, now: datetime) -> None:
        self.now, self.passed = now, 0.0

    def __call__(self) -> datetime:
        return self.now

    def goes_on(self, span: timedelta) -> None:
        self.now += span
        self.passed += span.total_seconds()


@pytest.fixture
def machine(now: datetime) -> Machine:
    return Machine(now)


def daemon(store: sa.Engine, folder: Path, machine: Machine) -> Daemon:
    for name, text in {"settings/regulars.yaml": SETTINGS, **FILES, **TEXT}.items():
        _write(folder / name, text)
    made = Daemon(folder, store, Record(), SECRETS, now=machine, elapsed=lambda: machine.passed)
    made.refresh()
    made._once()
    return made


def test_a_clock_that_jumps_ahead_by_years_plans_and_sends_nothing(
    sqlite_store: sa.Engine, tmp_path: Path, machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    made = daemon(sqlite_store, tmp_path / "shop", machine)
    World(sqlite_store, machine.now, FILES | TEXT).customers("mei")
    right = machine.now
    machine.now += timedelta(days=3650)
    for _ in range(3):
        assert made._once() is None
    said = capsys.readouterr().out
    assert said.count("the clock jumped ahead by 87,600 hours") == 1
    assert "start the engine again" in said
    with sqlite_store.connect() as connection:
        assert connection.execute(sa.select(enrolments)).all() == []
    machine.now = right
    machine.goes_on(timedelta(days=1))
    assert made._once() is not None
    assert "the clock is right again" in capsys.readouterr().out
    with sqlite_store.connect() as connection:
        assert [row.state for row in connection.execute(sa.select(outbox))] == ["sent"]


def test_a_clock_that_is_set_back_fires_nothing_twice(
    sqlite_store: sa.Engine, tmp_path: Path, machine: Machine
) -> None:
    made = daemon(sqlite_store, tmp_path / "shop", machine)
    World(sqlite_store, machine.now, FILES | TEXT).customers("mei")
    machine.goes_on(timedelta(days=1))
    made._once()
    machine.now -= timedelta(hours=1)
    made._once()
    machine.goes_on(timedelta(hours=1, minutes=30))
    made._once()
    with sqlite_store.connect() as connection:
        assert [row.state for row in connection.execute(sa.select(outbox))] == ["sent"]


@pytest.mark.parametrize(("apart", "works"), [(40, True), (-40, True), (400, False), (-400, False)])
def test_a_clock_that_the_database_contradicts(
    postgres_store: sa.Engine,
    tmp_path: Path,
    machine: Machine,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    apart: int,
    works: bool,
) -> None:
    monkeypatch.setattr("engine.daemon.clock", machine)
    with postgres_store.connect() as connection:
        theirs = clock_of(connection)
    assert theirs is not None
    machine.now = theirs + timedelta(seconds=apart)
    made = daemon(postgres_store, tmp_path / "shop", machine)
    assert (made._once() is not None) is works
    said = capsys.readouterr().out
    assert said.count("away from the database's") == 1
    assert ("error" in said) is not works
