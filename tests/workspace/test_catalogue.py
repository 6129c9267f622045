"""The catalogue: the built-in one fits the built-in store, and a shop's own tables load alike."""

import sqlalchemy as sa

from engine.catalogue import Catalogue, Column, Metric, Table, Type
from engine.clocks.times import Length
from engine.source.problem import Problem
from engine.store.customers import metadata
from engine.store.types import IsoInstant, SecondsInstant
from engine.workspace import load_texts
from engine.workspace.catalogue import builtin_text
from tests.workspace.test_gallery import HERE, files_of

BASE = files_of(HERE / "base")
SHOP = """
customers: {table: clients, key: number, numbered: true, language: lang}
tables:
  sales: {customer: client, key: sale, time: made, stored: iso, numbered: true}
  labels: {customer: client, key: label}
customer:
  tier: {choice: [old, new], column: clients.tier}
  joined: {time: clients.joined, stored: seconds}
  mail: {text: clients.mail, ignore_case: true, required: true}
  size: {number: clients.details.size}
  labels: {tags: labels.label}
metrics:
  customer.sales_year: {count: sales, over: 1 year}
  customer.worth: {sum: sales.amount, over: 3 months, ending: 3 months ago}
  customer.best: {max: sales.pieces, over: 1 year, type: number}
events:
  sale.made:
    table: sales
    only: {kind: sale}
    fields:
      amount: {money: sales.amount}
      kind: {choice: [sale, return], column: sales.kind}
      note: text
  visit:
    fields: {mood: {choice: [good, bad]}, stars: number}
"""


def catalogue(text: str | None = None) -> Catalogue:
    settings = {"settings/regulars.yaml": BASE["settings/regulars.yaml"]}
    workspace = load_texts({**settings, **({"settings/catalogue.yaml": text} if text else {})})
    assert workspace.problems == ()
    assert workspace.catalogue is not None
    return workspace.catalogue


def test_the_built_in_catalogue_names_only_what_the_store_has() -> None:
    found = catalogue()
    for table in (found.customers, *found.tables.values()):
        clause = found.table(table.name)
        used = {column.name for column in clause.columns} - ({"id"} if table.name == "customer_tags" else set())
        assert used <= {column.name for column in metadata.tables[table.name].columns}, table.name


def test_the_built_in_catalogue_is_what_init_copies() -> None:
    assert catalogue(builtin_text()) == catalogue()


def test_an_event_without_a_table_lives_in_the_built_in_one() -> None:
    event = catalogue().events["cart.updated"]
    assert (event.table, event.time, event.only) == ("events", "occurred_at", (("name", "cart.updated"),))
    assert event.fields["items_count"].column == Column("events", "payload", "items_count")


def test_a_shop_brings_its_own_tables() -> None:
    found = catalogue(SHOP)
    assert found.customers == Table("clients", customer="number", key="number", numbered=True)
    assert found.tables["sales"].time == "made"
    assert (found.language, found.timezone) == ("lang", None)
    assert found.fields["size"].column == Column("clients", "details", "size")
    assert found.fields["mail"].fold
    assert found.fields["mail"].required
    assert found.fields["tier"].choices == ("old", "new")
    assert found.events["sale.made"].only == (("kind", "sale"),)
    assert found.events["sale.made"].fields["note"].column == Column("sales", "note")
    assert found.events["visit"].fields["mood"].choices == ("good", "bad")


def test_metrics_take_their_type_from_the_column() -> None:
    fields = catalogue(SHOP).fields
    assert fields["sales_year"].type is Type.NUMBER
    assert fields["worth"].type is Type.MONEY
    assert fields["worth"].metric == Metric("sum", "sales", "amount", Length(3, "month"), Length(3, "month"))
    assert fields["best"].type is Type.NUMBER


def test_times_keep_the_form_that_the_shop_stores_them_in() -> None:
    found = catalogue(SHOP)
    assert isinstance(found.table("sales").c.made.type, IsoInstant)
    assert isinstance(found.table("clients").c.joined.type, SecondsInstant)
    assert isinstance(found.table("clients").c.number.type, sa.BigInteger)


