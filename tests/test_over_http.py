"""From the tick through the doors to a server: what arrives, and what a server that falters does to the record."""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
import sqlalchemy as sa

from engine.channels import open_doors
from engine.store.ledger import attempts
from tests import faulty_http as way
from tests.faulty_http import Behaviour, Conversation, Faulty, answers, faulty
from tests.shop import SETTINGS, World, playbook

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
HTTP = SETTINGS.replace(
    "limits:",
    "  sms:\n"
    "    provider: http\n"
    "    url: SMS_URL\n"
    "    prefix: '+49'\n"
    "    from: Shop\n"
    "    timeout: 1 second\n"
    "    fields: {to: '{to}', text: '{text}', id: '{key}'}\n"
    "  webhooks: {erp: {url: ERP_URL, secret: ERP_SECRET, timeout: 1 second}}\n"
    "  allow_inside: [127.0.0.1]\n"
    "limits:",
)
STEPS = "when: {event: order.paid}\nif_running: parallel\ndo:\n"
TEXT = {"messages/hello/en.md": "---\nsms: Thank you, {{ customer.first_name }}!\n---\n"}


@contextmanager
def shop(store: sa.Engine, now: datetime, step: str, behaviour: Behaviour) -> Iterator[tuple[World, Faulty]]:
    """A world that speaks to a server, right before the tick that does."""
    files = {**playbook("p", f"{STEPS}  {step}", purpose="transactional"), **TEXT}
    with faulty(behaviour) as server:
        environment = {"SMS_URL": f"{server.url}/sms", "ERP_URL": f"{server.url}/hook", "ERP_SECRET": SECRET}
        world = World(store, now, files, settings=HTTP)
        channels = world.shop.settings.channels.without(["email"])
        doors = open_doors(channels, environment, lambda: world.now)
        world.channel = doors
        world.restart()
        world.customers("mei", phone="030 123456", first_name="Mei")
        world.tick()
        world.event("order.paid", "mei", total=100)
        try:
            yield world, server
        finally:
            doors.close()


def in_turn(*behaviours: Behaviour) -> Behaviour:
    """One after the other, the last one for all that follows."""
    left = list(behaviours)

    def behave(talk: Conversation) -> None:
        (left.pop(0) if len(left) > 1 else left[0])(talk)

    return behave


def test_a_text_message_arrives_with_the_number_in_full(store: sa.Engine, now: datetime) -> None:
    with shop(store, now, "- sms: hello", answers(200, "{}")) as (world, server):
        world.tick()
        (asked,) = server.asked
        row = world.message()
    told = json.loads(asked.body)
    assert (told["to"], told["text"]) == ("+4930123456", "Thank you, Mei!")
    assert (row["state"], row["channel"], row["language"]) == ("sent", "sms", "en")


def test_a_provider_that_is_busy_is_asked_again_when_it_says(store: sa.Engine, now: datetime) -> None:
    behaviour = in_turn(answers(503, retry_after="120"), answers(200, "{}"))
    with shop(store, now, "- sms: hello", behaviour) as (world, server):
        world.tick()
        assert world.message()["state"] in ("deferred", "planned")
        world.tick(now + timedelta(minutes=30))
        ids = {json.loads(asked.body)["id"] for asked in server.asked}
        assert (world.message()["state"], len(server.asked), len(ids)) == ("sent", 2, 1)


@pytest.mark.parametrize("step", ["- sms: hello", "- webhook: erp"])
@pytest.mark.parametrize("status", [408, 425, 429, 500, 503])
def test_one_that_refuses_again_and_again_is_asked_ever_more_slowly(
    store: sa.Engine, now: datetime, step: str, status: int
) -> None:
    with shop(store, now, step, answers(status, retry_after="0")) as (world, server):
        asked, moments = 0, []
        for minute in range(6 * 60):
            world.tick(now + timedelta(minutes=minute))
            moments += [minute] * (len(server.asked) - asked)
            asked = len(server.asked)
        tries = len(world.rows(attempts))
    waits = [after - before for before, after in pairwise(moments)]
    assert 5 <= len(moments) <= 8
    assert waits == sorted(waits)
    assert tries <= len(moments) + 1


def test_what_waits_for_a_webhook_that_rests_goes_when_the_rest_is_over(store: sa.Engine, now: datetime) -> None:
    busy = in_turn(answers(429, retry_after="30"), answers(204))
    with shop(store, now, "- webhook: erp", busy) as (world, server):
        world.tick()
        world.event("order.paid", "mei", total=200)
        world.tick(now + timedelta(seconds=5))
        first, second = sorted(row["due_at"] - now for row in world.messages())
        assert (first, len(server.asked)) == (timedelta(seconds=30), 1)
        assert second >= timedelta(minutes=4)
        world.tick(now + timedelta(seconds=31))
        assert sorted(row["state"] for row in world.messages()) == ["deferred", "sent"]


def test_a_text_message_without_an_answer_is_not_sent_again(store: sa.Engine, now: datetime) -> None:
    with shop(store, now, "- sms: hello", way.hangs) as (world, server):
        world.tick()
        assert world.message()["state"] == "uncertain"
        world.tick(now + timedelta(days=1))
        assert (world.message()["state"], len(server.asked)) == ("assumed_sent", 1)


def test_a_webhook_without_an_answer_is_repeated_word_for_word(store: sa.Engine, now: datetime) -> None:
    step = "- webhook: erp\n    sends: [customer.first_name, event.total]"
    with shop(store, now, step, in_turn(way.hangs, way.drops, answers(204))) as (world, server):
        world.tick()
        assert world.message()["state"] == "deferred"
        world.customers("mei", first_name="May")
        world.tick_until(now + timedelta(days=1))
        assert (world.message()["state"], len(server.asked)) == ("sent", 3)
        assert len({asked.headers["idempotency-key"] for asked in server.asked}) == 1
        assert len({asked.body for asked in server.asked}) == 1
        assert json.loads(server.asked[0].body)["customer"] == {"id": "mei", "first_name": "Mei"}


def test_a_webhook_that_is_refused_is_over_and_on_record(store: sa.Engine, now: datetime) -> None:
    with shop(store, now, "- webhook: erp", answers(410)) as (world, server):
        world.tick()
        world.tick(now + timedelta(days=1))
        assert (world.message()["state"], len(server.asked)) == ("failed", 1)
        assert "410" in (world.message()["reason"] or "")
