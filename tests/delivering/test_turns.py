"""A pass that has much to send stops in time for the program to look at other things, and goes on with the next."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from engine.outgoing.hands import Hands
from tests.delivering.world import HELLO, PAID, about_to_send
from tests.scripted import Scripted
from tests.shop import SETTINGS, World, playbook

MANY = [f"c{number:02}" for number in range(20)]
TEXTS = {"messages/hello/en.md": "---\nsubject: Hello\nsms: Hello!\n---\nHello.\n"}
SMS = "  sms: {provider: twilio, from: Fine Shop, account: SMS_ACCOUNT, token: SMS_TOKEN}\n"


@dataclass
class Time:
    """Seconds of the machine, which a slow relay takes."""

    now: float = 0.0

    def passes(self) -> None:
        self.now += 1


def slowly(world: World, relay: Scripted, turn: float = 5) -> None:
    """Each letter takes a second, and a turn is so many of them."""
    time = Time()
    relay.width, relay.handing = 1, time.passes
    world._tick.living(Hands(clock=lambda: time.now, turn=turn))


def states(world: World) -> dict[str, int]:
    found = [row["state"] for row in world.messages()]
    return {state: found.count(state) for state in found}


def test_what_a_turn_has_no_time_for_waits_for_the_next_and_goes_once(store: sa.Engine, now: datetime) -> None:
    world, relay = about_to_send(store, now, HELLO, *MANY)
    slowly(world, relay)
    report = world.tick_once()
    assert (report.more, len(relay.taken), states(world)) == (True, 5, {"sent": 5, "planned": 15})
    passes = 1
    while report.more:
        report, passes = world.tick_once(), passes + 1
    assert passes == 5
    assert sorted(relay.recipients()) == [f"{one}@example.com" for one in MANY]
    assert states(world) == {"sent": 20}


def test_an_event_in_the_middle_of_a_campaign_is_heard_and_its_letter_goes_first(
    store: sa.Engine, now: datetime
) -> None:
    files = {**HELLO, **playbook("o", "when: {event: page.viewed}\ndo:\n  - email: receipt", purpose="transactional")}
    world, relay = about_to_send(store, now, files, *MANY)
    slowly(world, relay)
    world.tick_once()
    world.now += timedelta(seconds=5)
    world.event("page.viewed", "c19")
    world.tick_once()
    assert [b"Subject: receipt" in letter.content for letter in relay.taken[5:]] == [True, *4 * [False]]


def test_a_slow_channel_leaves_time_to_the_others(store: sa.Engine, now: datetime) -> None:
    files = {**playbook("p", f"{PAID}do:\n  - email: hello\n  - sms: hello"), **TEXTS}
    settings = SETTINGS.replace("limits:", f"{SMS}limits:")
    world, relay = about_to_send(store, now, files, *MANY, settings=settings)
    for number, one in enumerate(MANY):
        world.customers(one, phone=f"+49301234{number:02}", sms_consent=True)
    slowly(world, relay, turn=6)
    assert world.tick_once().more
    assert [letter.channel for letter in relay.taken] == 3 * ["email"] + 3 * ["sms"]


def test_a_turn_of_no_time_at_all_still_sends_one(store: sa.Engine, now: datetime) -> None:
    world, relay = about_to_send(store, now, HELLO, *MANY)
    slowly(world, relay, turn=0)
    assert world.tick_once().more
    assert len(relay.taken) == 1
