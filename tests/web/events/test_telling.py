"""What sources tell is stored once, whatever is repeated, and each answer says what became of it."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from engine.shop import Shop
from engine.store.customers import customers, events, order_lines, orders
from engine.store.goods import goods_events
from engine.store.sources import receipts
from tests.store.rows import everything, one
from tests.web.events.conftest import TILL, Client, door_of, event


def test_an_event_is_stored_and_a_repeat_is_known_as_one(client: Client) -> None:
    first = client.post(event(items_count=3, total=12.50))
    before = everything(client.store)
    again = client.post(event(items_count=3, total=12.50))
    assert (first.status, first.body) == (201, {"id": "e1"})
    assert (again.status, again.body) == (200, {"id": "e1", "duplicate": True})
    assert everything(client.store) == before
    stored = one(client.store, events, id="webshop:e1")
    assert (stored.customer_id, stored.payload) == ("mei", {"items_count": 3, "total": 1250})
    assert stored.occurred_at == client.now - timedelta(hours=1)


def test_another_body_under_the_same_id_is_a_conflict_and_changes_nothing(client: Client) -> None:
    client.post(event(items_count=3))
    before = everything(client.store)
    answer = client.post(event(items_count=4))
    assert (answer.status, answer.body["field"]) == (409, "id")
    assert everything(client.store) == before


def test_the_order_of_the_names_and_the_space_between_do_not_matter(client: Client) -> None:
    client.post(event(items_count=3))
    written = b'{"items_count":3,"at":"2026-03-01T11:00:00Z",\n "customer":"mei","event":"cart.updated","id":"e1"}'
    assert client.post(written).body == {"id": "e1", "duplicate": True}
    assert client.batch([event(items_count=3)]) == [{"status": 200, "id": "e1", "duplicate": True}]


def test_a_field_without_a_value_is_as_one_that_is_not_there(client: Client) -> None:
    assert client.post(event(items_count=3, coupon=None, total="")).status == 201
    assert client.post(event(items_count=3)).body == {"id": "e1", "duplicate": True}
    assert client.post(event(items_count=3, total=1)).status == 409


def test_two_sources_may_use_the_same_ids(client: Client) -> None:
    body = event(name="order.paid", total=5, order_id="7")
    client.post(body)
    client.key = "a" * 30
    assert client.post(body).status == 201
    assert len(everything(client.store)["receipts"]) == 2


def test_fifty_at_once_are_one(client: Client) -> None:
    together = threading.Barrier(50)

    def tell(_: int) -> int:
        together.wait(20)
        return client.post(event(name="order.paid", total=9)).status

    with ThreadPoolExecutor(50) as pool:
        found = sorted(pool.map(tell, range(50)))
    assert found == [200] * 49 + [201]
    assert [len(everything(client.store)[table]) for table in ("receipts", "orders")] == [1, 1]


def test_two_doors_on_one_store_take_an_event_once(shop: Shop, client: Client) -> None:
    together = threading.Barrier(20)
    with door_of(shop, client.now) as other, ThreadPoolExecutor(20) as pool:

        def tell(number: int) -> list[int]:
            together.wait(20)
            told = [event(f"e{id_}", items_count=1) for id_ in range(number % 7, 40)]
            found = (client, other)[number % 2].batch(told if number % 3 else told[::-1])
            return [one["status"] for one in found]

        answers = [status for found in pool.map(tell, range(20)) for status in found]
    assert set(answers) == {200, 201}
    assert answers.count(201) == 40 == len(everything(client.store)["events"])


def test_orders_become_orders_with_their_lines(client: Client) -> None:
    lines = [{"product": "tea", "quantity": 2, "amount": "12.50"}, {"product": "pot", "category": "ware", "amount": 9}]
    answer = client.post(event(name="order.paid", total=34, order_id="77", lines=lines))
    assert answer.status == 201, answer
    assert one(client.store, orders, id="77").total == 3400
    found = one(client.store, order_lines, order_id="77", line=1)
    assert (found.product, found.quantity, found.amount) == ("tea", 2, 1250)
    assert one(client.store, customers, id="mei").lifetime_spend == 3400


def test_events_of_products_have_no_customer(client: Client) -> None:
    told = {"id": "1", "event": "product.price_dropped", "product": "tea", "at": "2026-03-01T12:00+01:00", "price": 5}
    assert client.post(told).status == 201
    assert one(client.store, goods_events, id="webshop:1").payload == {"price": 500}


def test_what_happened_long_ago_is_late_and_stored(client: Client) -> None:
    body = event() | {"at": "1999-12-31T23:59:59-05:00"}
    assert client.post(body).body == {"id": "e1", "late": True}
    assert client.batch([event("e2"), event("e3") | {"at": "1999-12-31T00:00Z"}]) == [
        {"status": 201, "id": "e2"},
        {"status": 201, "id": "e3", "late": True},
    ]


def test_a_source_may_be_allowed_to_make_customers(client: Client) -> None:
    client.key = "a" * 30
    assert client.post(event(customer="new")).status == 201
    assert one(client.store, customers, id="new").orders_count == 0
    refused = client.post(event("e2", "voucher.redeemed", "other", code="NONE"))
    assert (refused.status, refused.body["field"]) == (422, "code")
    assert {row[0] for row in everything(client.store)["customers"]} == {"ana", "mei", "new"}


def test_what_was_refused_can_be_told_again_once_it_is_mended(client: Client) -> None:
    assert client.post(event(customer="new")).status == 422
    assert everything(client.store)["receipts"] == []
    client.post(event("e0"))
    with client.store.begin() as connection:
        connection.execute(sa.insert(customers).values(id="new", created_at=client.now, position=1))
    assert client.post(event(customer="new")).status == 201


def test_a_batch_has_a_result_for_each_event_in_its_place(client: Client) -> None:
    told: list[Any] = [event(f"e{number}") for number in range(10_000)]
    told[10], told[5_000], told[9_999] = event("bad", customer="nobody"), 17, event("e9")
    found = client.batch(told)
    assert [(at, one["status"]) for at, one in enumerate(found) if one["status"] != 201] == [
        (10, 422),
        (5_000, 400),
        (9_999, 200),
    ]
    assert found[10]["error"] == "customer `nobody` is unknown; import the customers first"
    assert len(everything(client.store)["events"]) == 9_997
    assert {one["status"] for one in client.batch(told)} == {200, 400, 422}


def test_within_a_batch_the_first_of_an_id_counts(client: Client) -> None:
    told = [event(customer="nobody"), event(items_count=1), event(items_count=2), event(items_count=1)]
    assert [one["status"] for one in client.batch(told)] == [422, 201, 409, 200]
    assert one(client.store, events, id="webshop:e1").payload == {"items_count": 1}


def test_what_one_order_went_through_is_told_in_one_batch(client: Client) -> None:
    def order(id_: str, name: str, total: int) -> dict[str, Any]:
        return event(id_, name, total=total, order_id="7")

    told = [order("1", "order.placed", 5), order("2", "order.paid", 5), order("3", "order.paid", 6)]
    assert [one["status"] for one in client.batch(told)] == [201] * 3
    assert one(client.store, orders, id="7").total == 600


def test_many_events_of_one_customer_are_each_stored(client: Client) -> None:
    told = [event(f"e{number}", "order.paid", total=1) for number in range(3_000)]
    assert {one["status"] for one in client.batch(told)} == {201}
    assert one(client.store, customers, id="mei").orders_count == 3_000


def test_an_event_that_a_file_brought_already_is_not_doubled(client: Client) -> None:
    client.post(event(items_count=3))
    with client.store.begin() as connection:
        connection.execute(sa.delete(receipts))
    assert client.post(event(items_count=3)).status == 201
    assert len(everything(client.store)["events"]) == 1
    assert client.post(event(items_count=4)).status == 409


@pytest.mark.parametrize("path", ["/events", "/events/batch"])
def test_only_post_changes_anything(client: Client, path: str) -> None:
    answer = client.raw(f"GET {path} HTTP/1.1\nHost: x\nConnection: close")
    assert answer.startswith(b"HTTP/1.1 405")


def test_a_source_tells_only_what_it_may(client: Client) -> None:
    app = client.post(event(name="cart.updated"), webhook_id="x", Authorization=f"Bearer {TILL}")
    assert app.status == 401  # it has a secret, and this is not signed
