"""Who may come in, with what, and how much of it: keys, signatures, types, sizes, time, rates; and a store that is away."""

import base64
import gzip
import hmac
import json
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path

import pytest
import sqlalchemy as sa

from engine.shop import Shop
from engine.store.connect import connect, create
from engine.store.ingest import put_customers
from engine.web.events.keys import Keys
from engine.workspace import load_texts
from tests.store.rows import everything
from tests.web.events.conftest import ENVIRONMENT, OLD, SECRET, SETTINGS, TILL, Client, door_of, event

BODY = json.dumps(event()).encode()
_BEARER = "Authorization: Bearer the-webshop-has-this-key-1"
_HEAD = f"POST /events HTTP/1.1\nHost: x\nConnection: close\nContent-Type: application/json\n{_BEARER}"


@pytest.mark.parametrize(
    "given",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Bearer the-webshop-has-this-key-2",
        "Bearer the-webshop-has-this-key-1x",
        "Basic dGhlLXdlYnNob3A6eA==",
        "the-webshop-has-this-key-1",
        "Bearer WEBSHOP_KEY",
        "Bearer " + "x" * 5_000,
        "Bearer caf\xe9",
    ],
)
def test_without_a_right_key_every_answer_is_the_same(client: Client, given: str) -> None:
    right = client.post(BODY, Authorization="Bearer no-such-key")
    answer = client.post(b"\xff" * 100, Authorization=given)
    assert (answer.status, answer.body, answer.headers["www-authenticate"]) == (401, right.body, "Bearer")
    assert everything(client.store)["receipts"] == []


def test_an_old_key_counts_while_it_is_named(client: Client) -> None:
    assert client.post(BODY, Authorization=f"bearer {OLD}").status == 201
    assert client.post(BODY).body == {"id": "e1", "duplicate": True}


def _signed(client: Client, body: bytes, at: float, key: str = SECRET, id_: str = "msg_1") -> dict[str, str]:
    stamp = str(int(at))
    content = f"{id_}.{stamp}.".encode() + body
    digest = hmac.new(base64.b64decode(key.removeprefix("whsec_")), content, sha256).digest()
    signature = "v1," + base64.b64encode(digest).decode()
    return {"webhook_id": id_, "webhook_timestamp": stamp, "webhook_signature": signature}


PAID = json.dumps(event(name="order.paid", total=5)).encode()


def test_a_source_with_a_secret_signs(client: Client) -> None:
    client.key = TILL
    now = client.now.timestamp()
    good = _signed(client, PAID, now)
    assert client.post(PAID, **good).status == 201
    assert client.post(PAID, **{**good, "webhook_signature": f"v1,AAAA v2,x {good['webhook_signature']}"}).status == 200
    assert client.post(PAID, **_signed(client, PAID, now - 299)).status == 200
    other = "whsec_" + base64.b64encode(b"x" * 24).decode()
    wrong = [
        {},
        _signed(client, PAID, now - 301),
        _signed(client, PAID, now + 301),
        _signed(client, PAID, now, other),
        _signed(client, b"{}", now),
        {**good, "webhook_id": "msg_2"},
        {**good, "webhook_timestamp": "now"},
        {**good, "webhook_timestamp": "9" * 400},
        {**good, "webhook_timestamp": "-1"},
        {**good, "webhook_signature": ""},
        {**good, "webhook_signature": "v1,"},
        {**good, "webhook_signature": "v1," + "A" * 44},
    ]
    assert [client.post(PAID, **one).status for one in wrong] == [401] * len(wrong)


def test_a_source_tells_only_what_it_may(client: Client) -> None:
    client.key = TILL
    answer = client.post(BODY, **_signed(client, BODY, client.now.timestamp()))
    assert (answer.status, answer.body["error"]) == (422, "the source `till` may not tell `cart.updated`")


