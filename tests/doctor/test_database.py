"""The database and its disk: what is whole is said, and each damage is named with what to do."""

import os
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from engine.doctor.clocks import clocks
from engine.doctor.database import database
from engine.doctor.disk import disk, place, rights, room
from engine.store.connect import connect
from engine.store.customers import suppressions
from engine.store.dialect import clock_of
from engine.store.erasures import erasures
from engine.store.migrate import migrate
from tests.doctor.ward import NOW, patient, said, sick

NOT_WAITING = ("fsync", "full_page_writes", "synchronous")


def test_a_store_that_is_well(empty_store: sa.Engine) -> None:
    migrate(empty_store)
    # These tests do not wait for the disk; see below for how it should be.
    found = [one for one in database(patient(empty_store)) if not one.seen.startswith(NOT_WAITING)]
    assert sick(iter(found)) == []
    assert "the tables are those of this program" in [one.seen for one in found]


def test_suppressions_in_vain(empty_store: sa.Engine) -> None:
    migrate(empty_store)
    row = {"channel": "email", "address": "not an address", "reason": "x", "at": NOW}
    with empty_store.begin() as connection:
        connection.execute(sa.insert(suppressions).values(row))
    seen = "warn database: 1 suppressions hold nothing back: no message goes to an address written so"
    assert seen in sick(database(patient(empty_store)))


def test_how_sqlite_is_set(tmp_path: Path) -> None:
    store = connect(f"sqlite:///{tmp_path}/store.db")
    migrate(store)
    found = said(database(patient(store)))
    assert "ok database: integrity_check: every page is whole" in found
    assert {"ok database: journal_mode is wal", "ok database: synchronous is 2"} < {*found}
    sa.event.listen(store, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=NORMAL"))
    store.dispose()
    assert "fault database: synchronous is 1, and should be 2" in said(database(patient(store)))


def test_how_postgres_is_set(postgres_store: sa.Engine) -> None:
    found = said(database(patient(postgres_store)))
    assert any(one.startswith("ok database: Postgres ") for one in found)
    with postgres_store.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ALTER DATABASE regulars SET synchronous_commit TO off")
    postgres_store.dispose()
    try:
        assert "fault database: synchronous_commit is off" in said(database(patient(postgres_store)))
    finally:
        with postgres_store.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("ALTER DATABASE regulars RESET synchronous_commit")


def test_a_damaged_page(tmp_path: Path) -> None:
    store = connect(f"sqlite:///{tmp_path}/store.db")
    migrate(store)
    with store.begin() as connection:
        root = connection.exec_driver_sql("SELECT rootpage FROM sqlite_master WHERE name = 'ix_orders_paid_at'")
        page = root.scalar_one()
        size = connection.exec_driver_sql("PRAGMA page_size").scalar_one()
    with store.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.exec_driver_sql("BEGIN")
    store.dispose()
    with (tmp_path / "store.db").open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * 64)
    ills = sick(database(patient(connect(f"sqlite:///{tmp_path}/store.db"))))
    assert ills
    assert all(one.startswith("fault database: ") for one in ills)
    assert any("integrity_check" in one or "damaged" in one for one in ills)


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    path.write_text("id,email\n" * 500)
    assert sick(database(patient(connect(f"sqlite:///{path}")))) == [
        "fault database: the store's file is no SQLite database"
    ]


def test_no_store_yet_and_none_is_made(tmp_path: Path) -> None:
    (found,) = sick(database(patient(connect(f"sqlite:///{tmp_path}/store.db"))))
    assert found.startswith("warn database: there is no store yet")
    assert not (tmp_path / "store.db").exists()


def test_older_and_newer_tables(empty_store: sa.Engine) -> None:
    with empty_store.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
        connection.exec_driver_sql("INSERT INTO alembic_version VALUES ('0001')")
    assert any(
        "the store has version 0001, and this program needs" in one for one in sick(database(patient(empty_store)))
    )
    with empty_store.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    assert any("which is newer than this program" in one for one in sick(database(patient(empty_store))))


def test_a_postgres_that_is_away(tmp_path: Path) -> None:
    its = patient(connect(f"postgresql:///shop?host={tmp_path}"))
    assert sick(database(its)) == ["fault database: the store's database does not answer"]
    assert sick(clocks(its)) == ["fault clock: the store's database does not answer"]


def test_an_erasure_that_was_not_swept(empty_store: sa.Engine) -> None:
    migrate(empty_store)
    with empty_store.begin() as connection:
        connection.execute(sa.insert(erasures).values(at=NOW, counts={}))
    assert "warn database: what 1 erasures left behind may still stand in the file" in sick(
        database(patient(empty_store))
    )


@pytest.mark.parametrize(
    ("free", "level"), [(99 << 20, "fault"), (200 << 20, "warn"), ((1 << 30) - 1, "warn"), (2 << 30, "ok")]
)
def test_room(free: int, level: str) -> None:
    assert room(free).level == level


MOUNTS = "/dev/sda1 / ext4 rw 0 0\nserver:/data /mnt nfs4 rw 0 0\n//x/y /mnt/a\\040b cifs rw 0 0\ntmpfs /mnt/ram tmpfs rw 0 0\n"


@pytest.mark.parametrize(
    ("path", "seen"),
    [
        ("/srv/store.db", "the file system is ext4"),
        ("/mnt/store.db", "the store lies on a network file system (nfs4)"),
        ("/mnt/a b/store.db", "the store lies on a network file system (cifs)"),
        ("/mnt/ram/store.db", "the file system is tmpfs"),
        ("/mntother/store.db", "the file system is ext4"),
    ],
)
def test_where_the_store_lies(path: str, seen: str) -> None:
    assert place(Path(path), MOUNTS).seen == seen
    assert place(Path(path), "").seen == "the file system is unknown"


def test_who_may_open_the_store(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    path.touch(0o644)
    (found,) = rights(path)
    assert (found.level, found.advice) == ("warn", f"chmod 600 {path}")
    path.chmod(0o600)
    assert [one.level for one in rights(path)] == ["ok"]


def test_a_new_store_is_its_owners_alone(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        store = connect(f"sqlite:///{tmp_path}/store.db")
        migrate(store)
    finally:
        os.umask(before)
    assert [one.level for one in disk(patient(store))][2:] == ["ok"]
    assert all(path.stat().st_mode & 0o077 == 0 for path in tmp_path.iterdir())


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    (found,) = sick(disk(patient(connect(f"sqlite:///{tmp_path}/no/store.db"))))
    assert found == f"fault disk: the folder {tmp_path}/no does not exist"


@pytest.mark.parametrize(
    ("seconds", "level"), [(0, "ok"), (45, "warn"), (-45, "warn"), (600, "fault"), (-600, "fault")]
)
def test_the_clock_of_the_database(postgres_store: sa.Engine, seconds: int, level: str) -> None:
    with postgres_store.connect() as connection:
        theirs = clock_of(connection)
    assert theirs is not None
    ours = theirs + timedelta(seconds=seconds)
    assert [one.level for one in clocks(patient(postgres_store, clock=lambda: ours))] == [level]
