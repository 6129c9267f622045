"""`key:`: one run for each order; limits, restarts, stops and waits speak of this one."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from tests.shop import World, playbook

HOUR = timedelta(hours=1)


def _parcels(**keys: str) -> dict[str, str]:
    body = """
    when: {event: order.shipped}
    stop_when:
      - event: order.cancelled
    do:
      - wait_for: order.delivered
        within: 7 days
        then:
          - stop: it arrived
      - tag: late
    """
    return playbook("parcels", body, key="event.order_id", **keys)


def test_two_orders_run_beside_each_other_and_end_by_their_own_events(store: sa.Engine, now: datetime) -> None:
    world = World(store, now, _parcels())
    world.customers("mei")
    world.tick()
    world.event("order.shipped", "mei", order_id="o1")
    world.event("order.shipped", "mei", order_id="o2")
    world.tick()
    world.event("order.delivered", "mei", at=now + HOUR, order_id="o2")
    world.tick(now + HOUR)
    assert [(row["key"], row["state"]) for row in world.runs()] == [("o1", "running"), ("o2", "stopped")]
    world.event("order.cancelled", "mei", at=now + 2 * HOUR, order_id="o1")
    world.tick(now + 2 * HOUR)
    assert [(row["key"], row["reason"]) for row in world.runs()] == [
        ("o1", "event order.cancelled"),
        ("o2", "it arrived"),
    ]


def test_the_same_order_again_is_refused_while_its_run_goes_on(store: sa.Engine, now: datetime) -> None:
    world = World(store, now, _parcels())
    world.customers("mei", "tom")
    world.tick()
    world.event("order.shipped", "mei", order_id="o1")
    world.tick()
    world.event("order.shipped", "mei", at=now + HOUR, order_id="o1")
    world.event("order.shipped", "tom", at=now + HOUR, order_id="o1")
    world.tick(now + HOUR)
    assert world.states() == [("mei", "running"), ("mei", "refused"), ("tom", "running")]


def test_a_restart_replaces_the_run_of_this_order_only(store: sa.Engine, now: datetime) -> None:
    world = World(store, now, _parcels(if_running="restart"))
    world.customers("mei")
    world.tick()
    for number, order in enumerate(("o1", "o2", "o1")):
        world.event("order.shipped", "mei", at=now + number * HOUR, order_id=order)
        world.tick(now + number * HOUR)
    assert [(row["key"], row["state"]) for row in world.runs()] == [
        ("o1", "replaced"),
        ("o2", "running"),
        ("o1", "running"),
    ]


def test_a_limit_speaks_of_the_order_and_per_customer_of_the_customer(store: sa.Engine, now: datetime) -> None:
    body = "when: {event: order.shipped}\ndo: [tag: seen]"
    files = {
        **playbook("of-order", body, key="event.order_id", enter="once"),
        **playbook("of-customer", body, key="event.order_id", enter="once per 30 days per customer"),
    }
    world = World(store, now, files)
    world.customers("mei")
    world.tick()
    for number, order in enumerate(("o1", "o2", "o1")):
        world.event("order.shipped", "mei", at=now + number * HOUR, order_id=order)
        world.tick(now + number * HOUR)
    assert [row["state"] for row in world.runs(playbook="of-order")] == ["done", "done", "refused"]
    assert [row["reason"] for row in world.runs(playbook="of-customer")] == [
        None,
        "once per 30 days per customer",
        "once per 30 days per customer",
    ]


def test_an_event_of_another_order_does_not_wake_the_run(store: sa.Engine, now: datetime) -> None:
    world = World(store, now, _parcels())
    world.customers("mei")
    world.tick()
    world.event("order.shipped", "mei", order_id="o1")
    world.tick()
    world.event("order.delivered", "mei", at=now + HOUR, order_id="o9")
    report = world.tick(now + HOUR)
    assert report.advanced == 0
    assert world.run()["state"] == "running"


def test_a_voucher_that_is_redeemed_with_another_order_moves_the_run_at_once(store: sa.Engine, now: datetime) -> None:
    body = """
    when: {event: order.paid}
    do:
      - voucher: gift
        as: gift
        expires: 90 days
      - wait_first:
          - when: gift.redeemed_at is not empty
            do:
              - stop: it was used
          - after: 30 days
            do:
              - tag: unused
    """
    world = World(store, now, playbook("thanks", body, key="event.order_id"))
    world.customers("mei")
    world.tick()
    world.event("order.paid", "mei", total=10, order_id="o1")
    world.tick()
    world.now = now + HOUR
    world.event("voucher.redeemed", "mei", code="GIFT-CODE0001", order_id="o2")
    world.tick()
    assert world.run()["reason"] == "it was used"
