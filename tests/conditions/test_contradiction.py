"""Conditions whose answer is known before anybody is looked at: what is told is so, and what is plain is told."""

import random

import pytest

from engine.conditions import Not, all_of, always, any_of, holds, never, read
from engine.conditions.tree import Atom, Tree
from engine.workspace.catalogue import builtin
from tests.conditions import chance
from tests.conditions.ground import NOW, SEGMENTS, ZONE, rows

SCOPE = {"customer": builtin().fields}
_APART = "`customer.orders_count >= 1` and `customer.orders_count < 1` exclude each other"


def tree(text: str) -> Tree:
    """The condition."""
    return read(text, SCOPE, (), "EUR")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("customer.orders_count >= 1 and customer.orders_count < 1", _APART),
        ("customer.orders_count < 0", "`customer.orders_count` is never less than 0"),
        ("customer.orders_3_months <= -1", "`customer.orders_3_months` is never less than 0"),
        ("customer.orders_count < 1 and not (customer.orders_count < 1)",
         "`customer.orders_count < 1` and `customer.orders_count >= 1` exclude each other"),
        ("customer.tier is gold and (customer.tier is silver or customer.tier is bronze)",
         "`customer.tier is gold` and `customer.tier is silver` exclude each other"),
        ("customer.last_order_at before 90 days ago and customer.last_order_at after 100 days ago", None),
        ("customer.last_order_at before 90 days ago and customer.last_order_at after 60 days ago",
         "`customer.last_order_at before 90 days ago` and `customer.last_order_at after 60 days ago` exclude each other"),
        ("customer.last_order_at before 90 days ago and customer.last_order_at after 3 months ago", None),
        ("customer.usual_interval < 0", None),
        ("not customer.usual_interval >= 0", None),  # it may be missing
    ],
)  # fmt: skip
def test_what_can_never_hold(text: str, reason: str | None) -> None:
    assert never(tree(text)) == reason


@pytest.mark.parametrize(
    ("text", "lasting"),
    [
        ("customer.open_complaints >= 0", True),
        ("customer.open_complaints > 0", False),
        ("customer.points >= 0", False),
        ("customer.orders_count >= 3 or customer.orders_count < 3", True),
        ("customer.usual_interval >= 3 or customer.usual_interval < 3", False),  # it may be missing
        ("customer.tier is gold or customer.tier is not gold", True),
    ],
)
def test_what_always_holds(text: str, lasting: bool) -> None:
    assert (always(tree(text)) is not None) is lasting


@pytest.mark.parametrize(
    ("narrow", "wide", "within"),
    [
        ("customer.orders_count >= 5", "customer.orders_count >= 3", True),
        ("customer.orders_count >= 3", "customer.orders_count >= 5", False),
        ("customer.usual_interval > 3", "customer.usual_interval >= 3", True),
        ("customer.usual_interval >= 3", "customer.usual_interval > 3", False),
        ("customer.tier is gold", "customer.tier in [gold, platinum]", True),
        ("customer.tier is gold and customer.orders_count >= 5", "customer.orders_count >= 3", True),
        ("customer.orders_count >= 5", "customer.orders_count >= 3 and customer.tier is gold", False),
        ("customer.orders_count >= 5", "customer.orders_count >= 3 or customer.tier is gold", True),
        ("customer.last_order_at before 180 days ago", "customer.last_order_at before 90 days ago", True),
        ("customer.last_order_at after 180 days ago", "customer.last_order_at after 90 days ago", False),
        ("customer.birthday after 2000-01-01", "customer.birthday is not empty", True),
    ],
)
def test_what_one_condition_takes_from_another(narrow: str, wide: str, within: bool) -> None:
    assert (never(all_of([tree(narrow), Not(tree(wide))])) is not None) is within


def _about_one(luck: random.Random) -> Tree:
    """Several tests of one field, some of them denied, so that they often meet."""
    first = chance.atom(luck)
    if not isinstance(first, Atom):
        return first
    others = (chance.atom(luck) for _ in range(400))
    more = [one for one in others if isinstance(one, Atom) and one.mention == first.mention][: luck.choice([1, 2, 3])]
    parts = [Not(one) if luck.random() < 0.4 else one for one in (first, *more)]
    return luck.choice([all_of, any_of])(parts)


def test_what_is_said_is_so_for_everybody() -> None:
    records = [row.record for row in rows(200)]
    luck, told = random.Random(7), 0
    for number in range(1_500):
        one = _about_one(luck) if number % 2 else chance.tree(luck, 3)
        said = {False: never(one), True: always(one)}
        for answer, reason in said.items():
            if reason is not None:
                told += 1
                wrong = [record for record in records if holds(one, record, NOW, ZONE, SEGMENTS) is not answer]
                assert not wrong, f"{one}: {reason}"
    assert told > 100
