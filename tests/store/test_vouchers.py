"""Pools give each code once, whoever asks at the same time; limits hold; what is done to a voucher is on record."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from engine.loyalty import Issue, NoMore, Short
from engine.loyalty.codes import random_code
from engine.settings import Voucher
from engine.store.customers import vouchers
from engine.store.loyalty import pool_codes
from engine.store.vouchers import free_codes, import_codes, mark_taken, reserve_codes

UTC = ZoneInfo("UTC")
KINDS = {
    "pooled": Voucher(title="Of a pool", pool="imported"),
    "few": Voucher(title="Two of them", value="10", at_most=2),
    "dear": Voucher(title="A budget of 25", value="10", budget="25"),
    "once": Voucher(title="One each", per_customer="1 per 90 days"),
}


def issue(connection: sa.Connection, now: datetime) -> Issue:
    return Issue(connection, KINDS, "EUR", now, random_code)


def written(one: Issue) -> list[str]:
    """Writes what was issued, as the end of a batch does. The codes."""
    one.write()
    if one.rows:
        one.connection.execute(sa.insert(vouchers), one.rows)
    return [row["code"] for row in one.rows]


@pytest.fixture
def pool(store: sa.Engine, now: datetime) -> sa.Engine:
    with store.begin() as connection:
        import_codes(connection, "pooled", ["A", "B", "C"], now)
    return store


def test_the_same_codes_again_change_nothing_and_those_of_others_are_left_out(pool: sa.Engine, now: datetime) -> None:
    with pool.begin() as connection:
        again = import_codes(connection, "pooled", ["A", "B", "D", "D"], now)
        other = import_codes(connection, "few", ["A", "X"], now)
        assert (again.new, again.known, again.elsewhere) == (1, 3, 0)
        assert (other.new, other.elsewhere) == (1, 1)
        assert free_codes(connection, "pooled") == 4


def test_a_pool_gives_each_code_once_and_then_none(pool: sa.Engine, now: datetime) -> None:
    with pool.begin() as connection:
        one = issue(connection, now)
        found = [one("pooled", f"c{number}", None, UTC) for number in range(4)]
        assert [row["code"] for row in found[:3]] == ["A", "B", "C"]  # type: ignore[index]
        assert isinstance(found[3], Short)
        assert "no code of voucher `pooled` is left" in found[3].reason
        written(one)
    with pool.begin() as connection:
        assert isinstance(issue(connection, now)("pooled", "mei", None, UTC), Short)


def test_what_was_not_committed_is_free_again(pool: sa.Engine, now: datetime) -> None:
    with pool.connect() as connection, connection.begin() as transaction:
        one = issue(connection, now)
        one("pooled", "mei", None, UTC)
        written(one)
        transaction.rollback()
    with pool.begin() as connection:
        assert free_codes(connection, "pooled") == 3


def test_two_who_ask_at_once_never_get_one_code(postgres_store: sa.Engine, now: datetime) -> None:
    with postgres_store.begin() as connection:
        import_codes(connection, "pooled", [f"C{number:03}" for number in range(300)], now)
    with postgres_store.begin() as left, postgres_store.begin() as right:
        ours, theirs = issue(left, now), issue(right, now + timedelta(hours=1))
        for number in range(50):
            ours("pooled", f"a{number}", None, UTC)
            theirs("pooled", f"b{number}", None, UTC)
        codes = [*written(ours), *written(theirs)]
        assert len(codes) == len(set(codes)) == 100
    with postgres_store.begin() as connection:
        taken = sa.select(sa.func.count()).select_from(pool_codes).where(pool_codes.c.taken_at.is_not(None))
        assert connection.scalar(taken) == 100


def test_codes_that_another_transaction_holds_are_waited_for_and_pause_nothing(
    postgres_store: sa.Engine, now: datetime
) -> None:
    with postgres_store.begin() as connection:
        import_codes(connection, "pooled", ["A"], now)
    with postgres_store.begin() as left, postgres_store.begin() as right:
        reserve_codes(left, "pooled", 1)
        short = issue(right, now)("pooled", "mei", None, UTC)
        assert isinstance(short, Short)
        assert not short.wanting
        mark_taken(left, ["A"], now)
    with postgres_store.begin() as connection:
        gone = issue(connection, now)("pooled", "mei", None, UTC)
        assert isinstance(gone, Short)
        assert gone.wanting


def test_a_number_and_a_budget_end(store: sa.Engine, now: datetime) -> None:
    for kind, reason in (("few", "all 2 vouchers `few` are given"), ("dear", "the budget of voucher `dear`, 25 EUR")):
        with store.begin() as connection:
            one = issue(connection, now)
            one(kind, "mei", None, UTC)
            written(one)
        with store.begin() as connection:
            one = issue(connection, now + timedelta(hours=1))
            assert isinstance(one(kind, "ana", None, UTC), dict)
            short = one(kind, "bo", None, UTC)
            assert isinstance(short, Short)
            assert short.reason.startswith(reason)
            written(one)
    with store.begin() as connection:
        connection.execute(sa.update(vouchers).where(vouchers.c.customer_id == "mei").values(state="taken_back"))
        one = issue(connection, now + timedelta(hours=2))
        assert isinstance(one("few", "bo", None, UTC), dict)


def test_a_customer_gets_so_many_in_that_time(store: sa.Engine, now: datetime) -> None:
    with store.begin() as connection:
        one = issue(connection, now)
        one("once", "mei", None, UTC)
        assert isinstance(one("once", "mei", None, UTC), NoMore)
        written(one)
    with store.begin() as connection:
        one = issue(connection, now + timedelta(days=89))
        assert isinstance(one("once", "mei", None, UTC), NoMore)
        assert isinstance(one("once", "ana", None, UTC), dict)
        assert isinstance(issue(connection, now + timedelta(days=91))("once", "mei", None, UTC), dict)


def test_a_step_that_is_run_again_gives_the_same_voucher(store: sa.Engine, now: datetime) -> None:
    key = (7, "voucher-few", 0)
    with store.begin() as connection:
        one = issue(connection, now)
        first = one("few", "mei", None, UTC, key)
        assert one("few", "mei", None, UTC, key) is first
        written(one)
    with store.begin() as connection:
        one = issue(connection, now + timedelta(hours=1))
        one.prepare(["few"], [{"id": 7, "customer_id": "mei"}])
        assert one("few", "mei", None, UTC, key)["code"] == first["code"]  # type: ignore[index]
        assert one.rows == []