def test_a_source_without_its_variable_is_shut_and_says_so() -> None:
    settings = load_texts({"settings/regulars.yaml": SETTINGS}).settings
    assert settings is not None
    keys = Keys.read(settings.sources, {"WEBSHOP_KEY": "short", "TILL_KEY": TILL, "TILL_SECRET": "no", "APP_KEY": TILL})
    assert [fault.split(": ")[0] for fault in keys.faults] == [
        f"the source `{one}` is shut" for one in ("webshop", "till")
    ]
    twice = Keys.read(settings.sources, {**ENVIRONMENT, "APP_KEY": TILL})
    assert twice.faults == ("the source `app` is shut: it has the key of the source `till`; give it one of its own",)
    assert (keys.whose("Bearer short"), keys.whose("Bearer "), keys.whose(f"Bearer {TILL}")) == (None, None, "app")
    assert not any(secret in repr(keys) + "".join(keys.faults) for secret in (TILL, SECRET))


def test_changed_settings_count_from_the_next_request(client: Client) -> None:
    text = SETTINGS.replace("key: APP_KEY", "key: NEW_KEY")
    client.site.environment = {**ENVIRONMENT, "NEW_KEY": "n" * 30}
    client.site.shop = Shop(client.store, load_texts({"settings/regulars.yaml": text}))
    assert client.post(BODY, Authorization=f"Bearer {'a' * 30}").status == 401
    assert client.post(BODY, Authorization=f"Bearer {'n' * 30}").status == 201


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("", 415),
        ("text/plain", 415),
        ("text/json", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=b", 415),
        ("application/json; charset=latin-1", 415),
        ("application/json, text/plain", 415),
        ("application/jsonp", 415),
        ("Application/JSON; charset=UTF-8", 201),
    ],
)
def test_the_type_is_exactly_json(client: Client, kind: str, status: int) -> None:
    assert client.post(BODY, Content_Type=kind).status == status


def test_packed_bodies_are_refused(client: Client) -> None:
    bomb = gzip.compress(b" " * 50_000_000)
    for coding in ("gzip", "br", "deflate", "zstd", "gzip, gzip"):
        assert client.post(bomb, Content_Encoding=coding).status == 415
    assert client.post(bomb).status == 400  # packed without saying so


def test_a_large_body_is_refused_before_it_is_read(client: Client) -> None:
    answer = client.raw(f"{_HEAD}\nContent-Length: 104857600")
    assert b" 413 " in answer
    assert b"1,048,576 bytes" in answer
    exact = GOOD_OF(1024 * 1024)
    assert client.post(exact).status == 201
    assert b" 413 " in client.raw(f"{_HEAD}\nContent-Length: {len(exact) + 1}")


def GOOD_OF(size: int) -> bytes:  # noqa: N802
    return BODY + b" " * (size - len(BODY))


def test_a_large_body_in_pieces_is_refused_on_its_way(client: Client) -> None:
    piece = b"10000\r\n" + b" " * 65_536 + b"\r\n"
    answer = client.raw(f"{_HEAD}\nTransfer-Encoding: chunked", *[piece] * 17)
    assert b" 413 " in answer
    small = b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)
    assert b" 201 " in client.raw(f"{_HEAD}\nTransfer-Encoding: chunked", small)


def test_a_batch_may_be_larger(client: Client) -> None:
    body = b"[" + BODY + b" " * (2 * 1024 * 1024) + b"]"
    assert client.post(body, "/events/batch").status == 207
    assert b" 413 " in client.raw(f"{_HEAD}\nContent-Length: {len(body)}")


def test_a_slow_body_is_not_waited_for(shop: Shop, now: datetime) -> None:
    with door_of(shop, now, lambda door: setattr(door, "in_time", 0.2)) as client:
        answer = client.raw(f"{_HEAD}\nContent-Length: 500", b'{"id":')
        assert b" 408 " in answer
        assert client.post(BODY).status == 201


def test_all_bodies_together_have_room_for_so_many_bytes(shop: Shop, now: datetime) -> None:
    with door_of(shop, now, lambda door: setattr(door.held, "most", 1_000)) as client:
        answer = client.post(GOOD_OF(2_000))
        assert (answer.status, answer.headers["retry-after"]) == (503, "5")
        assert client.post(BODY).status == 201


