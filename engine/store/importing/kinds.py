"""The kinds of CSV files: their columns, what identifies a row, and the function that writes the rows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from engine.store.importing import values
from engine.store.ingest import (
    Written,
    put_consents,
    put_customers,
    put_events,
    put_goods_events,
    put_order_lines,
    put_orders,
    put_products,
    put_redemptions,
    put_reservations,
    put_subscriptions,
    put_suppressions,
    put_wishes,
)
from engine.store.ingest.written import Row

#: The types of an event's fields, by the words of the catalogue: event -> field -> `money`.
FieldTypes = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Reading:
    """What the reader of a file must know: decimals of the currency, the shop's time zone, the time, the events.

    Without `events` (and `goods_events`, those about products), any column of such a file is taken as a text, and
    `total` as an amount.
    """

    exponent: int
    zone: ZoneInfo
    now: datetime
    events: FieldTypes | None = None
    goods_events: FieldTypes | None = None

    def of(self, kind: "Kind") -> FieldTypes | None:
        """The events that a file of that kind may hold."""
        return self.goods_events if kind.about_goods else self.events


Read = Callable[[str, Reading], Any]


@dataclass(frozen=True)
class Column:
    """A column of a file: its name there, where its value goes, and what stands for an empty field."""

    name: str
    into: str
    read: Read
    required: bool = False
    empty: Any = None
    leave_out: bool = False  # an empty field leaves what the store has, or its default


@dataclass(frozen=True)
class Kind:
    """A kind of file: its columns, the columns that identify a row, and the function that writes its rows."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    put: Callable[[sa.Connection, Sequence[Row], datetime], Written]
    payload: bool = False  # further columns are fields of events
    about_goods: bool = False  # events that happen to a product and to no customer
    by_name: Mapping[str, Column] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {column.name: column for column in self.columns})


def _text(text: str, _: Reading) -> str:
    return values.text(text)


def _key(text: str, _: Reading) -> str:
    return values.key(text)


def _day(text: str, _: Reading) -> date:
    return values.day(text)


def _birthday(text: str, reading: Reading) -> date:
    born = values.day(text)
    if born > reading.now.date():
        raise ValueError(f"{born} lies in the future")
    return born


def _instant(text: str, reading: Reading) -> datetime:
    return values.instant(text, reading.zone)


def _consent(text: str, reading: Reading) -> bool | datetime:
    given = values.consent(text, reading.zone)
    if isinstance(given, datetime) and given > reading.now:
        raise ValueError(f"`{text}` lies in the future")
    return given


def _money(text: str, reading: Reading) -> int:
    return values.amount(text, reading.exponent)


def _total(text: str, reading: Reading) -> int:
    return values.not_negative(_money(text, reading))


def _whole(text: str, _: Reading) -> int:
    return values.not_negative(values.whole(text))


def _one_of(*words: str) -> Read:
    def read(text: str, _: Reading) -> str:
        found = text.strip().lower()
        if found not in words:
            raise ValueError(f"`{text}` is none of  {', '.join(words)}")
        return found

    return read


def _plain(read: Callable[[str], Any]) -> Read:
    return lambda text, _: read(text)


_CUSTOMERS = Kind(
    "customers",
    (
        Column("id", "id", _key, required=True),
        Column("email", "email", _plain(values.address)),
        Column("phone", "phone", _plain(values.phone)),
        Column("first_name", "first_name", _text),
        Column("last_name", "last_name", _text),
        Column("language", "language", _plain(values.language)),
        Column("country", "country", _plain(values.country)),
        Column("timezone", "timezone", _plain(values.zone), empty=""),
        Column("birthday", "birthday", _birthday),
        Column("member_since", "member_since", _day),
        Column("member_until", "member_until", _day),
        Column("wedding_day", "wedding_day", _day),
        Column("company", "company", _key),
        Column("household", "household", _key),
        Column("preferred_channel", "preferred_channel", _one_of("email", "sms", "chat", "call")),
        Column("chat", "chat", _key),
        Column("tier", "tier", _key),
        Column("account_manager", "account_manager", _text),
        Column("created_at", "created_at", _instant, leave_out=True),
        Column("tags", "tags", _plain(values.tags), leave_out=True),
        Column("email_consent", "email_consent", _consent, leave_out=True),
        Column("sms_consent", "sms_consent", _consent, leave_out=True),
    ),
    ("id",),
    put_customers,
)

