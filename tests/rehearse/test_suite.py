"""Whole tests on the virtual clock: what passes, what fails, and how that is told."""

from pathlib import Path

from click.testing import CliRunner

from engine.cli.test import command
from engine.rehearse.junit import junit
from engine.rehearse.suite import Suite
from tests.rehearse.shop import HEAD, MESSAGES, PLAYBOOK, SETTINGS, VOUCHERS, outcomes, shop, told

PASSING = f"""\
{HEAD}
  - name: voucher now, reminder 7 days before it expires
    events:
      - {{at: 2026-03-01 12:00, customer: mei, event: order.paid, total: 320}}
    until: 2026-06-01 00:00
    expect:
      - {{at: 2026-03-01 12:00, customer: mei, voucher: 30-off}}
      - {{at: 2026-03-01 12:00, customer: mei, email: thanks, subject: Thank you, says: [TEA-0000000001]}}
      - {{at: 2026-03-24 10:00, customer: mei, email: reminder, language: en, never_says: [TEA-0000000002]}}
"""


def one(events: str, expect: str, until: str = "2026-06-01 00:00", given: str = "") -> str:
    return f"{HEAD}  - name: it\n{given}    events:\n{events}    until: {until}\n    expect:{expect}"


PAID = "      - {at: 2026-03-01 12:00, customer: mei, event: order.paid, total: 320}\n"


def test_a_right_playbook_passes() -> None:
    assert told(PASSING) == ""


def test_a_draft_can_be_tested() -> None:
    assert told(PASSING, PLAYBOOK.replace("topic:", "status: draft\ntopic:")) == ""


BRANCHES = """\
  - choose:
      - if: customer.first_name is Mei
        do:
          - voucher: 30-off
            as: gift
            expires: 30 days
      - else:
          - voucher: 30-off
            as: gift
            expires: 30 days
"""


def test_what_all_branches_give_is_found_after_them() -> None:
    given = PLAYBOOK[PLAYBOOK.index("  - voucher:") : PLAYBOOK.index("  - email: thanks")]
    assert told(PASSING, PLAYBOOK.replace(given, BRANCHES)) == ""


def test_a_reminder_a_day_late_is_told_to_the_letter() -> None:
    assert (
        told(PASSING, PLAYBOOK.replace("7 days before", "6 days before"))
        == """\
FAIL tests/thanks.test.yaml:8  voucher now, reminder 7 days before it expires
  2026-03-01 12:00  mei  voucher 30-off  ok
  2026-03-01 12:00  mei  email thanks    ok
- 2026-03-24 10:00  mei  email reminder  expected, did not happen
+ 2026-03-25 10:00  mei  email reminder  happened, not expected
  why: thanks.yaml:15 wait_until 6 days before gift.expires_at (2026-03-31 12:00)
  what happened, to paste:
    expect:
      - {at: 2026-03-01 12:00, customer: mei, voucher: 30-off}
      - {at: 2026-03-01 12:00, customer: mei, email: thanks, subject: Thank you, says: [TEA-0000000001]}
      - {at: 2026-03-25 10:00, customer: mei, email: reminder}
"""
    )


def test_what_is_pasted_passes() -> None:
    late = PLAYBOOK.replace("7 days before", "6 days before")
    pasted = told(PASSING, late).partition("to paste:\n")[2]
    assert told(PASSING[: PASSING.index("    expect:")] + pasted, late) == ""


def test_more_than_expected_fails() -> None:
    found = told(one(PAID, " nothing\n"))
    assert "+ 2026-03-01 12:00  mei  voucher 30-off  happened, not expected" in found
    assert "why: thanks.yaml:4 event order.paid" in found


def test_words_that_are_missing_are_told_with_the_mail() -> None:
    found = told(PASSING.replace("says: [TEA-0000000001]", "says: [COFFEE]"))
    assert "it does not say `COFFEE`" in found
    assert "| Your code is TEA-0000000001." in found


def test_whoever_never_entered_is_told_the_condition_that_failed() -> None:
    events = PAID.replace("320", "299.99")
    found = told(one(events, "\n      - {at: 2026-03-01 12:00, customer: mei, voucher: 30-off}\n"))
    assert "why: no run began: thanks.yaml:4 event order.paid" in found
    assert "why: event.total >= 300: is 299.99" in found


def test_a_redeemed_voucher_ends_the_run() -> None:
    redeemed = "      - {at: 2026-03-10 15:00, customer: mei, event: voucher.redeemed, voucher: gift}\n"
    assert told(one(PAID + redeemed, """
      - {at: 2026-03-01 12:00, customer: mei, voucher: 30-off}
      - {at: 2026-03-01 12:00, customer: mei, email: thanks}
      - {at: 2026-03-10 15:00, customer: mei, stopped: gift.redeemed_at is not empty}
""")) == ""  # fmt: skip


