"""Messages without an answer: signs settle them, else the policy does, and a person where the policy says so."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from engine.channels import Uncertain
from engine.outgoing.doubt import answer, confirm
from engine.store.ledger import outbox
from tests.delivering.world import HELLO, PAID, about_to_send, another, dies_at, later, state
from tests.scripted import Scripted
from tests.shop import SETTINGS, World, playbook

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def _silent(
    store: sa.Engine, now: datetime, header: dict[str, str], settings: str = SETTINGS
) -> tuple[World, Scripted]:
    """A message that the relay never answered."""
    files = playbook("p", f"{PAID}do:\n  - email: hello", **header)
    world, relay = about_to_send(store, now, files, settings=settings)
    relay.at_content["mei@example.com"] = [Uncertain("timed out") for _ in range(9)]
    world.tick()
    assert state(world) == ("uncertain", 1, 0)
    return world, relay


@pytest.mark.parametrize(
    ("header", "ends"),
    [
        ({}, ("assumed_sent", 1, 0)),
        ({"purpose": "transactional"}, ("assumed_sent", 2, 1)),
        ({"delivery": "{on_uncertain: resend, max_uncertain_resends: 2}"}, ("assumed_sent", 3, 2)),
        ({"delivery": "{on_uncertain: resend, max_uncertain_resends: 0}"}, ("assumed_sent", 1, 0)),
        ({"delivery": "{on_uncertain: review}"}, ("review", 1, 0)),
        ({"purpose": "transactional", "delivery": "{on_uncertain: assume_sent}"}, ("assumed_sent", 1, 0)),
    ],
)
def test_a_relay_that_never_answers(
    store: sa.Engine, now: datetime, header: dict[str, str], ends: tuple[str, int, int]
) -> None:
    world, _ = _silent(store, now, header)
    for _ in range(4):
        world.tick(world.now + DAY - HOUR / 2)
        world.tick(world.now + HOUR / 2)
        if world.now > now + 2.9 * DAY:
            break
    assert state(world) == ends


def test_the_settings_hold_where_the_playbook_says_nothing(store: sa.Engine, now: datetime) -> None:
    settings = f"{SETTINGS}delivery: {{on_uncertain: review, evidence_wait: 1 hour}}\n"
    world, _ = _silent(store, now, {"purpose": "transactional"}, settings)
    world.tick_until(now + HOUR - timedelta(seconds=1))
    assert state(world)[0] == "uncertain"
    world.tick_until(now + HOUR)
    assert state(world)[0] == "review"


def test_who_opened_it_has_got_it(store: sa.Engine, now: datetime) -> None:
    world, relay = _silent(store, now, {"purpose": "transactional"})
    world.event("message.opened", "mei", now + HOUR, message="hello")
    world.tick(now + 2 * DAY)
    assert (state(world), relay.taken) == (("sent", 1, 0), [])


def test_what_somebody_else_opened_is_no_sign(store: sa.Engine, now: datetime) -> None:
    world, _ = _silent(store, now, {"purpose": "marketing"})
    world.customers("tom")
    world.event("message.opened", "tom", now + HOUR, message="hello")
    world.event("message.opened", "mei", now + HOUR, message="other")
    world.tick(now + 2 * DAY)
    assert state(world)[0] == "assumed_sent"


@pytest.mark.parametrize("settled", ["uncertain", "assumed_sent", "review"])
def test_a_sign_that_comes_in_settles_it(store: sa.Engine, now: datetime, settled: str) -> None:
    header = {"delivery": "{on_uncertain: review}"} if settled == "review" else {}
    world, _ = _silent(store, now, header)
    if settled != "uncertain":
        world.tick(now + 2 * DAY)
    assert state(world)[0] == settled
    for _ in range(2):
        with store.begin() as connection:
            confirm(connection, [world.message()["id"]])
        assert state(world) == ("sent", 1, 0)


def test_a_sign_of_what_never_left_changes_nothing(store: sa.Engine, now: datetime) -> None:
    world, relay = about_to_send(store, now)
    relay.between = lambda: world.answer("mei", given=False)
    world.tick()
    with store.begin() as connection:
        confirm(connection, [world.message()["id"]])
    assert state(world)[0] == "suppressed"


def test_a_person_says_that_it_went(store: sa.Engine, now: datetime) -> None:
    world, relay = _silent(store, now, {"delivery": "{on_uncertain: review}"})
    world.tick(now + 2 * DAY)
    with store.begin() as connection:
        assert answer(connection, world.message()["id"], again=False, now=world.now) == "review"
    world.tick(now + 9 * DAY)
    assert (state(world), relay.taken) == (("sent", 1, 0), [])


def test_a_person_sends_it_again_the_same_to_the_letter(store: sa.Engine, now: datetime) -> None:
    world, relay = _silent(store, now, {"delivery": "{on_uncertain: review}"})
    relay.at_content.clear()
    world.tick(now + 2 * DAY)
    with store.begin() as connection:
        answer(connection, world.message()["id"], again=True, now=world.now)
        assert answer(connection, world.message()["id"], again=True, now=world.now) == "planned"
    world.tick()
    assert (state(world), len(relay.taken)) == (("sent", 2, 1), 1)


def test_two_workers_decide_a_doubt_once(store: sa.Engine, now: datetime) -> None:
    world, relay = _silent(store, now, {"purpose": "transactional"})
    relay.at_content.clear()
    other = another(world, relay)
    world.now = other.now = now + 2 * DAY
    world.tick_once()
    other.tick_once()
    assert (state(world), len(relay.taken)) == (("sent", 2, 1), 1)


def test_a_doubt_counts_against_the_cap_until_it_is_over_and_after(store: sa.Engine, now: datetime) -> None:
    world, _ = _silent(store, now, {}, f"{SETTINGS}  cap: 1 per 3 days\n")
    world.tick(now + DAY)
    assert state(world)[0] == "assumed_sent"
    world.event("order.paid", "mei", total=100)
    world.tick(now + DAY + HOUR)
    assert [row["state"] for row in world.messages()] == ["assumed_sent", "deferred"]


def test_what_goes_again_does_not_count_against_itself(store: sa.Engine, now: datetime) -> None:
    world, relay = _silent(store, now, {"delivery": "{on_uncertain: resend}"}, f"{SETTINGS}  cap: 1 per 3 days\n")
    relay.at_content.clear()
    world.tick(now + DAY)
    assert (state(world), len(relay.taken)) == (("sent", 2, 1), 1)


def test_what_may_not_go_again_is_taken_for_sent(store: sa.Engine, now: datetime) -> None:
    world, relay = _silent(store, now, {"delivery": "{on_uncertain: resend}"})
    world.answer("mei", given=False)
    world.tick(now + DAY)
    row = world.message()
    assert (row["state"], row["reason"]) == (
        "assumed_sent",
        "not sent once more: consent to email was refused or withdrawn",
    )
    assert (relay.taken, row["sent_at"]) == ([], now)


def test_what_came_to_nothing_meanwhile_is_taken_for_sent(store: sa.Engine, now: datetime) -> None:
    header = {"delivery": "{on_uncertain: resend}", "stop_when": "[{event: order.returned}]"}
    world, relay = _silent(store, now, header)
    world.tick(now + HOUR)
    world.event("order.returned", "mei")
    world.tick(now + DAY)
    row = world.message()
    assert (row["state"], row["reason"]) == ("assumed_sent", "not sent once more: event order.returned")
    assert (relay.taken, row["sent_at"]) == ([], now)


def test_what_cannot_be_written_again_is_taken_for_sent(store: sa.Engine, now: datetime) -> None:
    text = "---\nsubject: hello\n---\nDear {{ customer.first_name }},\n"
    world, relay = about_to_send(store, now, {**HELLO, "messages/hello/en.md": text})
    world.customers("mei", first_name="Mei")
    dies_at(world, "deliver.sending")
    world.customers("mei", first_name=None)
    later(world)
    world.tick()
    with store.begin() as connection:
        answer(connection, world.message()["id"], again=True, now=world.now)
    world.tick()
    row = world.message()
    assert (row["state"], row["sent_at"], relay.taken) == ("assumed_sent", now, [])
    assert row["reason"].startswith("not sent once more: messages/hello/en.md:4: this customer has no")


def test_a_doubt_of_a_dead_worker_is_found_by_the_next_tick(store: sa.Engine, now: datetime) -> None:
    world, _ = about_to_send(store, now)
    world.tick()
    world.write(sa.update(outbox).values(state="sending", lease_until=now))
    later(world)
    assert world.tick_once().delivered.counts == {}
    assert state(world)[0] == "uncertain"
