"""What a customer keeps and leaves by topic and channel, over the pages, and how it can be taken back."""

import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from typing import Any

import httpx2
import pytest
import sqlalchemy as sa

from engine.guards import look
from engine.outgoing.sight import Sight
from engine.render import seal, unsubscribe_token
from engine.store.customers import consent_log, consents
from engine.web.leaving.acts import UNDONE_WITHIN
from engine.web.site import Site
from tests.shop import SECRETS, SETTINGS, World, playbook
from tests.web.serving import served

MANY = SETTINGS.replace(
    "channels:\n", "channels:\n  sms: {provider: twilio, account: A, token: T, from: X, prefix: '+49'}\n"
)
FILES = playbook("p", "when: {event: order.paid}\ndo:\n  - email: hello", topic="offers")
ALL = {"email": {"offers", "news"}, "sms": {"offers", "news"}}


@pytest.fixture
def world(store: sa.Engine, now: Any) -> World:
    """A shop with two topics and two channels, and a customer who agreed to everything."""
    found = World(store, now, FILES, settings=MANY)
    found.customers("mei", phone="+491701234567", sms_consent=True)
    found.now += timedelta(hours=1)
    return found


@pytest.fixture
def url(world: World) -> Iterator[str]:
    """Where the pages are."""

    def clock() -> Any:
        world.now += timedelta(seconds=1)
        return world.now

    with served(Site(world.store, world.shop, SECRETS, clock)) as url:
        yield url


def choices(url: str, customer: str = "mei") -> str:
    """The link to what somebody receives."""
    return f"{url}/p/{seal(SECRETS, 'preferences', [customer])}"


def save(url: str, *keep: str, seen: tuple[str, ...] = ("email:offers", "email:news", "sms:offers", "sms:news")) -> str:
    """Ticks these and presses the button."""
    answer = httpx2.post(choices(url), data={"seen": list(seen), "keep": list(keep), "do": "save"})
    assert answer.status_code == 200
    return answer.text


def press(url: str, name: str, **fields: str) -> str:
    """Presses another button."""
    answer = httpx2.post(choices(url), data={"do": name, **fields})
    assert answer.status_code == 200
    return answer.text


def gets(world: World, *topics: str | None) -> dict[str, set[Any]]:
    """What the guards would let go, by channel."""
    found: dict[str, set[Any]] = {"email": set(), "sms": set()}
    customer = {"mei": {"email": "mei@example.com", "phone": "+491701234567"}}
    with world.store.connect() as connection:
        for number, (channel, topic) in enumerate((c, t) for c in found for t in topics or ("offers", "news")):
            row = {
                "id": number, "enrolment_id": 0, "customer_id": "mei", "channel": channel, "topic": topic, "message": "x",
                "purpose": "marketing", "playbook": "p", "expires_at": None, "planned_at": world.now, "revision": "",
            }  # fmt: skip
            seen = Sight.of(world.shop, connection, [row], customer, world.now)
            if look(seen.look(row, None, world.now, run=("running", None))) is None:
                found[channel].add(topic)
    return found


def undo_of(page: str) -> str:
    """What the button of a page would take back."""
    found = re.search(r'name="undo" value="([^"]+)"', page)
    assert found
    return unescape(found[1])


def ticked(page: str) -> set[str]:
    """The boxes with a tick."""
    return set(re.findall(r'name="keep" value="([^"]+)" checked', page))


def test_the_page_shows_what_he_receives(world: World, url: str) -> None:
    world.answer("mei", False, "news")
    page = httpx2.get(choices(url)).text
    assert ticked(page) == {"email:offers", "sms:offers", "sms:news"}
    assert [unescape(one) for one in re.findall("<legend>(.*?)</legend>", page)] == ["E-mail", "Text messages"]


@pytest.mark.parametrize(
    "keep",
    [
        ("email:offers", "email:news", "sms:offers", "sms:news"),
        ("email:offers", "sms:news"),
        ("email:news",),
        ("sms:offers", "sms:news"),
        (),
    ],
)
def test_what_is_ticked_is_what_goes_and_nothing_else(world: World, url: str, keep: tuple[str, ...]) -> None:
    wanted = {channel: {one.partition(":")[2] for one in keep if one.startswith(channel)} for channel in ALL}
    assert ticked(save(url, *keep)) == set(keep)
    assert gets(world) == wanted
    logged = len(world.rows(consent_log))
    save(url, *keep)
    assert len(world.rows(consent_log)) == logged, "the same again says nothing new"


def test_who_keeps_nothing_of_a_channel_gets_nothing_new_by_it_either(world: World, url: str) -> None:
    save(url, "sms:offers", "sms:news")
    assert gets(world, "offers", "a topic of next year", None) == {
        "email": set(),
        "sms": {"offers", "a topic of next year", None},
    }


