"""What a mail that came back says: each server's own form, and mails that want to deceive, to burden or to loop."""

import time
from base64 import encodebytes
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.bounces.meaning import meaning
from engine.bounces.parts import parts_of
from engine.bounces.report import LARGEST, Report, read_report
from engine.render import Token, return_address, tokens_in
from tests.bounces import mails

BASE = "bounces@mail.shop.example"
SECRETS = ["the first secret of many letters", "the present secret of many letters"]
ROW = {"id": 4711, "enrolment_id": 42, "customer_id": "mei", "rank": 0}
TO = return_address(SECRETS, BASE, ROW, "mei@example.com")
LEAVE = return_address(SECRETS, BASE, ROW, "mei@example.com", "leave")
OTHER = return_address(SECRETS, BASE, {**ROW, "id": 4712}, "tom@example.com")


def read(mail: bytes, envelope: str = "") -> Report:
    return read_report(mail, BASE, envelope)


def said(mail: bytes, envelope: str = "") -> tuple[str, str | None, int | None]:
    found = read(mail, envelope)
    return found.kind, found.status, found.token.message if found.token is not None else None


def base64(text: str) -> str:
    return encodebytes(text.encode()).decode()


# --- The address ------------------------------------------------------------------------------------------------------


def test_an_address_names_the_message_and_the_recipient_within_64_letters() -> None:
    local, _, domain = TO.partition("@")
    assert len(local) <= 64
    assert domain == "mail.shop.example"
    assert len(LEAVE.partition("@")[0]) <= 64
    (token,) = tokens_in(f"To: <{TO.upper()}>", BASE)  # some systems write addresses in capitals
    assert (token.purpose, token.message) == ("bounce", 4711)
    assert token.holds(SECRETS, ROW)
    assert token.is_of(SECRETS, "Mei@Example.com")
    assert not token.is_of(SECRETS, "tom@example.com")


def test_the_secret_may_be_changed_and_the_old_one_holds_beside_it() -> None:
    (old,) = tokens_in(return_address(SECRETS[:1], BASE, ROW, "mei@example.com"), BASE)
    assert old.holds(SECRETS, ROW)
    assert not old.holds(SECRETS[1:], ROW)


@pytest.mark.parametrize("other", [{"id": 4712}, {"enrolment_id": 43}, {"customer_id": "tom"}, {"rank": 1}])
def test_a_token_is_of_no_use_for_another_message(other: dict[str, object]) -> None:
    (token,) = tokens_in(TO, BASE)
    assert not token.holds(SECRETS, {**ROW, **other})


def test_a_token_for_one_purpose_is_of_no_use_for_another() -> None:
    (token,) = tokens_in(TO.replace("+", "+u-"), BASE)
    assert token.purpose == "leave"
    assert not token.holds(SECRETS, ROW)


@given(place=st.integers(0, 31), letter=st.sampled_from("abcdefghijklmnopqrstuvwxyz234567"))
def test_a_token_with_another_letter_holds_no_more(place: int, letter: str) -> None:
    start = TO.index("+") + 1 + place
    changed = TO[:start] + letter + TO[start + 1 :]
    for token in tokens_in(changed, BASE):
        assert token.holds(SECRETS, ROW) == (changed == TO)


@pytest.mark.parametrize("text", ["x" + TO, TO + "x", TO + ".evil.example", TO.replace("mail.shop", "evil"), TO[1:]])
def test_what_is_longer_or_elsewhere_is_no_address_of_ours(text: str) -> None:
    assert list(tokens_in(text, BASE)) == []


# --- The forms of servers and providers -------------------------------------------------------------------------------

