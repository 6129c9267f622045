"""The shop's tables: customers and what they did."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from engine.store.dialect import month_day, positions_ddl
from engine.store.types import Instant

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# As these types were in this version, whatever becomes of them.
KEY = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
DOCUMENT = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "consents",
        sa.Column("customer_id", KEY, nullable=False),
        sa.Column("channel", KEY, nullable=False),
        sa.Column("topic", KEY, nullable=False),
        sa.Column("given", sa.Boolean(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("customer_id", "channel", "topic", name="pk_consents"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "consent_log",
        sa.Column("customer_id", KEY, nullable=False),
        sa.Column("channel", KEY, nullable=False),
        sa.Column("topic", KEY, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("given", sa.Boolean(), nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("customer_id", "channel", "topic", "at", "given", name="pk_consent_log"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "customer_tags",
        sa.Column("customer_id", KEY, nullable=False),
        sa.Column("tag", KEY, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("customer_id", "tag", name="pk_customer_tags"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_customer_tags_tag_customer_id", "customer_tags", ["tag", "customer_id"])
    op.create_table(
        "customers",
        sa.Column("id", KEY, nullable=False),
        sa.Column("email", KEY, nullable=True),
        sa.Column("phone", KEY, nullable=True),
        sa.Column("first_name", sa.Text(), nullable=True),
        sa.Column("last_name", sa.Text(), nullable=True),
        sa.Column("language", KEY, nullable=True),
        sa.Column("country", KEY, nullable=True),
        sa.Column("timezone", KEY, server_default="", nullable=False),
        sa.Column("birthday", sa.Date(), nullable=True),
        sa.Column("member_since", sa.Date(), nullable=True),
        sa.Column("member_until", sa.Date(), nullable=True),
        sa.Column("wedding_day", sa.Date(), nullable=True),
        sa.Column("company", KEY, nullable=True),
        sa.Column("household", KEY, nullable=True),
        sa.Column("preferred_channel", KEY, nullable=True),
        sa.Column("chat", KEY, nullable=True),
        sa.Column("tier", KEY, nullable=True),
        sa.Column("account_manager", sa.Text(), nullable=True),
        sa.Column("open_complaints", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("orders_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("lifetime_spend", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("first_order_at", Instant(), nullable=True),
        sa.Column("last_order_at", Instant(), nullable=True),
        sa.Column("points", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("points_expire_on", sa.Date(), nullable=True),
        sa.Column("usual_interval", sa.BigInteger(), nullable=True),
        sa.Column("next_order_expected_at", Instant(), nullable=True),
        sa.Column("order_overdue_at", Instant(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_customers"),
    )
    op.create_index("ix_customers_birthday", "customers", ["birthday", "timezone"])
    op.create_index("ix_customers_birthday_month_day", "customers", [month_day(sa.column("birthday")), "timezone"])
    op.create_index("ix_customers_member_since", "customers", ["member_since", "timezone"])
    op.create_index(
        "ix_customers_member_since_month_day", "customers", [month_day(sa.column("member_since")), "timezone"]
    )
    op.create_index("ix_customers_member_until", "customers", ["member_until", "timezone"])
    op.create_index("ix_customers_points_expire_on", "customers", ["points_expire_on", "timezone"])
    op.create_index(
        "ix_customers_member_until_month_day", "customers", [month_day(sa.column("member_until")), "timezone"]
    )
    for alone in (
        *("company", "created_at", "email", "first_order_at", "household", "last_order_at"),
        *("next_order_expected_at", "order_overdue_at", "position"),
    ):
        op.create_index(f"ix_customers_{alone}", "customers", [alone])
    op.create_index("ix_customers_wedding_day", "customers", ["wedding_day", "timezone"])
    op.create_index(
        "ix_customers_wedding_day_month_day", "customers", [month_day(sa.column("wedding_day")), "timezone"]
    )
    op.create_index("ix_customers_timezone_id", "customers", ["timezone", "id"])
    op.create_table(
        "suppressions",
        sa.Column("channel", KEY, nullable=False),
        sa.Column("address", KEY, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("channel", "address", name="pk_suppressions"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "vouchers",
        sa.Column("id", ROW_ID, sa.Identity(), nullable=False),
        sa.Column("kind", KEY, nullable=False),
        sa.Column("code", KEY, nullable=False),
        sa.Column("customer_id", KEY, nullable=False),
        sa.Column("enrolment_id", sa.BigInteger(), nullable=True),
        sa.Column("step", KEY, nullable=True),
        sa.Column("iteration", sa.Integer(), nullable=True),
        sa.Column("state", KEY, nullable=False),
        sa.Column("issued_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=True),
        sa.Column("redeemed_at", Instant(), nullable=True),
        sa.Column("order_id", KEY, nullable=True),
        sa.Column("worth", sa.BigInteger(), nullable=True),
        sa.Column("minimum", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_vouchers"),
        sa.UniqueConstraint("code", name="uq_vouchers_code"),
        sa.UniqueConstraint("enrolment_id", "step", "iteration", name="uq_vouchers_enrolment_id_step_iteration"),
    )
    op.create_index("ix_vouchers_customer_id", "vouchers", ["customer_id"])
    op.create_index("ix_vouchers_expires_at", "vouchers", ["expires_at"])
    op.create_index("ix_vouchers_kind_state", "vouchers", ["kind", "state"])
    op.create_index(
        "ix_vouchers_lapsing",
        "vouchers",
        ["expires_at"],
        sqlite_where=sa.text("state = 'issued'"),
        postgresql_where=sa.text("state = 'issued'"),
    )
    op.create_table(
        "events",
        sa.Column("id", KEY, nullable=False),
        sa.Column("name", KEY, nullable=False),
        sa.Column("customer_id", KEY, nullable=False),
        sa.Column("occurred_at", Instant(), nullable=False),
        sa.Column("payload", DOCUMENT, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_events"),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name="fk_events_customer_id", ondelete="CASCADE"),
    )
    op.create_index("ix_events_customer_id_name_occurred_at", "events", ["customer_id", "name", "occurred_at"])
    op.create_index("ix_events_name_occurred_at", "events", ["name", "occurred_at"])
    op.create_index("ix_events_name_position", "events", ["name", "position"])
    op.create_index("ix_events_position", "events", ["position"])
    op.create_table(
        "orders",
        sa.Column("id", KEY, nullable=False),
        sa.Column("customer_id", KEY, nullable=False),
        sa.Column("placed_at", Instant(), nullable=False),
        sa.Column("paid_at", Instant(), nullable=True),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_orders"),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name="fk_orders_customer_id", ondelete="CASCADE"),
    )
    op.create_index("ix_orders_customer_id_paid_at", "orders", ["customer_id", "paid_at"])
    op.create_index("ix_orders_paid_at", "orders", ["paid_at"])
    op.create_index("ix_orders_placed_at", "orders", ["placed_at"])
    op.create_index("ix_orders_position", "orders", ["position"])
    op.create_table(
        "order_lines",
        sa.Column("order_id", KEY, nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("product", KEY, nullable=False),
        sa.Column("category", KEY, nullable=True),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("order_id", "line", name="pk_order_lines"),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name="fk_order_lines_order_id", ondelete="CASCADE"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_order_lines_product_order_id", "order_lines", ["product", "order_id"])
    if op.get_context().dialect.name == "sqlite":
        for statement in positions_ddl:
            op.execute(statement)
