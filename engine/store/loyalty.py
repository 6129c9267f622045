"""The tables of loyalty: codes of imported pools, what was done to vouchers, and the ledger of points."""

import sqlalchemy as sa

from engine.store.customers import metadata
from engine.store.types import Instant, Key, RowId

#: The words of the partial indexes; a query must use the very same to be led to them.
FREE = "taken_at IS NULL"
ALIVE = "remaining > 0"

_ONCE = ("enrolment_id", "step", "iteration")

pool_codes = sa.Table(
    "pool_codes",
    metadata,
    sa.Column("id", RowId, sa.Identity(), primary_key=True),
    sa.Column("kind", Key, nullable=False),
    sa.Column("code", Key, nullable=False, unique=True),
    sa.Column("imported_at", Instant, nullable=False),
    sa.Column("taken_at", Instant),  # a code that was given away never comes back
    sa.Index("ix_pool_codes_free", "kind", "id", sqlite_where=sa.text(FREE), postgresql_where=sa.text(FREE)),
)

voucher_changes = sa.Table(
    "voucher_changes",
    metadata,
    sa.Column("id", RowId, sa.Identity(), primary_key=True),
    sa.Column("code", Key, nullable=False, index=True),
    sa.Column("customer_id", Key, nullable=False),
    sa.Column("change", Key, nullable=False),  # extended | taken_back | refused
    sa.Column("at", Instant, nullable=False),
    sa.Column("until", Instant),  # of an extended one: its new end
    sa.Column("reason", sa.Text),
    sa.Column("enrolment_id", sa.BigInteger),  # empty for what a person did
    sa.Column("step", Key),
    sa.Column("iteration", sa.Integer),
    sa.UniqueConstraint(*_ONCE),
)

points = sa.Table(
    "points",
    metadata,
    sa.Column("id", RowId, sa.Identity(), primary_key=True),
    sa.Column("customer_id", Key, nullable=False),
    sa.Column("change", Key, nullable=False),  # granted | spent | lapsed | taken_back | refused
    sa.Column("amount", sa.BigInteger, nullable=False),  # what the balance gains, or loses
    sa.Column("remaining", sa.BigInteger, nullable=False, server_default="0"),  # of a grant: what is left of it
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("expires_at", Instant),
    sa.Column("expires_on", sa.Date),  # the same as a day of the customer's own calendar
    sa.Column("enrolment_id", sa.BigInteger),
    sa.Column("step", Key),
    sa.Column("iteration", sa.Integer),
    sa.UniqueConstraint(*_ONCE),
    sa.Index("ix_points_customer_id_id", "customer_id", "id"),
    sa.Index("ix_points_lapsing", "expires_at", sqlite_where=sa.text(ALIVE), postgresql_where=sa.text(ALIVE)),
)
