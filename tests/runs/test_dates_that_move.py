"""wait_until while its date moves: the customer's, that of a record, that of a voucher; and dates that are not there yet."""

from datetime import UTC, date, datetime, timedelta
from textwrap import dedent

import pytest
import sqlalchemy as sa

from engine.answers.why import Why
from engine.clocks.times import LATEST
from engine.store.customers import vouchers
from engine.store.dialect import next_position
from engine.store.goods import reservations
from tests.actions.worlds import after
from tests.shop import World, playbook

WEDDING = dedent("""
    when:
      enters: [customer.wedding_day after today]
    do:
      - wait_until: 1 day before customer.wedding_day
        at: 10:00
      - email: tomorrow
    """)
VISIT = playbook(
    "visit",
    """
    when: {date: reservation.starts_at, lead: 3 days}
    do:
      - wait_until: 3 hours before reservation.starts_at
      - email: soon
    """,
)
UNNUMBERED = """
customers: {table: customers, key: id}
tables:
  orders: {customer: customer_id, time: paid_at, position: position}
customer:
  email: {text: customers.email}
  wedding_day: {date: customers.wedding_day}
events:
  order.paid: {table: orders, time: paid_at, fields: {total: {money: orders.total, required: true}}}
"""
DAY = timedelta(days=1)


def engaged(store: sa.Engine, now: datetime, day: date, body: str = WEDDING, **keys: str) -> World:
    """Mei has told her wedding day, and her run waits for it."""
    world = World(store, now, playbook("wedding", body, **keys))
    world.customers("mei")
    world.tick()
    world.customers("mei", wedding_day=day)
    world.tick()
    return world


def _book(world: World, at: datetime) -> None:
    with world.store.begin() as connection:
        row = {"id": "r1", "customer_id": "mei", "starts_at": at, "state": "booked", "made_at": world.now}
        connection.execute(sa.delete(reservations).where(reservations.c.id == "r1"))
        connection.execute(sa.insert(reservations).values(**row, position=next_position(connection)))


@pytest.mark.parametrize("day", [date(2026, 9, 19), date(2026, 4, 2)], ids=["later", "earlier"])
def test_the_letter_goes_by_the_day_that_holds_now(store: sa.Engine, now: datetime, day: date) -> None:
    world = engaged(store, now, date(2026, 5, 20))
    world.now = now + DAY
    world.customers("mei", wedding_day=day)
    world.tick()
    expected = datetime(day.year, day.month, day.day, 10, tzinfo=UTC) - DAY
    assert world.run()["due_at"] == expected
    world.tick_until(datetime(2026, 10, 1, tzinfo=UTC))
    assert world.message()["sent_at"] == expected


def test_a_day_that_moves_so_near_that_the_letter_is_past_is_treated_as_late(store: sa.Engine, now: datetime) -> None:
    world = engaged(store, now, date(2026, 5, 20), max_lateness="1 hour")
    world.now = now + DAY
    world.customers("mei", wedding_day=date(2026, 3, 3))
    world.tick()
    assert (world.message()["state"], world.run()["state"]) == ("expired", "done")


def test_the_letter_goes_by_the_hour_to_which_the_reservation_moved(store: sa.Engine, now: datetime) -> None:
    world = World(store, now, VISIT)
    world.customers("mei")
    world.tick()
    at = datetime(2026, 3, 9, 15, tzinfo=UTC)
    _book(world, at)
    world.tick_until(at - 2 * DAY)
    for hour in (19, 13, 19):
        _book(world, at.replace(hour=hour))
        world.tick(world.now + timedelta(hours=1))
        assert world.run()["due_at"] == at.replace(hour=hour - 3)
    world.tick_until(at + DAY)
    assert world.message()["sent_at"] == at.replace(hour=16)


def test_a_moved_order_hears_of_the_customer_too(store: sa.Engine, now: datetime) -> None:
    """A run of one order is spared what happens to others; the customer's own dates concern it."""
    body = "when: {event: order.paid}\n" + WEDDING[WEDDING.index("do:") :]
    world = World(store, now, playbook("wedding", body, key="event.order_id"))
    world.customers("mei", wedding_day=date(2026, 5, 20))
    world.tick()
    world.event("order.paid", "mei", total=100)
    world.tick()
    world.customers("mei", wedding_day=date(2026, 4, 2))
    world.tick(now + DAY)
    assert world.run()["due_at"] == datetime(2026, 4, 1, 10, tzinfo=UTC)


