"""What every answer has, and what strangers are told who ask for too much, too slowly, or while the store is away."""

import socket
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx2
import pytest
import sqlalchemy as sa
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from structlog.testing import capture_logs

from engine.render import seal, unsubscribe_token
from engine.store.customers import consents
from engine.web import leaving
from engine.web.leaving.forms import MOST
from engine.web.leaving.routes import Door
from engine.web.pace import BURST, WRONG, Pace
from engine.web.serving import LONGEST_HEAD, Patient
from engine.web.site import Site
from tests.postgres import execute
from tests.shop import SECRETS, SETTINGS, World
from tests.web.serving import served

LINK = f"/u/{unsubscribe_token(SECRETS, 'mei', 'email', None)}"


@pytest.fixture
def world(sqlite_store: sa.Engine, now: Any) -> World:
    """A shop whose pages have a path of their own, with one customer."""
    found = World(sqlite_store, now, {}, settings=SETTINGS + "web: {url: https://shop.example/letters}\n")
    found.customers("mei")
    return found


def site_of(world: World) -> Site:
    """Its site."""
    return Site(world.store, world.shop, SECRETS, lambda: world.now)


@pytest.fixture
def client(world: World) -> Iterator[httpx2.Client]:
    """Somebody on the net."""
    with served(site_of(world)) as url, httpx2.Client(base_url=url) as found:
        yield found


# --- What every answer has --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", LINK, 200),
        ("POST", LINK, 200),
        ("HEAD", LINK, 200),
        ("GET", f"/p/{seal(SECRETS, 'preferences', ['mei'])}", 200),
        ("GET", "/", 404),
        ("GET", "/u/", 404),
        ("GET", f"{LINK}/", 404),
        ("GET", "/u/x?id=1&email=mei@example.com", 404),
        ("PUT", LINK, 405),
        ("DELETE", LINK, 405),
        ("PATCH", LINK, 405),
        ("OPTIONS", LINK, 405),
        ("TRACE", LINK, 405),
        ("POST", f"/p/{seal(SECRETS, 'preferences', ['mei'])}", 400),
    ],
)
def test_every_answer_is_closed_to_others(client: httpx2.Client, method: str, path: str, status: int) -> None:
    answer = client.request(method, path)
    assert answer.status_code == status
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'") and "frame-ancestors 'none'" in policy and "unsafe" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "server" not in answer.headers and "set-cookie" not in answer.headers
    assert status != 405 or {*answer.headers["Allow"].split(", ")} == {"GET", "HEAD", "POST"}
    assert "<script" not in answer.text


def test_words_of_the_shop_are_text_and_never_part_of_the_page(sqlite_store: sa.Engine, now: Any) -> None:
    evil = "<script>alert(1)</script>"
    settings = SETTINGS.replace("Fine Shop, ", f"'{evil}', ", 1).replace(
        "title: Offers", f"title: '\"><img src=x onerror=x>{evil}'"
    )
    world = World(sqlite_store, now, {}, settings=settings)
    world.customers("mei", language='en"><script>')
    with served(site_of(world)) as url:
        page = httpx2.get(url + LINK).text
    assert "<script" not in page and "<img" not in page and "&lt;script&gt;" in page


def test_a_proxy_may_pass_the_path_on_or_take_it_away(client: httpx2.Client) -> None:
    assert client.get(f"/letters{LINK}").text == client.get(LINK).text
    assert client.get(f"/lettersx{LINK}").status_code == 404


@pytest.mark.parametrize("path", ["/u", "/p", "/p/u"])
def test_a_path_that_is_named_like_a_room_leads_there_too(sqlite_store: sa.Engine, now: Any, path: str) -> None:
    world = World(sqlite_store, now, {}, settings=SETTINGS + f"web: {{url: https://shop.example{path}}}\n")
    world.customers("mei")
    with served(site_of(world)) as url:
        assert [httpx2.get(url + way + LINK).status_code for way in (path, "")] == [200, 200]


def test_a_fault_of_the_engine_is_a_plain_page(world: World) -> None:
    def broken(_request: Request) -> Response:
        raise RuntimeError("a secret of the inside")

    with capture_logs() as told, served(site_of(world), [lambda _site: [Route("/broken", broken)]]) as url:
        answer = httpx2.get(f"{url}/broken", headers={"Accept-Language": "de, en;q=0.5"})
    assert answer.status_code == 500
    assert [one["log_level"] for one in told] == ["error"]
    assert "secret" not in answer.text and "Traceback" not in answer.text
    assert "does not work just now" in answer.text, "the shop speaks no German"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


# --- Too much, too slowly, too often ----------------------------------------------------------------------------------


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_has_an_end(world: World, client: httpx2.Client, chunked: bool) -> None:
    large = b"a" * (MOST + 1)
    answer = client.post(LINK, content=iter([large]) if chunked else large)
    assert answer.status_code == 413
    assert world.rows(consents)[0]["given"] is True
    assert client.post(LINK, data={f"field{number}": "x" for number in range(600)}).status_code == 200


def _drip(url: str, head: bytes) -> bytes:
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(head)
        parts = []
        while part := connection.recv(4096):
            parts.append(part)
        return b"".join(parts)


