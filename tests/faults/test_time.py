"""What a month without the engine, and ten thousand events of one customer, come to."""

from collections import Counter
from datetime import date, datetime, timedelta

import sqlalchemy as sa

from engine.store.brakes import held
from engine.store.ingest import put_events
from tests.shop import SETTINGS, World, playbook

DAY = timedelta(days=1)
FILES = {
    **playbook(
        "paid", "when: {event: order.paid}\nif_running: parallel\ndo:\n  - email: paid", max_lateness="12 hours"
    ),
    **playbook("daily", "when: {cron: '0 12 * * *'}\ndo:\n  - email: daily"),
    **playbook("birthday", "when: {anniversary: customer.birthday, at: 09:00}\ndo:\n  - email: birthday"),
    **playbook("gold", "when:\n  enters: [customer.tier is gold]\ndo:\n  - email: gold", brakes="{backlog: 2}"),
    **playbook(
        "waits", "when: {event: cart.updated}\ndo:\n  - wait: 2 days\n  - email: waits", max_lateness="12 hours"
    ),
}


def test_after_thirty_days_nothing_comes_late_and_everything_is_on_record(store: sa.Engine, now: datetime) -> None:
    world = World(store, now, FILES)
    world.customers("mei", "tom", "ana", birthday=date(1990, 3, 12))
    world.tick()
    world.event("cart.updated", "mei", items_count=1)
    world.tick()
    before = len(world.mails())
    for day in (1, 10, 20, 29):  # the shop goes on, and nobody sees it
        world.now = now + day * DAY
        world.event("order.paid", "mei", total=100, id=f"order-{day}")
    world.now = now + 30 * DAY
    world.customers("mei", "tom", "ana", tier="gold")
    world.restart()
    world.tick()
    new = Counter(subject for _, subject in world.mails()[before:])
    assert new["birthday"] == 0  # 18 days ago
    assert new["waits"] == 0  # 28 days ago
    assert new["daily"] <= 3  # today's, and not thirty for each
    assert new["paid"] <= 1  # that of yesterday at most
    lateness = {row["message"]: row["reason"] for row in world.messages(state="expired")}
    assert lateness["waits"] == "it would come too late"
    with store.connect() as connection:
        assert [one.playbook for one in held(connection) if one.cause == "backlog"] == ["gold"]
    assert {row["state"] for row in world.runs(playbook="gold")} == {"waiting"}
    world.tick(world.now + timedelta(hours=1))  # and it goes on as if nothing had been
    assert Counter(subject for _, subject in world.mails()[before:]) == new


STORM = 1_000


def test_of_a_storm_of_purchases_each_is_one_occasion_and_the_cap_holds(sqlite_store: sa.Engine, now: datetime) -> None:
    body = "when: {event: order.paid}\nif_running: parallel\ndo:\n  - email: hello"
    settings = SETTINGS.replace("limits:\n", "limits:\n  cap: 2 per 7 days\n")
    world = World(sqlite_store, now, playbook("hello", body), settings=settings)
    world.customers("mei")
    world.tick()
    rows = [
        {"id": f"e{number}", "name": "order.paid", "customer_id": "mei", "occurred_at": now, "payload": {"total": 100}}
        for number in range(STORM)
    ]
    for _ in range(2):  # and told twice
        with sqlite_store.begin() as connection:
            put_events(connection, rows, now)
    for _ in range(20):
        if world.tick_once().idle:
            break
    assert len({row["occasion"] for row in world.runs()}) == len(world.runs()) == STORM
    states = Counter(row["state"] for row in world.messages())
    assert (states["sent"], sum(states.values())) == (2, STORM)
    assert len(world.mails()) == 2
