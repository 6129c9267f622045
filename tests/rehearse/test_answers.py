"""What staff do and answer in a test must be asked of them at that moment, and what happens must be able to."""

import pytest

from engine.rehearse.suite import Suite
from engine.workspace import load_texts
from tests.rehearse.shop import SETTINGS

ASKS = """\
playbook: asks
when:
  event: order.paid
do:
  - task: call
  - wait: 7 days
  - approve: letter
    by: owner@tea.example.com
    within: 2 days
"""
TESTS = """\
playbook: asks
given:
  customers:
    mei: {}
tests:
  - name: it
    events:
      - {at: 2026-03-02 12:00, customer: mei, HAPPENS}
    until: 2026-04-01 00:00
    expect: nothing
"""
FILES = {
    "settings/regulars.yaml": SETTINGS,
    "asks.yaml": ASKS,
    "messages/approval-asked/en.md": "---\nsubject: A question\n---\nMay it go?\n",
}


def told(happens: str) -> str:
    workspace = load_texts({**FILES, "tests/asks.test.yaml": TESTS.replace("HAPPENS", happens)})
    assert workspace.problems == ()
    (outcome,) = Suite(workspace).run()
    return outcome.told


@pytest.mark.parametrize(
    ("happens", "said"),
    [
        ("done: call", "there is no open task `call` at this moment"),
        ("approved: letter", "there is no open question `letter` at this moment"),
        ("refused: letter", "there is no open question `letter` at this moment"),
        ("event: voucher.redeemed, voucher: NO-SUCH", "this cannot happen"),
    ],
)
def test_what_cannot_be_at_that_moment_is_told(happens: str, said: str) -> None:
    assert said in told(happens)
