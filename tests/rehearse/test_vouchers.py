"""Vouchers that a test gives: a playbook on a voucher's date can be tested, though no step of it issued the voucher."""

import pytest

from engine.rehearse.suite import Suite
from tests.rehearse.shop import problems, shop

PLAYBOOK = """\
playbook: thanks
topic: offers
when: {date: voucher.expires_at, lead: 3 days}
if: voucher.state is issued
stop_when:
  - voucher.redeemed_at is not empty
do:
  - email: soon
  - wait: 1 day
  - email: sooner
"""
MESSAGES = {
    f"messages/{name}/en.md": "---\nsubject: It ends\n---\nUse {{ voucher.code }}.\n" for name in ("soon", "sooner")
}
TESTS = """\
playbook: thanks
given:
  customers: {mei: {}, tom: {}}
  vouchers:
    V1: {customer: mei, kind: 30-off, expires_at: 2026-03-20 12:00}
tests:
  - name: it
    start: 2026-03-01 12:00
    events:
      - {at: 2026-03-02 12:00, customer: tom, tag: here}
    until: 2026-06-01 00:00
    expect:
      - {at: 2026-03-17 09:00, customer: mei, email: soon, says: [Use V1.]}
      - {at: 2026-03-18 09:00, customer: mei, email: sooner}
"""


def told(happens: str = "", expected: str = "", given: str = "") -> str:
    tests = TESTS.replace("    until", f"      - {happens}\n    until") if happens else TESTS
    if expected:
        tests = f"{tests.partition('    expect:')[0]}    expect:\n{expected}"
    files = {"playbook": PLAYBOOK, "tests": tests.replace("    V1:", f"    {given}\n    V1:") if given else tests}
    return "\n".join(one.told for one in Suite(shop(**files, **MESSAGES)).run() if not one.passed)


def test_a_voucher_is_given_and_its_date_begins_a_run() -> None:
    assert told() == ""


def test_a_voucher_is_changed_and_its_new_date_counts() -> None:
    later = (
        "      - {at: 2026-04-17 09:00, customer: mei, email: soon}\n"
        "      - {at: 2026-04-18 09:00, customer: mei, email: sooner}\n"
    )
    assert told("{at: 2026-03-16 10:00, customer: mei, voucher: V1, expires_at: 2026-04-20 12:00}", later) == ""


@pytest.mark.parametrize("how", ["voucher: V1, state: redeemed", "event: voucher.redeemed, code: V1"])
def test_a_voucher_is_redeemed(how: str) -> None:
    stopped = (
        "      - {at: 2026-03-17 09:00, customer: mei, email: soon}\n"
        "      - {at: 2026-03-17 10:00, customer: mei, stopped: voucher.redeemed_at is not empty}\n"
    )
    assert told(f"{{at: 2026-03-17 10:00, customer: mei, {how}}}", stopped) == ""


def test_a_voucher_is_issued_by_somebody_in_the_middle_of_a_test() -> None:
    toms = "".join(
        f"      - {{at: {day} 09:00, customer: {who}, email: {message}}}\n"
        for day, who, message in (
            ("2026-03-06", "tom", "soon"),
            ("2026-03-07", "tom", "sooner"),
            ("2026-03-17", "mei", "soon"),
            ("2026-03-18", "mei", "sooner"),
        )
    )
    assert (
        told("{at: 2026-03-03 10:00, customer: tom, voucher: V2, kind: 30-off, expires_at: 2026-03-09 12:00}", toms)
        == ""
    )


@pytest.mark.parametrize(
    ("happens", "said"),
    [
        (
            "{at: 2026-03-03 10:00, customer: tom, voucher: V2, state: lapsed}",
            "there is no voucher `V2` at this moment",
        ),
        ("{at: 2026-03-03 10:00, customer: tom, voucher: V1, state: lapsed}", "`V1` is another customer's"),
        ("{at: 2026-03-03 10:00, customer: tom, voucher: V1, knd: 30-off}", "there is no field `knd` here"),
        (
            "{at: 2026-03-03 10:00, customer: mei, voucher: V1, kind: 40-off}",
            "there is no voucher `40-off` in settings",
        ),
        ("{at: 2026-03-03 10:00, customer: mei, voucher: V1, state: gone}", "`gone` is not a value of `state`"),
    ],
)
def test_what_cannot_happen_to_a_voucher_is_told(happens: str, said: str) -> None:
    assert said in told(happens)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("V0: {customer: mei}", "a voucher needs `kind`"),
        ("V0: {kind: 30-off}", "it is not said whose this is"),
        ("V0: {customer: mei, kind: 30-of}", "did you mean `30-off`?"),
    ],
)
def test_a_voucher_that_cannot_be_given_is_told(given: str, said: str) -> None:
    assert said in problems(TESTS.replace("    V1:", f"    {given}\n    V1:").replace("email: soon", "email: thanks"))


def test_what_is_given_of_the_future_is_not_lost_in_silence() -> None:
    assert "this cannot be given: 2027-01-01" in told(
        given="V0: {customer: mei, kind: 30-off, issued_at: 2027-01-01 12:00}"
    )


def test_a_voucher_that_a_step_issued_is_extended_by_somebody() -> None:
    tests = """\
playbook: thanks
given:
  customers: {mei: {}}
tests:
  - name: it
    events:
      - {at: 2026-03-01 12:00, customer: mei, event: order.paid, total: 320}
      - {at: 2026-03-10 12:00, customer: mei, voucher: TEA-0000000001, expires_at: 2026-04-30 12:00}
    until: 2026-06-01 00:00
    expect:
      - {at: 2026-03-01 12:00, customer: mei, voucher: 30-off}
      - {at: 2026-03-01 12:00, customer: mei, email: thanks}
      - {at: 2026-04-23 10:00, customer: mei, email: reminder}
"""
    (one,) = Suite(shop(tests=tests)).run()
    assert one.passed, one.told


def test_a_code_that_is_given_is_issued_to_nobody_else() -> None:
    tests = """\
playbook: thanks
given:
  customers: {mei: {}, tom: {}}
  vouchers:
    TEA-0000000001: {customer: tom, kind: 30-off}
tests:
  - name: it
    events:
      - {at: 2026-03-01 12:00, customer: mei, event: order.paid, total: 320}
    until: 2026-03-02 00:00
    expect:
      - {at: 2026-03-01 12:00, customer: mei, voucher: 30-off}
      - {at: 2026-03-01 12:00, customer: mei, email: thanks, says: [TEA-0000000002]}
"""
    (one,) = Suite(shop(tests=tests)).run()
    assert one.passed, one.told
