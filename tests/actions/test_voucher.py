"""voucher: a code of its own for every customer, and never two for one step."""

from datetime import datetime, timedelta
from itertools import chain, repeat
from threading import Thread

import sqlalchemy as sa

from engine.brakes.admit import let_go
from engine.brakes.holding import standing_holds
from engine.loyalty.by_hand import Counter
from engine.loyalty.codes import random_code
from engine.store.brakes import holds
from engine.store.customers import vouchers
from engine.store.vouchers import import_codes
from engine.tick import Tick
from tests.actions.worlds import after
from tests.shop import SECRETS, World, playbook

GIFT = "- voucher: gift\n  as: gift\n  expires: 30 days\n- wait: 1 day"


def test_it_is_issued_with_a_code_and_an_end(sqlite_store: sa.Engine, now: datetime) -> None:
    world = after(sqlite_store, now, GIFT)
    (row,) = world.rows(vouchers)
    assert (row["kind"], row["code"], row["state"], row["customer_id"]) == ("gift", "GIFT-CODE0001", "issued", "mei")
    assert (row["issued_at"], row["expires_at"]) == (now, now + timedelta(days=30))
    assert world.run()["results"] == {"gift": {"voucher": "GIFT-CODE0001"}}


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


POOLED = {
    "settings/vouchers.yaml": "gift: {title: A gift, pool: imported}\n",
    **playbook(
        "p", "when: {event: order.paid}\nif_running: parallel\ndo:\n  - voucher: gift\n    as: gift\n  - wait: 9 days\n"
    ),
}


def test_an_empty_pool_pauses_the_playbook_and_loses_nobody(store: sa.Engine, now: datetime) -> None:
    world = World(store, now, POOLED)
    world.customers("mei", "ana", "bo")
    with store.begin() as connection:
        import_codes(connection, "gift", ["A"], now)
    world.tick()
    for customer in ("mei", "ana"):
        world.event("order.paid", customer, total=100)
    world.tick()
    reason = "no code of voucher `gift` is left; import more:  regulars voucher import gift FILE"
    assert [row["reason"] for row in world.runs()] == [None, reason]
    assert [(row["playbook"], row["reason"], row["released_at"]) for row in world.rows(holds)] == [("p", reason, None)]

    with store.connect() as connection:
        (told,) = map(str, standing_holds(connection))
    assert told == f"p is held: {reason}; waiting: 1 for a voucher; type  regulars release p"

    later = now + timedelta(hours=5)
    world.tick(later)
    assert sorted(world.states()) == [("ana", "running"), ("mei", "running")]
    with store.begin() as connection:
        import_codes(connection, "gift", ["B", "C"], later)
    world.event("order.paid", "bo", later, total=100)
    world.tick(later)
    world.tick(later + timedelta(minutes=1))
    assert [row["code"] for row in world.rows(vouchers)] == ["A", "B", "C"]
    assert {row["customer_id"] for row in world.rows(vouchers)} == {"mei", "ana", "bo"}
    assert [row["reason"] for row in world.runs()] == [None, None, None]
    assert [row["released_at"] is not None for row in world.rows(holds)] == [True]


def test_the_letter_about_a_voucher_that_had_to_be_waited_for_is_not_late(store: sa.Engine, now: datetime) -> None:
    body = "when: {event: order.paid}\ndo:\n  - voucher: gift\n    as: gift\n  - email: gift\n"
    world = World(store, now, {**POOLED, **playbook("p", body)})
    world.customers("mei")
    world.tick()
    world.event("order.paid", "mei", total=100)
    world.tick()
    world.now = now + timedelta(days=30)  # far over `limits.catch_up`
    with store.begin() as connection:
        import_codes(connection, "gift", ["A"], world.now)
    world.tick()
    assert world.mails() == [("mei@example.com", "gift")]


def test_who_is_released_by_hand_looks_again_at_once(store: sa.Engine, now: datetime) -> None:
    world = World(store, now, POOLED)
    world.customers("mei")
    world.tick()
    world.event("order.paid", "mei", total=100)
    world.tick()
    world.now = now + timedelta(hours=1)
    with store.begin() as connection:
        import_codes(connection, "gift", ["A"], world.now)
        let_go(connection, "p", world.now, "anna", drop=False)
    world.tick()
    assert [row["code"] for row in world.rows(vouchers)] == ["A"]


def test_a_raised_limit_lets_the_runs_go_on_at_once(store: sa.Engine, now: datetime) -> None:
    files = {**POOLED, "settings/vouchers.yaml": "gift: {title: A gift, at_most: 1}\n"}
    world = World(store, now, files)
    world.customers("mei", "ana")
    world.tick()
    for customer in ("mei", "ana"):
        world.event("order.paid", customer, total=100)
    world.tick()
    assert len(world.rows(vouchers)) == 1
    world.edit({**files, "settings/vouchers.yaml": "gift: {title: A gift, at_most: 2}\n"})
    world.tick(now + timedelta(minutes=1))
    assert len(world.rows(vouchers)) == 2


def test_a_customer_who_had_enough_goes_without(store: sa.Engine, now: datetime) -> None:
    world = World(store, now, {**POOLED, "settings/vouchers.yaml": "gift: {title: A gift, per_customer: 1}\n"})
    world.customers("mei")
    world.tick()
    for _ in range(2):
        world.event("order.paid", "mei", total=100)
        world.tick()
    assert [row["reason"] for row in world.runs()] == [None, "has had 1 of voucher `gift`, as many as a customer gets"]
    assert len(world.rows(vouchers)) == 1


def test_two_workers_do_not_give_a_customer_one_each(postgres_store: sa.Engine, now: datetime) -> None:
    files = {**POOLED, "settings/vouchers.yaml": "gift: {title: A gift, per_customer: 1}\n"}
    world = World(postgres_store, now, files)
    world.customers("mei")
    world.tick()
    world.event("order.paid", "mei", total=100)
    other = Thread(target=world.tick)
    with postgres_store.begin() as connection:
        Counter(world.shop, now, new_code=lambda: "BY-HAND").issue(connection, "gift", "mei", None)
        other.start()
        waits = sa.text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        while other.is_alive() and not connection.execute(waits).scalar_one():
            pass
    other.join(30)
    assert len(world.rows(vouchers)) == 1
    assert world.run()["reason"] == "has had 1 of voucher `gift`, as many as a customer gets"