def test_who_left_everything_can_come_back_to_one_topic_alone(world: World, url: str) -> None:
    assert ticked(press(url, "leave-all")) == set()
    assert gets(world, "offers", "news", None) == {"email": set(), "sms": set()}
    save(url, "email:offers")
    assert gets(world, "offers", "news", "a topic of next year", None) == {"email": {"offers"}, "sms": set()}


def test_every_answer_of_the_page_is_evidence(world: World, url: str) -> None:
    save(url, "email:offers", "sms:offers", "sms:news")
    save(url, "email:offers", "email:news", "sms:offers", "sms:news")
    said = [(row["given"], row["how"], row["source"]) for row in world.rows(consent_log, topic="news")]
    assert said == [(False, "preferences page", "127.0.0.1"), (True, "preferences page", "127.0.0.1")]


@pytest.mark.parametrize("before", [(), ("email:offers",), ("email:news", "sms:offers")])
@pytest.mark.parametrize("deed", ["leave-all", "save", "one click"])
def test_undo_makes_it_as_it_was(world: World, url: str, before: tuple[str, ...], deed: str) -> None:
    save(url, *before)
    was = gets(world, "offers", "news", "a topic of next year", None)
    if deed == "one click":
        link = f"{url}/u/{unsubscribe_token(SECRETS, 'mei', 'email', None)}"
        page = httpx2.post(link, data={"do": "leave"}).text
    else:
        page = press(url, "leave-all") if deed == "leave-all" else save(url, "email:offers", "sms:news")
    if 'name="undo"' in page:
        assert "Everything is as it was before." in press(url, "undo", undo=undo_of(page))
    assert gets(world, "offers", "news", "a topic of next year", None) == was


def test_undo_takes_back_what_was_said_of_forty_topics_too(store: sa.Engine, now: Any) -> None:
    topics = "".join(f"  a-topic-of-the-shop-{number}: {{title: Topic {number}}}\n" for number in range(40))
    settings = MANY.replace("  news: {title: News}\n", f"  news: {{title: News}}\n{topics}")
    world = World(store, now, FILES, settings=settings)
    world.customers("mei", phone="+491701234567", sms_consent=True)
    with served(Site(world.store, world.shop, SECRETS, lambda: world.now)) as url:
        assert "as it was" in press(url, "undo", undo=undo_of(press(url, "leave-all")))
    assert gets(world) == ALL


def test_undo_is_evidence_and_works_once(world: World, url: str) -> None:
    sealed = undo_of(press(url, "leave-all"))
    press(url, "undo", undo=sealed)
    assert {row["how"] for row in world.rows(consents)} == {"undo on the page"}
    press(url, "leave-all")
    assert "as it was" not in press(url, "undo", undo=sealed)
    assert gets(world) == {"email": set(), "sms": set()}


def test_undo_does_not_outlive_its_day_nor_serve_another_customer(world: World, url: str) -> None:
    world.customers("tom", phone="+491701234568", sms_consent=True)
    sealed = undo_of(press(url, "leave-all"))
    httpx2.post(choices(url, "tom"), data={"do": "undo", "undo": sealed})
    world.now += UNDONE_WITHIN
    for one in (sealed, sealed[:-2], "", "A" * 80, choices(url).rsplit("/", 1)[-1]):
        assert "as it was" not in press(url, "undo", undo=one)
    assert gets(world) == {"email": set(), "sms": set()}


def test_what_was_not_shown_stays_as_it_is(world: World, url: str) -> None:
    save(url, seen=("email:offers",))
    assert gets(world) == {"email": {"news"}, "sms": {"offers", "news"}}
    before = world.rows(consents)
    save(url, "email:nothing", "push:offers", seen=("email:nothing", "push:offers", "email", ":", "email:*"))
    assert world.rows(consents) == before


@pytest.mark.parametrize("fields", [{}, {"do": "delete"}, {"keep": "email:offers"}])
def test_a_form_that_is_none_of_ours_changes_nothing(world: World, url: str, fields: dict[str, str]) -> None:
    before = world.rows(consents)
    assert httpx2.post(choices(url), data=fields).status_code == 400
    assert world.rows(consents) == before


def test_a_link_to_leave_is_none_to_choose_nor_the_other_way_round(world: World, url: str) -> None:
    token = unsubscribe_token(SECRETS, "mei", "email", "offers")
    sealed = choices(url).rsplit("/", 1)[-1]
    assert httpx2.post(f"{url}/p/{token}", data={"do": "leave-all"}).status_code == 404
    assert httpx2.post(f"{url}/u/{sealed}").status_code == 404
    assert gets(world) == ALL
