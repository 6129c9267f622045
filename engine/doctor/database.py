"""The database: whether it is whole, is written as the promises need it, and has the tables of this program."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from engine.doctor.finding import Finding
from engine.doctor.patient import Patient
from engine.store.erasures import unswept
from engine.store.faults import StoreError, in_plain_words
from engine.store.ingest.suppressions import strays
from engine.store.migrate import require_current
from engine.store.sealed import strange_seals

#: Above this, a look at every index takes minutes: then pages and rows alone are checked.
_LARGE: Final = 1 << 30
_OLDEST_SQLITE: Final = (3, 35)  # RETURNING
_OLDEST_POSTGRES: Final = 130_000


def database(patient: Patient) -> Iterator[Finding]:
    """The database, as it is and as it is set."""
    store = patient.store
    path = Path(str(store.url.database)) if store.dialect.name == "sqlite" else None
    if path is not None and not path.exists():
        yield Finding(
            "database", "warn", f"there is no store yet at {path}", "`regulars run` or `regulars import` makes it"
        )
        return
    try:
        with in_plain_words(), store.connect().execution_options(reading=True) as connection:
            yield from _sqlite(connection, path) if path is not None else _postgres(connection)
        require_current(store)
    except StoreError as fault:
        yield Finding("database", "fault", fault.text, fault.advice)
        return
    yield Finding("database", "ok", "the tables are those of this program")
    with store.connect().execution_options(reading=True) as connection:
        yield from _erased(connection)
        yield from _suppressed(connection, patient.settings.channels.prefix)


def _sqlite(connection: sa.Connection, path: Path) -> Iterator[Finding]:
    version = connection.exec_driver_sql("SELECT sqlite_version()").scalar_one()
    old = tuple(map(int, version.split(".")[:2])) < _OLDEST_SQLITE
    yield Finding("database", "fault" if old else "ok", f"SQLite {version}", "3.35 or newer is needed" if old else "")
    large = path.stat().st_size > _LARGE
    check = "quick_check" if large else "integrity_check"
    found = [str(one) for one in connection.exec_driver_sql(f"PRAGMA {check}(3)").scalars()]
    if found == ["ok"]:
        yield Finding("database", "ok", f"{check}: every page is whole")
    else:
        yield Finding("database", "fault", f"{check}: {'; '.join(found)}", "stop the engine, and restore from a backup")
    wanted = {"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1"}
    yield from _settings({name: str(_pragma(connection, name)) for name in wanted}, wanted, "this is a bug: report it")
    broken = len(connection.exec_driver_sql("PRAGMA foreign_key_check").fetchmany(100))
    if broken:
        yield Finding("database", "fault", f"{broken} rows without their customer", "restore from a backup")


def _pragma(connection: sa.Connection, name: str) -> Any:
    return connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()


def _postgres(connection: sa.Connection) -> Iterator[Finding]:
    number = int(_shown(connection, "server_version_num"))
    old = number < _OLDEST_POSTGRES
    text = f"Postgres {number // 10_000}.{number % 10_000}"
    yield Finding("database", "fault" if old else "ok", text, "13 or newer is needed" if old else "")
    if connection.exec_driver_sql("SELECT pg_is_in_recovery()").scalar_one():
        yield Finding(
            "database", "fault", "this is a standby, which cannot be written", "connect to the primary server"
        )
    wanted = {"fsync": "on", "full_page_writes": "on"}
    said = {name: _shown(connection, name) for name in wanted}
    yield from _settings(said, wanted, "set it on: after a loss of power messages would be sent twice or not at all")
    wanted = {"default_transaction_isolation": "read committed", "TimeZone": "UTC"}
    said = {name: _shown(connection, name) for name in wanted}
    if said["default_transaction_isolation"] != wanted["default_transaction_isolation"]:
        yield from _settings(said, {"default_transaction_isolation": "read committed"}, "the engine is made for it")
    yield Finding(
        "database", "ok", f"the server's zone is {said['TimeZone']}; instants are stored in UTC whatever it is"
    )
    yield from _commits(connection)


def _commits(connection: sa.Connection) -> Iterator[Finding]:
    waits = _shown(connection, "synchronous_commit")
    if waits == "off":
        advice = "set it on: what is marked as being sent must outlive a crash"
        yield Finding("database", "fault", "synchronous_commit is off", advice)
        return
    yield Finding("database", "ok", f"synchronous_commit is {waits}")
    behind = connection.exec_driver_sql(
        "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'async'"
    ).scalar_one()
    if behind:
        yield Finding(
            "database", "warn", f"{behind} standby servers are behind by a little",
            "after a failover to one, the last commits are gone and messages may go twice; name them in"
            " synchronous_standby_names",
        )  # fmt: skip


def _shown(connection: sa.Connection, name: str) -> str:
    return str(connection.exec_driver_sql(f"SHOW {name}").scalar_one())


def _settings(said: Mapping[str, str], wanted: Mapping[str, str], advice: str) -> Iterator[Finding]:
    for name, value in wanted.items():
        right = said[name] == value
        seen = f"{name} is {said[name]}" + ("" if right else f", and should be {value}")
        yield Finding("database", "ok" if right else "fault", seen, "" if right else advice)


def _erased(connection: sa.Connection) -> Iterator[Finding]:
    if left := unswept(connection):
        yield Finding(
            "database", "warn", f"what {left} erasures left behind may still stand in the file", "type  regulars sweep"
        )
    if strange := strange_seals(connection):
        yield Finding(
            "database", "fault", f"{strange} addresses of erased people cannot be known again with this REGULARS_SECRET",
            "set REGULARS_SECRET_OLD to the one before",
        )  # fmt: skip


def _suppressed(connection: sa.Connection, prefix: str | None) -> Iterator[Finding]:
    if count := strays(connection, prefix):
        yield Finding(
            "database", "warn", f"{count} suppressions hold nothing back: no message goes to an address written so",
            "they stand in the table `suppressions`: take each out with  regulars unsuppress  and suppress the address",
        )  # fmt: skip
