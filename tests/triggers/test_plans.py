"""A window of any trigger searches an index, on both databases: work grows with what is due, not with the customers."""

import copy
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from engine.enrol import Entry
from engine.progress import zones_of_customers
from engine.shop import Shop
from engine.store.prepared import Prepared
from engine.trigger import Window
from engine.triggers import TRIGGERS
from engine.workspace import Workspace, load_texts

#: Each kind of trigger in the ways that ask the database differently. Every kind in the registry must stand here.
WAYS = {
    "event": (
        "event: order.paid\n  where:\n    - event.total >= 300",
        "event: order.paid\n  each: event.lines",
        "event: page.viewed\n  collect: {for: 30 minutes, at_most: 4 hours}",
        "event: product.back_in_stock\n  meets: wishes\n  where:\n    - wish.at after 90 days ago",
        "event: cart.updated\n  where:\n    - event.items_count >= 1\n    - customer.tier is gold",
    ),
    "enters": (
        "enters:\n    - customer.orders_count >= 1\n    - customer.last_order_at before 90 days ago",
        "enters:\n    - customer.orders_3_months >= 2\n    - customer.tags contains vip",
        "enters:\n    - customer.member_until before 14 days from now",
        "enters:\n    - customer.average_order_3_months < 70% of customer.average_order_previous_3_months",
        "enters:\n    - customer.company_average_order_12_months >= 100\n    - customer.order_overdue_at before now",
        "enters:\n    - customer.tea_share > 40 or customer.rhythm > 30 or customer.views >= 3",
    ),
    "leaves": (
        "leaves:\n    - customer.last_order_at after 90 days ago",
        "leaves:\n    - customer.birthday before 2000-01-01\n    - customer.spend_12_months >= 100",
    ),
    "date": (
        "date: customer.member_until\n  lead: 7 days\n  at: 10:00",
        "date: customer.first_order_at\n  lag: 14 days\n  at: 10:00",
        "date: customer.first_order_at\n  lag: 3 hours",
        "date: reservation.starts_at\n  lead: 1 day\n  at: 10:00\n  where:\n    - reservation.state is booked",
        "date: reservation.starts_at\n  lead: 3 hours",
        "date: subscription.renews_on\n  lead: 30 days\n  at: 10:00",
        "date: supply.runs_out_on\n  lead: 5 days\n  at: 10:00",
        "date: voucher.expires_at\n  lead: 2 days\n  at: 10:00",
    ),
    "anniversary": ("anniversary: customer.birthday\n  lead: 7 days\n  at: 10:00",),
    "holiday": ("holiday: new-year\n  lag: 2 months\n  at: 10:00",),
    "once": ("once: 2026-03-01 10:00",),
    "every": ("every: day\n  at: 10:00",),
    "cron": ('cron: "0 10 * * *"',),
}

#: Ten o'clock in Tokyo, so that what fires at ten fires there, in this very minute.
TEN = datetime(2026, 3, 1, 1, tzinfo=UTC)
WINDOW = Window(TEN - timedelta(seconds=30), TEN + timedelta(seconds=30), 3990, 4000)
#: A date is passed at midnight.
MIDNIGHT = Window(TEN - timedelta(hours=10, seconds=30), TEN - timedelta(hours=10), 3990, 4000)

_SETTINGS = """
brand: {name: Tea, address: 1 Lane, website: https://tea.example.com}
timezone: Asia/Tokyo
currency: CNY
languages: [en]
"""
_CATALOGUE = """
extends: built-in
metrics:
  customer.tea_share: {share_of: order_lines.amount, only: {category: tea}, over: 3 months}
  customer.rhythm: {days_between: orders}
  customer.views: {count: page.viewed, over: 7 days}
"""
_PLAYBOOK = """
playbook: plan
title: A plan
owner: crm@example.com
status: active
when:
  {when}
if:
  - customer.open_complaints is 0
enter: once per 30 days
if_running: {if_running}
do:
  - tag: seen
"""

_TABLES = "customers|events|goods_events|orders|reservations|subscriptions|supplies|vouchers"
_NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4000)"
_ROWS = {
    "sqlite": ("{0} * 86400000000", "date({0} * 86400, 'unixepoch')", "'{{}}'"),
    "postgresql": ("to_timestamp({0} * 86400.0)", "date '1970-01-01' + {0}", "jsonb_build_object()"),
}


