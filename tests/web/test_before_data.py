"""Who has left is not written to: what is committed before a message is let go holds it back, whatever is under way."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Lock, Thread
from time import monotonic
from typing import Any

import httpx2
import sqlalchemy as sa

from engine.channels import Accepted, Letter, Outcome, Uncertain
from engine.render import unsubscribe_token
from engine.store.customers import consents
from engine.web.site import Site
from tests.scripted import Scripted
from tests.shop import SECRETS, World, playbook
from tests.web.serving import served

HELLO = playbook("p", "when: {event: order.paid}\nif_running: parallel\ndo:\n  - email: hello", topic="offers")
MANY, ENOUGH = 150, 20


class Watched(Scripted):
    """A relay that knows when it was offered each letter, and waits with the first until some have left."""

    def __init__(self) -> None:
        super().__init__(width=3)
        self.when: dict[str, float] = {}
        self.some_left, self.some_taken = Event(), Event()

    def offer(self, letters: Sequence[Letter]) -> list[Accepted | Outcome]:
        assert self.some_left.wait(60)
        for letter in letters:
            self.when[letter.recipient] = monotonic()
        return super().offer(letters)

    def hand_over(self, accepted: Sequence[Accepted]) -> list[Outcome]:
        found = super().hand_over(accepted)
        if len(self.taken) >= ENOUGH:
            self.some_taken.set()
        return found


def _world(store: sa.Engine, now: Any, relay: Scripted, *who: str) -> World:
    world = World(store, now, HELLO, channel=relay)
    world.customers(*who)
    world.tick()
    for one in who:
        world.event("order.paid", one, total=10)
    return world


def test_a_message_that_is_claimed_and_written_is_held_back(store: sa.Engine, now: Any) -> None:
    relay = Scripted()
    world = _world(store, now, relay, "mei", "tom")
    with served(Site(store, world.shop, SECRETS, lambda: world.now)) as url:
        links = iter([f"{url}/u/{unsubscribe_token(SECRETS, 'mei', 'email', 'offers')}"])

        def leaves() -> None:
            for link in links:
                assert httpx2.post(link, timeout=30).status_code == 200

        relay.between = leaves  # offered to the relay, and not yet committed to be sent
        world.tick()
    assert relay.recipients() == ["tom@example.com"]
    states = {row["customer_id"]: (row["state"], row["reason"]) for row in world.messages()}
    assert states == {
        "mei": ("suppressed", "consent to offers by email was refused or withdrawn"),
        "tom": ("sent", None),
    }


def test_nobody_is_written_to_after_he_was_told_that_he_has_left(store: sa.Engine, now: Any) -> None:
    relay, told, lock = Watched(), dict[str, float](), Lock()
    who = [f"c-{number}" for number in range(MANY)]
    world = _world(store, now, relay, *who)
    with served(Site(store, world.shop, SECRETS, lambda: world.now)) as url, httpx2.Client(timeout=60) as client:

        def leave(number: int) -> None:
            if number >= ENOUGH:
                assert relay.some_taken.wait(60)
            customer = who[-1 - number]
            link = f"{url}/u/{unsubscribe_token(SECRETS, customer, 'email', None)}"
            assert client.post(link, data={"List-Unsubscribe": "One-Click"}).status_code == 200
            with lock:
                told[f"{customer}@example.com"] = monotonic()
                if len(told) >= ENOUGH:
                    relay.some_left.set()

        draining = Thread(target=world.tick_once)
        draining.start()
        with ThreadPoolExecutor(8) as people:
            list(people.map(leave, range(MANY)))
        draining.join()
    assert len(world.rows(consents, given=False)) == MANY
    taken = relay.recipients()
    assert [one for one in taken if told[one] < relay.when[one]] == []
    assert len(taken) == len({*taken}) >= ENOUGH
    states = [row["state"] for row in world.messages()]
    assert states.count("sent") == len(taken) and states.count("suppressed") == MANY - len(taken) >= ENOUGH


def test_who_leaves_by_the_link_of_a_message_has_got_it(store: sa.Engine, now: Any) -> None:
    relay = Scripted()
    relay.at_content["*"] = [Uncertain("the connection broke")]
    world = _world(store, now, relay, "mei")
    world.tick()
    message = world.message()
    assert message["state"] == "uncertain"
    with served(Site(store, world.shop, SECRETS, lambda: world.now)) as url:
        of_another = unsubscribe_token(SECRETS, "mei", "email", "offers", message["id"] + 1)
        httpx2.post(f"{url}/u/{of_another}")
        assert world.message()["state"] == "uncertain"
        httpx2.get(f"{url}/u/{unsubscribe_token(SECRETS, 'mei', 'email', 'offers', message['id'])}")
        assert world.message()["state"] == "uncertain", "a scanner may have looked at it on its way"
        httpx2.post(f"{url}/u/{unsubscribe_token(SECRETS, 'mei', 'email', 'offers', message['id'])}")
    assert world.message()["state"] == "sent"