FORMS: dict[str, tuple[bytes, str, str | None]] = {
    "postfix": (mails.postfix(TO), "dead", "5.1.1"),
    "postfix, full": (mails.postfix(TO, "5.2.2"), "full", "5.2.2"),
    "postfix, policy": (mails.postfix(TO, "5.7.1"), "refused", "5.7.1"),
    "postfix, disabled": (mails.postfix(TO, "5.2.1"), "dead", "5.2.1"),
    "postfix, not our sender": (mails.postfix(TO, "5.1.8"), "refused", "5.1.8"),
    "postfix, delayed": (mails.postfix(TO, "4.4.1", "delayed"), "delayed", "4.4.1"),
    "postfix, given up": (mails.postfix(TO, "4.4.1"), "refused", "4.4.1"),
    "postfix, relayed": (mails.postfix(TO, "2.0.0", "relayed"), "delivered", None),
    "postfix, delivered": (mails.postfix(TO, "2.1.5", "delivered"), "delivered", None),
    "postfix, vague status": (mails.postfix(TO, "5.0.0", reply="550 5.1.1 User unknown"), "dead", "5.0.0"),
    "exim": (mails.written(mails.EXIM, TO), "dead", "5.0.0"),
    "exim of old": (mails.written(mails.EXIM_OF_OLD, TO), "dead", "5.0.0"),
    "exim, warning": (mails.written(mails.EXIM_WARNING, TO), "delayed", None),
    "exchange": (mails.written(mails.EXCHANGE, TO, base64=base64(mails.EXCHANGE_STATUS)), "dead", "5.1.10"),
    "gmail": (mails.written(mails.GMAIL, TO), "dead", "5.1.1"),
    "qmail": (mails.written(mails.QMAIL, TO), "dead", "5.1.1"),
    "qq": (mails.written(mails.QQ, TO, base64=base64(mails.QQ_TEXT)), "dead", "5.0.0"),
    "qq, full": (mails.written(mails.QQ, TO, base64=base64(mails.QQ_FULL)), "full", "5.0.0"),
    "163": (mails.written(mails.NETEASE, TO, gbk="bytes in GBK"), "dead", "5.0.0"),
    "163, in GBK": (
        mails.written(mails.NETEASE, TO, gbk="HERE").replace(b"HERE", "系统退信".encode("gbk")),
        "dead",
        "5.0.0",
    ),
    "yahoo": (mails.written(mails.YAHOO, TO), "complained", None),
    "outlook": (mails.written(mails.JMRP, TO), "complained", None),
    "a mail to leave": (mails.written(mails.LEAVE, LEAVE), "left", None),
}


@pytest.mark.parametrize("name", FORMS)
def test_a_form_is_read_as_it_is_meant(name: str) -> None:
    mail, kind, status = FORMS[name]
    assert said(mail) == (kind, status, 4711)


@pytest.mark.parametrize("name", FORMS)
def test_lines_may_end_as_they_like(name: str) -> None:
    mail, kind, status = FORMS[name]
    assert said(b"From MAILER-DAEMON Sun Mar  1 12:00:05 2026\n" + mail.replace(b"\r\n", b"\n")) == (kind, status, 4711)


@pytest.mark.parametrize(
    ("kind", "means"),
    [
        ("fraud", "complained"),
        ("other", "complained"),
        ("opt-out", "left"),
        ("not-spam", "ignored"),
        ("virus", "ignored"),
    ],
)
def test_a_report_of_feedback_says_of_what(kind: str, means: str) -> None:
    mail = mails.written(mails.YAHOO, TO).replace(b"Feedback-Type: abuse", f"Feedback-Type: {kind}".encode())
    assert read(mail).kind == means


def test_the_server_may_tell_whom_a_mail_was_for() -> None:
    mail = mails.postfix("bounces@mail.shop.example").replace(b"Return-Path: <bounces@", b"Return-Path: <x@")
    assert said(mail)[2] is None
    assert said(mail, TO) == ("dead", "5.1.1", 4711)


@pytest.mark.parametrize(
    ("status", "text", "means"),
    [
        ("5.1.1", "", "dead"),
        ("5.1.7", "", "refused"),
        ("5.4.4", "", "refused"),
        ("5.7.1", "user unknown to our filter", "refused"),
        ("5.0.0", "554 delivery error: dd This user doesn't have a yahoo.com account", "dead"),
        ("5.0.0", "550 Mail content denied", "refused"),
        ("5.0.0", "554 DT:SPM 163 smtp", "refused"),
        ("5.0.0", "552 Quota exceeded (mailbox for user is full)", "full"),
        ("5.0.0", "550 5.7.1 blocked: recipient does not exist in our list of friends", "refused"),
        ("5.0.0", "550 host 5.1.1.1 refused", "refused"),
    ],
)
def test_a_code_says_what_it_means_and_words_only_where_it_says_nothing(status: str, text: str, means: str) -> None:
    assert meaning(status, text) == means


# --- What changes nothing ---------------------------------------------------------------------------------------------

