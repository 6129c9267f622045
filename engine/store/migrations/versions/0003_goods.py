"""What the shop offers, and what customers hold of it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from engine.store.types import Instant

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# As these types were in this version, whatever becomes of them.
KEY = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
DOCUMENT = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def _of_customer(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["customer_id"], ["customers.id"], name=f"fk_{table}_customer_id", ondelete="CASCADE"
    )


def upgrade() -> None:
    op.create_table(
        "products",
        sa.Column("id", KEY, nullable=False),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("category", KEY, nullable=True),
        sa.Column("price", sa.BigInteger(), nullable=True),
        sa.Column("link", sa.Text(), nullable=True),
        sa.Column("lasts_days", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_products"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_products_lasting",
        "products",
        ["id"],
        sqlite_where=sa.text("lasts_days IS NOT NULL"),
        postgresql_where=sa.text("lasts_days IS NOT NULL"),
    )
    op.create_table(
        "goods_events",
        sa.Column("id", KEY, nullable=False),
        sa.Column("name", KEY, nullable=False),
        sa.Column("product", KEY, nullable=False),
        sa.Column("occurred_at", Instant(), nullable=False),
        sa.Column("payload", DOCUMENT, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_goods_events"),
    )
    op.create_index("ix_goods_events_name_position", "goods_events", ["name", "position"])
    op.create_index("ix_goods_events_name_occurred_at", "goods_events", ["name", "occurred_at"])
    op.create_index("ix_goods_events_product", "goods_events", ["product"])
    op.create_table(
        "wishes",
        sa.Column("customer_id", KEY, nullable=False),
        sa.Column("product", KEY, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("customer_id", "product", name="pk_wishes"),
        _of_customer("wishes"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_wishes_product_customer_id", "wishes", ["product", "customer_id"])
    op.create_table(
        "reservations",
        sa.Column("id", KEY, nullable=False),
        sa.Column("customer_id", KEY, nullable=False),
        sa.Column("starts_at", Instant(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("state", KEY, nullable=False),
        sa.Column("staff", sa.Text(), nullable=True),
        sa.Column("party", sa.BigInteger(), nullable=True),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_reservations"),
        _of_customer("reservations"),
    )
    op.create_index("ix_reservations_position", "reservations", ["position"])
    op.create_index("ix_reservations_starts_at", "reservations", ["starts_at"])
    op.create_index("ix_reservations_customer_id_starts_at", "reservations", ["customer_id", "starts_at"])
    op.create_table(
        "subscriptions",
        sa.Column("id", KEY, nullable=False),
        sa.Column("customer_id", KEY, nullable=False),
        sa.Column("plan", sa.Text(), nullable=True),
        sa.Column("state", KEY, nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("renews_on", sa.Date(), nullable=True),
        sa.Column("began_at", Instant(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_subscriptions"),
        _of_customer("subscriptions"),
    )
    op.create_index("ix_subscriptions_position", "subscriptions", ["position"])
    op.create_index("ix_subscriptions_renews_on", "subscriptions", ["renews_on"])
    op.create_index("ix_subscriptions_customer_id", "subscriptions", ["customer_id"])
    op.create_table(
        "supplies",
        sa.Column("id", KEY, nullable=False),
        sa.Column("customer_id", KEY, nullable=False),
        sa.Column("product", KEY, nullable=False),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("bought_at", Instant(), nullable=False),
        sa.Column("runs_out_on", sa.Date(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_supplies"),
        _of_customer("supplies"),
    )
    op.create_index("ix_supplies_position", "supplies", ["position"])
    op.create_index("ix_supplies_runs_out_on", "supplies", ["runs_out_on"])
    op.create_index("ix_supplies_customer_id_product", "supplies", ["customer_id", "product"])