def test_a_voucher_that_nobody_has_cannot_be_redeemed() -> None:
    redeemed = "      - {at: 2026-02-10 15:00, customer: mei, event: voucher.redeemed, voucher: gift}\n"
    assert "`mei` has no `gift` at this moment" in told(one(PAID + redeemed, " nothing\n"))


def test_without_consent_nothing_is_sent_and_the_reason_can_be_expected() -> None:
    given = "    given:\n      customers:\n        mei: {consent: false}\n"
    expect = """
      - {at: 2026-03-01 12:00, customer: mei, voucher: 30-off}
      - {at: 2026-03-01 12:00, customer: mei, email: thanks, suppressed: consent to offers by email was refused or withdrawn}
"""
    assert told(one(PAID, expect, "2026-03-05 00:00", given)) == ""


def test_consent_withdrawn_in_between_holds_at_the_next_mail() -> None:
    withdrawn = "      - {at: 2026-03-10 15:00, customer: mei, set: {consent: no}}\n"
    expect = """
      - {at: 2026-03-01 12:00, customer: mei, voucher: 30-off}
      - {at: 2026-03-01 12:00, customer: mei, email: thanks}
"""
    assert told(one(PAID + withdrawn, expect)) == ""


def test_a_customer_without_an_address_gets_nothing() -> None:
    given = "    given:\n      customers:\n        mei: {email: }\n"
    expect = """
      - {at: 2026-03-01 12:00, customer: mei, voucher: 30-off}
      - {at: 2026-03-01 12:00, customer: mei, suppressed: no valid email address}
"""
    assert told(one(PAID, expect, "2026-03-05 00:00", given)) == ""


def test_a_night_purchase_waits_for_the_window_of_the_customer() -> None:
    events = "      - {at: 2026-03-01 23:30 America/New_York, customer: tom, event: order.paid, total: 320}\n"
    expect = """
      - {at: 2026-03-01 23:30 America/New_York, customer: tom, voucher: 30-off}
      - {at: 2026-03-02 08:00 America/New_York, customer: tom, email: thanks}
"""
    found = told(one(events, expect, "2026-03-05 00:00"))
    assert "+ 2026-03-02 09:00 America/New_York  tom  email thanks    happened, not expected" in found
    assert "planned 2026-03-01 23:30; it waited for the send window" in found


def test_the_second_purchase_within_30_days_does_not_enter() -> None:
    again = PAID.replace("03-01", "03-15")
    expect = """
      - {at: 2026-03-01 12:00, customer: mei, voucher: 30-off}
      - {at: 2026-03-01 12:00, customer: mei, email: thanks}
      - {at: 2026-03-15 12:00, customer: mei, not_entered: once per 30 days}
"""
    assert told(one(PAID + again, expect, "2026-03-20 00:00")) == ""


def test_ten_oclock_is_ten_oclock_also_after_the_clocks_change() -> None:
    events = PAID.replace("2026-03-01", "2026-03-10")
    expect = """
      - {at: 2026-03-10 12:00, customer: mei, voucher: 30-off}
      - {at: 2026-03-10 12:00, customer: mei, email: thanks}
      - {at: 2026-04-02 10:00, customer: mei, email: reminder}
"""
    assert told(one(events, expect)) == ""


EVERY = "playbook: thanks\npurpose: transactional\nwhen:\n  every: day\n  at: 02:30\ndo:\n  - email: thanks\n"
PLAIN = {**MESSAGES, "messages/thanks/en.md": "---\nsubject: Hello\n---\nHello.\n"}


def nights(start: str, until: str, *lines: str) -> str:
    head = "playbook: thanks\ngiven:\n  customers:\n    mei: {}\ntests:\n  - name: it\n"
    expect = "".join(f"      - {{at: {at}, customer: mei, email: thanks}}\n" for at in lines)
    tests = f"{head}    start: {start}\n    until: {until}\n    expect:\n{expect}"
    return "\n".join(one.told for one in Suite(shop(EVERY, tests, **PLAIN)).run() if not one.passed)


def test_an_hour_that_does_not_exist_is_the_first_after_it() -> None:
    assert nights("2026-03-28 12:00", "2026-03-30 12:00", "2026-03-29 03:00", "2026-03-30 02:30") == ""


def test_an_hour_that_comes_twice_fires_once() -> None:
    assert nights("2026-10-24 12:00", "2026-10-26 12:00", "2026-10-25 02:30", "2026-10-26 02:30") == ""


def test_only_the_tests_that_were_asked_for_are_played() -> None:
    assert [one.name for one in Suite(shop(tests=PASSING), "REMINDER").run()] != []
    assert list(Suite(shop(tests=PASSING), "no such name").run()) == []


