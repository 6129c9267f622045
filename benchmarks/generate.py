"""A shop with a long history, made inside the database: the same rows on both, for the same size, every time."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

import engine.store.ledger  # noqa: F401  (declares the engine's own tables)
from engine.store.connect import create
from engine.store.customers import consents, customers, events, orders
from engine.store.types import to_microseconds

#: The instant of the benchmarks: at night, where the shop sells nothing and no playbook fires. Two years of orders lie before it.
NOW = datetime(2026, 5, 20, 3, tzinfo=UTC)
HISTORY_DAYS = 730
#: Every row says in which transaction it was written; the import that this stands for took so many.
POSITIONS = 500

_TABLES = (customers, orders, events, consents)
_BEGIN = datetime(2026, 5, 20, tzinfo=UTC) - timedelta(days=HISTORY_DAYS)


@dataclass(frozen=True)
class Size:
    """How many customers, and ten orders for each on average."""

    customers: int

    @property
    def orders(self) -> int:
        """Orders in the whole history; carts are as many as customers."""
        return self.customers * 10

    @property
    def name(self) -> str:
        """How folders and tables call it: 10k, 1m."""
        return f"{self.customers // 1_000_000}m" if self.customers >= 1_000_000 else f"{self.customers // 1_000}k"


def generate(store: sa.Engine, size: Size) -> None:
    """Fills an empty store: tables without indexes first, the rollups from the orders, the indexes last."""
    create(store)
    words = _Sqlite() if store.dialect.name == "sqlite" else _Postgres()
    _outside_transactions(store, words.before)
    with store.begin() as connection:
        keys = _drop_indexes(connection)
        plain = connection.execution_options(no_parameters=True)  # a % is a remainder here
        for statement in words.rows(size):
            plain.exec_driver_sql(statement)
    with store.begin() as connection:
        for key in keys:
            connection.exec_driver_sql(key)
        for table in _TABLES:
            for index in sorted(table.indexes, key=lambda one: str(one.name)):
                index.create(connection)
    _outside_transactions(store, words.after)


def _outside_transactions(store: sa.Engine, statements: tuple[str, ...]) -> None:
    """By the driver itself: SQLAlchemy begins a transaction, and these cannot run in one."""
    pooled = store.raw_connection()
    driver = pooled.driver_connection
    if store.dialect.name == "postgresql":
        driver.autocommit = True
    for statement in statements:
        driver.execute(statement)
    if store.dialect.name == "postgresql":
        driver.autocommit = False
    pooled.close()


def _drop_indexes(connection: sa.Connection) -> list[str]:
    """Drops what would be kept row by row; gives the statements that add the keys again. SQLite keeps its keys."""
    for table in _TABLES:
        for index in table.indexes:
            index.drop(connection)
    if connection.dialect.name == "sqlite":
        return []
    names = ", ".join(f"'{table.name}'::regclass" for table in _TABLES)
    keys = connection.exec_driver_sql(
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
        f" WHERE contype IN ('f', 'p') AND (conrelid IN ({names}) OR confrelid IN ({names})) ORDER BY contype"
    ).all()
    for table_name, key, _ in keys:
        connection.exec_driver_sql(f"ALTER TABLE {table_name} DROP CONSTRAINT {key}")
    # Backwards: the primary keys first, which the foreign ones need.
    return [f"ALTER TABLE {name} ADD CONSTRAINT {key} {definition}" for name, key, definition in reversed(keys)]


class _Words:
    """The statements that fill the tables; what the databases spell differently is filled in by the two below."""

    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()

    def series(self, count: int) -> str:
        """A table `n` with the numbers 0 … count - 1 as `i`."""
        raise NotImplementedError

    def instant(self, microseconds: str) -> str:
        """An instant from microseconds since 1970."""
        raise NotImplementedError

    def date(self, days: str) -> str:
        """A date from days since 1970."""
        raise NotImplementedError

    def floor(self, number: str) -> str:
        """The whole part of a number that is not negative."""
        raise NotImplementedError

    def key(self, prefix: str, number: str, width: int) -> str:
        """A key as a shop writes it: a letter and digits."""
        raise NotImplementedError

    def payload(self, items: str, total: str) -> str:
        """The document of a cart."""
        raise NotImplementedError

    def rows(self, size: Size) -> list[str]:
        """All rows of a size."""
        return [
            self._orders(size),
            f"CREATE TEMP TABLE sums AS SELECT {self._distinct_group('customer_id')} AS customer_id, count(*) AS orders_count,"
            " sum(total) AS lifetime_spend, min(paid_at) AS first_order_at, max(paid_at) AS last_order_at"
            f" FROM orders GROUP BY {self._distinct_group('customer_id')}",
            "CREATE UNIQUE INDEX sums_by_customer ON sums (customer_id)",
            self._customers(size),
            "DROP TABLE sums",
            self._events(size),
            "INSERT INTO consents (customer_id, channel, topic, given, at, how)"
            f" SELECT id, 'email', '*', {self.true}, created_at, 'the benchmark' FROM customers ORDER BY id",
        ]

    true = "TRUE"

    def _distinct_group(self, column: str) -> str:
        return column

    def _orders(self, size: Size) -> str:
        """In the order of time; some customers buy often, most seldom."""
        count, spread = size.orders, _mixed("i", 1)
        return (
            "INSERT INTO orders (id, customer_id, placed_at, paid_at, total, position)"
            f" SELECT {self.key('o', 'i', 9)}, {self._customer(spread, size)},"
            f" {self.instant('at')}, {self.instant('at + 90000000')}, 1500 + {_chance(2, 60_000)}, 1 + i * {POSITIONS} / {count}"
            f" FROM (SELECT i, {self._moment('i', count)} AS at FROM {self.series(count)}) AS placed"
        )

    def _events(self, size: Size) -> str:
        count = size.customers
        return (
            "INSERT INTO events (id, name, customer_id, occurred_at, payload, position)"
            f" SELECT {self.key('e', 'i', 9)}, 'cart.updated', {self._customer(_mixed('i', 3), size)}, {self.instant('at')},"
            f" {self.payload('1 + ' + _chance(4, 5), '1500 + ' + _chance(5, 60_000))}, 1 + i * {POSITIONS} / {count}"
            f" FROM (SELECT i, {self._moment('i', count)} AS at FROM {self.series(count)}) AS put"
        )

    def _customers(self, size: Size) -> str:
        def pick(salt: int, values: tuple[str, ...]) -> str:
            whens = " ".join(f"WHEN {number} THEN '{value}'" for number, value in enumerate(values))
            return f"CASE {_chance(salt, len(values))} {whens} END"

        begin = (_BEGIN.date() - datetime(1970, 1, 1).date()).days
        mine = self.key("c", "i", 7)
        return (
            "INSERT INTO customers (id, email, first_name, language, country, timezone, birthday, member_since, member_until,"
            " tier, open_complaints, orders_count, lifetime_spend, first_order_at, last_order_at, created_at, position)"
            f" SELECT {mine}, {mine} || '@customers.example', {pick(6, ('Mei', 'Anna', 'Иван', '지우', 'Tom', 'Ada'))},"
            f" {pick(7, ('en', 'zh-CN', 'ru', 'ko'))}, {pick(8, ('CN', 'DE', 'US', 'KR', 'RU'))},"
            f" {pick(9, ('', '', '', 'Europe/Berlin', 'America/New_York', 'Asia/Seoul', 'Asia/Kolkata', 'Europe/Moscow'))},"
            f" {self.date('-3650 + ' + _chance(10, 16_000))}, {self.date(f'{begin} - ' + _chance(11, 1000))},"
            f" {self.date(f'{begin + 700} + ' + _chance(12, 400))},"
            f" {pick(13, ('bronze', 'bronze', 'silver', 'gold', 'platinum'))},"
            f" CASE WHEN {_chance(14, 50)} = 0 THEN 1 ELSE 0 END,"
            " coalesce(orders_count, 0), coalesce(lifetime_spend, 0), first_order_at, last_order_at,"
            f" {self.instant(f'{to_microseconds(_BEGIN)} - 86400000000 * ' + _chance(15, 1000))},"
            f" 1 + i * {POSITIONS} / {size.customers}"
            f" FROM {self.series(size.customers)} LEFT JOIN sums ON sums.customer_id = {mine}"
        )

    def _customer(self, spread: str, size: Size) -> str:
        """One of the customers, squared so that few have many, and shuffled so that those are no neighbours."""
        share = f"({spread} / 4294967296.0)"
        number = self.floor(f"{size.customers} * {share} * {share}")
        return self.key("c", f"(({number} * 7919 + 13) % {size.customers})", 7)

    def _moment(self, number: str, count: int) -> str:
        """The n-th of `count` moments of the history, in its order, from 06:00 to 22:00 of each day."""
        day_long, open_long = 86_400_000_000, 57_600_000_000
        passed = f"({number} * {HISTORY_DAYS * open_long // count})"
        opened = to_microseconds(_BEGIN) + 6 * 3_600_000_000
        return f"{opened} + {passed} / {open_long} * {day_long} + {passed} % {open_long}"


def _mixed(number: str, salt: int) -> str:
    """32 bits that look like chance, from a number below 2^31: integers of 64 bits never overflow in it."""
    once = f"((({number} + {salt * 7_654_321}) * 2654435761) & 4294967295)"
    return f"((({once} >> 15) * 2246822519 + {once} * 668265263) >> 7 & 4294967295)"


def _chance(salt: int, among: int) -> str:
    """One of so many numbers, for the number `i`."""
    return f"({_mixed('i', salt)} % {among})"


class _Sqlite(_Words):
    before = (
        "PRAGMA foreign_keys=OFF",
        "PRAGMA journal_mode=OFF",
        "PRAGMA synchronous=OFF",
        "PRAGMA cache_size=-1000000",
    )
    after = (f"UPDATE positions SET value = {POSITIONS}", "ANALYZE", "PRAGMA journal_mode=WAL")

    def series(self, count: int) -> str:
        return (
            f"(WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {count - 1}) SELECT i FROM n)"
        )

    def instant(self, microseconds: str) -> str:
        return microseconds

    def date(self, days: str) -> str:
        return f"date(({days}) * 86400, 'unixepoch')"

    def floor(self, number: str) -> str:
        return f"CAST({number} AS INTEGER)"

    def key(self, prefix: str, number: str, width: int) -> str:
        return f"printf('{prefix}%0{width}d', {number})"

    def payload(self, items: str, total: str) -> str:
        return f"""printf('{{"items_count": %d, "total": %d}}', {items}, {total})"""

    def _distinct_group(self, column: str) -> str:
        return f"+{column}"  # a sort of what is read in order; by the index it would be ten million reads at random


class _Postgres(_Words):
    after = ("VACUUM ANALYZE", "CHECKPOINT")

    def series(self, count: int) -> str:
        return f"(SELECT i FROM generate_series(0::bigint, {count - 1}) AS i) AS n"

    def instant(self, microseconds: str) -> str:
        return f"to_timestamp(0) + (({microseconds}) * interval '1 microsecond')"

    def date(self, days: str) -> str:
        return f"date '1970-01-01' + ({days})::int"

    def floor(self, number: str) -> str:
        return f"floor(({number})::float8)::bigint"

    def key(self, prefix: str, number: str, width: int) -> str:
        return f"'{prefix}' || lpad(({number})::text, {width}, '0')"

    def payload(self, items: str, total: str) -> str:
        return f"jsonb_build_object('items_count', {items}, 'total', {total})"
