"""Bodies that are broken, forged or huge: each is refused with its place and what to do, and the door stays open."""

import json
from typing import Any

import pytest

from tests.store.rows import everything
from tests.web.events.conftest import Client, event

GOOD = json.dumps(event(items_count=3))


def _with(**fields: Any) -> bytes:
    return json.dumps(event() | fields).encode()


def _raw(fields: str) -> bytes:
    return GOOD.replace('"items_count": 3', fields).encode()


#: No JSON: the line and the column where it ceases to be some, and the path to it.
NOT_JSON: list[tuple[bytes, tuple[int, int, str | None]]] = [
    (b"", (1, 1, None)),
    (b" \n ", (2, 2, None)),
    (b"{", (1, 2, None)),
    (b"[", (1, 2, "[0]")),
    (b"}", (1, 1, None)),
    (b"{}}", (1, 3, None)),
    (b"{} {}", (1, 4, None)),
    (b"{}\x00", (1, 3, None)),
    (b"nul", (1, 1, None)),
    (b"None", (1, 1, None)),
    (b"True", (1, 1, None)),
    (b"undefined", (1, 1, None)),
    (b"'a'", (1, 1, None)),
    (b'"abc', (1, 1, None)),
    (b'"a\nb"', (1, 3, None)),
    (b'"a\x00b"', (1, 3, None)),
    (b'"a\tb"', (1, 3, None)),
    (b'"\\x41"', (1, 2, None)),
    (b'"\\u12"', (1, 2, None)),
    (b'"\\u12g4"', (1, 2, None)),
    (b'"\\', (1, 2, None)),
    (b'"\\ud800"', (1, 2, None)),
    (b'"\\udc00\\ud800"', (1, 2, None)),
    (b'"\\ud800\\u0041"', (1, 2, None)),
    (b'"\\u0000"', (1, 2, None)),
    (b'{"a\\u0000": 1}', (1, 4, None)),
    (b"\xef\xbb\xbf{}", (1, 1, None)),
    (GOOD.encode("utf-16"), (1, 1, None)),
    (GOOD.encode("utf-32-le"), (1, 2, None)),
    (b'{"a": "\xff"}', (1, 8, None)),
    (b'{"a": "\xed\xa0\x80"}', (1, 8, None)),
    (b'{"a": "\xc0\x80"}', (1, 8, None)),
    (b'{"a": 1, "a": 2}', (1, 10, None)),
    (b'{"a": {"b": 1,\n "c": 2, "b": 3}}', (2, 10, "a")),
    (b'{"a": 1, "\\u0061": 2}', (1, 10, None)),
    (b'{"a": NaN}', (1, 7, "a")),
    (b'{"a": Infinity}', (1, 7, "a")),
    (b'{"a": -Infinity}', (1, 7, "a")),
    (b'{"a": 1e400}', (1, 7, "a")),
    (b'{"a": -1e400}', (1, 7, "a")),
    (b'{"a": ' + b"9" * 5_000 + b"}", (1, 7, "a")),
    (b'{"a": 0.' + b"1" * 5_000 + b"}", (1, 7, "a")),
    (b'{"a": 01}', (1, 7, "a")),
    (b'{"a": +1}', (1, 7, "a")),
    (b'{"a": .5}', (1, 7, "a")),
    (b'{"a": 5.}', (1, 7, "a")),
    (b'{"a": 1e}', (1, 7, "a")),
    (b'{"a": 0x10}', (1, 7, "a")),
    (b'{"a": 1_000}', (1, 8, None)),
    (b'{"a": -}', (1, 7, "a")),
    ('{"a": ٣}'.encode(), (1, 7, "a")),
    (b"[" * 100_000, (1, 33, "[0]" * 32)),
    (b'{"a":' * 100_000, (1, 161, "a" + ".a" * 31)),
    (b"[" * 33 + b"]" * 33, (1, 33, "[0]" * 32)),
    (b'{"a": [1, 2,]}', (1, 13, "a[2]")),
    (b'{"a": 1,}', (1, 9, None)),
    (b'{"a" 1}', (1, 6, None)),
    (b'{"a": 1 "b": 2}', (1, 9, None)),
    (b"{a: 1}", (1, 2, None)),
    (b'{"a": }', (1, 7, "a")),
    (b"{1: 2}", (1, 2, None)),
    (b'{"a": 1} // why', (1, 10, None)),
    (b'/* a */ {"a": 1}', (1, 1, None)),
    (b'\xc2\xa0{"a": 1}', (1, 1, None)),
    (b'{"a":\x0b1}', (1, 6, "a")),
    (b"<event/>", (1, 1, None)),
    (b"id=e1&event=cart.updated", (1, 1, None)),
    (b'--b\r\nContent-Disposition: form-data; name="id"\r\n\r\ne1', (1, 1, None)),
    (b"\x1f\x8b\x08\x00\x00\x00", (1, 2, None)),
]