def test_a_broken_catalogue_leaves_no_playbooks() -> None:
    hello = "playbook: hello\nwhen:\n  event: order.paid\ndo:\n  - tag: hello\n"
    workspace = load_texts({**BASE, "settings/catalogue.yaml": "customers: {tabel: x}", "hello.yaml": hello})
    assert workspace.catalogue is None
    assert workspace.playbooks == {}
    problem = workspace.problems[0]
    assert isinstance(problem, Problem)
    assert problem.helps == ("did you mean `table`?",)


def test_records_have_a_key_a_customer_and_dates() -> None:
    found = catalogue().records
    assert {"voucher", "reservation", "subscription", "supply"} <= set(found)
    booked = found["reservation"]
    assert (booked.table, booked.key, booked.customer, booked.position) == (
        "reservations",
        "id",
        "customer_id",
        "position",
    )
    assert set(booked.dates) == {"starts_at", "made_at"}
    assert found["voucher"].key == "code"
    assert set(found["supply"].dates) == {"bought_at", "runs_out_on"}


def test_the_columns_of_records_lists_and_recommendations_are_those_of_the_store() -> None:
    found = catalogue()
    groups = [
        *found.records.values(),
        *found.lists.values(),
        *found.recommendations.values(),
        *(elements for event in found.events.values() for elements in event.lists.values()),
    ]
    columns = [one.column for group in groups for one in group.fields.values()]
    for column in columns:
        assert column is not None and column.name in metadata.tables[column.table].columns, column


def test_an_event_about_a_product_has_a_table_of_its_own() -> None:
    event = catalogue().events["product.back_in_stock"]
    assert (event.about, event.table, event.only) == (
        "product",
        "goods_events",
        (("name", "product.back_in_stock"),),
    )
    assert event.fields["product"].column == Column("goods_events", "product")
    assert event.fields["price"].column == Column("goods_events", "payload", "price")


def test_an_order_has_lines() -> None:
    lines = catalogue().events["order.paid"].lists["lines"]
    assert (lines.word, lines.table, lines.event, lines.key) == ("line", "order_lines", "order_id", "line")
    assert lines.fields["amount"].type is Type.MONEY


MORE = """
extends: built-in
customer:
  favourite: {text: customers.company}
metrics:
  customer.tea: {sum: order_lines.amount, only: {category: [tea, matcha]}}
  customer.tea_share: {share_of: order_lines.amount, only: {category: tea}, over: 1 year}
  customer.views: {count: page.viewed, over: 7 days, ending: 1 day ago}
  customer.stars: {average: review.posted.rating}
  customer.visits: {days_between: reservations}
  customer.colleagues: {count: customers, across: customers.company}
"""


def test_a_catalogue_can_add_to_the_built_in_one() -> None:
    found = catalogue(MORE)
    assert found.fields["favourite"].column == Column("customers", "company")
    assert found.fields["tier"] == catalogue().fields["tier"]
    assert found.records == catalogue().records
    metrics = {name: found.fields[name].metric for name in ("tea", "tea_share", "views", "stars", "colleagues")}
    assert metrics == {
        "tea": Metric("sum", "order_lines", "amount", None, only=(("category", ("tea", "matcha")),)),
        "tea_share": Metric("share_of", "order_lines", "amount", Length(1, "year"), part=(("category", ("tea",)),)),
        "views": Metric(
            "count",
            "events",
            None,
            Length(7, "day"),
            Length(1, "day"),
            (("name", ("page.viewed",)),),
            None,
            "occurred_at",
        ),
        "stars": Metric(
            "average", "events", "payload", None, None, (("name", ("review.posted",)),), "rating", "occurred_at"
        ),
        "colleagues": Metric("count", "customers", None, None, across="company"),
    }
    assert found.fields["tea"].required and found.fields["tea"].type is Type.MONEY
    assert not found.fields["colleagues"].required
