"""Writes what happened in the shop and what customers hold of it, in sets, so that the same again changes nothing."""

from engine.store.ingest.consents import put_consents
from engine.store.ingest.customers import put_customers
from engine.store.ingest.events import put_events, record_event
from engine.store.ingest.goods import put_goods_events, put_products, put_wishes
from engine.store.ingest.orders import put_order_lines, put_orders
from engine.store.ingest.owned import put_reservations, put_subscriptions
from engine.store.ingest.receiving import Received, Told, receive
from engine.store.ingest.redeeming import put_redemptions
from engine.store.ingest.suppressions import as_looked_up, lift_suppression, put_suppressions
from engine.store.ingest.written import Rejected, Written

__all__ = [
    "Received",
    "Rejected",
    "Told",
    "Written",
    "as_looked_up",
    "lift_suppression",
    "put_consents",
    "put_customers",
    "put_events",
    "put_goods_events",
    "put_order_lines",
    "put_orders",
    "put_products",
    "put_redemptions",
    "put_reservations",
    "put_subscriptions",
    "put_suppressions",
    "put_wishes",
    "receive",
    "record_event",
]
