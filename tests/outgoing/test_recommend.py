"""Recommended products: what those bought who bought the same, in order, without what the customer has."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from engine.outgoing.recommend import recommended
from engine.store.ingest import put_order_lines, put_orders, put_products
from engine.workspace.catalogue import builtin
from tests.shop import World, playbook
from tests.store.rows import add_customers

WANTED = builtin().recommendations["recommended"]
BASKETS = {
    "mei": ["oolong"],
    "ana": ["oolong", "pu-erh", "cup"],
    "bob": ["oolong", "pu-erh"],
    "eve": ["oolong", "cup", "lid", "spoon"],
    "tom": ["whisk", "matcha"],
    "new": [],
}
FILES = {
    **playbook("goes-with", "when: {event: review.posted}\ndo:\n  - email: goes-with"),
    "messages/goes-with/en.md": """---
subject: Goes well with it
---
{% if customer.recommended %}
{% for product in customer.recommended %}
{{ loop.index }}. {{ product.title }} for {{ product.price }}: [{{ product.title }}]({{ product.link }})
{% endfor %}
{% else %}
Nothing yet.
{% endif %}
""",
}


def fill(store: sa.Engine, now: datetime) -> None:
    add_customers(store, now, *BASKETS)
    known = {one for basket in BASKETS.values() for one in basket} - {"lid"}
    with store.begin() as connection:
        products = [
            {"id": one, "title": one.title(), "price": 1250, "link": f"https://tea.example/{one}"} for one in known
        ]
        put_products(connection, products, now)
        at = now - timedelta(days=1)
        orders = [{"id": who, "customer_id": who, "placed_at": at, "paid_at": at, "total": 1} for who in BASKETS]
        put_orders(connection, orders, now)
        lines = [
            {"order_id": who, "line": number, "product": one, "category": None, "quantity": 1, "amount": 1}
            for who, basket in BASKETS.items()
            for number, one in enumerate(basket)
        ]
        put_order_lines(connection, lines, now)


def test_the_most_bought_beside_comes_first_and_nothing_he_has(store: sa.Engine, now: datetime) -> None:
    fill(store, now)
    with store.connect() as connection:
        found = recommended(connection, builtin(), WANTED, ["mei", "bob", "tom", "new"])
    titles = {customer: [one["id"] for one in products] for customer, products in found.items()}
    # `lid` was bought too, and is no product of the shop any more.
    assert titles == {"mei": ["cup", "pu-erh", "spoon"], "bob": ["cup", "spoon"], "tom": [], "new": []}


def test_a_text_prints_them_for_each_customer_of_a_batch(store: sa.Engine, now: datetime) -> None:
    fill(store, now)
    world = World(store, now, FILES)
    world.customers("mei", "bob", "new")
    world.tick()
    for who in ("mei", "bob", "new"):
        world.event("review.posted", who)
    world.tick()
    letters = {letter.recipient.partition("@")[0]: letter.content.decode() for letter in world.record.letters}
    assert "1. Cup for" in letters["mei"] and "2. Pu-Erh for" in letters["mei"] and "3. Spoon for" in letters["mei"]
    assert "https://tea.example/cup" in letters["bob"] and "Pu-Erh" not in letters["bob"]
    assert "Nothing yet." in letters["new"]
