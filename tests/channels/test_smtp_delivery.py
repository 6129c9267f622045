"""Faults of a relay from the outbox to the ledger of the relay, on both databases: what is on record is what is true."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from email import message_from_bytes
from typing import Any

import pytest
import sqlalchemy as sa

from engine.channels.smtp import Smtp
from engine.settings.channels import Email
from engine.store.customers import suppressions
from tests.channels.posting import SOON
from tests.delivering.world import HELLO, ORDER, dies_at, later
from tests.shop import World
from tests.smtp_sink import DROP, LATE, STALL, Relay

NAMES = [f"c{number:02}" for number in range(12)]


@contextmanager
def shop_with_relay(
    store: sa.Engine, now: datetime, files: dict[str, str] = HELLO, people: int = 12, **order: Any
) -> Iterator[tuple[World, Relay]]:
    """A shop about to write to people, over one connection to a relay that was ordered to misbehave."""
    settings: dict[str, Any] = {"from": "hello@shop.example", "host": "localhost", "connections": 1}
    with Relay(**order) as relay:
        email = Email.model_validate({**settings, "port": relay.port})
        smtp = Smtp(email, {}, lambda: world.now, SOON)
        world = World(store, now, files, channel=smtp)
        world.customers(*NAMES[:people])
        world.tick()
        for name in NAMES[:people]:
            world.event("order.paid", name, total=100)
        yield world, relay
        smtp.close()


def states(world: World) -> Counter[str]:
    return Counter(row["state"] for row in world.messages())


def ids(relay: Relay) -> list[str | None]:
    return [message_from_bytes(mail.content)["Message-ID"] for mail in relay.mails]


def test_every_mail_goes_once_over_one_connection(store: sa.Engine, now: datetime) -> None:
    with shop_with_relay(store, now) as (world, relay):
        world.tick()
        assert states(world) == {"sent": 12}
        assert sorted(mail.recipients[0] for mail in relay.mails) == [f"{name}@example.com" for name in NAMES]
        assert len(set(ids(relay))) == 12
        assert relay.connections == 1


@pytest.mark.parametrize("fault", [DROP, STALL, LATE])
def test_silence_after_the_dot_is_on_record_as_a_doubt_and_nothing_is_repeated(
    store: sa.Engine, now: datetime, fault: object
) -> None:
    with shop_with_relay(store, now, dot=[fault]) as (world, relay):
        world.tick()
        relay.say_late()
        world.tick(now + timedelta(minutes=10))
        assert states(world) == {"uncertain": 1, "sent": 11}
        assert len(set(ids(relay))) == len(relay.mails) == 12
        (doubt,) = world.messages(state="uncertain")
        assert doubt["reason"].startswith("the relay ")


@pytest.mark.parametrize("step", ["greeting", "MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("fault", [DROP, "421 4.3.2 going down"])
def test_what_breaks_before_the_content_is_no_doubt_and_is_made_up_for(
    store: sa.Engine, now: datetime, step: str, fault: object
) -> None:
    with shop_with_relay(store, now, **{step: [fault] * 2}) as (world, relay):
        world.tick()
        assert set(states(world)) <= {"planned", "deferred"}
        assert relay.mails == []
        world.tick_until(now + timedelta(minutes=15))
        assert states(world) == {"sent": 12}
        assert len(set(ids(relay))) == len(relay.mails) == 12


def test_a_refused_login_keeps_every_message_and_says_why(store: sa.Engine, now: datetime) -> None:
    with shop_with_relay(store, now, MAIL=["530 5.7.0 log in first"]) as (world, relay):
        resting = world.tick_once().delivered.resting
        assert resting["email"].startswith("the relay refuses the login: 530 5.7.0 log in first. Nothing is lost")
        assert set(states(world)) <= {"planned", "deferred"}
        world.tick(now + timedelta(minutes=4))
        assert relay.commands.count("MAIL") == 1
        world.tick_until(now + timedelta(minutes=15))
        assert states(world) == {"sent": 12}


def test_a_dead_address_is_suppressed_and_a_policy_is_not(store: sa.Engine, now: datetime) -> None:
    order = ["550 5.1.1 no such user", "550 5.7.1 not from you"]
    with shop_with_relay(store, now, RCPT=order) as (world, _):
        world.tick()
        assert states(world) == {"failed": 2, "sent": 10}
        assert [row["address"] for row in world.rows(suppressions)] == ["c00@example.com"]


def test_a_greylisted_mail_comes_again_as_the_same_mail(store: sa.Engine, now: datetime) -> None:
    with shop_with_relay(store, now, people=1, dot=["450 4.2.0 greylisted"]) as (world, relay):
        world.tick()
        first = world.message()
        assert (first["state"], first["reason"]) == ("deferred", "4.2.0 greylisted")
        assert timedelta(minutes=5) <= first["due_at"] - now <= timedelta(minutes=6)
        world.tick(first["due_at"])
        assert (world.message()["state"], world.message()["attempts"]) == ("sent", 2)
        assert len(relay.mails) == 1


def test_consent_that_is_withdrawn_while_the_relay_waits_for_the_content_is_kept(
    store: sa.Engine, now: datetime
) -> None:
    with shop_with_relay(store, now) as (world, relay):
        relay.order(DATA=[lambda: world.answer("c00", given=False)])
        world.tick()
        assert states(world) == {"suppressed": 1, "sent": 11}
        assert "c00@example.com" not in [mail.recipients[0] for mail in relay.mails]


@pytest.mark.parametrize(
    ("place", "doubt"),
    [("smtp.connected", 0), ("smtp.rcpt", 0), ("smtp.354", 0), ("smtp.half", 1), ("smtp.dot", 1), ("smtp.replied", 1)],
)
def test_a_crash_is_a_doubt_only_where_the_content_had_begun_to_leave(
    store: sa.Engine, now: datetime, place: str, doubt: int
) -> None:
    with shop_with_relay(store, now, people=3) as (world, relay):
        dies_at(world, place)
        later(world, timedelta(minutes=15))
        world.tick()
        assert states(world) == Counter({"uncertain": doubt, "sent": 3 - doubt}) - Counter()
        assert len(set(ids(relay))) == len(relay.mails)


def test_what_is_transactional_comes_again_after_a_crash_as_the_same_mail(store: sa.Engine, now: datetime) -> None:
    with shop_with_relay(store, now, ORDER, people=1) as (world, relay):
        dies_at(world, "smtp.replied")
        later(world, timedelta(minutes=15))
        world.tick()
        world.tick(world.now + timedelta(days=2))
        assert world.message()["dup_risk"] == 1
        assert len(relay.mails) == 2
        assert len(set(ids(relay))) == 1
