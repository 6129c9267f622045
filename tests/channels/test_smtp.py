"""A real relay that refuses, stalls and drops: what is certain must be, and the rest must say that it is not."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from engine.channels import Accepted, Done, Failed, Letter, Retry, Smtp, Uncertain
from engine.settings.channels import Email
from tests.smtp_sink import DROP, STALL, Relay

SOON = timedelta(seconds=0.1)
CERTIFICATE = Path(__file__).with_name("localhost.pem")


@contextmanager
def channel(
    port: int, timeout: timedelta | None = None, tls: ssl.SSLContext | None = None, **more: Any
) -> Iterator[Smtp]:
    email = Email.model_validate({"from": "shop@example.com", "host": "localhost", "port": port, **more})
    smtp = Smtp(email, {"RELAY_PASSWORD": "correct horse"}, timeout, tls)
    try:
        yield smtp
    finally:
        smtp.close()


def letter(number: int = 1) -> Letter:
    return Letter(
        f"m{number}", "shop@example.com", f"c{number}@example.com", b"Subject: hi\r\n\r\n.dot\r\n..two\r\nend\r\n"
    )


def send(smtp: Smtp, *letters: Letter) -> list[object]:
    """The outcome of each letter, the refused ones included."""
    answers = smtp.offer(letters)
    accepted = [answer for answer in answers if isinstance(answer, Accepted)]
    outcomes = iter(smtp.hand_over(accepted))
    return [next(outcomes) if isinstance(answer, Accepted) else answer for answer in answers]


def test_a_letter_arrives_with_every_dot() -> None:
    with Relay() as relay, channel(relay.port) as smtp:
        assert send(smtp, letter()) == [Done("250 2.0.0 kept")]
        assert [(one.sender, one.recipients) for one in relay.mails] == [("shop@example.com", ("c1@example.com",))]
        assert relay.mails[0].content == letter().content


def test_nothing_of_the_content_leaves_before_the_letter_is_handed_over() -> None:
    with Relay() as relay, channel(relay.port) as smtp:
        assert isinstance(smtp.offer([letter()])[0], Accepted)
        assert relay.commands == ["EHLO", "MAIL", "RCPT"]


def test_letters_go_over_several_connections_which_are_kept() -> None:
    with Relay() as relay, channel(relay.port, connections=3) as smtp:
        for begin in (0, 3, 6):
            assert send(smtp, *(letter(begin + n) for n in range(3))) == [Done("250 2.0.0 kept")] * 3
        assert relay.connections == 3
        assert len(relay.mails) == 9


def test_more_letters_than_connections_cannot_be_offered() -> None:
    with channel(1, connections=2) as smtp, pytest.raises(ValueError, match="3 letters are offered over 2 connections"):
        smtp.offer([letter(n) for n in range(3)])


def test_a_connection_retires_after_a_hundred_letters() -> None:
    with Relay() as relay, channel(relay.port, connections=1) as smtp:
        for number in range(101):
            assert send(smtp, letter(number)) == [Done("250 2.0.0 kept")]
        assert relay.connections == 2


def test_a_letter_not_handed_over_is_let_go_and_never_sent() -> None:
    with Relay() as relay, channel(relay.port) as smtp:
        first = smtp.offer([letter(1)])[0]
        assert send(smtp, letter(2)) == [Done("250 2.0.0 kept")]
        assert [mail.recipients for mail in relay.mails] == [("c2@example.com",)]
        assert isinstance(first, Accepted)
        with pytest.raises(ValueError, match="not of the last offer"):
            smtp.hand_over([first])


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        ("550 5.1.1 no such user", Failed(550, "5.1.1 no such user", suppress=True)),
        ("550 5.2.1 mailbox closed", Failed(550, "5.2.1 mailbox closed", suppress=True)),
        ("550 5.1.10 null MX", Failed(550, "5.1.10 null MX", suppress=True)),
        ("550 5.1.8 bad sender's domain", Failed(550, "5.1.8 bad sender's domain", suppress=False)),
        ("550 5.7.1 policy", Failed(550, "5.7.1 policy", suppress=False)),
        ("550 no code", Failed(550, "no code", suppress=False)),
        ("552 5.2.2 mailbox full", Failed(552, "5.2.2 mailbox full", suppress=False)),
        ("450 4.2.0 greylisted", Retry(timedelta(minutes=5), 450, "4.2.0 greylisted", "message")),
        ("421 4.7.0 slow down", Retry(None, 421, "4.7.0 slow down", "relay")),
        ("530 5.7.0 log in first", Retry(None, 530, "5.7.0 log in first", "relay")),
    ],
)
def test_a_refused_recipient_is_certain(reply: str, outcome: object) -> None:
    with Relay(RCPT=[reply]) as relay, channel(relay.port) as smtp:
        assert send(smtp, letter()) == [outcome]
        assert relay.mails == []


def test_one_refusal_leaves_the_other_letters_alone_and_costs_its_connection() -> None:
    with Relay(RCPT=["550 5.1.1 no such user"]) as relay, channel(relay.port, connections=2) as smtp:
        outcomes = send(smtp, letter(1), letter(2))
        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Done", "Failed"]
        assert all(isinstance(outcome, Done) for outcome in send(smtp, letter(3), letter(4)))
        assert relay.connections == 3


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        ("451 4.3.0 try later", Retry(None, 451, "4.3.0 try later", "relay")),
        ("530 5.7.0 log in first", Retry(None, 530, "5.7.0 log in first", "relay")),
        ("553 5.1.8 who are you", Failed(553, "5.1.8 who are you", suppress=False)),
        ("552 5.3.4 too large", Failed(552, "5.3.4 too large", suppress=False)),
    ],
)
def test_a_refused_sender_is_certain(reply: str, outcome: object) -> None:
    with Relay(MAIL=[reply]) as relay, channel(relay.port) as smtp:
        assert send(smtp, letter()) == [outcome]


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "greeting"])
@pytest.mark.parametrize("fault", [DROP, STALL, "421 4.3.2 going down"])
def test_before_the_content_every_fault_is_certain_and_the_relays(step: str, fault: str) -> None:
    with Relay(**{step: [fault]}) as relay, channel(relay.port, SOON) as smtp:
        (outcome,) = send(smtp, letter())
        assert isinstance(outcome, Retry)
        assert outcome.scope == "relay"
        assert relay.mails == []
        assert send(smtp, letter()) == [Done("250 2.0.0 kept")]


@pytest.mark.parametrize("step", ["DATA", "dot"])
@pytest.mark.parametrize("fault", [DROP, STALL, "250-half a reply", "999 what", "hello"])
def test_silence_or_nonsense_after_data_is_uncertain(step: str, fault: str) -> None:
    with Relay(**{step: [fault]}) as relay, channel(relay.port, SOON) as smtp:
        (outcome,) = send(smtp, letter())
        assert isinstance(outcome, Uncertain)
        assert send(smtp, letter(2)) == [Done("250 2.0.0 kept")]
        assert relay.connections == 2, "the connection of the fault was used again"


@pytest.mark.parametrize("step", ["DATA", "dot"])
@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        ("451 4.3.0 disk full", Retry(timedelta(minutes=5), 451, "4.3.0 disk full", "message")),
        ("421 4.4.2 closing", Retry(None, 421, "4.4.2 closing", "relay")),
        ("554 5.6.0 not this content", Failed(554, "5.6.0 not this content", suppress=False)),
        ("550 5.1.1 no such user", Failed(550, "5.1.1 no such user", suppress=True)),
    ],
)
def test_a_refusal_after_data_is_certain(step: str, reply: str, outcome: object) -> None:
    with Relay(**{step: [reply]}) as relay, channel(relay.port) as smtp:
        assert send(smtp, letter()) == [outcome]
        assert relay.mails == []


def test_a_connection_that_the_relay_closed_while_it_rested_is_replaced() -> None:
    with Relay() as relay, channel(relay.port) as smtp:
        send(smtp, letter(1))
        relay.answers["MAIL"] = ["421 4.4.2 you were idle"]
        assert send(smtp, letter(2)) == [Done("250 2.0.0 kept")]
        assert relay.connections == 2


def test_no_relay_at_all() -> None:
    with Relay() as relay:
        port = relay.port
    with channel(port) as smtp:
        (outcome,) = smtp.offer([letter()])
    assert isinstance(outcome, Retry)
    assert (outcome.scope, outcome.code) == ("relay", None)


def test_an_address_with_a_line_break_never_becomes_a_command() -> None:
    evil = Letter("m", "shop@example.com", "a@example.com>\r\nRCPT TO:<b@example.com", b"x")
    with Relay() as relay, channel(relay.port) as smtp:
        (outcome,) = smtp.offer([evil])
        assert isinstance(outcome, Failed)
        assert "RCPT" not in relay.commands


def test_it_works_from_a_thread_without_a_loop() -> None:
    outcomes: list[object] = []
    with Relay() as relay, channel(relay.port) as smtp:
        thread = Thread(target=lambda: outcomes.extend(send(smtp, letter())))
        thread.start()
        thread.join()
    assert outcomes == [Done("250 2.0.0 kept")]


def test_starttls_is_never_given_up() -> None:
    with Relay() as relay, channel(relay.port, security="starttls") as smtp:
        (outcome,) = smtp.offer([letter()])
        assert isinstance(outcome, Retry)
        assert "STARTTLS" in outcome.reply
        assert "MAIL" not in relay.commands


def test_a_login_that_the_relay_does_not_offer_is_not_skipped() -> None:
    with Relay() as relay, channel(relay.port, user="shop", password="RELAY_PASSWORD") as smtp:
        (outcome,) = smtp.offer([letter()])
        assert isinstance(outcome, Retry)
        assert outcome.scope == "relay"
        assert "MAIL" not in relay.commands


def test_the_password_must_be_in_the_environment() -> None:
    email = Email.model_validate({"from": "shop@example.com", "user": "shop", "password": "RELAY_PASSWORD"})
    with pytest.raises(ValueError, match="RELAY_PASSWORD"):
        Smtp(email, {})


class _Box:
    """The receiving side of an independent server, over TLS and with a login."""

    def __init__(self) -> None:
        self.contents: list[bytes] = []

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:  # noqa: N802
        assert session.ssl is not None or server.transport.get_extra_info("sslcontext")
        self.contents.append(envelope.content)
        return "250 kept"


def _login(server: SMTP, session: Any, envelope: Any, mechanism: str, proof: Any) -> AuthResult:
    right = isinstance(proof, LoginPassword) and proof == LoginPassword(b"shop", b"correct horse")
    return AuthResult(success=right, handled=False)


@contextmanager
def secure_relay(security: str) -> Iterator[tuple[int, _Box]]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(CERTIFICATE)
    box = _Box()
    tls = {"ssl_context": context} if security == "tls" else {"tls_context": context, "require_starttls": True}
    login = {"authenticator": _login, "auth_required": True, "auth_require_tls": security != "tls"}
    with socket.create_server(("localhost", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(box, hostname="localhost", port=port, **tls, **login)
    controller.start()
    try:
        yield port, box
    finally:
        controller.stop()


@pytest.mark.filterwarnings("ignore:Requiring AUTH")
@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_tls_and_login(security: str) -> None:
    trusted = ssl.create_default_context(cafile=str(CERTIFICATE))
    user = {"user": "shop", "password": "RELAY_PASSWORD"}
    with secure_relay(security) as (port, box), channel(port, None, trusted, security=security, **user) as smtp:
        assert [type(outcome) for outcome in send(smtp, letter())] == [Done]
        assert box.contents == [letter().content]


@pytest.mark.filterwarnings("ignore:Requiring AUTH")
@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_wrong_password_stops_the_relay_and_keeps_the_letter(security: str) -> None:
    trusted = ssl.create_default_context(cafile=str(CERTIFICATE))
    user = {"user": "thief", "password": "RELAY_PASSWORD"}
    with secure_relay(security) as (port, _), channel(port, None, trusted, security=security, **user) as smtp:
        (outcome,) = smtp.offer([letter()])
        assert isinstance(outcome, Retry)
        assert (outcome.scope, outcome.code) == ("relay", 535)
        assert "correct horse" not in repr(outcome)


@pytest.mark.filterwarnings("ignore:Requiring AUTH")
@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_certificate_that_nobody_vouches_for_is_refused(security: str) -> None:
    with secure_relay(security) as (port, box), channel(port, None, None, security=security) as smtp:
        (outcome,) = smtp.offer([letter()])
        assert isinstance(outcome, Retry)
        assert outcome.scope == "relay"
        assert box.contents == []
