"""Column types that mean the same on SQLite and Postgres: instants, keys, documents."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = 1_000_000


def to_microseconds(instant: datetime) -> int:
    """Microseconds since 1970 of an aware instant, exactly (`datetime.timestamp` rounds through a float)."""
    if instant.tzinfo is None:
        raise ValueError(f"{instant!r} has no time zone")
    span = instant - _EPOCH
    return (span.days * 86_400 + span.seconds) * _MICROSECOND + span.microseconds


@lru_cache(maxsize=1024)  # what was planned, sent or read together has the same instants
def from_microseconds(value: int) -> datetime:
    """The UTC instant of that many microseconds since 1970."""
    return _EPOCH + timedelta(0, value // _MICROSECOND, value % _MICROSECOND)


class Instant(TypeDecorator[datetime]):
    """An aware instant: `timestamptz` on Postgres, integer microseconds on SQLite.

    SQLite has no time type; `DateTime(timezone=True)` would come back naive there, and text takes a threefold index.
    """

    impl = sa.BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(postgresql.TIMESTAMP(timezone=True))
        return dialect.type_descriptor(sa.BigInteger())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None or dialect.name == "postgresql":
            return value
        return to_microseconds(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        return self.result_processor(dialect, None)(value)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None]:  # noqa: ARG002
        """Read more often than anything else: without the layers that lie around `process_result_value`."""
        return _in_utc if dialect.name == "postgresql" else _from_integer


def _in_utc(value: datetime | None) -> datetime | None:
    return None if value is None else value.astimezone(UTC)


def _from_integer(value: int | None) -> datetime | None:
    return None if value is None else from_microseconds(value)


class IsoInstant(TypeDecorator[datetime]):
    """An instant that a shop's own SQLite table keeps as ISO 8601 text in UTC (`2026-03-01 12:00:00`)."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        read = datetime.fromisoformat(value)
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)


class SecondsInstant(TypeDecorator[datetime]):
    """An instant that a shop's own table keeps as whole seconds since 1970."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        return None if value is None else to_microseconds(value) // _MICROSECOND

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return None if value is None else datetime.fromtimestamp(value, UTC)


#: A key or a code: compared by code point on both databases.
Key = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")

#: A JSON document.
Document = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")

#: A row's number; SQLite numbers rows by itself only in an INTEGER primary key.
RowId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
