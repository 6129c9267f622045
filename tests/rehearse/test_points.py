"""Points in a test: what was spent is given back under its own name, and points that are given can be spent."""


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
