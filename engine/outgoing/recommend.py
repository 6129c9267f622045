"""Recommended products: what those bought who bought what the customer bought, for many customers at once."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from engine.catalogue import Catalogue, Metric, Recommendation
from engine.conditions.aggregates import rows_of
from engine.conditions.sql import compile_value

Products = tuple[Mapping[str, Any], ...]


def recommended(
    connection: sa.Connection, catalogue: Catalogue, wanted: Recommendation, ids: Collection[str]
) -> dict[str, Products]:
    """The products of each of these customers, the best first: by how many customers bought both, then by id.

    What he has bought himself is left out, and what is not among the products.
    """
    mine = _bought(connection, catalogue, wanted, ids)
    beside = _beside(connection, catalogue, wanted, {product for products in mine.values() for product in products})
    scores = {customer: _scores(products, beside) for customer, products in mine.items()}
    known = _products(connection, catalogue, wanted, {product for score in scores.values() for product in score})
    found: dict[str, Products] = {customer: () for customer in ids}
    for customer, score in scores.items():
        best = sorted((product for product in score if product in known), key=lambda one: (-score[one], one))
        found[customer] = tuple(known[product] for product in best[: wanted.most])
    return found


def _purchases(catalogue: Catalogue, wanted: Recommendation) -> sa.Select[Any]:
    """Who bought what."""
    rows = rows_of(Metric("count", wanted.table, None, None), catalogue)
    bought = sa.select(rows.owner.label("customer"), rows.table.c[wanted.column].label("product"))
    paid = sa.true() if rows.time is None else rows.time.is_not(None)
    return bought.select_from(rows.source).where(paid)


def _bought(
    connection: sa.Connection, catalogue: Catalogue, wanted: Recommendation, ids: Iterable[str]
) -> dict[str, set[str]]:
    bought = _purchases(catalogue, wanted).subquery("bought")
    keys = [int(one) for one in ids] if catalogue.customers.numbered else list(ids)
    found: dict[str, set[str]] = {}
    for customer, product in connection.execute(sa.select(bought).where(bought.c.customer.in_(keys)).distinct()):
        found.setdefault(str(customer), set()).add(product)
    return found


def _beside(
    connection: sa.Connection, catalogue: Catalogue, wanted: Recommendation, products: Collection[str]
) -> dict[str, Counter[str]]:
    """How many customers bought another product beside each of these."""
    # Who bought a product ten times counts once: the pairs are made distinct before they meet, and not the meetings after.
    bought = _purchases(catalogue, wanted).distinct().cte("bought")
    one, other = bought.alias("one"), bought.alias("other")
    together = sa.and_(other.c.customer == one.c.customer, other.c.product != one.c.product)
    statement = (
        sa.select(one.c.product, other.c.product, sa.func.count())
        .join_from(one, other, together)
        .where(one.c.product.in_(sorted(products)))
        .group_by(one.c.product, other.c.product)
    )
    found: dict[str, Counter[str]] = {}
    for product, another, customers in connection.execute(statement) if products else ():
        found.setdefault(product, Counter())[another] = customers
    return found


def _scores(mine: Collection[str], beside: Mapping[str, Counter[str]]) -> Counter[str]:
    scores: Counter[str] = Counter()
    for product in mine:
        scores.update(beside.get(product, Counter()))
    return Counter({product: score for product, score in scores.items() if product not in mine})


def _products(
    connection: sa.Connection, catalogue: Catalogue, wanted: Recommendation, ids: Collection[str]
) -> dict[str, Mapping[str, Any]]:
    if not ids:
        return {}
    key = catalogue.table(wanted.products).c.id
    columns = [compile_value(one, catalogue, "product").expression.label(one.name) for one in wanted.fields.values()]
    rows = connection.execute(sa.select(key.label("key"), *columns).where(key.in_(sorted(ids))))
    return {row[0]: dict(zip(wanted.fields, row[1:], strict=True)) for row in rows}