def test_who_never_ends_his_head_is_left(world: World) -> None:
    class Hasty(Patient):
        in_time = 0.2

    with served(site_of(world), http=Hasty) as url:
        assert _drip(url, b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ") == b""
        assert _drip(url, b"") == b""
        assert httpx2.get(url + LINK).status_code == 200


def test_who_never_ends_his_body_is_told(world: World) -> None:
    def room(site: Site) -> list[Route]:
        door = Door(site, in_time=0.2)
        return [Route("/u/{token}", door.answering(get=door.link, post=door.left), methods=["POST"])]

    head = f"POST {LINK} HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\nList-"
    with served(site_of(world), [room]) as url:
        assert _drip(url, head.encode()).startswith(b"HTTP/1.1 408")
    assert world.rows(consents)[0]["given"] is True


@pytest.mark.parametrize(
    "request_", [b"GET / HTTP/1.1\r\nX: " + b"a" * (LONGEST_HEAD + 1), b"\x16\x03\x01\r\n\r\n", b"GET  HTTP/9\r\n\r\n"]
)
def test_what_is_no_request_ends_the_connection_alone(client: httpx2.Client, request_: bytes) -> None:
    assert _drip(str(client.base_url).rstrip("/"), request_).startswith((b"HTTP/1.1 4", b""))
    assert client.get(LINK).status_code == 200


def test_who_tries_links_has_to_wait_and_the_others_have_not(world: World) -> None:
    with served(site_of(world), [leaving.routes], proxy_headers=True, forwarded_allow_ips=["127.0.0.1"]) as url:
        stranger, customer = {"X-Forwarded-For": "203.0.113.9"}, {"X-Forwarded-For": "203.0.113.10"}
        found = [
            httpx2.get(f"{url}/u/{number}", headers=stranger).status_code for number in range(int(BURST / WRONG) + 3)
        ]
        assert found[0] == 404 and found[-1] == 429
        answer = httpx2.get(url + LINK, headers=stranger)
        assert answer.status_code == 429 and 1 <= int(answer.headers["Retry-After"]) <= 60
        assert httpx2.post(url + LINK, headers=customer).status_code == 200
        world.now += timedelta(seconds=int(answer.headers["Retry-After"]))
        assert httpx2.get(url + LINK, headers=stranger).status_code == 200


def test_what_a_header_says_of_the_address_is_believed_of_a_proxy_alone(world: World) -> None:
    for number, options in enumerate(({}, {"proxy_headers": True, "forwarded_allow_ips": ["127.0.0.1"]})):
        with served(site_of(world), **options) as url:  # type: ignore[arg-type]
            topic = ("offers", "news")[number]
            link = f"{url}/u/{unsubscribe_token(SECRETS, 'mei', 'email', topic)}"
            httpx2.post(link, headers={"X-Forwarded-For": "203.0.113.9"})
    sources = {row["topic"]: row["source"] for row in world.rows(consents)}
    assert (sources["offers"], sources["news"]) == ("127.0.0.1", "203.0.113.9")


def test_a_mail_provider_may_ask_for_many_people(now: Any) -> None:
    pace = Pace(lambda: now)
    assert sum(pace.wait("192.0.2.1") == 0 for _ in range(1000)) == BURST


def test_a_house_is_one_asker_and_memory_has_an_end(now: Any) -> None:
    pace = Pace(lambda: now, burst=1, burst_of_all=10**9)
    assert [pace.wait(f"2001:db8:0:1::{number}") == 0 for number in range(3)] == [True, False, False]
    assert pace.wait("::ffff:192.0.2.1") == 0 != pace.wait("192.0.2.1")
    for number in range(50_000):
        pace.wait(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
    assert len(pace._of) <= 20_000


def test_all_together_have_a_pace_too(now: Any) -> None:
    pace = Pace(lambda: now, burst_of_all=5)
    assert [pace.wait(f"192.0.2.{number}") == 0 for number in range(8)] == [True] * 5 + [False] * 3


# --- While the store is away ------------------------------------------------------------------------------------------


def test_while_the_store_is_away_people_are_told_so_and_then_it_works_again(
    postgres_store: sa.Engine, now: Any
) -> None:
    world = World(postgres_store, now, {})
    world.customers("mei")
    server = postgres_store.url.set(database="postgres", drivername="postgresql").render_as_string(hide_password=False)
    name = postgres_store.url.database
    with served(site_of(world)) as url:
        assert httpx2.get(url + LINK).status_code == 200
        execute(
            server,
            f"ALTER DATABASE {name} ALLOW_CONNECTIONS false",
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'",
        )
        try:
            for method in ("GET", "POST"):
                answer = httpx2.request(method, url + LINK)
                assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
                assert "Nothing was changed." in answer.text
        finally:
            execute(server, f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
        assert world.rows(consents)[0]["given"] is True
        assert httpx2.post(url + LINK).status_code == 200
    assert world.rows(consents)[0]["given"] is False


def test_a_room_of_others_is_behind_the_same_wall(world: World) -> None:
    def room(_site: Site) -> list[Route]:
        return [Route("/x", lambda _request: PlainTextResponse("hello"))]

    with served(site_of(world), [room]) as url:
        assert httpx2.get(f"{url}/x").headers["Referrer-Policy"] == "no-referrer"
