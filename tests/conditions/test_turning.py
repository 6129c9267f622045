"""When time alone changes an answer, and conditions that can never hold."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from engine.catalogue import RESULTS
from engine.conditions import LOOK_AGAIN, Tree, holds, never, read, turns_at
from engine.workspace.catalogue import builtin

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Berlin")
SCOPE = {"customer": builtin().fields}


def tree(text: str) -> Tree:
    """The condition."""
    return read(text, SCOPE, (), "EUR")


@pytest.mark.parametrize(
    "text",
    [
        "customer.last_order_at before 30 days ago",
        "customer.last_order_at after 30 days ago",
        "customer.birthday before today",
        "customer.member_until before 7 days from now",
    ],
)
def test_the_answer_changes_then_and_not_before(text: str) -> None:
    record = {
        "customer": {
            "last_order_at": NOW - timedelta(days=10),
            "birthday": date(2026, 3, 20),
            "member_until": date(2026, 4, 20),
        }
    }
    condition = tree(text)
    at = turns_at(condition, record, NOW, ZONE, {})
    assert at is not None
    before, after = (holds(condition, record, one, ZONE, {}) for one in (at - timedelta(microseconds=1), at))
    assert (before, after) == (not after, not before)
    assert holds(condition, record, NOW, ZONE, {}) == before


@pytest.mark.parametrize("text", ["customer.tier is gold", "customer.last_order_at before 2026-01-01"])
def test_what_only_data_changes(text: str) -> None:
    record = {"customer": {"tier": "gold", "last_order_at": NOW}}
    assert turns_at(tree(text), record, NOW, ZONE, {}) is None


VOUCHER = {**SCOPE, "gift": RESULTS["voucher"]}


@pytest.mark.parametrize(
    "text", ["gift.state is lapsed", "gift.state is not issued", "gift.state in [lapsed, taken_back]"]
)
def test_a_state_turns_when_its_own_end_comes(text: str) -> None:
    condition = read(text, VOUCHER, (), "EUR")
    end = NOW + timedelta(days=5)
    ahead, past, never_ends = ({"gift": {"state": "issued", "expires_at": at}} for at in (end, NOW, None))
    assert turns_at(condition, ahead, NOW, ZONE, {}) == end
    assert turns_at(condition, past, NOW, ZONE, {}) is None
    assert turns_at(condition, never_ends, NOW, ZONE, {}) is None


def test_what_else_is_said_of_a_voucher_does_not_turn_with_its_end() -> None:
    record = {"gift": {"expires_at": NOW + timedelta(days=5)}}
    assert turns_at(read("gift.redeemed_at is empty", VOUCHER, (), "EUR"), record, NOW, ZONE, {}) is None


def test_what_is_past_never_comes_again() -> None:
    record = {"customer": {"last_order_at": NOW - timedelta(days=90)}}
    assert turns_at(tree("customer.last_order_at before 30 days ago"), record, NOW, ZONE, {}) is None


def test_a_metric_is_looked_at_now_and_then() -> None:
    assert turns_at(tree("customer.orders_3_months >= 2"), {"customer": {}}, NOW, ZONE, {}) == NOW + LOOK_AGAIN


@pytest.mark.parametrize(
    "text",
    [
        "customer.orders_count > 3 and customer.orders_count < 3",
        "customer.tier is gold and customer.tier is silver",
        "customer.tier is gold and customer.tier is not gold",
        "customer.tier is gold and customer.tier is empty",
        "customer.orders_count == 2 and customer.orders_count >= 3",
        "customer.tier in [gold, silver] and (customer.tier is bronze and customer.orders_count > 1)",
        "(customer.tier is gold and customer.tier is silver) or (customer.tier is empty and customer.tier is gold)",
    ],
)
def test_can_never_hold(text: str) -> None:
    assert never(tree(text))


@pytest.mark.parametrize(
    "text",
    [
        "customer.orders_count >= 3 and customer.orders_count <= 3",
        "customer.tier is gold and customer.tier in [gold, silver]",
        "customer.tier is gold or customer.tier is silver",
        "customer.tier is not gold and customer.tier is not silver",
        "customer.orders_count > 1 and customer.orders_count > 3",
        "customer.tags contains a and customer.tags contains b",
        "customer.last_order_at before 30 days ago and customer.last_order_at after 60 days ago",
    ],
)
def test_may_hold(text: str) -> None:
    assert never(tree(text)) is None