#: JSON that is no event: the status, the field and a piece of what is said.
NO_EVENT: list[tuple[bytes, int, str | None, str]] = [
    (b"null", 400, None, "an event is an object"),
    (b"[]", 400, None, "an event is an object"),
    (b"17", 400, None, "an event is an object"),
    (b'"e1"', 400, None, "an event is an object"),
    (b"{}", 400, "id", "`id` is missing"),
    (_with(id=None), 400, "id", "`id` is missing"),
    (_with(id=""), 400, "id", "`id` is missing"),
    (_with(id=7), 422, "id", "no text"),
    (_with(id=" "), 422, "id", "no text"),
    (_with(id="x" * 201), 422, "id", "longer than 200"),
    (_with(id="a\nb"), 422, "id", "control character"),
    (_with(id=["e1"]), 422, "id", "no text"),
    (_with(event="cart.update"), 422, "event", "`cart.update` is not an event"),
    (_with(event="x" * 300), 422, "event", "longer than 200"),
    (_with(event=None), 422, "event", "missing"),
    (_with(event={"name": "cart.updated"}), 422, "event", "an object is no text"),
    (_with(customer=None), 422, "customer", "missing"),
    (_with(customer=12), 422, "customer", "12 is no text"),
    (_with(customer="nobody"), 422, "customer", "`nobody` is unknown"),
    (_with(customer="mei' OR 1=1 --"), 422, "customer", "is unknown"),
    (_with(customer="me\u200bi"), 422, "customer", "is unknown"),
    (_with(at=None), 422, "at", "missing"),
    (_with(at="2026-03-01T11:00:00"), 422, "at", "does not say its time zone"),
    (_with(at="2026-03-01"), 422, "at", "does not say its time zone"),
    (_with(at="2026-03-01 +01:00"), 422, "at", "is not a time"),
    (_with(at="1969-12-31T23:59:59Z"), 422, "at", "before 1970"),
    (_with(at="0001-01-01T00:00:00+14:00"), 422, "at", "is not a time"),
    (_with(at="9999-12-31T23:59:59-14:00"), 422, "at", "is not a time"),
    (_with(at="2026-03-02T12:00:01Z"), 422, "at", "lies in the future"),
    (_with(at="2026-02-29T12:00:00Z"), 422, "at", "is not a time"),
    (_with(at="2026-03-01T25:00:00Z"), 422, "at", "is not a time"),
    (_with(at="2026-03-01T11:00:00+99:99"), 422, "at", "is not a time"),
    (_with(at=1772362800), 422, "at", "no text"),
    (_with(items_count="3"), 422, "items_count", "is no number"),
    (_with(items_count=True), 422, "items_count", "true is no number"),
    (_with(items_count=[3]), 422, "items_count", "a list is no number"),
    (_with(items_count=1e300), 422, "items_count", "is not a number"),
    (_raw('"items_count": 1e3'), 422, "items_count", "is not a number"),
    (_with(total=1.005), 422, "total", "more than 2 decimals"),
    (_with(total=10**15), 422, "total", "too large"),
    (_with(total={"amount": 5}), 422, "total", "an object is no money"),
    (_with(total="5 EUR"), 422, "total", "is not an amount"),
    (_with(total="NaN"), 422, "total", "is not an amount"),
    (_with(item_count=3), 422, "item_count", "no field `item_count`"),
    (_with(**{"x" * 5_000: 3}), 422, "x" * 5_000, "no field"),
    (_with(**{"": 3}), 422, "", "no field"),
    (_with(event="order.paid"), 422, "total", "needs `total`"),
    (_with(event="order.paid", total=-1), 422, "total", "from 0 on"),
    (_with(event="order.paid", total=1, lines={}), 422, "lines", "is a list"),
    (_with(event="order.paid", total=1, lines=[1]), 422, "lines[0]", "no object"),
    (_with(event="order.paid", total=1, lines=[{}]), 422, "lines[0].product", "missing"),
    (_with(event="order.paid", total=1, lines=[{"product": "a"}] * 1001), 422, "lines", "at most 1,000"),
    (
        _with(event="order.paid", total=1, lines=[{"product": "a", "quantity": 1.5}]),
        422, "lines[0].quantity", "more than 0 decimals",
    ),
    (_with(event="order.paid", total=1, lines=[{"product": "a", "sku": 1}]), 422, "lines[0].sku", "no field `sku`"),
    (_with(event="voucher.redeemed", code="NONE"), 422, "code", "no voucher has the code"),
    (_with(event="review.posted", product="x" * 10_000), 422, "product", "longer than 1,000"),
    (_with(event="review.posted", product="a\x07b"), 422, "product", "control character"),
    (_with(event="consent.given", channel="fax"), 422, "channel", "needs `channel`"),
    (_with(event="product.back_in_stock"), 422, "product", "missing"),
]  # fmt: skip


