"""A shop that speaks by every channel, for the tests of steps that send something."""

from datetime import datetime

import sqlalchemy as sa

from engine.channels import Doors
from tests.scripted import Scripted
from tests.shop import SETTINGS, World, playbook

PAID = "when: {event: order.paid}\nif_running: parallel\n"
ALL = SETTINGS.replace(
    "limits:",
    "  sms: {provider: twilio, from: Fine Shop, account: SMS_ACCOUNT, token: SMS_TOKEN}\n"
    "  chat: {url: CHAT_URL}\n"
    "  webhooks: {erp: {url: ERP_URL, secret: ERP_SECRET}}\n"
    "staff:\n"
    "  people:\n"
    "    anna: {name: Anna Li, email: anna@shop.example, away: [2026-03-01..2026-03-05]}\n"
    "    boris: {name: Boris, email: boris@shop.example}\n"
    "    clara: {name: Clara, email: clara@shop.example}\n"
    "  teams: {sales: {anna: 1, boris: 1, clara: 1}}\n"
    "limits:",
)
TEXT = (
    "---\nsubject: Late\nsms: 'Your parcel is late, {{ customer.first_name | default('friend') }}'\n"
    "chat: It is late\n---\nLate.\n"
)
LATE = {"messages/late/en.md": TEXT}
BOTH = {"phone": "+4930123456", "chat": "mei-chat", "sms_consent": True, "chat_consent": True}


def doors() -> Doors:
    return Doors({name: Scripted() for name in ("email", "sms", "chat", "webhook")})


def bought(
    store: sa.Engine, now: datetime, steps: str, settings: str = ALL, purpose: str = "marketing", **customer: object
) -> tuple[World, Doors]:
    """A world whose customer has bought, right before the tick that speaks to her."""
    ways = doors()
    files = {**playbook("p", f"{PAID}do:\n  {steps}", purpose=purpose), **LATE}
    world = World(store, now, files, channel=ways, settings=settings)
    world.customers("mei", **{**BOTH, **customer})
    world.tick()
    world.event("order.paid", "mei", total=100)
    return world, ways


def told(ways: Doors) -> list[tuple[str, str]]:
    """By which channel what left, and to whom."""
    return [(name, letter.recipient) for name in ways for letter in ways[name].taken]  # type: ignore[attr-defined]


def ends(world: World) -> list[tuple[str, str, str | None]]:
    return [(row["channel"], row["state"], row["reason"]) for row in world.messages()]
