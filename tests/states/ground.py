"""The store under a machine: emptied for each example, with a record of every move of a message, and a place to crash anywhere."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from engine.failpoints import Crash
from engine.store.connect import create
from engine.store.customers import metadata
from engine.store.dialect import positions_ddl
from engine.store.sealed import keep_keys
from tests.shop import SECRETS

_COLUMNS = "message_id, was, state, had, attempt, who"
_TABLE = "CREATE TABLE moves (id {key}, message_id BIGINT, was TEXT, state TEXT, had TEXT, attempt TEXT, who TEXT)"
_PLANNED, _MOVED = (
    f"INSERT INTO moves ({_COLUMNS}) VALUES (NEW.id, {was}, NEW.state, {had}, NEW.attempt_id, NEW.customer_id);"
    for was, had in (("NULL", "NULL"), ("OLD.state", "OLD.attempt_id"))
)
#: What writes down each move, in the transaction that made it.
_WITNESS = {
    "sqlite": (
        _TABLE.format(key="INTEGER PRIMARY KEY"),
        f"CREATE TRIGGER planned AFTER INSERT ON outbox BEGIN {_PLANNED} END",
        f"CREATE TRIGGER moved AFTER UPDATE ON outbox WHEN OLD.state <> NEW.state BEGIN {_MOVED} END",
    ),
    "postgresql": (
        _TABLE.format(key="BIGINT GENERATED ALWAYS AS IDENTITY"),
        f"CREATE FUNCTION planned() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {_PLANNED} RETURN NEW; END $$",
        f"CREATE FUNCTION moved() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {_MOVED} RETURN NEW; END $$",
        "CREATE TRIGGER planned AFTER INSERT ON outbox FOR EACH ROW EXECUTE FUNCTION planned()",
        "CREATE TRIGGER moved AFTER UPDATE ON outbox FOR EACH ROW WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION moved()",
    ),
}


@dataclass
class Ground:
    """One database for all examples of a machine."""

    store: sa.Engine
    _left: list[int] = field(default_factory=list)  # statements until the crash

    def __post_init__(self) -> None:
        create(self.store)
        with self.store.begin() as connection:
            for statement in _WITNESS[self.store.dialect.name]:
                connection.exec_driver_sql(statement)
        keep_keys(self.store, SECRETS)
        sa.event.listen(self.store, "before_cursor_execute", self._count)

    @property
    def is_shared(self) -> bool:
        """Whether several engines may be at it."""
        return self.store.dialect.name == "postgresql"

    def empty(self) -> None:
        """No row is left of the example before."""
        tables = [*metadata.tables, "moves"]
        with self.store.begin() as connection:
            if self.is_shared:
                filled = " ".join(
                    f"IF EXISTS (SELECT FROM {one}) THEN TRUNCATE {one} RESTART IDENTITY CASCADE; END IF;"
                    for one in tables
                )
                connection.exec_driver_sql(f"DO $$ BEGIN {filled} END $$")
                return
            connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
            for one in (*tables, "positions"):
                connection.exec_driver_sql(f"DELETE FROM {one}")
            connection.exec_driver_sql(positions_ddl[-1])

    @contextmanager
    def cut_off(self, after: int) -> Iterator[None]:
        """The program crashes before that statement, whichever it is."""
        self._left.append(after)
        try:
            yield
        finally:
            self._left.clear()

    def _count(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if self._left and not statement.startswith(("PRAGMA", "ROLLBACK")):
            self._left[0] -= 1
            if self._left[0] == 0:
                self._left.clear()
                raise Crash(statement)
