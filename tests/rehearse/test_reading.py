"""Test files with mistakes: each is told at its place, in words for authors, and nothing vacuous passes."""

import pytest

from engine.rehearse.reading import read_tests
from engine.rehearse.script import TestFile
from tests.rehearse.shop import HEAD, problems, shop

EVENT = "      - {at: 2026-03-01 12:00, customer: mei, event: order.paid, total: 320}\n"


def case(events: str = EVENT, expect: str = "    expect: nothing\n", until: str = "2026-06-01 00:00") -> str:
    return f"{HEAD}  - name: it\n    events:\n{events}    until: {until}\n{expect}"


def expecting(line: str) -> str:
    return case(expect=f"    expect:\n      - {line}\n")


def happening(line: str) -> str:
    return case(events=f"      - {line}\n")


def test_a_file_becomes_cases() -> None:
    found = read_tests("t.yaml", expecting("{at: 2026-03-01 12:00, customer: mei, email: thanks, says: [TEA]}"), shop())
    assert isinstance(found, TestFile)
    (one,) = found.cases
    assert one.name == "it"
    assert one.happenings[0].payload == {"total": 32000}
    assert one.expected[0].says == ("TEA",)
    assert one.people["tom"].row["email"] == "tom@example.com"
    assert one.people["tom"].row["email_consent"] is True


def test_a_mistake_is_shown_at_its_words() -> None:
    assert problems(happening("{at: 2026-03-01 12:00, customer: mai, event: order.paid, total: 320}")) == (
        "thanks.test.yaml:9:42: error[unknown-customer]: no customer `mai` is given\n"
        "  |\n"
        "9 |       - {at: 2026-03-01 12:00, customer: mai, event: order.paid, total: 320}\n"
        "  |                                          ^^^\n"
        "  = help: did you mean `mei`?\n"
    )


@pytest.mark.parametrize(
    ("line", "said", "help_"),
    [
        (
            "{at: 2026-03-01 12:00, customer: mei, email: thank}",
            "this playbook does not send message `thank`",
            "`thanks`",
        ),
        ("{at: 2026-03-01 12:00, customer: mei, voucher: 20-off}", "does not give voucher `20-off`", "`30-off`"),
        ("{at: 2026-03-01 12:00, customer: mei, tag: newcomer}", "does not give tag `newcomer`", ""),
        ("{at: 2026-03-01 12:00, customer: mei, stopped: gift.redeemed_at is empty}", "`stopped` is never", ""),
        ("{at: 2026-03-01 12:00, customer: mei, not_entered: once per 3 days}", "`not_entered` is never", "30 days"),
        ("{at: 2026-03-01 12:00, customer: mei, emial: thanks}", "has no key `emial`", "`email`"),
        ("{at: 2026-03-01 12:00, customer: mei}", "expects nothing in particular", "expectations:"),
        ("{at: 2026-03-01 12:00, customer: mei, email: thanks, voucher: 30-off}", "cannot expect both", "two lines"),
        ("{at: 2026-03-01 12:00, customer: mei, voucher: 30-off, says: [x]}", "`voucher` has no `says`", ""),
        ("{at: 2026-03-01 12:00, customer: mei, email: thanks, language: fr}", "no text of `thanks` in `fr`", "en"),
        ("{at: 2026-07-01 12:00, customer: mei, email: thanks}", "this is after `until`", ""),
        ("{at: 2026-01-01 12:00, customer: mei, email: thanks}", "this is before `start`", ""),
        ("{at: noon, customer: mei, email: thanks}", "`noon` is not a moment", "2026-03-01 12:00"),
    ],
)
def test_an_expectation_that_can_never_be_met_is_a_mistake(line: str, said: str, help_: str) -> None:
    found = problems(expecting(line))
    assert said in found
    assert help_ in found
    assert found.count("error[") == 1


@pytest.mark.parametrize(
    ("line", "said", "help_"),
    [
        (
            "{at: 2026-03-01 12:00, customer: mei, event: order.payed, total: 3}",
            "unknown event `order.payed`",
            "order.paid",
        ),
        ("{at: 2026-03-01 12:00, customer: mei, event: order.paid, totl: 3, total: 3}", "no field `totl`", "`total`"),
        ("{at: 2026-03-01 12:00, customer: mei, event: order.paid}", "`order.paid` needs `total`", "total"),
        ("{at: 2026-03-01 12:00, customer: mei, event: order.paid, total: much}", "`total` is an amount of money", ""),
        ("{at: 2026-03-01 12:00, customer: mei, event: order.paid, total: 3.999}", "finer than the currency", "round"),
        ("{at: 2026-03-01 12:00, customer: mei}", "event needs `event`", "order.paid"),
        ("{at: 2026-03-01 12:00, customer: mei, set: {tier: golden}}", "not a value of `tier`", ""),
        ("{at: 2026-03-01 12:00, customer: mei, set: {teir: gold}}", "customers have no field `teir`", "`tier`"),
        ("{at: 2026-03-01 12:00, customer: mei, set: {orders_count: 3}}", "follows from what", "order.paid"),
        ("{at: 2026-03-01 12:00, customer: mei, set: {tier: gold}, tag: x}", "are two events", ""),
    ],
)
def test_what_cannot_happen_is_a_mistake(line: str, said: str, help_: str) -> None:
    found = problems(happening(line))
    assert said in found
    assert help_ in found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (case(expect=""), "needs `expect`"),
        (case(expect="    expect: []\n"), "an empty list expects nothing by accident"),
        (case(expect="    expect: noting\n"), "`noting`"),
        (case(until="2026-02-01 00:00"), "the test ends before it begins"),
        (f"{HEAD}  - name: it\n    until: 2026-06-01 00:00\n    expect: nothing\n", "a test needs `start`"),
        (f"{HEAD}  - until: 2026-06-01 00:00\n    start: 2026-05-01 00:00\n    expect: nothing\n", "needs `name`"),
        ("playbook: thanks\ntests: []\n", "`tests` is empty"),
        ("playbook: thanks\ntests:\n  - name: it\n    start: 2026-01-01 00:00\n    until: 2026-02-01 00:00\n"
         "    expect: nothing\n", "this test has no customers"),
        (case().replace("playbook: thanks", "playbook: thank"), "there is no playbook `thank`"),
        (case().replace("given:", "timezone: Europe/Berln\ngiven:"), "`Europe/Berln` is not a time zone"),
        (case().replace("first_name", "frist_name"), "customers have no field `frist_name`"),
        (case().replace("first_name: Mei", "consent: perhaps"), "`perhaps` is neither yes nor no"),
        (case().replace("first_name: Mei", "holdout: maybe"), "`maybe` is not a side of the holdout"),
        (case().replace("first_name: Mei", "birthday: 1990-13-01"), "`birthday` is a date"),
        (case() + case()[len(HEAD):], "two tests have this name"),
    ],
)  # fmt: skip
def test_a_test_that_tests_nothing_is_refused(text: str, said: str) -> None:
    assert said in problems(text)


def test_a_broken_playbook_is_named_as_the_reason() -> None:
    space = shop(playbook="playbook: thanks\nwhen: {}\n")
    found = read_tests("t.yaml", case(), space)
    assert isinstance(found, list)
    assert found[0].rule == "broken-playbook"