_ORDERS = Kind(
    "orders",
    (
        Column("id", "id", _key, required=True),
        Column("customer", "customer_id", _key, required=True),
        Column("placed_at", "placed_at", _instant, required=True),
        Column("paid_at", "paid_at", _instant),
        Column("total", "total", _total, required=True),
    ),
    ("id",),
    put_orders,
)

_ORDER_LINES = Kind(
    "order_lines",
    (
        Column("order", "order_id", _key, required=True),
        Column("line", "line", _whole, required=True),
        Column("product", "product", _key, required=True),
        Column("category", "category", _key),
        Column("quantity", "quantity", _whole, required=True),
        Column("amount", "amount", _money, required=True),
    ),
    ("order_id", "line"),
    put_order_lines,
)

_EVENTS = Kind(
    "events",
    (
        Column("id", "id", _key, required=True),
        Column("event", "name", _key, required=True),
        Column("customer", "customer_id", _key, required=True),
        Column("at", "occurred_at", _instant, required=True),
    ),
    ("id",),
    put_events,
    payload=True,
)

_PRODUCTS = Kind(
    "products",
    (
        Column("id", "id", _key, required=True),
        Column("title", "title", _text),
        Column("category", "category", _key),
        Column("price", "price", _total),
        Column("link", "link", _text),
        Column("lasts_days", "lasts_days", _whole),
    ),
    ("id",),
    put_products,
)

_WISHES = Kind(
    "wishes",
    (
        Column("customer", "customer_id", _key, required=True),
        Column("product", "product", _key, required=True),
        Column("at", "at", _instant, leave_out=True),
    ),
    ("customer_id", "product"),
    put_wishes,
)

_RESERVATIONS = Kind(
    "reservations",
    (
        Column("id", "id", _key, required=True),
        Column("customer", "customer_id", _key, required=True),
        Column("starts_at", "starts_at", _instant, required=True),
        Column("subject", "subject", _text),
        Column("state", "state", _one_of("booked", "kept", "missed", "cancelled"), empty="booked"),
        Column("staff", "staff", _text),
        Column("party", "party", _whole),
        Column("made_at", "made_at", _instant, leave_out=True),
    ),
    ("id",),
    put_reservations,
)

_SUBSCRIPTIONS = Kind(
    "subscriptions",
    (
        Column("id", "id", _key, required=True),
        Column("customer", "customer_id", _key, required=True),
        Column("plan", "plan", _text),
        Column("state", "state", _one_of("active", "paused", "ended"), empty="active"),
        Column("amount", "amount", _total),
        Column("renews_on", "renews_on", _day),
        Column("began_at", "began_at", _instant, leave_out=True),
    ),
    ("id",),
    put_subscriptions,
)

_GOODS_EVENTS = Kind(
    "goods_events",
    (
        Column("id", "id", _key, required=True),
        Column("event", "name", _key, required=True),
        Column("product", "product", _key, required=True),
        Column("at", "occurred_at", _instant, required=True),
    ),
    ("id",),
    put_goods_events,
    payload=True,
    about_goods=True,
)

_REDEMPTIONS = Kind(
    "redemptions",
    (
        Column("code", "code", _key, required=True),
        Column("at", "at", _instant, required=True),
        Column("order", "order_id", _key),
    ),
    ("code", "at"),
    put_redemptions,
)

_ANSWERS = Kind(
    "consents",
    (
        Column("customer", "customer_id", _key, required=True),
        Column("channel", "channel", _one_of("email", "sms", "chat"), required=True),
        Column("topic", "topic", _key, empty="*"),
        Column("given", "given", _plain(values.yes_no), required=True),
        Column("at", "at", _instant, required=True),
        Column("how", "how", _text, required=True),
        Column("source", "source", _text),
    ),
    ("customer_id", "channel", "topic", "at", "given"),
    put_consents,
)

_SUPPRESSIONS = Kind(
    "suppressions",
    (
        Column("address", "address", _key, required=True),
        Column("reason", "reason", _text, required=True),
        Column("channel", "channel", _one_of("email", "sms", "chat"), empty="email"),
        Column("at", "at", _instant, leave_out=True),
    ),
    ("address", "channel"),
    put_suppressions,
)

_GOODS = (_PRODUCTS, _WISHES, _RESERVATIONS, _SUBSCRIPTIONS, _GOODS_EVENTS)
KINDS: Final[Mapping[str, Kind]] = {kind.name: kind for kind in (_CUSTOMERS, _ORDERS, _ORDER_LINES, _EVENTS, _REDEMPTIONS, *_GOODS, _ANSWERS, _SUPPRESSIONS)}