BOTH = mails.postfix(TO).replace(f"\r\nTo: {TO}".encode(), f"\r\nTo: {TO}, {OTHER}".encode())
HOSTILE: dict[str, bytes] = {
    "out of office": mails.written(mails.OUT_OF_OFFICE, TO),
    "vacation": mails.written(mails.VACATION, TO),
    "a person's answer": mails.written(mails.PERSON, TO),
    "our own mail": mails.written(mails.OURS, TO),
    "an answer by a machine to the address for leaving": mails.written(mails.VACATION, LEAVE),
    "a bounce to the address for leaving": mails.postfix(LEAVE),
    "to nobody": mails.postfix("bounces@mail.shop.example").replace(b"Return-Path: <bounces@", b"Return-Path: <x@"),
    "two messages": BOTH,
    "in a circle": b"Received: by a; b\r\n" * 40 + mails.postfix(TO),
    "5 MB": mails.postfix(TO) + b"x" * 5_000_000,
    "nothing": b"",
    "NULs": b"\0" * 1000,
    "only a head": b"To: " + TO.encode(),
    "a report of nothing": mails.postfix(TO).replace(b"Action: failed\r\n", b""),
    "a report of an unknown action": mails.postfix(TO, action="exploded"),
    "a complaint that does not say so": mails.written(mails.YAHOO, TO).replace(b"Feedback-Type: abuse\r\n", b""),
    "a read receipt": mails.written(mails.PERSON, TO).replace(
        b"Subject:", b"Content-Type: multipart/report; report-type=disposition-notification; boundary=x\r\nSubject:"
    ),
    "a postmaster's greeting": mails.written(mails.PERSON, TO)
    .replace(b"Mei <mei@", b"<postmaster@")
    .replace(b"5.1.1", b"five"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_it_changes_nothing_and_says_why(name: str) -> None:
    found = read(HOSTILE[name])
    assert (found.kind, found.token) == ("ignored", None)
    assert found.said


def nested(depth: int) -> bytes:
    head = b"".join(b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (n, n) for n in range(depth))
    return f"To: {TO}\r\n".encode() + head + mails.postfix(TO)


BURDENS: dict[str, Callable[[], bytes]] = {
    "nested 100 deep": lambda: nested(100),
    "nested 20,000 deep": lambda: nested(20_000)[:LARGEST],
    "50,000 fields": lambda: b"".join(b"X-%d: x\r\n" % n for n in range(50_000)) + mails.postfix(TO),
    "a megabyte of one field": lambda: b"Subject: " + b"x" * (LARGEST - 5000) + b"\r\n" + mails.postfix(TO),
    "a megabyte of folds": lambda: b"Subject: x\r\n" + b" x\r\n" * 200_000 + mails.postfix(TO),
    "semicolons": lambda: b'Content-Type: multipart/report; boundary="' + b";" * 1_000_000,
    "quotes": lambda: b"Content-Type: multipart/report" + b';"\\' * 300_000,
    "boundaries": lambda: b"Content-Type: multipart/mixed; boundary=x\r\n\r\n" + b"--x\r\n" * 200_000,
    "blocks": lambda: mails.postfix(TO).replace(b"Reporting-MTA", b"\r\n\r\n" * 200_000 + b"Reporting-MTA"),
    "addresses": lambda: b"To: " + (TO.encode() + b", ") * 12_000 + b"\r\n\r\n",
    "at signs": lambda: b"To: " + b"bounces+" * 120_000 + b"\r\n\r\n",
    "encoded words": lambda: b"From: " + b"=?utf-8?q?=?=" * 70_000 + b"\r\n\r\n",
    "words": lambda: mails.written(mails.QMAIL, TO).replace(b"192.0.2.1", b"recipient " * 90_000),
    "digits": lambda: mails.written(mails.QMAIL, TO).replace(b"192.0.2.1", b"5.1." * 200_000),
}


@pytest.mark.parametrize("name", BURDENS)
def test_a_burden_is_borne(name: str) -> None:
    mail = BURDENS[name]()
    before = time.process_time()
    assert isinstance(read(mail), Report)
    assert time.process_time() - before < 2  # milliseconds here; by the square it would be minutes


@settings(max_examples=300)
@given(st.binary(max_size=400))
def test_any_bytes_are_read(mail: bytes) -> None:
    assert read(mail).kind == "ignored"


@settings(max_examples=300)
@given(
    name=st.sampled_from(sorted(FORMS)),
    cuts=st.lists(st.tuples(st.integers(0, 3000), st.binary(max_size=20)), max_size=4),
)
def test_a_spoilt_report_names_our_message_or_none(name: str, cuts: list[tuple[int, bytes]]) -> None:
    mail = FORMS[name][0]
    for at, put in cuts:
        mail = mail[:at] + put + mail[at + len(put) :]
    token = read(mail).token
    assert token is None or isinstance(token, Token)
    if token is not None and token.holds(SECRETS, ROW):
        assert token.message == 4711


@pytest.mark.parametrize("word", ["=?utf-8?b?a?=", "=?utf-8?q?=00=80?=", "=?punycode?q?=FF?=", "=?nowhere?q?a?="])
@pytest.mark.parametrize("field", ["From", "Subject"])
def test_encoded_words_that_are_none_stand_as_they_are(field: str, word: str) -> None:
    assert read(f"To: {TO}\r\n{field}: {word}\r\n\r\nBuy.\r\n".encode()).kind == "ignored"


def test_a_mail_within_a_mail_is_not_looked_into() -> None:
    """Else a stranger's bounce, passed on to us inside of his own mail, would count as ours."""
    inner = mails.postfix(TO).decode()
    mail = f"To: {TO}\r\nContent-Type: message/rfc822\r\n\r\n{inner}".encode()
    assert [part.kind for part in parts_of(mail.replace(b"\r\n", b"\n"))] == ["message/rfc822"]
    assert read(mail).kind == "ignored"
