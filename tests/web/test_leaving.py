"""One click out (RFC 8058): only a POST leaves, it is committed before the answer, and nothing is asked of him who leaves."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx2
import pytest
import sqlalchemy as sa

from engine.failpoints import armed
from engine.render import unsubscribe_token
from engine.store.customers import consent_log, consents, customers
from engine.web.site import Site
from tests.shop import SECRETS, World, playbook
from tests.web.serving import served

OFFERS = playbook("p", "when: {event: order.paid}\nif_running: parallel\ndo:\n  - email: hello", topic="offers")
ONE_CLICK = {"List-Unsubscribe": "One-Click"}  # the whole body, as RFC 8058 has it


@pytest.fixture
def world(store: sa.Engine, now: Any) -> World:
    """A shop with one customer who agreed to mail."""
    found = World(store, now, OFFERS)
    found.customers("mei")
    return found


@pytest.fixture
def url(world: World) -> Iterator[str]:
    """Where the pages are."""
    with served(Site(world.store, world.shop, SECRETS, lambda: world.now)) as url:
        yield url


def link(url: str, customer: str = "mei", topic: str | None = "offers") -> str:
    """The link of a mail about that topic."""
    return f"{url}/u/{unsubscribe_token(SECRETS, customer, 'email', topic, 1)}"


def answers(world: World) -> dict[str, bool]:
    """What holds of mail, by topic."""
    return {row["topic"]: row["given"] for row in world.rows(consents, customer_id="mei", channel="email")}


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_scanners_and_browsers_that_look_ahead_change_nothing(world: World, url: str, method: str) -> None:
    before = world.rows(consents), world.rows(consent_log)
    for headers in ({}, {"Purpose": "prefetch", "Sec-Purpose": "prefetch"}, {"User-Agent": "link scanner"}):
        page = httpx2.request(method, link(url), headers=headers)
        assert page.status_code == 200
        assert method == "HEAD" or re.search('<form method="post">.*<button', page.text)
    assert (world.rows(consents), world.rows(consent_log)) == before


@pytest.mark.parametrize(
    "body",
    [
        {"data": ONE_CLICK},
        {"files": {"List-Unsubscribe": (None, "One-Click")}},
        {"content": b""},
        {"content": b"\xff\xfe\x00", "headers": {"Content-Type": "application/octet-stream"}},
        {"data": ONE_CLICK, "cookies": {"session": "of another site", "__Host-id": "x"}},
        {"data": ONE_CLICK, "headers": {"Origin": "https://mail.example", "Authorization": "Basic eDp5"}},
    ],
    ids=["urlencoded", "multipart", "empty", "anything", "foreign cookies", "foreign origin"],
)
def test_one_click_is_enough_however_it_is_sent(world: World, url: str, body: dict[str, Any]) -> None:
    with httpx2.Client(cookies=body.pop("cookies", None)) as client:
        for _ in range(3):
            answer = client.post(link(url), follow_redirects=False, **body)
            assert (answer.status_code, answer.text) == (200, "You are unsubscribed.\n")
            assert "set-cookie" not in answer.headers
    assert answers(world) == {"*": True, "offers": False}


def test_what_a_click_did_is_evidence_once(world: World, url: str) -> None:
    for _ in range(3):
        world.now += timedelta(minutes=1)
        httpx2.post(link(url), data=ONE_CLICK)
    (row,) = world.rows(consent_log, topic="offers")
    assert (row["given"], row["how"], row["source"]) == (False, "one-click", "127.0.0.1")
    assert row["at"] == row["recorded_at"] == world.now - timedelta(minutes=2)


def test_the_button_of_the_page_leaves_and_says_how(world: World, url: str) -> None:
    page = httpx2.post(link(url), data={"do": "leave"})
    assert page.status_code == 200 and "You are unsubscribed." in page.text
    (row,) = world.rows(consent_log, topic="offers")
    assert row["how"] == "unsubscribe link"


def test_a_link_without_a_topic_leaves_everything_by_its_channel(world: World, url: str) -> None:
    world.answer("mei", True, "news")
    httpx2.post(link(url, topic=None), data=ONE_CLICK)
    assert answers(world) == {"*": False, "news": True}
    page = httpx2.get(link(url, topic="news")).text
    assert "You do not receive this any more." in page and "checked" not in page


def test_a_consent_of_a_clock_that_is_ahead_is_left_all_the_same(world: World, url: str) -> None:
    ahead = world.now + timedelta(hours=20)
    world.write(sa.update(consents).values(at=ahead))
    httpx2.post(link(url, topic=None), data=ONE_CLICK)
    assert answers(world) == {"*": False}


def test_who_left_is_written_to_no_more(world: World, url: str) -> None:
    world.tick()
    world.event("order.paid", "mei", total=10)
    httpx2.post(link(url), data=ONE_CLICK)
    world.tick()
    assert world.message()["reason"] == "consent to offers by email was refused or withdrawn"


def test_a_crash_after_the_commit_loses_nothing(world: World, url: str) -> None:
    with armed("web.left"):
        assert httpx2.post(link(url), data=ONE_CLICK).status_code == 500
    assert answers(world) == {"*": True, "offers": False}
    assert httpx2.post(link(url), data=ONE_CLICK).status_code == 200
    assert len(world.rows(consent_log, topic="offers")) == 1


def test_somebody_who_is_erased_is_nobody(world: World, url: str) -> None:
    world.write(sa.delete(customers))
    gone, never = httpx2.post(link(url), data=ONE_CLICK), httpx2.post(f"{url}/u/{'A' * 64}", data=ONE_CLICK)
    assert (gone.status_code, gone.text) == (never.status_code, never.text) == (404, gone.text)
    assert "offers" not in answers(world)
