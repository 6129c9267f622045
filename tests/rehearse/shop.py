"""A small shop for the tests of the test runner, as texts."""

from engine.rehearse.reading import read_tests
from engine.rehearse.script import TestFile
from engine.rehearse.suite import Outcome, Suite
from engine.source.printing import print_problems
from engine.workspace import Workspace, load_texts

SETTINGS = """\
brand:
  name: Tea House
  address: 1 Wukang Road
timezone: Europe/Berlin
currency: EUR
topics:
  offers:
    title: Offers
channels:
  email:
    from: hello@tea.example.com
limits:
  cap: 2 per 7 days
"""

VOUCHERS = """\
30-off:
  title: 30 off
  value: 30
  code: TEA-{random}
"""

PLAYBOOK = """\
playbook: thanks
topic: offers
when:
  event: order.paid
  where:
    - event.total >= 300
enter: once per 30 days
stop_when:
  - gift.redeemed_at is not empty
do:
  - voucher: 30-off
    as: gift
    expires: 30 days
  - email: thanks
  - wait_until: 7 days before gift.expires_at
    at: 10:00
  - email: reminder
"""

MESSAGES = {
    "messages/thanks/en.md": "---\nsubject: Thank you\n---\nYour code is {{ gift.code }}.\n",
    "messages/reminder/en.md": "---\nsubject: Seven days left\n---\nUse {{ gift.code }} soon.\n",
}

HEAD = """\
playbook: thanks
given:
  customers:
    mei: {first_name: Mei}
    tom: {timezone: America/New_York}
tests:
"""


def shop(playbook: str = PLAYBOOK, tests: str = "", **more: str) -> Workspace:
    """The workspace, with one playbook and one file of tests."""
    files = {
        "settings/regulars.yaml": SETTINGS,
        "settings/vouchers.yaml": VOUCHERS,
        "thanks.yaml": playbook,
        **MESSAGES,
        **more,
    }
    if tests:
        files["tests/thanks.test.yaml"] = tests
    space = load_texts(files)
    assert playbook is not PLAYBOOK or list(space.playbooks) == ["thanks"], space.problems
    return space


def outcomes(tests: str, playbook: str = PLAYBOOK) -> list[Outcome]:
    """What comes of the tests."""
    return list(Suite(shop(playbook, tests)).run())


def told(tests: str, playbook: str = PLAYBOOK) -> str:
    """What is said of the tests that failed; nothing where all pass."""
    return "\n".join(one.told for one in outcomes(tests, playbook) if not one.passed)


def problems(tests: str) -> str:
    """What is wrong with a file of tests, as people read it."""
    found = read_tests("thanks.test.yaml", tests, shop())
    assert not isinstance(found, TestFile), "nothing is wrong with it"
    return print_problems(found, {"thanks.test.yaml": tests})
