"""Points in a test: what was spent is given back under its own name, and points that are given can be spent."""

import pytest

from engine.rehearse.suite import Suite
from tests.rehearse.shop import shop

BACK = """\
playbook: thanks
when: {event: order.paid}
purpose: transactional
do:
  - points: grant
    amount: 100
    as: earned
  - points: spend
    amount: 40
    as: spent
  - wait: 1 day
  - undo: spent
"""
HEAD = """\
playbook: thanks
given:
  customers:
    mei: {%s}
tests:
  - name: it
    events:
      - {at: 2026-03-01 12:00, customer: mei, event: order.paid, total: 320}
"""
REST = """\
    until: 2026-06-01 00:00
    expect:
"""


def told(playbook: str, expected: str, given: str = "", happens: str = "") -> str:
    tests = f"{HEAD % given}{happens}{REST}{expected}"
    return "\n".join(one.told for one in Suite(shop(playbook, tests)).run() if not one.passed)


def expecting(*lines: str) -> str:
    return "".join(f"      - {{at: 2026-03-{line}}}\n" for line in lines)


def test_spent_points_that_are_given_back_have_their_own_name() -> None:
    both = ("01 12:00, customer: mei, points: 100", "01 12:00, customer: mei, points: -40")
    assert told(BACK, expecting(*both, "02 12:00, customer: mei, undone: spent")) == ""
    said = told(BACK, expecting(*both, "02 12:00, customer: mei, undone: earned"))
    assert "this playbook does not take back anything called `earned`" in said


SPENT = """\
playbook: thanks
when: {event: order.paid}
purpose: transactional
do:
  - points: spend
    amount: 30
  - wait: 1 day
  - points: grant
    amount: 5
    as: earned
  - choose:
      - if: customer.points >= 75
        do:
          - tag: rich
  - points: spend
    amount: 70
"""
FIRST = "01 12:00, customer: mei, points: -30"
FIVE = "02 12:00, customer: mei, points: 5"
OTHERS = ("02 12:00, customer: mei, tag: rich", "02 12:00, customer: mei, points: -70")
FEW = "02 12:00, customer: mei, stopped: not enough points"


@pytest.mark.parametrize(
    ("given", "happens", "lines"),
    [
        ("points: 100", "", (FIRST, FIVE, *OTHERS)),
        ("points: 80", "", (FIRST, FIVE, FEW)),
        ("points: 20", "", ("01 12:00, customer: mei, stopped: not enough points",)),
        # They lapse with the end of the day: the five are left.
        ("points: 100, points_expire_on: 2026-03-01", "", (FIRST, FIVE, FEW)),
        ("points: 100, points_expire_on: 2026-03-02", "", (FIRST, FIVE, *OTHERS)),
        ("", "set: {points: 100}", (FIRST, FIVE, *OTHERS)),
        ("points: 100", "set: {points: 40}", (FIRST, FIVE, FEW)),
        ("points: 10", "set: {points: 100, points_expire_on: 2026-03-01}", (FIRST, FIVE, FEW)),
    ],
)
def test_points_that_are_given_can_be_spent(given: str, happens: str, lines: tuple[str, ...]) -> None:
    line = f"      - {{at: 2026-03-01 11:00, customer: mei, {happens}}}\n" if happens else ""
    assert told(SPENT, expecting(*lines), given, line) == ""


@pytest.mark.parametrize(
    ("given", "happens"), [("points_expire_on: 2026-03-20", ""), ("", "set: {points_expire_on: 2026-03-20}")]
)
def test_a_day_on_which_no_points_lapse_is_told(given: str, happens: str) -> None:
    line = f"      - {{at: 2026-03-01 11:00, customer: mei, {happens}}}\n" if happens else ""
    assert "`points_expire_on` is the day on which `points` lapse" in told(SPENT, expecting(FIRST), given, line)
