"""What the shop offers and what customers hold of it: products, wishes, reservations, subscriptions, supplies that run out."""

import sqlalchemy as sa

from engine.store.customers import POSITION, metadata
from engine.store.types import Document, Instant, Key


def _customer() -> sa.Column[str]:
    return sa.Column("customer_id", Key, sa.ForeignKey("customers.id", ondelete="CASCADE"), nullable=False)


products = sa.Table(
    "products",
    metadata,
    sa.Column("id", Key, primary_key=True),
    sa.Column("title", sa.Text),
    sa.Column("category", Key),
    sa.Column("price", sa.BigInteger),  # minor units of the brand's currency
    sa.Column("link", sa.Text),
    sa.Column("lasts_days", sa.BigInteger),  # how long one piece lasts; empty for what is not used up
    sa.Index(
        "ix_products_lasting",
        "id",
        sqlite_where=sa.text("lasts_days IS NOT NULL"),
        postgresql_where=sa.text("lasts_days IS NOT NULL"),
    ),
    sqlite_with_rowid=False,
)

#: What happened to a product and to no customer in particular: it is back in stock, its price fell.
goods_events = sa.Table(
    "goods_events",
    metadata,
    sa.Column("id", Key, primary_key=True),  # given by the source; the same id again is the same event
    sa.Column("name", Key, nullable=False),
    sa.Column("product", Key, nullable=False),
    sa.Column("occurred_at", Instant, nullable=False),
    sa.Column("payload", Document, nullable=False),
    sa.Column(POSITION, sa.BigInteger, nullable=False),
    sa.Index("ix_goods_events_name_position", "name", POSITION),
    sa.Index("ix_goods_events_name_occurred_at", "name", "occurred_at"),
    sa.Index("ix_goods_events_product", "product"),
)

wishes = sa.Table(
    "wishes",
    metadata,
    _customer(),
    sa.Column("product", Key, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.PrimaryKeyConstraint("customer_id", "product"),
    sa.Index("ix_wishes_product_customer_id", "product", "customer_id"),
    sqlite_with_rowid=False,
)

reservations = sa.Table(
    "reservations",
    metadata,
    sa.Column("id", Key, primary_key=True),
    _customer(),
    sa.Column("starts_at", Instant, nullable=False),
    sa.Column("subject", sa.Text),
    sa.Column("state", Key, nullable=False),  # booked | kept | missed | cancelled
    sa.Column("staff", sa.Text),
    sa.Column("party", sa.BigInteger),
    sa.Column("made_at", Instant, nullable=False),
    sa.Column(POSITION, sa.BigInteger, nullable=False),
    sa.Index("ix_reservations_position", POSITION),
    sa.Index("ix_reservations_starts_at", "starts_at"),
    sa.Index("ix_reservations_customer_id_starts_at", "customer_id", "starts_at"),
)

subscriptions = sa.Table(
    "subscriptions",
    metadata,
    sa.Column("id", Key, primary_key=True),
    _customer(),
    sa.Column("plan", sa.Text),
    sa.Column("state", Key, nullable=False),  # active | paused | ended
    sa.Column("amount", sa.BigInteger),
    sa.Column("renews_on", sa.Date),
    sa.Column("began_at", Instant, nullable=False),
    sa.Column(POSITION, sa.BigInteger, nullable=False),
    sa.Index("ix_subscriptions_position", POSITION),
    sa.Index("ix_subscriptions_renews_on", "renews_on"),
    sa.Index("ix_subscriptions_customer_id", "customer_id"),
)

#: Of each customer and product that is used up: the last purchase, and the day on which it will be gone. Kept at ingest.
supplies = sa.Table(
    "supplies",
    metadata,
    sa.Column("id", Key, primary_key=True),  # made of customer and product, so that a new purchase is the same supply
    _customer(),
    sa.Column("product", Key, nullable=False),
    sa.Column("title", sa.Text),
    sa.Column("quantity", sa.BigInteger, nullable=False),
    sa.Column("bought_at", Instant, nullable=False),
    sa.Column("runs_out_on", sa.Date, nullable=False),
    sa.Column(POSITION, sa.BigInteger, nullable=False),
    sa.Index("ix_supplies_position", POSITION),
    sa.Index("ix_supplies_runs_out_on", "runs_out_on"),
    sa.Index("ix_supplies_customer_id_product", "customer_id", "product"),
)
