"""What `why` says of triggers that no event of the customer fires."""

from datetime import datetime

import pytest
import sqlalchemy as sa

from engine.answers.why import Why
from engine.store.ingest.goods import put_wishes
from engine.store.ingest.owned import put_reservations
from tests.shop import World, playbook

VISIT = (
    "when:\n  date: reservation.starts_at\n  lead: 1 day\n  where:\n    - reservation.state is booked\ndo: [tag: told]"
)
BACK = "when: {event: product.back_in_stock, meets: wishes}\ndo: [tag: told]"


def _said(world: World, customer: str) -> list[tuple[str, bool | None, str]]:
    (found,) = world.shop.workspace.playbooks.values()
    with world.store.connect().execution_options(reading=True) as connection:
        lines = Why(world.shop, found)(connection, customer, world.now)
    return [(line.text, line.holds, line.value) for line in lines if line.text.startswith(("when", "where"))]


def test_a_record_is_told_with_its_conditions(store: sa.Engine, now: datetime) -> None:
    world = World(store, now, playbook("visit", VISIT))
    world.customers("mei", "tom")
    with store.begin() as connection:
        row = {"id": "r1", "customer_id": "mei", "starts_at": now, "state": "cancelled", "made_at": now}
        assert not put_reservations(connection, [row], now).rejected
    assert _said(world, "mei") == [
        ("when date reservation.starts_at", True, f"is {now.astimezone(world.shop.settings.zone):%Y-%m-%d %H:%M}"),
        ("where  reservation.state is booked", False, "is cancelled"),
    ]
    assert _said(world, "tom") == [("when date reservation.starts_at", False, "this customer has no reservation")]


def test_an_entry_of_a_list_is_told(store: sa.Engine, now: datetime) -> None:
    world = World(store, now, playbook("back", BACK))
    world.customers("mei", "tom")
    with store.begin() as connection:
        assert not put_wishes(connection, [{"customer_id": "mei", "product": "oolong"}], now).rejected
    assert _said(world, "mei") == [("when event product.back_in_stock meets wishes", None, "waits for oolong")]
    assert _said(world, "tom")[0][2] == "nothing stands on this customer's list"


@pytest.mark.parametrize(
    ("country", "holds", "value"),
    [
        ("KR", True, "next on 2026-09-25, by the calendar of KR"),
        ("CN", False, "CN does not keep it"),
        (None, False, "a customer without a country does not keep it"),
    ],
)
def test_a_holiday_is_told_by_the_country(
    store: sa.Engine, now: datetime, country: str | None, holds: bool, value: str
) -> None:
    world = World(store, now, playbook("chuseok", "when: {holiday: chuseok}\ndo: [tag: told]"))
    world.customers("mei", country=country)
    assert _said(world, "mei") == [("when holiday chuseok", holds, value)]


def test_a_time_of_the_customer_is_told_by_the_clocks_of_the_shop(store: sa.Engine, now: datetime) -> None:
    world = World(store, now, playbook("after", "when: {date: customer.last_order_at, lag: 3 days}\ndo: [tag: told]"))
    world.customers("mei", "tom")
    world.event("order.paid", "mei", total=100)
    day = f"is {now.astimezone(world.shop.settings.zone):%Y-%m-%d %H:%M}"
    assert _said(world, "mei") == [("when date customer.last_order_at", True, day)]
    assert _said(world, "tom") == [("when date customer.last_order_at", False, "is missing")]
