"""Writes what happened in the shop: customers, orders and events, in sets, so that the same again changes nothing."""

from engine.store.ingest.customers import put_customers
from engine.store.ingest.events import put_events, record_event
from engine.store.ingest.orders import put_order_lines, put_orders
from engine.store.ingest.written import Rejected, Written

__all__ = ["Rejected", "Written", "put_customers", "put_events", "put_order_lines", "put_orders", "record_event"]
