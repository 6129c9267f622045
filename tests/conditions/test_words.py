"""Why a condition holds, in words; and warnings about what it matches unawares."""

from datetime import UTC, datetime
from typing import Any

import pytest

from engine.conditions import explain, warnings
from tests.conditions.ground import NOW, SEGMENTS, ZONE, condition

RECORD: dict[str, Any] = {
    "customer": {
        **{"orders_count": 31_450, "lifetime_spend": 3_145_000, "average_3_months": 39_000, "average_previous": 55_000},
        **{"last_order_at": datetime(2025, 12, 1, 9, 0, tzinfo=UTC), "tags": {"b", "a"}, "vip": False, "tier": ""},
        **{"birthday": None, "first_name": "Mei", "score": 2.5},
    },
    "event": {"kind": "Mei", "price": 777},
}


@pytest.mark.parametrize(
    ("text", "holds", "value"),
    [
        ("customer.lifetime_spend >= 10000", True, "is 31,450.00"),
        ("customer.orders_count < 3", False, "is 31,450"),
        ("customer.score > 2", True, "is 2.5"),
        ("customer.tier is gold", False, "is missing"),
        ("customer.tier is not gold", True, "is missing"),
        ("customer.birthday is empty", True, "is missing"),
        ("customer.vip", False, "is false"),
        ("customer.tags contains a", True, "is a, b"),
        ("customer.last_order_at before 90 days ago", True, "is 2025-12-01 10:00, limit 2025-12-31 10:30"),
        ("customer.last_order_at before 2026-01-01", True, "is 2025-12-01 10:00"),
        ("customer.first_name is event.kind", True, "is Mei, event.kind is Mei"),
        ("customer.first_name is customer.last_name", False, "is Mei, customer.last_name is missing"),
        (
            "customer.average_3_months < 70% of customer.average_previous",
            False,
            "is 390.00, limit 385.00 (70% of 550.00)",
        ),
        ("customer.lifetime_spend > 12.5% of event.price", True, "is 31,450.00, limit 0.97125 (12.5% of 7.77)"),
        ("customer.lifetime_spend > 12.5% of customer.budget", False, "is 31,450.00, customer.budget is missing"),
        ("customer in segment vip", False, "is not in it"),
    ],
)
def test_an_atom_tells_the_value_it_saw(text: str, holds: bool, value: str) -> None:
    assert explain(condition(text), RECORD, NOW, ZONE, SEGMENTS) == [(holds, text, value)]


def test_amounts_have_the_decimals_of_their_currency() -> None:
    tree = condition("customer.lifetime_spend >= 5", "JPY")
    assert explain(tree, RECORD, NOW, ZONE, SEGMENTS, "JPY")[0].value == "is 3,145,000"
    tree = condition("customer.lifetime_spend >= 5.005", "KWD")
    assert explain(tree, RECORD, NOW, ZONE, SEGMENTS, "KWD")[0].value == "is 3,145.000"


def test_every_atom_is_told_and_below_a_not_as_its_opposite() -> None:
    text = "customer.vip or not (customer.orders_count > 3 and customer.tier is not gold)"
    told = explain(condition(text), RECORD, NOW, ZONE, SEGMENTS)
    assert [(reason.holds, reason.text) for reason in told] == [
        (False, "customer.vip"),
        (False, "not customer.orders_count > 3"),
        (False, "customer.tier is gold"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "customer.tier is not gold",
        "customer.tier not in [gold, platinum] and customer.vip",
        "customer.tier is not empty or customer.tier is not gold",
        "not (customer.tier is gold and customer.orders_count > 3)",
    ],
)
def test_a_negative_test_warns_that_it_matches_the_missing(text: str) -> None:
    (flaw,) = warnings(condition(text))
    assert (flaw.rule, flaw.severity) == ("matches-missing", "warning")
    assert flaw.text == "this also matches customers whose tier is unknown"
    assert flaw.helps == ("add a line:  - customer.tier is not empty",)
    assert text[flaw.start : flaw.end].startswith("customer.tier ")


@pytest.mark.parametrize(
    "text",
    [
        "customer.tier is not gold and customer.tier is not empty",
        "customer.tier is not gold and customer.tier in [gold, platinum]",
        "customer.orders_count != 3",
        "customer.tags not contains a",
        "not customer.spend_3_months > 100",
        "not not customer.tier is gold",
        "customer.birthday is not empty",
    ],
)
def test_no_warning_where_nothing_can_surprise(text: str) -> None:
    assert warnings(condition(text)) == []
