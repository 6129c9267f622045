"""Customers who share an address: which of them is the right one the shop knows, so it is told and nothing is merged."""

import sqlalchemy as sa

from engine.store.customers import customers

SHARED = "so many addresses belong to several customers, each of whom gets messages of his own"


def shared_addresses(store: sa.Engine) -> int:
    """How many addresses several customers have; capitals make no other address, and dots do."""
    folded = sa.func.lower(customers.c.email)  # what is stored is ASCII
    twice = sa.select(folded).where(customers.c.email.is_not(None)).group_by(folded).having(sa.func.count() > 1)
    with store.connect().execution_options(reading=True) as connection:
        return int(connection.execute(sa.select(sa.func.count()).select_from(twice.subquery())).scalar_one())