def test_a_store_that_numbers_no_changes_is_looked_at_now_and_then(store: sa.Engine, now: datetime) -> None:
    body = "when: {event: order.paid}\n" + WEDDING[WEDDING.index("do:") :]
    world = World(store, now, {**playbook("wedding", body), "settings/catalogue.yaml": UNNUMBERED})
    world.customers("mei", wedding_day=date(2026, 5, 20))
    world.tick()
    world.event("order.paid", "mei", total=100)
    world.tick()
    world.customers("mei", wedding_day=date(2026, 4, 2))
    world.tick_until(now + 2 * DAY)
    assert world.run()["resume_at"] == datetime(2026, 4, 1, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("steps", "listens"),
    [
        ("- wait_until: 7 days before customer.wedding_day", True),
        ("- voucher: gift\n  as: gift\n  expires: 30 days\n- wait_until: 7 days before gift.expires_at", False),
        ("- wait_until: 7 days after event.paid_at", False),
        ("- wait: 7 days", False),
    ],
)
def test_only_who_waits_for_a_date_that_can_move_hears_of_changes(
    store: sa.Engine, now: datetime, steps: str, *, listens: bool
) -> None:
    body = "when: {event: order.placed}\ndo:\n" + "".join(f"  {line}\n" for line in steps.splitlines())
    world = World(store, now, playbook("p", body))
    world.customers("mei", wedding_day=date(2026, 5, 20))
    world.tick()
    world.event("order.paid", "mei", total=100)
    world.tick()
    assert (world.run()["state"], world.run()["listens"]) == ("running", listens)


def test_a_day_that_is_missing_is_waited_for(store: sa.Engine, now: datetime) -> None:
    body = "when: {event: order.paid}\n" + WEDDING[WEDDING.index("do:") :]
    world = World(store, now, playbook("wedding", body))
    world.customers("mei")
    world.tick()
    world.event("order.paid", "mei", total=100)
    world.tick()
    world.tick_until(now + 10 * DAY)
    assert (world.messages(), world.run()["due_at"]) == ([], LATEST)
    with world.store.connect() as connection:
        lines = Why(world.shop, world.shop.workspace.playbooks["wedding"])(connection, "mei", world.now)
    assert any("until it comes" in line.text for line in lines)
    world.customers("mei", wedding_day=date(2026, 5, 20))
    world.tick()
    world.tick_until(datetime(2026, 6, 1, tzinfo=UTC))
    assert world.message()["sent_at"] == datetime(2026, 5, 19, 10, tzinfo=UTC)


def test_a_day_that_is_taken_away_is_waited_for_again(store: sa.Engine, now: datetime) -> None:
    world = engaged(store, now, date(2026, 5, 20))
    world.now = now + DAY
    world.customers("mei", wedding_day=None)
    world.tick()
    assert world.run()["due_at"] == LATEST
    world.customers("mei", wedding_day=date(2026, 3, 20))
    world.tick()
    assert world.run(state="running")["due_at"] == datetime(2026, 3, 19, 10, tzinfo=UTC)


def test_a_voucher_that_is_not_redeemed_yet_is_waited_for(store: sa.Engine, now: datetime) -> None:
    steps = (
        "- {voucher: gift, as: gift, expires: 30 days}\n- wait_until: 2 days after gift.redeemed_at\n- email: thanks"
    )
    world = after(store, now, steps)
    world.tick_until(now + 5 * DAY)
    assert world.messages() == []
    (voucher,) = world.rows(vouchers)
    world.event("voucher.redeemed", "mei", code=voucher["code"])
    world.tick()
    world.tick_until(now + 20 * DAY)
    assert world.message()["sent_at"] == now + 7 * DAY


def test_an_order_that_is_not_paid_yet_is_waited_for(store: sa.Engine, now: datetime) -> None:
    world = World(
        store,
        now,
        playbook("p", "when: {event: order.placed}\ndo: [{wait_until: 2 days after event.paid_at}, {email: paid}]"),
    )
    world.customers("mei")
    world.tick()
    world.event("order.placed", "mei", total=100, order_id="o1")
    world.tick()
    world.now = now + 5 * DAY
    world.event("order.paid", "mei", total=100, order_id="o1")
    world.tick()
    world.tick_until(now + 20 * DAY)
    assert world.message()["sent_at"] == now + 7 * DAY
