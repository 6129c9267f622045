"""From the outbox over real doors to a provider, and what its answers become."""

from datetime import datetime, timedelta
from urllib.parse import parse_qs

import pytest
import sqlalchemy as sa

from engine.channels import open_doors
from engine.settings.channels import Channels
from engine.store.customers import suppressions
from tests import faulty_http as way
from tests.faulty_http import Behaviour, Faulty, answers, faulty
from tests.shop import SETTINGS, World, playbook

CHANNELS = """
  sms: {provider: http, url: SMS_URL, body: form, fields: {to: "{to}", text: "{text}"}, timeout: 1 second}
  webhooks: {erp: {url: ERP_URL, secret: ERP_SECRET, timeout: 1 second}}
  allow_inside: [127.0.0.1]
limits:"""
WRITTEN = {
    "sms": {
        "provider": "http", "url": "SMS_URL", "body": "form", "fields": {"to": "{to}", "text": "{text}"},
        "timeout": "1 second",
    },
    "webhooks": {"erp": {"url": "ERP_URL", "secret": "ERP_SECRET", "timeout": "1 second"}},
    "allow_inside": ["127.0.0.1"],
}  # fmt: skip
STEPS = "when: {event: order.paid}\ndo:\n  - sms: late\n  - webhook: erp\n    sends: [customer.id, event.order_id]"
LATE = {"messages/late/en.md": "---\nsubject: Late\nsms: Your parcel is late\n---\nLate.\n"}


def bought(store: sa.Engine, now: datetime, server: Faulty) -> World:
    """A world whose customer has bought, and was told so over the doors."""
    environment = {
        "SMS_URL": f"{server.url}/sms/{{to}}",
        "ERP_URL": f"{server.url}/erp",
        "ERP_SECRET": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    }
    doors = open_doors(Channels.model_validate(WRITTEN), environment, lambda: now)
    settings = SETTINGS.replace("limits:", CHANNELS.lstrip("\n"))
    files = {**playbook("p", STEPS, purpose="transactional"), **LATE}
    world = World(store, now, files, channel=doors, settings=settings)
    world.customers("mei", phone="+4930123456", sms_consent=True)
    world.tick()
    world.event("order.paid", "mei", total=100)
    world.tick()
    doors.close()
    return world


def test_each_arrives_once(store: sa.Engine, now: datetime) -> None:
    with faulty(answers(200)) as server:
        world = bought(store, now, server)
        text, fact = sorted(server.asked, key=lambda asked: asked.target, reverse=True)
    assert text.target == "/sms/%2B4930123456"
    assert parse_qs(text.body.decode())["text"] == ["Your parcel is late"]
    assert fact.target == "/erp"
    assert fact.headers["webhook-id"] == fact.headers["idempotency-key"]
    assert fact.headers["webhook-timestamp"] == str(int(now.timestamp()))
    assert {row["channel"]: row["state"] for row in world.messages()} == {"sms": "sent", "webhook": "sent"}


@pytest.mark.parametrize(
    ("behaviour", "sms", "webhook"),
    [
        (answers(500), "deferred", "deferred"),
        (answers(401), "deferred", "deferred"),
        (answers(302, location="http://127.0.0.1:1/"), "failed", "failed"),
        (answers(422), "failed", "failed"),
        (way.breaks_in_the_body, "sent", "sent"),
        (way.drops, "uncertain", "deferred"),
    ],
)
def test_what_a_provider_answers(store: sa.Engine, now: datetime, behaviour: Behaviour, sms: str, webhook: str) -> None:
    """A webhook that was not answered is told again: its key makes the second time harmless."""
    with faulty(behaviour) as server:
        world = bought(store, now, server)
    assert {row["channel"]: row["state"] for row in world.messages()} == {"sms": sms, "webhook": webhook}


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_long_wait_that_was_asked_for_is_kept(store: sa.Engine, now: datetime, status: int) -> None:
    with faulty(answers(status, retry_after="900")) as server:
        world = bought(store, now, server)
    assert {row["due_at"] for row in world.messages()} == {now + timedelta(seconds=900)}


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503])
@pytest.mark.parametrize("wait", ["0", "1", "Sun, 22 Nov 2020 11:00:00 GMT"])
def test_a_short_wait_that_was_asked_for_is_no_leave_to_hammer(
    store: sa.Engine, now: datetime, status: int, wait: str
) -> None:
    with faulty(answers(status, retry_after=wait)) as server:
        world = bought(store, now, server)
    first, second = (row["due_at"] - now for row in world.messages())
    assert timedelta(minutes=4) <= min(first, second)
    assert max(first, second) <= timedelta(minutes=6)
    assert first != second  # each at a moment of its own


def test_a_number_that_is_gone_gets_nothing_more(store: sa.Engine, now: datetime) -> None:
    with faulty(answers(410)) as server:
        bought(store, now, server)
    with store.connect() as connection:
        rows = connection.execute(sa.select(suppressions.c.channel, suppressions.c.address)).all()
    assert [tuple(row) for row in rows] == [("sms", "+4930123456")]