def test_coverage_names_the_steps_that_no_test_reached() -> None:
    suite = Suite(shop(tests=one(PAID.replace("320", "3"), " nothing\n")))
    assert all(outcome.passed for outcome in suite.run())
    assert suite.gaps() == [
        "thanks.yaml:11  voucher 30-off  is reached by no test",
        "thanks.yaml:14  email thanks  is reached by no test",
        "thanks.yaml:15  wait_until 7 days before gift.expires_at  is reached by no test",
        "thanks.yaml:17  email reminder  is reached by no test",
        "0 of 4 steps are reached by tests",
    ]


def test_coverage_names_the_branches_that_no_test_took() -> None:
    branches = PLAYBOOK[: PLAYBOOK.index("  - email: thanks")] + (
        "  - choose:\n      - if: event.total >= 500\n        do:\n          - email: thanks\n"
        "      - else:\n          - email: reminder\n"
    )
    expect = """
      - {at: 2026-03-01 12:00, customer: mei, voucher: 30-off}
      - {at: 2026-03-01 12:00, customer: mei, email: reminder}
"""
    suite = Suite(shop(branches, one(PAID, expect)))
    assert [outcome.told for outcome in suite.run()] == [""]
    assert suite.gaps() == [
        "thanks.yaml:14  choose  `event.total >= 500` is taken in no test",
        "thanks.yaml:17  email thanks  is reached by no test",
        "3 of 4 steps are reached by tests, 1 of 2 branches are taken",
    ]


def test_junit_holds_every_test_and_what_was_told() -> None:
    written = junit(outcomes(PASSING.replace("says: [TEA-0000000001]", "says: [<COFFEE>]")))
    assert 'tests="1" failures="1"' in written
    assert "it does not say `&lt;COFFEE&gt;`" in written


def folder(root: Path, tests: str) -> str:
    files = {
        "settings/regulars.yaml": SETTINGS,
        "settings/vouchers.yaml": VOUCHERS,
        "thanks.yaml": PLAYBOOK,
        "tests/thanks.test.yaml": tests,
        **MESSAGES,
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return str(root)


def test_the_command_says_how_many_passed(tmp_path: Path) -> None:
    report = tmp_path / "junit.xml"
    result = CliRunner().invoke(command, [folder(tmp_path, PASSING), "--coverage", "--junit", str(report)])
    assert result.exit_code == 0, result.output
    assert "4 of 4 steps are reached by tests" in result.output
    assert "1 passed, 0 failed in " in result.output
    assert 'failures="0"' in report.read_text(encoding="utf-8")


def test_the_command_fails_where_a_test_does(tmp_path: Path) -> None:
    result = CliRunner().invoke(command, [folder(tmp_path, PASSING.replace("03-24", "03-23"))])
    assert result.exit_code == 1
    assert "0 passed, 1 failed in " in result.output


def test_the_command_fails_on_a_gap_only_where_all_must_be_reached(tmp_path: Path) -> None:
    gaps = one(PAID.replace("320", "3"), " nothing\n")
    told = CliRunner().invoke(command, [folder(tmp_path, gaps), "--coverage"])
    failed = CliRunner().invoke(command, [folder(tmp_path, gaps), "--complete"])
    assert (told.exit_code, failed.exit_code) == (0, 1)
    assert "thanks.yaml:14  email thanks  is reached by no test" in failed.output
    assert CliRunner().invoke(command, [folder(tmp_path, PASSING), "--complete"]).exit_code == 0


def test_the_command_fails_where_no_test_is_meant(tmp_path: Path) -> None:
    result = CliRunner().invoke(command, [folder(tmp_path, PASSING), "--run", "nobody"])
    assert result.exit_code == 1
    assert "no test is called `nobody`" in result.output


UNOPENED = """\
playbook: thanks
purpose: transactional
when: {event: order.paid}
do:
  - message: thanks
    by: [email, chat]
    unless_opened: 1 day
"""


def test_a_message_that_waited_to_be_opened_is_told_so() -> None:
    """Its window was open all the time."""
    given = "    given:\n      customers:\n        mei: {chat: mei-chat}\n"
    sent = "\n      - {at: 2026-03-01 12:00, customer: mei, email: thanks}\n"
    words = "---\nsubject: Thank you\nchat: Thank you\n---\nThank you.\n"
    files = {
        "messages/thanks/en.md": words,
        "settings/regulars.yaml": SETTINGS.replace("limits:", "  chat:\n    url: CHAT_URL\nlimits:"),
    }
    (outcome,) = Suite(shop(UNOPENED, one(PAID, sent, given=given), **files)).run()
    assert "  why: planned 2026-03-01 12:00; nobody opened it within 1 day\n" in outcome.told
