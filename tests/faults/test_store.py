"""Stores that are locked, of somebody else, damaged, too busy or put back from a backup."""

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from engine.answers.why import Why
from engine.channels import Record
from engine.daemon import Daemon
from engine.shop import Shop
from engine.store.brakes import held
from engine.store.connect import BUSY_SECONDS, connect
from engine.store.customers import customers
from engine.store.faults import is_a_clash
from engine.store.ledger import outbox
from engine.store.mark import Mark
from engine.store.migrate import migrate
from engine.tick import Tick
from tests.shop import SECRETS, SETTINGS, World, playbook
from tests.test_daemon import _write
from tests.test_tick import EXAMPLES

HELLO = playbook("hello", "when: {event: order.paid}\nif_running: parallel\ndo:\n  - email: hello")
TEXT = {"messages/hello/en.md": "---\nsubject: hello\n---\nHello.\n"}
_NOBODY = 65534


def bought(world: World, *who: str) -> None:
    world.customers(*who)
    world.tick()
    for one in who:
        world.event("order.paid", one, total=100)


# --- Locks --------------------------------------------------------------------------------------------------------------


def test_a_lock_of_ten_seconds_is_outlived(sqlite_store: sa.Engine, tmp_path: Path, now: datetime) -> None:
    """Twice as long as a writer waits: the tick gives up without a trace, the daemon pauses, and does it all later."""
    for name, text in {"settings/regulars.yaml": SETTINGS, **HELLO, **TEXT}.items():
        _write(tmp_path / "shop" / name, text)
    record = Record()
    daemon = Daemon(tmp_path / "shop", sqlite_store, record, SECRETS, now=lambda: now, elapsed=lambda: 0.0)
    daemon.refresh()
    daemon._once()
    bought(World(sqlite_store, now, {**HELLO, **TEXT}), "mei")
    with sqlite_store.connect().execution_options(reading=True) as connection:
        waits = connection.exec_driver_sql("PRAGMA busy_timeout").scalar_one()
        connection.exec_driver_sql(f"PRAGMA busy_timeout={waits // 100}")  # the same at a hundredth of the time
    assert waits == 1000 * BUSY_SECONDS
    other = connect(str(sqlite_store.url))
    with other.begin():
        assert daemon._once() is None
        first = daemon._pause
        assert daemon._once() is None
        assert daemon._pause == 2 * first > 0
        assert record.letters == []
    other.dispose()
    for _ in range(2):
        daemon._once()
    assert (len(record.letters), daemon._pause) == (1, 0)


def test_who_reads_first_and_then_writes_is_never_told_that_it_is_too_late(
    sqlite_store: sa.Engine, now: datetime
) -> None:
    """SQLITE_BUSY_SNAPSHOT comes at once, whatever the timeout: so a writer has the lock before it reads."""
    World(sqlite_store, now, HELLO).customers("mei")
    took = Event()

    def another() -> None:
        with sqlite_store.begin() as connection:
            connection.execute(sa.update(customers).values(tier="gold"))
        took.set()

    with sqlite_store.begin() as connection:
        assert connection.execute(sa.select(customers.c.tier)).scalar_one() is None
        thread = Thread(target=another)
        thread.start()
        assert not took.wait(0.05)
        connection.execute(sa.update(customers).values(first_name="Mei"))
    thread.join()
    with sqlite_store.connect() as connection:
        assert connection.execute(sa.select(customers.c.first_name, customers.c.tier)).one() == ("Mei", "gold")


def test_two_who_lock_each_other_out_both_finish(postgres_store: sa.Engine, now: datetime) -> None:
    """A real deadlock in the middle of a delivery: the transaction of the loser is done once more, as a whole."""
    world = World(postgres_store, now, HELLO)
    bought(world, "mei", "tom")
    clashes: list[bool] = []

    def once(connection: sa.Connection, *_: Any) -> None:
        if clashes:
            return
        clashes.append(True)
        connection.exec_driver_sql("DO $$ BEGIN RAISE deadlock_detected; END $$")

    def noticed(context: Any) -> None:
        clashes.append(is_a_clash(context.sqlalchemy_exception))

    sa.event.listen(postgres_store, "handle_error", noticed)

    def sending(connection: sa.Connection, _cursor: Any, statement: str, *_: Any) -> None:
        if "UPDATE outbox" in statement and "sending" in str(_):
            once(connection)

    sa.event.listen(postgres_store, "before_cursor_execute", sending)
    world.tick_once()
    sa.event.remove(postgres_store, "before_cursor_execute", sending)
    sa.event.remove(postgres_store, "handle_error", noticed)
    assert clashes[:2] == [True, True]
    assert [row["state"] for row in world.messages()] == ["sent", "sent"]
    assert len(world.mails()) == 2