def test_too_many_events_of_a_source_are_put_off(client: Client) -> None:
    client.key = "a" * 30
    assert client.post([event(f"e{number}") for number in range(61)], "/events/batch").status == 429
    assert {one["status"] for one in client.batch([event(f"e{number}") for number in range(59)])} == {201}
    assert client.post(event("e59")).status == 201
    answer = client.post(event("e60"))
    assert (answer.status, answer.headers["retry-after"]) == (429, "1")
    client.key = "the-webshop-has-this-key-1"
    assert client.post(event("e60")).status == 201
    assert len(everything(client.store)["receipts"]) == 61


def test_of_a_flood_nothing_that_was_acknowledged_is_lost(shop: Shop, now: datetime) -> None:
    with door_of(shop, now, lambda door: setattr(door.writer, "most_waiting", 10)) as client:

        def tell(number: int) -> tuple[str, int]:
            events = [event(f"{number}-{part}") for part in range(number % 8 + 1)]
            answer = client.post(events, "/events/batch")
            assert answer.status in (207, 503)
            return str(number), answer.status

        with ThreadPoolExecutor(30) as pool:
            taken = {number for number, status in pool.map(tell, range(120)) if status == 207}
    stored = {row[1].split("-")[0] for row in everything(client.store)["receipts"]}
    assert stored == taken != set()


def test_while_another_program_holds_the_store_nothing_is_acknowledged(tmp_path: Path, now: datetime) -> None:
    path = tmp_path / "store.db"
    store = connect(f"sqlite:///{path}")
    sa.event.listen(store, "connect", lambda connection, _: connection.execute("PRAGMA busy_timeout=50"))
    create(store)
    with store.begin() as connection:
        put_customers(connection, [{"id": "mei"}], now)
    shop = Shop(store, load_texts({"settings/regulars.yaml": SETTINGS}))
    with door_of(shop, now) as client:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        answer = client.post(BODY)
        assert (answer.status, answer.body["error"], answer.headers["retry-after"]) == (
            503, "the store cannot be written now", "5",
        )  # fmt: skip
        assert [one["status"] for one in client.batch([event(), event("e2")])] == [503, 503]
        other.execute("ROLLBACK")
        other.close()
        assert everything(store)["receipts"] == []
        assert client.post(BODY).status == 201
    store.dispose()


def test_a_full_disk_is_told_and_nothing_acknowledged(sqlite_store: sa.Engine, now: datetime) -> None:
    with sqlite_store.begin() as connection:
        put_customers(connection, [{"id": "mei"}], now)
    full = sa.create_engine(sqlite_store.url, connect_args={"isolation_level": None, "check_same_thread": False})
    sa.event.listen(full, "connect", lambda connection, _: connection.execute("PRAGMA max_page_count=1"))
    shop = Shop(full, load_texts({"settings/regulars.yaml": SETTINGS}))
    with door_of(shop, now) as client:
        found = [client.post(event(f"e{number}") | {"items_count": number}).status for number in range(100)]
        assert found.count(503) > 50
        assert len(everything(sqlite_store)["receipts"]) == found.count(201)
    full.dispose()


def test_while_the_database_is_away_nothing_is_acknowledged(postgres_store: sa.Engine, now: datetime) -> None:
    with postgres_store.begin() as connection:
        put_customers(connection, [{"id": "mei"}], now)
    away = connect("postgresql://nobody@127.0.0.1:1/nothing")
    shop = Shop(away, load_texts({"settings/regulars.yaml": SETTINGS}))
    with door_of(shop, now) as client:
        assert client.post(BODY).status == 503
        client.site.store = postgres_store
    with door_of(replace(shop, store=postgres_store), now) as client:
        assert client.post(BODY).status == 201
        with postgres_store.begin() as connection:
            connection.execute(
                sa.text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
                        " AND datname = current_database()")
            )  # fmt: skip
        assert client.post(event("e2")).status in (201, 503)
        assert client.post(event("e3")).status == 201
