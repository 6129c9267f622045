"""The built-in customer store: customers and what they did. A shop's own tables may stand in its place."""

import sqlalchemy as sa

from engine.store.dialect import month_day
from engine.store.types import Document, Instant, Key, RowId

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

#: Every row that a trigger looks for as "new since the last pass" carries the number of the transaction that wrote it.
POSITION = "position"

customers = sa.Table(
    "customers",
    metadata,
    sa.Column("id", Key, primary_key=True),
    sa.Column("email", Key),
    sa.Column("phone", Key),
    sa.Column("first_name", sa.Text),
    sa.Column("last_name", sa.Text),
    sa.Column("language", Key),
    sa.Column("country", Key),
    sa.Column("timezone", Key, nullable=False, server_default=""),  # '' is the brand's zone
    sa.Column("birthday", sa.Date),
    sa.Column("member_since", sa.Date),
    sa.Column("member_until", sa.Date),
    sa.Column("wedding_day", sa.Date),
    sa.Column("company", Key),
    sa.Column("household", Key),
    sa.Column("preferred_channel", Key),
    sa.Column("chat", Key),  # the address in the customer's chat
    sa.Column("tier", Key),
    sa.Column("account_manager", sa.Text),
    sa.Column("open_complaints", sa.BigInteger, nullable=False, server_default="0"),
    # Rolled up at ingest, so that a condition reads a column and not a history.
    sa.Column("orders_count", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("lifetime_spend", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("first_order_at", Instant),
    sa.Column("last_order_at", Instant),
    sa.Column("points", sa.BigInteger, nullable=False, server_default="0"),  # the balance of the ledger of points
    sa.Column("points_expire_on", sa.Date),  # when the next of them lapse
    # From three orders on there is a rhythm of his own: the average days between two, when the next one is expected,
    # and when it is late by half an interval more.
    sa.Column("usual_interval", sa.BigInteger),
    sa.Column("next_order_expected_at", Instant),
    sa.Column("order_overdue_at", Instant),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column(POSITION, sa.BigInteger, nullable=False),
    sa.Index("ix_customers_position", POSITION),
    sa.Index("ix_customers_email", "email"),
    sa.Index("ix_customers_timezone_id", "timezone", "id"),
    sa.Index("ix_customers_first_order_at", "first_order_at"),
    sa.Index("ix_customers_last_order_at", "last_order_at"),
    sa.Index("ix_customers_next_order_expected_at", "next_order_expected_at"),
    sa.Index("ix_customers_order_overdue_at", "order_overdue_at"),
    sa.Index("ix_customers_company", "company"),
    sa.Index("ix_customers_household", "household"),
    sa.Index("ix_customers_created_at", "created_at"),
)
sa.Index("ix_customers_points_expire_on", customers.c.points_expire_on, customers.c.timezone)
for _date in ("birthday", "member_since", "member_until", "wedding_day"):
    sa.Index(f"ix_customers_{_date}", customers.c[_date], customers.c.timezone)
    sa.Index(f"ix_customers_{_date}_month_day", month_day(customers.c[_date]), customers.c.timezone)


def _customer(*, index: bool = False) -> sa.Column[str]:
    return sa.Column(
        "customer_id", Key, sa.ForeignKey("customers.id", ondelete="CASCADE"), nullable=False, index=index or None
    )


def _customer_of_any_store(*, index: bool = False) -> sa.Column[str]:
    # The engine writes these rows also for customers who live in a shop's own table, so no foreign key can hold them.
    return sa.Column("customer_id", Key, nullable=False, index=index or None)


customer_tags = sa.Table(
    "customer_tags",
    metadata,
    _customer_of_any_store(),
    sa.Column("tag", Key, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.PrimaryKeyConstraint("customer_id", "tag"),
    sa.Index("ix_customer_tags_tag_customer_id", "tag", "customer_id"),
    sqlite_with_rowid=False,
)

events = sa.Table(
    "events",
    metadata,
    sa.Column("id", Key, primary_key=True),  # given by the source; the same id again is the same event
    sa.Column("name", Key, nullable=False),
    _customer(),
    sa.Column("occurred_at", Instant, nullable=False),
    sa.Column("payload", Document, nullable=False),
    sa.Column(POSITION, sa.BigInteger, nullable=False),
    sa.Index("ix_events_name_position", "name", POSITION),
    sa.Index("ix_events_position", POSITION),
    sa.Index("ix_events_name_occurred_at", "name", "occurred_at"),
    sa.Index("ix_events_customer_id_name_occurred_at", "customer_id", "name", "occurred_at"),
)

orders = sa.Table(
    "orders",
    metadata,
    sa.Column("id", Key, primary_key=True),
    _customer(),
    sa.Column("placed_at", Instant, nullable=False),
    sa.Column("paid_at", Instant),
    sa.Column("total", sa.BigInteger, nullable=False),  # minor units of the brand's currency
    sa.Column(POSITION, sa.BigInteger, nullable=False),
    sa.Index("ix_orders_position", POSITION),
    sa.Index("ix_orders_placed_at", "placed_at"),
    sa.Index("ix_orders_paid_at", "paid_at"),
    sa.Index("ix_orders_customer_id_paid_at", "customer_id", "paid_at"),
)

order_lines = sa.Table(
    "order_lines",
    metadata,
    sa.Column("order_id", Key, sa.ForeignKey("orders.id", ondelete="CASCADE"), nullable=False),
    sa.Column("line", sa.Integer, nullable=False),
    sa.Column("product", Key, nullable=False),
    sa.Column("category", Key),
    sa.Column("quantity", sa.BigInteger, nullable=False),
    sa.Column("amount", sa.BigInteger, nullable=False),
    sa.PrimaryKeyConstraint("order_id", "line"),
    sa.Index("ix_order_lines_product_order_id", "product", "order_id"),
    sqlite_with_rowid=False,
)

#: The words of the partial index; a query must use the very same to be led to it.
ISSUED = "state = 'issued'"

vouchers = sa.Table(
    "vouchers",
    metadata,
    sa.Column("id", RowId, sa.Identity(), primary_key=True),
    sa.Column("kind", Key, nullable=False),
    sa.Column("code", Key, nullable=False, unique=True),
    _customer_of_any_store(index=True),
    sa.Column("enrolment_id", sa.BigInteger),  # empty for a voucher that was not issued by a playbook
    sa.Column("step", Key),
    sa.Column("iteration", sa.Integer),
    sa.Column("state", Key, nullable=False),  # issued | redeemed | lapsed | taken_back
    sa.Column("issued_at", Instant, nullable=False),
    sa.Column("expires_at", Instant),
    sa.Column("redeemed_at", Instant),
    sa.Column("order_id", Key),  # the order that it was redeemed with
    sa.Column("worth", sa.BigInteger),  # in minor units, as its kind said when it was issued
    sa.Column("minimum", sa.BigInteger),  # of the order that it can be redeemed with
    sa.UniqueConstraint("enrolment_id", "step", "iteration"),
    sa.Index("ix_vouchers_kind_state", "kind", "state"),
    sa.Index("ix_vouchers_expires_at", "expires_at"),
    sa.Index(
        "ix_vouchers_lapsing",
        "expires_at",
        sqlite_where=sa.text(ISSUED),
        postgresql_where=sa.text(ISSUED),
    ),
)

consents = sa.Table(
    "consents",
    metadata,
    _customer_of_any_store(),
    sa.Column("channel", Key, nullable=False),
    sa.Column("topic", Key, nullable=False),  # '*' is every topic
    sa.Column("given", sa.Boolean, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("how", sa.Text, nullable=False),  # the evidence: form, import, unsubscribe link …
    sa.Column("source", sa.Text),  # where from: an address of the net, a form, the row of a file
    sa.PrimaryKeyConstraint("customer_id", "channel", "topic"),
    sqlite_with_rowid=False,
)

#: Every answer that was ever given, beside the one that holds. Rows are added and never changed.
consent_log = sa.Table(
    "consent_log",
    metadata,
    _customer_of_any_store(),
    sa.Column("channel", Key, nullable=False),
    sa.Column("topic", Key, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("given", sa.Boolean, nullable=False),
    sa.Column("how", sa.Text, nullable=False),
    sa.Column("source", sa.Text),
    sa.Column("recorded_at", Instant, nullable=False),
    sa.PrimaryKeyConstraint("customer_id", "channel", "topic", "at", "given"),
    sqlite_with_rowid=False,
)

suppressions = sa.Table(
    "suppressions",
    metadata,
    sa.Column("channel", Key, nullable=False),
    sa.Column("address", Key, nullable=False),  # as `fold_address` writes it
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.PrimaryKeyConstraint("channel", "address"),
    sqlite_with_rowid=False,
)
