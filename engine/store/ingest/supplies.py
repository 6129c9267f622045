"""What customers bought that is used up: of each product the last purchase, and the day on which it will be gone."""

from collections.abc import Collection
from datetime import UTC, date, timedelta
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa

from engine.clocks.times import zone_named
from engine.store.customers import POSITION, customers, order_lines, orders
from engine.store.goods import products, supplies
from engine.store.many import among, write

_CHANGE = ("title", "quantity", "bought_at", "runs_out_on")


def resupply(connection: sa.Connection, ids: Collection[str], position: int) -> None:
    """Brings the supplies of these customers up to date; costs one look where no product is used up."""
    if ids and connection.scalar(sa.select(sa.exists().where(products.c.lasts_days.is_not(None)))):
        supply_anew(connection, ids, position)


def supply_anew(connection: sa.Connection, ids: Collection[str], position: int) -> None:
    """The same without that look, for when a product has stopped to be one that is used up."""
    found = [_supply(row, position) for row in connection.execute(_last_purchases(connection, ids))]
    write(connection, supplies, found, _CHANGE, also=[POSITION])
    kept = {one["id"] for one in found}
    mine = sa.select(supplies.c.id).where(among(connection, supplies.c.customer_id, ids))
    gone = [one for one in connection.scalars(mine) if one not in kept]
    if gone:
        connection.execute(sa.delete(supplies).where(among(connection, supplies.c.id, gone)))


def buyers(connection: sa.Connection, of: Collection[str]) -> set[str]:
    """The customers who bought one of these products."""
    bought = sa.select(orders.c.customer_id).join_from(order_lines, orders, orders.c.id == order_lines.c.order_id)
    return set(connection.scalars(bought.where(among(connection, order_lines.c.product, of)).distinct()))


def _last_purchases(connection: sa.Connection, ids: Collection[str]) -> sa.Select[Any]:
    line, order, product = order_lines.c, orders.c, products.c
    newest = sa.func.row_number().over(
        partition_by=(order.customer_id, line.product), order_by=(order.paid_at.desc(), order.id.desc())
    )
    bought = (
        sa.select(
            *(order.customer_id, line.product, order.paid_at, newest.label("newest")),
            sa.cast(sa.func.sum(line.quantity), sa.BigInteger).label("quantity"),
        )
        .join_from(orders, order_lines, line.order_id == order.id)
        .where(among(connection, order.customer_id, ids), order.paid_at.is_not(None))
        .group_by(order.customer_id, line.product, order.paid_at, order.id)
        .subquery("bought")
    )
    return (
        sa.select(bought, product.title, product.lasts_days, customers.c.timezone)
        .join_from(bought, products, product.id == bought.c.product)
        .join(customers, customers.c.id == bought.c.customer_id)
        .where(bought.c.newest == 1, product.lasts_days.is_not(None), bought.c.quantity > 0)
    )


def _supply(row: Any, position: int) -> dict[str, Any]:
    return {
        "id": f"{quote(row.customer_id, safe='@ ')}/{row.product}",
        "customer_id": row.customer_id,
        "product": row.product,
        "title": row.title,
        "quantity": row.quantity,
        "bought_at": row.paid_at,
        "runs_out_on": _gone_on(row),
        POSITION: position,
    }


def _gone_on(row: Any) -> date:
    """Counted from the day of the purchase in the customer's zone; the shop's own zone is not known to the store."""
    zone = zone_named(row.timezone) if row.timezone else UTC
    day: date = row.paid_at.astimezone(zone).date()
    return day + timedelta(days=min(row.lasts_days * row.quantity, 36_500))
