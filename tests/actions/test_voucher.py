"""voucher: a code of its own for every customer, and never two for one step."""

from datetime import datetime, timedelta
from itertools import chain, repeat

import sqlalchemy as sa

from engine.deeds import random_code
from engine.store.customers import vouchers
from engine.tick import Tick
from tests.actions.worlds import after
from tests.shop import SECRETS

GIFT = "- voucher: gift\n  as: gift\n  expires: 30 days\n- wait: 1 day"


def test_it_is_issued_with_a_code_and_an_end(sqlite_store: sa.Engine, now: datetime) -> None:
    world = after(sqlite_store, now, GIFT)
    (row,) = world.rows(vouchers)
    assert (row["kind"], row["code"], row["state"], row["customer_id"]) == ("gift", "GIFT-CODE0001", "issued", "mei")
    assert (row["issued_at"], row["expires_at"]) == (now, now + timedelta(days=30))
    assert world.run()["results"] == {"gift": "GIFT-CODE0001"}


def test_a_voucher_without_an_end_never_lapses(sqlite_store: sa.Engine, now: datetime) -> None:
    world = after(sqlite_store, now, "- voucher: gift")
    world.tick(now + timedelta(days=5000))
    assert [row["state"] for row in world.rows(vouchers)] == ["issued"]


def test_it_lapses_at_its_end_unless_it_was_redeemed(store: sa.Engine, now: datetime) -> None:
    world = after(store, now, GIFT)
    world.event("order.paid", "mei", total=100)
    world.tick()
    world.event("voucher.redeemed", "mei", code="GIFT-CODE0002")
    world.tick_until(now + timedelta(days=31))
    assert {row["code"]: row["state"] for row in world.rows(vouchers)} == {
        "GIFT-CODE0001": "lapsed",
        "GIFT-CODE0002": "redeemed",
    }


def test_a_code_that_exists_already_is_drawn_again(store: sa.Engine, now: datetime) -> None:
    world = after(store, now, GIFT)
    codes = chain(["CODE0001"], repeat("FRESH"))
    world._tick = Tick(world.shop, world.record, SECRETS, new_code=lambda: next(codes))
    world.event("order.paid", "mei", total=100)
    world.tick()
    assert sorted(row["code"] for row in world.rows(vouchers)) == ["GIFT-CODE0001", "GIFT-FRESH"]


def test_codes_are_long_and_free_of_letters_that_look_alike() -> None:
    codes = {random_code() for _ in range(1000)}
    assert len(codes) == 1000
    assert all(len(code) == 10 and not set(code) & set("01OIL") for code in codes)