def test_the_corpus_is_large_enough() -> None:
    assert len(NOT_JSON) + len(NO_EVENT) >= 120


def test_what_is_not_json_is_refused_with_its_place(client: Client) -> None:
    for body, (line, column, field) in NOT_JSON:
        answer = client.post(body)
        said = answer.body
        assert (answer.status, said["line"], said["column"], said.get("field")) == (400, line, column, field), body[:80]
        assert said["error"] and said["help"]
    assert _nothing(client)


def test_what_is_no_event_is_refused_with_its_field(client: Client) -> None:
    for body, status, field, text in NO_EVENT:
        answer = client.post(body)
        said = answer.body
        assert (answer.status, said.get("field"), text in said["error"]) == (status, field, True), (body[:80], said)
        assert said["help"]
    assert _nothing(client)


def test_a_near_word_is_named(client: Client) -> None:
    assert client.post(_with(event="cart.update")).body["help"] == "did you mean `cart.updated`?"
    assert client.post(_with(item_count=3)).body["help"] == "did you mean `items_count`?"


def test_the_same_in_a_batch_spoils_nothing_but_itself(client: Client) -> None:
    bodies = [(body, status) for body, status, _, _ in NO_EVENT]
    good = [f'{{"id": "g{number}", {GOOD[13:]}'.encode() for number in range(len(bodies))]
    mixed = [one for (bad, _), fine in zip(bodies, good, strict=True) for one in (bad, fine)]
    found = client.post(b"[" + b",\n".join(mixed) + b"]", "/events/batch")
    statuses = [one["status"] for one in found.body["results"]]
    assert (statuses[::2], set(statuses[1::2])) == ([status for _, status in bodies], {201})


def test_formulas_and_markup_are_stored_as_they_are(client: Client) -> None:
    texts = [
        '=HYPERLINK("x")',
        "+1",
        "-1",
        "@x",
        "<script>",
        "{{7*7}}",
        "'; DROP TABLE events; --",
        "🎁",
        "\\ud83c\\udf81",
    ]
    body = [event(f"e{at}", "review.posted", product=text) for at, text in enumerate(texts)]
    sent = json.dumps(body, ensure_ascii=False).replace("\\\\ud", "\\ud").encode()
    assert {one["status"] for one in client.post(sent, "/events/batch").body["results"]} == {201}
    stored = {row[0]: row[4]["product"] for row in everything(client.store)["events"]}
    assert [stored[f"webshop:e{at}"] for at in range(len(texts))] == [*texts[:-1], "🎁"]


@pytest.mark.parametrize("body", [b"{}", b"null", b'"x"', b"3"])
def test_a_batch_is_a_list(client: Client, body: bytes) -> None:
    assert client.post(body, "/events/batch").status == 400


def test_a_batch_has_at_most_ten_thousand(client: Client) -> None:
    assert client.post(b"[" + b"1," * 10_000 + b"1]", "/events/batch").status == 413
    assert client.batch([]) == []


def _nothing(client: Client) -> bool:
    """Nothing is stored, and the door is open."""
    tables = everything(client.store)
    empty = all(tables[table] == [] for table in ("events", "orders", "order_lines", "goods_events", "receipts"))
    return empty and client.post(event()).status == 201