def _fill(connection: sa.Connection) -> None:
    """Four thousand customers in fifty zones, each with a tag, an order and a cart, over ten years of transactions."""
    instant, date, payload = _ROWS[connection.dialect.name]
    at = instant.format("(17000 + i)")
    for statement in (
        "INSERT INTO customers (id, email, timezone, company, order_overdue_at,"
        " birthday, member_since, member_until, orders_count, lifetime_spend,"
        " first_order_at, last_order_at, created_at, position)"
        " SELECT 'c' || i, 'c' || i || '@example.com', CASE WHEN i % 50 = 0 THEN '' ELSE 'Etc/Zone' || (i % 50) END,"
        f" 'co' || (i % 800), {at},"
        f" {date.format('(1000 + i)')}, {date.format('(16000 + i)')}, {date.format('(18000 + i)')},"
        f" 1, 100, {at}, {at}, {at}, i FROM n",
        f"INSERT INTO customer_tags (customer_id, tag, at) SELECT 'c' || i, 'tag' || (i % 9), {at} FROM n",
        "INSERT INTO orders (id, customer_id, placed_at, paid_at, total, position)"
        f" SELECT 'o' || i, 'c' || i, {at}, {at}, 50000, i FROM n",
        "INSERT INTO order_lines (order_id, line, product, category, quantity, amount)"
        " SELECT 'o' || i, 1, 'p' || (i % 90), 'c' || (i % 9), 1, 50000 FROM n",
        "INSERT INTO events (id, name, customer_id, occurred_at, payload, position)"
        f" SELECT 'e' || i, CASE WHEN i % 2 = 0 THEN 'cart.updated' ELSE 'page.viewed' END, 'c' || i, {at}, {payload}, i"
        " FROM n",
        "INSERT INTO goods_events (id, name, product, occurred_at, payload, position)"
        f" SELECT 'g' || i, 'product.back_in_stock', 'p' || (i % 100), {at}, {payload}, i FROM n",
        f"INSERT INTO wishes (customer_id, product, at) SELECT 'c' || i, 'p' || (i % 1000), {at} FROM n",
        "INSERT INTO reservations (id, customer_id, starts_at, state, made_at, position)"
        f" SELECT 'r' || i, 'c' || i, {at}, 'booked', {at}, i FROM n",
        "INSERT INTO subscriptions (id, customer_id, renews_on, state, began_at, position)"
        f" SELECT 's' || i, 'c' || i, {date.format('(18000 + i)')}, 'active', {at}, i FROM n",
        "INSERT INTO supplies (id, customer_id, product, quantity, bought_at, runs_out_on, position)"
        f" SELECT 'u' || i, 'c' || i, 'p' || (i % 100), 1, {at}, {date.format('(18000 + i)')}, i FROM n",
        "INSERT INTO vouchers (kind, code, customer_id, state, issued_at, expires_at)"
        f" SELECT 'gift', 'v' || i, 'c' || i, 'issued', {at}, {at} FROM n",
    ):
        head, select = statement.split(" SELECT ", 1)
        plain = connection.execution_options(no_parameters=True)  # a % is a remainder here
        plain.exec_driver_sql(f"{head} {_NUMBERS} SELECT {select}")
    connection.exec_driver_sql("ANALYZE")


def _space(when: str, if_running: str) -> Workspace:
    settings = {"settings/regulars.yaml": _SETTINGS, "settings/catalogue.yaml": _CATALOGUE}
    texts = {**settings, "plan.yaml": _PLAYBOOK.format(when=when, if_running=if_running)}
    space = load_texts(texts)
    assert not space.errors, space.errors
    return space


def _plans(
    connection: sa.Connection, store: sa.Engine, when: str, if_running: str = "ignore"
) -> Iterator[tuple[str, str]]:
    """Every statement that a pass runs for the window, with its plan."""
    shop = Shop(store, _space(when, if_running))
    playbook = shop.workspace.playbooks["plan"]
    entry = Entry(playbook, shop.ground(playbook))
    zones = zones_of_customers(connection, shop.workspace.catalogue)
    for road in entry.roads:
        spans = [*road.firing.spans(WINDOW, zones)] or [*road.firing.spans(MIDNIGHT, zones)]
        assert spans, "the window must hold a range of each road"
        params = {**entry.bind(WINDOW.until), "position": 4000, **spans[0]}
        for statement in (road.probe, road.cut, *road.prelude, road.fresh, road.replace):
            if statement is not None:
                yield statement.text, _explain(connection, statement, params)


def _explain(connection: sa.Connection, statement: Prepared, params: dict[str, object]) -> str:
    asked = copy.copy(statement)
    asked.text = f"{'EXPLAIN QUERY PLAN' if connection.dialect.name == 'sqlite' else 'EXPLAIN'} {statement.text}"
    return "\n".join(str(row[-1]) for row in asked.execute(connection, params))


def _scanned(plan: str) -> list[str]:
    """The customer store's tables that a plan reads from end to end, by whatever index."""
    return re.findall(rf"(?:\bSCAN|Seq Scan on) ({_TABLES}|order_lines|customer_tags|wishes)\b", plan)


def test_every_trigger_has_its_ways() -> None:
    assert set(WAYS) == set(TRIGGERS)


def test_a_window_of_any_trigger_searches_an_index(store: sa.Engine) -> None:
    faults = []
    with store.begin() as connection:
        _fill(connection)
        for when in (way for ways in WAYS.values() for way in ways):
            plans = list(_plans(connection, store, when))
            faults += [f"{when}\n\n{text}\n\n{plan}" for text, plan in plans if _scanned(plan)]
            searched = [plan for _, plan in plans if re.search(rf"SEARCH ({_TABLES})\b|Index", plan)]
            assert len(searched) >= 2, f"neither the probe nor the insert reads the store: {when}"
    assert not faults, "\n\n\n".join(faults)


def test_what_a_restart_replaces_is_found_by_an_index(store: sa.Engine) -> None:
    with store.begin() as connection:
        _fill(connection)
        for text, plan in _plans(connection, store, WAYS["event"][1], if_running="restart"):
            assert not _scanned(plan), f"{text}\n\n{plan}"
