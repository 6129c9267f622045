"""Whom somebody means who names a customer: by id or by address, and never one of several by chance."""

import sqlalchemy as sa

from engine.shop import Shop

_NAMED = 5  # of those who share an address


class UnknownCustomer(LookupError):
    """Nobody in the store has that id or address, or several have the address."""


def find_customer(shop: Shop, connection: sa.Connection, customer: str) -> str:
    """The id of the customer with that id, or else with that address.

    Raises `UnknownCustomer`, also where several have the address: what is known of one is told to nobody else.
    """
    catalogue = shop.catalogue
    table, key = catalogue.table(catalogue.customers.name), catalogue.customer_key
    if not catalogue.customers.numbered or customer.isdecimal():
        wanted = int(customer) if catalogue.customers.numbered else customer
        if (found := connection.scalar(sa.select(key).where(key == wanted))) is not None:
            return str(found)
    email, ids = catalogue.fields.get("email"), []
    if email is not None and email.column is not None:
        theirs = sa.select(key).where(table.c[email.column.name] == customer).order_by(key).limit(_NAMED + 1)
        ids = list(map(str, connection.scalars(theirs)))
    if not ids:
        raise UnknownCustomer(f"no customer has the id or the address `{customer}`")
    if len(ids) > 1:
        named = ", ".join(ids[:_NAMED]) + (" …" if len(ids) > _NAMED else "")
        raise UnknownCustomer(f"several customers have the address `{customer}`; write the id of one of them:  {named}")
    return ids[0]