# --- Files that cannot be used ------------------------------------------------------------------------------------------


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that everybody may enter, with a workspace and a store in it."""
    folder = Path(tempfile.mkdtemp(prefix="regulars-faults-"))
    folder.chmod(0o755)
    for name, text in {"settings/regulars.yaml": SETTINGS, **HELLO, **TEXT}.items():
        _write(folder / "shop" / name, text)
    made = connect(f"sqlite:///{folder}/store.db")
    migrate(made)
    made.dispose()
    yield folder
    shutil.rmtree(folder)


#: Runs a command twice; between, the process becomes another user's, who may not read where Python itself lies.
_TWICE = """
import os, sys
from click.testing import CliRunner
from engine.cli import main
said = [CliRunner().invoke(main, sys.argv[2:])]
if sys.argv[1] != "0":
    os.setgroups([]), os.setgid(int(sys.argv[1])), os.setuid(int(sys.argv[1]))
    said.append(CliRunner().invoke(main, sys.argv[2:]))
print(said[-1].exit_code, said[-1].output, said[-1].exception)
"""


def runs(folder: Path, user: int = 0) -> str:
    """`regulars status` on the store of that folder: how it ended, and all that it said."""
    words = [str(user), "status", str(folder / "shop"), "--store", f"sqlite:///{folder}/store.db"]
    command = [sys.executable, "-c", _TWICE, *words]
    return subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[2], check=True).stdout


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_a_store_of_somebody_else_is_refused_with_advice(open_folder: Path) -> None:
    said = runs(open_folder, _NOBODY)
    assert said.startswith("1 ")
    assert "Traceback" not in said
    assert "Error: the store's file cannot be opened: check that its folder exists and may be written" in said


def test_a_damaged_store_is_refused_with_advice(open_folder: Path) -> None:
    assert runs(open_folder).startswith("0 ")
    path = open_folder / "store.db"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(100)
        file.write(b"\xff" * (size - 100))
    said = runs(open_folder)
    assert said.startswith("1 ")
    assert "Traceback" not in said
    assert "the store's file is damaged: restore it from a backup" in said


# --- Connections --------------------------------------------------------------------------------------------------------


def test_nothing_is_kept_in_a_connection_between_two_transactions(postgres_store: sa.Engine, now: datetime) -> None:
    """As behind a pooler that gives each transaction another connection: settings, locks, listeners and cursors are gone."""
    forgotten = (
        "RESET ALL",
        "SELECT pg_advisory_unlock_all()",
        "UNLISTEN *",
        "CLOSE ALL",
        "DISCARD TEMP",
        "DISCARD SEQUENCES",
    )
    count = 0

    def another(connection: sa.Connection) -> None:
        nonlocal count
        count += 1
        cursor = connection.connection.cursor()
        for statement in forgotten:
            cursor.execute(statement)
        cursor.close()

    sa.event.listen(postgres_store, "begin", another)
    world = World(postgres_store, now, HELLO)
    tick = Tick(Shop(postgres_store, EXAMPLES), world.record, SECRETS)
    bought(world, "mei", "tom")
    world.tick()
    assert sorted(world.mails()) == [("mei@example.com", "hello"), ("tom@example.com", "hello")]
    tick(now)
    world.now = now + timedelta(minutes=1)
    world.event("order.paid", "mei", total=500_000)
    tick(world.now)
    assert not world.runs(state="failed")
    assert count > 20


def test_a_server_without_room_for_another_connection_is_waited_for(
    postgres_store: sa.Engine, tmp_path: Path, now: datetime
) -> None:
    for name, text in {"settings/regulars.yaml": SETTINGS, **HELLO, **TEXT}.items():
        _write(tmp_path / "shop" / name, text)
    bought(World(postgres_store, now, {**HELLO, **TEXT}), "mei")
    postgres_store.dispose()
    record = Record()
    few = sa.create_engine(postgres_store.url, pool_size=1, max_overflow=0, pool_timeout=0.05)
    daemon = Daemon(tmp_path / "shop", few, record, SECRETS, now=lambda: now, elapsed=lambda: 0.0)
    daemon.refresh()
    with few.connect(), capture_logs() as said:  # the only one there may be
        assert daemon._once() is None
    assert any("the work waits" in one["event"] for one in said)
    daemon._once()
    assert len(record.letters) == 1
    few.dispose()


# --- Backups ------------------------------------------------------------------------------------------------------------


def _kept(store: sa.Engine, copy: Path) -> None:
    target = sqlite3.connect(copy)
    source = sqlite3.connect(store.url.database or "")
    source.backup(target)
    source.close()
    target.close()


def _put_back(store: sa.Engine, copy: Path) -> None:
    store.dispose()
    path = Path(store.url.database or "")
    for end in ("-wal", "-shm"):
        Path(f"{path}{end}").unlink(missing_ok=True)
    shutil.copy(copy, path)


def test_an_old_backup_sends_nothing_until_a_person_has_looked(
    sqlite_store: sa.Engine, tmp_path: Path, now: datetime
) -> None:
    mark = Mark.beside(sqlite_store.url)
    assert mark is not None
    world = World(sqlite_store, now, HELLO)
    bought(world, "mei")
    assert not mark.look(sqlite_store, now)
    _kept(sqlite_store, tmp_path / "backup")
    world.tick()
    assert len(world.mails()) == 1
    mark.note(sqlite_store)
    _put_back(sqlite_store, tmp_path / "backup")
    assert mark.look(sqlite_store, now)
    world.restart()
    world.tick()
    assert len(world.mails()) == 1  # the mail that the backup knows nothing of is not sent once more
    with sqlite_store.connect() as connection:
        (one,) = held(connection)
    assert (one.cause, one.release) == ("backup", "regulars release --all")
    assert one.reason.startswith("the store is older than it was when it was last used: a backup was put back")
    assert not mark.look(sqlite_store, now)  # it is said once, and the hold stands
    with sqlite_store.connect() as connection:
        assert len(held(connection)) == 1


@pytest.mark.parametrize("noted", [None, "", "x", "0\n"])
def test_a_store_that_only_went_on_is_no_backup(sqlite_store: sa.Engine, now: datetime, noted: str | None) -> None:
    mark = Mark.beside(sqlite_store.url)
    assert mark is not None
    if noted is not None:
        mark.path.write_text(noted)
    world = World(sqlite_store, now, HELLO)
    for number in range(3):
        assert not mark.look(sqlite_store, now)
        bought(world, f"c{number}")
        world.tick()
        mark.note(sqlite_store, float(number))
    assert Mark.beside(sa.make_url("postgresql:///shop")) is None
    assert len(world.mails()) == 3


# --- What is not committed ----------------------------------------------------------------------------------------------


def test_why_tells_only_what_was_committed(store: sa.Engine, now: datetime) -> None:
    world = World(store, now, playbook("hello", "when: {event: order.paid}\ndo:\n  - wait: 1 day\n  - email: hello"))
    bought(world, "mei")
    world.tick()

    def told() -> list[str]:
        with store.connect().execution_options(reading=True) as connection:
            why = Why(world.shop, world.shop.workspace.playbooks["hello"])
            return [f"{line.text} {line.value}" for line in why(connection, "mei", world.now)]

    before = told()
    with store.connect() as connection, connection.begin() as under_way:
        connection.exec_driver_sql("UPDATE enrolments SET state = 'stopped', reason = 'a canary'")
        connection.execute(sa.delete(outbox))
        assert told() == before
        under_way.rollback()
    assert told() == before
    with store.begin() as connection:
        connection.exec_driver_sql("UPDATE enrolments SET state = 'stopped', reason = 'a canary'")
    assert told() != before
