"""The kinds of CSV files: their columns, what identifies a row, and the function that writes the rows."""

from collections.abc import Mapping
from typing import Any, Final

from engine.store.importing import values
from engine.store.importing.columns import FieldError
from engine.store.importing.kind import (
    Column,
    Kind,
    Reading,
    birthday_field,
    consent_field,
    day_field,
    instant_field,
    key_field,
    money_field,
    one_of_field,
    plain_field,
    text_field,
    total_field,
    whole_field,
)
from engine.store.ingest import (
    as_looked_up,
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

_CUSTOMERS = Kind(
    "customers",
    (
        Column("id", "id", key_field, required=True),
        Column("email", "email", plain_field(values.address)),
        Column("phone", "phone", plain_field(values.phone)),
        Column("first_name", "first_name", text_field),
        Column("last_name", "last_name", text_field),
        Column("language", "language", plain_field(values.language)),
        Column("country", "country", plain_field(values.country)),
        Column("timezone", "timezone", plain_field(values.zone), empty=""),
        Column("birthday", "birthday", birthday_field),
        Column("member_since", "member_since", day_field),
        Column("member_until", "member_until", day_field),
        Column("wedding_day", "wedding_day", day_field),
        Column("company", "company", key_field),
        Column("household", "household", key_field),
        Column("preferred_channel", "preferred_channel", one_of_field("email", "sms", "chat", "call")),
        Column("chat", "chat", key_field),
        Column("tier", "tier", key_field),
        Column("account_manager", "account_manager", text_field),
        Column("created_at", "created_at", instant_field, leave_out=True),
        Column("tags", "tags", plain_field(values.tags), leave_out=True),
        Column("email_consent", "email_consent", consent_field, leave_out=True),
        Column("sms_consent", "sms_consent", consent_field, leave_out=True),
    ),
    ("id",),
    put_customers,
)

_ORDERS = Kind(
    "orders",
    (
        Column("id", "id", key_field, required=True),
        Column("customer", "customer_id", key_field, required=True),
        Column("placed_at", "placed_at", instant_field, required=True),
        Column("paid_at", "paid_at", instant_field),
        Column("total", "total", total_field, required=True),
    ),
    ("id",),
    put_orders,
)

_ORDER_LINES = Kind(
    "order_lines",
    (
        Column("order", "order_id", key_field, required=True),
        Column("line", "line", whole_field, required=True),
        Column("product", "product", key_field, required=True),
        Column("category", "category", key_field),
        Column("quantity", "quantity", whole_field, required=True),
        Column("amount", "amount", money_field, required=True),
    ),
    ("order_id", "line"),
    put_order_lines,
)

_EVENTS = Kind(
    "events",
    (
        Column("id", "id", key_field, required=True),
        Column("event", "name", key_field, required=True),
        Column("customer", "customer_id", key_field, required=True),
        Column("at", "occurred_at", instant_field, required=True),
    ),
    ("id",),
    put_events,
    payload=True,
)

_PRODUCTS = Kind(
    "products",
    (
        Column("id", "id", key_field, required=True),
        Column("title", "title", text_field),
        Column("category", "category", key_field),
        Column("price", "price", total_field),
        Column("link", "link", text_field),
        Column("lasts_days", "lasts_days", whole_field),
    ),
    ("id",),
    put_products,
)

_WISHES = Kind(
    "wishes",
    (
        Column("customer", "customer_id", key_field, required=True),
        Column("product", "product", key_field, required=True),
        Column("at", "at", instant_field, leave_out=True),
    ),
    ("customer_id", "product"),
    put_wishes,
)

_RESERVATIONS = Kind(
    "reservations",
    (
        Column("id", "id", key_field, required=True),
        Column("customer", "customer_id", key_field, required=True),
        Column("starts_at", "starts_at", instant_field, required=True),
        Column("subject", "subject", text_field),
        Column("state", "state", one_of_field("booked", "kept", "missed", "cancelled"), empty="booked"),
        Column("staff", "staff", text_field),
        Column("party", "party", whole_field),
        Column("made_at", "made_at", instant_field, leave_out=True),
    ),
    ("id",),
    put_reservations,
)

_SUBSCRIPTIONS = Kind(
    "subscriptions",
    (
        Column("id", "id", key_field, required=True),
        Column("customer", "customer_id", key_field, required=True),
        Column("plan", "plan", text_field),
        Column("state", "state", one_of_field("active", "paused", "ended"), empty="active"),
        Column("amount", "amount", total_field),
        Column("renews_on", "renews_on", day_field),
        Column("began_at", "began_at", instant_field, leave_out=True),
    ),
    ("id",),
    put_subscriptions,
)

_GOODS_EVENTS = Kind(
    "goods_events",
    (
        Column("id", "id", key_field, required=True),
        Column("event", "name", key_field, required=True),
        Column("product", "product", key_field, required=True),
        Column("at", "occurred_at", instant_field, required=True),
    ),
    ("id",),
    put_goods_events,
    payload=True,
    about_goods=True,
)

_REDEMPTIONS = Kind(
    "redemptions",
    (
        Column("code", "code", key_field, required=True),
        Column("at", "at", instant_field, required=True),
        Column("order", "order_id", key_field),
    ),
    ("code", "at"),
    put_redemptions,
)

_ANSWERS = Kind(
    "consents",
    (
        Column("customer", "customer_id", key_field, required=True),
        Column("channel", "channel", one_of_field("email", "sms", "chat"), required=True),
        Column("topic", "topic", key_field, empty="*"),
        Column("given", "given", plain_field(values.yes_no), required=True),
        Column("at", "at", instant_field, required=True),
        Column("how", "how", text_field, required=True),
        Column("source", "source", text_field),
    ),
    ("customer_id", "channel", "topic", "at", "given"),
    put_consents,
)


def _looked_up(row: Row, reading: Reading) -> dict[str, Any]:
    """The address in its one form: here the country of a number is known, and the same twice in a file is seen."""
    try:
        return {**row, "address": as_looked_up(row["channel"], row["address"], reading.prefix)}
    except ValueError as fault:
        raise FieldError("address", str(fault)) from None


_SUPPRESSIONS = Kind(
    "suppressions",
    (
        Column("address", "address", key_field, required=True),
        Column("reason", "reason", text_field, required=True),
        Column("channel", "channel", one_of_field("email", "sms", "chat"), empty="email"),
        Column("at", "at", instant_field, leave_out=True),
    ),
    ("address", "channel"),
    put_suppressions,
    read_whole=_looked_up,
)

_GOODS = (_PRODUCTS, _WISHES, _RESERVATIONS, _SUBSCRIPTIONS, _GOODS_EVENTS)
KINDS: Final[Mapping[str, Kind]] = {
    kind.name: kind
    for kind in (_CUSTOMERS, _ORDERS, _ORDER_LINES, _EVENTS, _REDEMPTIONS, *_GOODS, _ANSWERS, _SUPPRESSIONS)
}
