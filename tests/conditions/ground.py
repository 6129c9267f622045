"""A small catalogue over the built-in store and one table of a shop, with rows chosen to tell readings apart."""

import random
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from engine.catalogue import Catalogue, Column, Event, Field, Metric, Table, Type
from engine.clocks.times import Length
from engine.conditions import read
from engine.conditions.terms import Moment
from engine.conditions.tree import Tree
from engine.store import customers as store
from engine.store.types import IsoInstant, SecondsInstant, to_microseconds

#: A month's last day with microseconds, in a zone whose clocks changed two days before.
NOW = datetime(2026, 3, 31, 8, 30, 0, 500_000, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Berlin")
MONTHS_3 = Length(3, "month")

CHOICES = ("gold", "Gold", "GOLD", "platinum", "O'Neil", "ça va", "100%", "now")
TEXTS = [
    *("a", "A", "ab", "ä", "Ä", "ß", "ss", "SS", "%", "_", "a%b", "a_b", "axb", "a'b", "'", "''", '"', "\\", "a\\b"),
    *("上海", "é", "e\u0301", " a", "a ", "İ", "i\u0307", "😀", "10", "1e3", "true", "now", "not", "zh-CN", "and"),
]
WHOLE = [0, 1, 2, 3, -1, 7, 10, 100, 10**14, 2**53]
REAL = [0.1, 0.3, 0.1 + 0.2, 2.5, 1.0, -0.5, 63.0, 90.0, 0.7]
MONEY = [0, 1, 62, 63, 64, 89, 90, 91, 7, 10, -63, -90, 6300, 9000, 29_999, 30_000, 10**12]
CATEGORIES = ("tea", "cups", "", "Tea")
COMPANIES = ("acme", "Acme", "o'neil", "")
MOMENTS = [
    *(Moment("now"), Moment("today"), Moment("day", day=date(2026, 3, 29)), Moment("day", day=date(2024, 2, 29))),
    *(Moment("ago", Length(90, "day")), Moment("ago", Length(1, "month")), Moment("ago", Length(36, "hour"))),
    *(Moment("from now", Length(1, "week")), Moment("ago", Length(1, "year")), Moment("ago", MONTHS_3)),
    Moment("ago", MONTHS_3, further=MONTHS_3),
]
AROUND = [timedelta(), *(sign * timedelta(**one) for sign in (1, -1) for one in ({"microseconds": 1}, {"seconds": 1}))]

traits = sa.Table(
    "traits",
    sa.MetaData(),
    sa.Column("owner", sa.Text, primary_key=True),
    sa.Column("vip", sa.Boolean),
    sa.Column("nickname", sa.Text),
    sa.Column("score", sa.Double),
    sa.Column("budget", sa.BigInteger),
    sa.Column("seen_iso", sa.Text),
    sa.Column("seen_seconds", sa.BigInteger),
)


def _field(name: str, kind: Type, table: str = "customers", **more: Any) -> Field:
    return Field(name, kind, column=Column(table, more.pop("column", name)), **more)


def _metric(name: str, kind: Type, aggregate: Any, ending: Length | None = None) -> Field:
    column = None if aggregate == "count" else "total"
    return Field(name, kind, metric=Metric(aggregate, "orders", column, MONTHS_3, ending))


def _counted(name: str, kind: Type, aggregate: Any, table: str, column: str | None = None, **more: Any) -> Field:
    metric = Metric(aggregate, table, column, more.pop("over", None), **more)
    return Field(name, kind, metric=metric, required=metric.always)


def _sent(name: str, kind: Type, **more: Any) -> Field:
    return Field(name, kind, column=Column("events", "payload", name), **more)


TEA = (("category", ("tea", "Tea")),)
FIELDS = [
    _field("email", Type.TEXT),
    *(_field("first_name", Type.TEXT), _field("last_name", Type.TEXT), _field("tier", Type.CHOICE, choices=CHOICES)),
    *(_field("orders_count", Type.NUMBER, required=True), _field("lifetime_spend", Type.MONEY, required=True)),
    *(_field("birthday", Type.DATE), _field("member_since", Type.DATE)),
    *(_field("last_order_at", Type.TIME), _field("first_order_at", Type.TIME)),
    _field("tags", Type.TAGS, "customer_tags", column="tag"),
    *(_field("vip", Type.YES_NO, "traits"), _field("nickname", Type.TEXT, "traits", fold=True)),
    *(_field("score", Type.NUMBER, "traits"), _field("budget", Type.MONEY, "traits")),
    _field("seen_iso", Type.TIME, "traits", stored="iso"),
    _field("seen_seconds", Type.TIME, "traits", stored="seconds"),
    *(_metric("orders_3_months", Type.NUMBER, "count"), _metric("spend_3_months", Type.MONEY, "sum")),
    *(_metric("average_3_months", Type.MONEY, "average"), _metric("biggest_3_months", Type.MONEY, "max")),
    _metric("average_previous", Type.MONEY, "average", MONTHS_3),
    _counted("spend_ever", Type.MONEY, "sum", "orders", "total"),
    *(_counted("rhythm", Type.NUMBER, "days_between", "orders"), _field("company", Type.TEXT)),
    _counted("rhythm_3_months", Type.NUMBER, "days_between", "orders", over=MONTHS_3),
    _counted("tea", Type.MONEY, "sum", "order_lines", "amount", over=MONTHS_3, only=TEA),
    _counted("tea_share", Type.NUMBER, "share_of", "order_lines", "amount", part=TEA),
    _counted("pieces", Type.NUMBER, "average", "order_lines", "quantity"),
    _counted("events_price", Type.MONEY, "sum", "events", "payload", member="price", only=(("name", ("sent",)),)),
    _counted("events_rating", Type.NUMBER, "average", "events", "payload", member="rating"),
    _counted("company_average", Type.MONEY, "average", "orders", "total", across="company"),
    _counted("company_orders", Type.NUMBER, "count", "orders", over=MONTHS_3, across="company"),
    _counted("company_tea", Type.MONEY, "max", "order_lines", "amount", only=TEA, across="company"),
    _counted("company_size", Type.NUMBER, "count", "customers", across="company"),
]
EVENT_FIELDS = [
    *(_sent("kind", Type.TEXT), _sent("plan", Type.CHOICE, choices=CHOICES), _sent("gift", Type.YES_NO)),
    *(_sent("rating", Type.NUMBER), _sent("price", Type.MONEY), _sent("list_price", Type.MONEY)),
    *(_sent("day", Type.DATE), _sent("moment", Type.TIME)),
]
CATALOGUE = Catalogue(
    customers=Table("customers", customer="id", position="position"),
    fields={one.name: one for one in FIELDS},
    events={"sent": Event("sent", "events", "occurred_at", fields={one.name: one for one in EVENT_FIELDS})},
    tables={
        "customer_tags": Table("customer_tags", customer="customer_id", key="tag"),
        "orders": Table("orders", customer="customer_id", time="paid_at"),
        "order_lines": Table("order_lines", customer="", key="line", through="orders", by="order_id"),
        "events": Table("events", customer="customer_id", time="occurred_at"),
        "traits": Table("traits", customer="owner", key="owner"),
        "customers": Table("customers", customer="id"),
    },
)
SCOPE = {"customer": dict(CATALOGUE.fields), "event": {one.name: one for one in EVENT_FIELDS}}
SEGMENTS: dict[str, Tree] = {"vip": read("customer.vip or customer.tier is gold", SCOPE, (), "USD")}
SEGMENTS["lapsed"] = read(
    "customer not in segment vip and customer.last_order_at before 90 days ago", SCOPE, SEGMENTS, "USD"
)


@dataclass(frozen=True)
class Row:
    """One customer with one event, orders and tags, as the store keeps them, and as the Python reading takes them."""

    id: str
    customer: dict[str, Any]
    traits: dict[str, Any]
    payload: dict[str, Any]
    tags: tuple[str, ...]
    orders: tuple[tuple[datetime | None, int], ...]
    lines: tuple[tuple[tuple[str | None, int, int], ...], ...]  # of each order: category, quantity, amount
    others: list["Row"] = field(repr=False)  # all of the rows, this one too

    @property
    def record(self) -> dict[str, dict[str, Any]]:
        """The row for `holds`."""
        seen = {name: self.traits[name] for name in ("seen_iso", "seen_seconds")}
        read = {name: None if value is None else value.replace(microsecond=0) for name, value in seen.items()}
        known = {**self.customer, **self.traits, **read, "tags": frozenset(self.tags), **self._metrics()}
        return {"customer": known, "event": self.payload}

    def _metrics(self) -> dict[str, Any]:
        begins = MONTHS_3.ago(NOW, ZONE)
        recent, previous = self._totals(begins, NOW), self._totals(MONTHS_3.ago(begins, ZONE), begins)
        return {
            "orders_3_months": len(recent),
            "spend_3_months": sum(recent),
            "average_3_months": rounded_average(recent),
            "biggest_3_months": max(recent, default=None),
            "average_previous": rounded_average(previous),
            "spend_ever": sum(self._totals(None, NOW)),
            "rhythm": self._rhythm(None),
            "rhythm_3_months": self._rhythm(begins),
            "tea": sum(amount for category, _, amount in self._lines(begins) if category in ("tea", "Tea")),
            "tea_share": self._tea_share(),
            "pieces": _hundredths([number for _, number, _ in self._lines(None)]),
            "events_price": _number(self.payload.get("price")) or 0,
            "events_rating": _hundredths([one for one in [_number(self.payload.get("rating"))] if one is not None]),
            **(self._of_company(begins) if self.customer["company"] else {}),
        }

    def _rhythm(self, after: datetime | None) -> int | None:
        times = sorted(at for at, _ in self.orders if at is not None and (after is None or at > after) and at <= NOW)
        if len(times) < 3:
            return None
        exact = Decimal((times[-1] - times[0]) // timedelta(microseconds=1)) / 86_400_000_000 / (len(times) - 1)
        return int(exact.quantize(Decimal(1), ROUND_HALF_UP))

    def _lines(self, after: datetime | None) -> list[tuple[str | None, int, int]]:
        paid = zip(self.orders, self.lines, strict=True)
        within = [lines for (at, _), lines in paid if at is not None and (after is None or at > after) and at <= NOW]
        return [line for lines in within for line in lines]

    def _tea_share(self) -> int | None:
        whole = sum(amount for _, _, amount in self._lines(None))
        tea = sum(amount for category, _, amount in self._lines(None) if category in ("tea", "Tea"))
        return int((Decimal(100 * tea) / whole).quantize(Decimal(1), ROUND_HALF_UP)) if whole > 0 else None

    def _of_company(self, begins: datetime) -> dict[str, Any]:
        peers = [one for one in self.others if one.customer["company"] == self.customer["company"]]
        tea = [amount for one in peers for kind, _, amount in one._lines(None) if kind in ("tea", "Tea")]
        return {
            "company_average": rounded_average([total for one in peers for total in one._totals(None, NOW)]),
            "company_orders": sum(len(one._totals(begins, NOW)) for one in peers),
            "company_tea": max(tea, default=None),
            "company_size": len(peers),
        }

    def _totals(self, after: datetime | None, until: datetime) -> list[int]:
        paid = ((at, total) for at, total in self.orders if at is not None)
        return [total for at, total in paid if (after is None or after < at) and at <= until]


def _number(raw: Any) -> Any:
    return raw if isinstance(raw, int | float) and not isinstance(raw, bool) else None


def _hundredths(numbers: list[Any]) -> float | None:
    """The average, of numbers taken in hundredths."""
    fine = [int(number * 100.0 + (-0.5 if number < 0 else 0.5)) for number in numbers]
    average = rounded_average(fine)
    return None if average is None else average / 100.0


def rounded_average(totals: list[int]) -> int | None:
    """The average in whole minor units, half away from zero."""
    if not totals:
        return None
    exact = Decimal(sum(totals)) / len(totals)
    return int(exact.quantize(Decimal(1), ROUND_HALF_UP))


def rows(count: int, seed: int = 7) -> list[Row]:
    """Rows whose values come from the same pools as the literals of the conditions."""
    chance = random.Random(seed)
    everybody: list[Row] = []
    everybody += (_row(f"c{number:03}", chance, everybody) for number in range(count))
    return everybody


@cache
def instants() -> list[datetime]:
    """Where the moments stand at `NOW`, and a microsecond and a second beside them."""
    return [moment.instant(NOW, ZONE) + beside for moment in MOMENTS for beside in AROUND]


@cache
def days() -> list[date]:
    """The days of the moments, and those beside them."""
    found = {moment.local_day(NOW, ZONE) + timedelta(days=beside) for moment in MOMENTS for beside in (-1, 0, 1)}
    return sorted(found)


def _row(key: str, chance: random.Random, others: list[Row]) -> Row:
    def maybe(values: Sequence[Any]) -> Any:
        return None if chance.random() < 0.2 else chance.choice(values)

    def text() -> Any:
        return chance.choice([None, "", *TEXTS])

    folded = maybe(TEXTS)
    orders = tuple((maybe(instants()), chance.choice(MONEY)) for _ in range(chance.choice([0, 1, 1, 2, 3, 5])))
    return Row(
        id=key,
        customer={
            **{"first_name": text(), "last_name": text(), "tier": maybe(["", *CHOICES])},
            **{"orders_count": chance.choice(WHOLE), "lifetime_spend": chance.choice(MONEY)},
            **{"birthday": maybe(days()), "member_since": maybe(days())},
            **{"last_order_at": maybe(instants()), "first_order_at": maybe(instants()), "company": maybe(COMPANIES)},
        },
        traits={
            **{"vip": maybe([True, False]), "nickname": None if folded is None else fold(folded)},
            **{"score": maybe(REAL), "budget": maybe(MONEY)},
            **{"seen_iso": maybe(instants()), "seen_seconds": maybe(instants())},
        },
        payload=_payload(chance, maybe),
        tags=tuple(chance.sample(TEXTS, chance.choice([0, 0, 1, 2, 5]))),
        orders=orders,
        lines=tuple(
            tuple(
                (maybe(CATEGORIES), chance.choice([1, 2, 3, 7]), chance.choice(MONEY))
                for _ in range(chance.choice([0, 1, 2]))
            )
            for _ in orders
        ),
        others=others,
    )


def _payload(chance: random.Random, maybe: Callable[[Sequence[Any]], Any]) -> dict[str, Any]:
    days_sent = ["n/a", "2026-03-29\n", "2026-3-1", *(day.isoformat() for day in days())]
    sent = {
        **{
            "kind": maybe(["", 5, True, False, ["a"], *TEXTS]),
            "plan": maybe(["", *CHOICES]),
            "gift": maybe([True, False]),
        },
        **{"rating": maybe(["7", "n/a", True, {"a": 1}, *WHOLE, *REAL]), "price": maybe(["63", *MONEY])},
        **{"list_price": maybe(MONEY), "day": maybe(days_sent), "moment": maybe([*map(to_microseconds, instants())])},
    }
    return {name: value for name, value in sent.items() if value is not None or chance.random() < 0.5}


def fold(text: str) -> str:
    """What a folded column keeps."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


@contextmanager
def filled(engine: sa.Engine, people: list[Row]) -> Iterator[sa.Connection]:
    """A connection to a store that holds the rows; the shop's own table is taken away again."""
    iso, seconds = IsoInstant(), SecondsInstant()
    with engine.begin() as connection:
        traits.create(connection)
        dialect = connection.dialect
        connection.execute(
            sa.insert(store.customers),
            [{"id": row.id, "created_at": NOW, "position": 1, **row.customer} for row in people],
        )
        kept = [
            {
                **{"owner": row.id, **row.traits},
                "seen_iso": iso.process_bind_param(row.traits["seen_iso"], dialect),
                "seen_seconds": seconds.process_bind_param(row.traits["seen_seconds"], dialect),
            }
            for row in people
        ]
        connection.execute(sa.insert(traits), kept)
        events = [{"id": row.id, "name": "sent", "customer_id": row.id, "payload": row.payload} for row in people]
        connection.execute(sa.insert(store.events).values(occurred_at=NOW, position=1), events)
        tags = [{"customer_id": row.id, "tag": tag, "at": NOW} for row in people for tag in row.tags]
        connection.execute(sa.insert(store.customer_tags), tags)
        orders = [
            {
                "id": f"{row.id}-{n}",
                "customer_id": row.id,
                "placed_at": NOW,
                "paid_at": at,
                "total": total,
                "position": 1,
            }
            for row in people
            for n, (at, total) in enumerate(row.orders)
        ]
        connection.execute(sa.insert(store.orders), orders)
        lines = [
            {"order_id": f"{row.id}-{n}", "line": line, "category": category, "quantity": number, "amount": amount}
            for row in people
            for n, of_order in enumerate(row.lines)
            for line, (category, number, amount) in enumerate(of_order)
        ]
        if lines:
            connection.execute(sa.insert(store.order_lines).values(product="p"), lines)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        with engine.begin() as connection:
            traits.drop(connection)


def condition(text: str, currency: str = "USD") -> Tree:
    """Reads a condition over the test's catalogue."""
    return read(text, SCOPE, SEGMENTS, currency)
