"""Links that are not ours: one answer for all of them, whatever is wrong, and nothing changes."""

from collections.abc import Iterator
from datetime import timedelta
from statistics import median
from time import perf_counter
from typing import Any

import httpx2
import pytest
import sqlalchemy as sa

from engine.render import seal, unsubscribe_token
from engine.store.customers import consent_log, consents
from engine.web.site import Site
from tests.shop import SECRETS, World
from tests.web.hostile import GOOD, HOSTILE
from tests.web.serving import served


@pytest.fixture
def world(sqlite_store: sa.Engine, now: Any) -> World:
    """A shop with one customer who agreed to mail."""
    found = World(sqlite_store, now, {})
    found.customers("mei")
    return found


@pytest.fixture
def client(world: World) -> Iterator[httpx2.Client]:
    """Somebody on the net."""
    with served(Site(world.store, world.shop, SECRETS, lambda: world.now)) as url, httpx2.Client(base_url=url) as found:
        yield found


def _seen(answer: httpx2.Response) -> tuple[int, str, list[tuple[str, str]]]:
    return answer.status_code, answer.text, sorted((k, v) for k, v in answer.headers.items() if k != "date")


def test_there_are_at_least_sixty_kinds() -> None:
    assert len({*HOSTILE.values()}) == len(HOSTILE) >= 60
    assert GOOD not in HOSTILE.values()


@pytest.mark.parametrize("page", ["u", "p"])
def test_each_is_answered_like_every_other(world: World, client: httpx2.Client, page: str) -> None:
    before = world.rows(consents), world.rows(consent_log)
    same = _seen(client.get(f"/{page}/nothing"))
    assert same[0] == 404
    tokens = {name: one for name, one in HOSTILE.items() if (page, name) != ("p", "purpose of the choices")}
    for name, token in tokens.items():
        for method in ("GET", "POST"):
            answer = client.request(method, f"/{page}/{token}", data=None)
            if answer.status_code == 429:
                world.now += pace_again(answer)
                answer = client.request(method, f"/{page}/{token}", data=None)
            assert _seen(answer) == same, name
    assert (world.rows(consents), world.rows(consent_log)) == before


def pace_again(answer: httpx2.Response) -> timedelta:
    """What a patient stranger waits."""
    return timedelta(seconds=int(answer.headers["Retry-After"]))


def test_links_of_other_days_and_secrets_work(world: World, client: httpx2.Client) -> None:
    old = "a secret of two years ago"
    link = unsubscribe_token([old], "mei", "email", "offers")
    assert client.get(f"/u/{link}").status_code == 404
    site = Site(world.store, world.shop, [old, "another old secret of ours", *SECRETS], lambda: world.now)
    with served(site) as url:
        assert httpx2.get(f"{url}/u/{link}").status_code == 200
        assert httpx2.get(f"{url}/u/{GOOD}").status_code == 200


def test_what_is_looked_for_in_vain_takes_as_long_as_what_is_not_ours(world: World, client: httpx2.Client) -> None:
    gone, never = unsubscribe_token(SECRETS, "gone", "email", None), seal(["x" * 16], "unsubscribe", ["mei"])
    times: dict[str, list[float]] = {gone: [], never: []}
    for _ in range(60):
        for token, taken in times.items():
            begun = perf_counter()
            client.get(f"/u/{token}")
            taken.append(perf_counter() - begun)
            world.now += pace_again(httpx2.Response(429, headers={"Retry-After": "60"}))
    assert 0.2 < median(times[gone]) / median(times[never]) < 5, "of one class; the store is asked for both"


def test_nothing_of_a_customer_stands_in_a_link_or_a_page(world: World, client: httpx2.Client) -> None:
    page = client.get(f"/u/{GOOD}").text
    assert "mei" not in GOOD and "mei" not in page and "example.com" not in page
