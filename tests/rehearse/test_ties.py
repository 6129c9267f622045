"""What happens in a test at the very moment at which something is due: both are there when the engine looks."""

import pytest

from engine.rehearse.suite import Suite
from tests.rehearse.shop import shop

FIRST = """\
  - wait_first:
      - %s
        do:
          - tag: upper
      - %s
        do:
          - tag: lower
"""
FOR = """\
  - wait_for: order.paid
    within: 2 hours
    then:
      - tag: upper
    else:
      - tag: lower
"""
ENDED = """\
  - wait: 2 hours
  - tag: never
"""
HEAD = """\
playbook: thanks
when: {event: order.placed}
purpose: transactional
stop_when:
  - event: order.cancelled
do:
"""
TESTS = """\
playbook: thanks
given:
  customers: {mei: {}}
tests:
  - name: it
    events:
      - {at: 2026-03-01 12:00, customer: mei, event: order.placed, total: 20, order_id: o1}
      - {at: 2026-03-01 14:00, customer: mei, %s}
    until: %s
    expect:
      - {at: 2026-03-01 14:00, customer: mei, %s}
"""
SHIPPED, AFTER = "event: order.shipped", "after: 2 hours"


@pytest.mark.parametrize("until", ["2026-03-02 00:00", "2026-03-01 14:00"])
@pytest.mark.parametrize(
    ("steps", "happens", "comes"),
    [
        (FIRST % (SHIPPED, AFTER), SHIPPED, "tag: upper"),
        (FIRST % (AFTER, SHIPPED), SHIPPED, "tag: upper"),
        (FOR, "event: order.paid, total: 20, order_id: o1", "tag: upper"),
        (ENDED, "event: order.cancelled, order_id: o1", "stopped: event order.cancelled"),
    ],
)
def test_what_happens_at_the_moment_is_there_at_the_moment(steps: str, happens: str, comes: str, until: str) -> None:
    (one,) = Suite(shop(HEAD + steps, TESTS % (happens, until, comes))).run()
    assert one.passed, one.told


@pytest.mark.parametrize(
    ("asleep", "comes"),
    [
        ("2026-03-01 13:00, 2026-03-01 14:00", "upper"),  # it awakes to both
        ("2026-03-01 14:00, 2026-03-01 14:30", "lower"),  # the last that it saw was the end of the time
    ],
)
def test_where_it_falls_asleep_or_awakes_then(asleep: str, comes: str) -> None:
    tests = TESTS % (SHIPPED, "2026-03-02 00:00", f"tag: {comes}")
    slept = tests.replace("    until", f"    asleep: [{asleep}]\n    until")
    (one,) = Suite(shop(HEAD + FIRST % (SHIPPED, AFTER), slept)).run()
    assert one.passed, one.told


def test_an_event_at_the_start_comes_after_the_launch() -> None:
    tests = TESTS % (SHIPPED, "2026-03-02 00:00", "tag: upper")
    begun = tests.replace("    until", "    start: 2026-03-01 12:00\n    until")
    (one,) = Suite(shop(HEAD + FIRST % (SHIPPED, AFTER), begun)).run()
    assert one.passed, one.told
