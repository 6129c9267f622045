"""A real relay and the channel of mail: how letters go over its connections, and when the gate is asked."""

from collections import Counter
from collections.abc import Iterator
from threading import Thread

import pytest

from engine.channels import Done, Failed, Letter, Outcome
from engine.channels.smtp import Patience, Smtp
from engine.failpoints import Crash, armed
from engine.settings.channels import Email
from tests.channels.posting import Clock, Gate, channel, letter, letters, send, through
from tests.smtp_sink import FINE, NOBODY, Relay

KEPT = Done("250 2.0.0 kept")
LOCK_STEP = ("8BITMIME",)


def test_a_letter_arrives_with_every_dot() -> None:
    with Relay() as relay, channel(relay.port) as smtp:
        assert send(smtp, letter()) == [KEPT]
        assert [(one.sender, one.recipients) for one in relay.mails] == [("shop@example.com", ("c1@example.com",))]
        assert relay.mails[0].content == letter().content


@pytest.mark.parametrize("extensions", [None, LOCK_STEP, ()])
def test_many_letters_go_over_few_connections_which_are_kept(extensions: tuple[str, ...] | None) -> None:
    with Relay(extensions=extensions) as relay, channel(relay.port, connections=3) as smtp:
        for _ in range(2):
            assert send(smtp, *letters(40)) == [KEPT] * 40
        assert relay.connections <= 3
        assert len(relay.mails) == 80
        assert sorted(mail.recipients for mail in relay.mails[:40]) == sorted((one.recipient,) for one in letters(40))


def test_nothing_is_pipelined_that_was_not_announced() -> None:
    with Relay(extensions=LOCK_STEP) as relay, channel(relay.port, connections=1) as smtp:
        gate = Gate(at=lambda: seen.append(relay.commands[-1]))
        seen: list[str] = []
        through(smtp, letters(3), gate)
        assert seen == ["RCPT"] * 3, "the gate is asked before DATA"
        assert relay.commands == ["EHLO", *["MAIL", "RCPT", "DATA"] * 3]


def test_the_gate_is_asked_when_the_relay_waits_for_the_content() -> None:
    with Relay() as relay, channel(relay.port, connections=1) as smtp:
        seen: list[tuple[str, int]] = []
        through(smtp, letters(3), Gate(at=lambda: seen.append((relay.commands[-1], len(relay.mails)))))
        assert seen == [("DATA", 0), ("DATA", 1), ("DATA", 2)], "one content in flight on a connection"


def test_connections_that_wait_at_the_same_moment_are_asked_for_together() -> None:
    with Relay() as relay, channel(relay.port, connections=10) as smtp:
        gate = through(smtp, letters(400))
        assert sorted(key for asked in gate.asked for key in asked) == sorted(one.key for one in letters(400))
        assert max(len(asked) for asked in gate.asked) > 1
        assert len(gate.asked) < 400


@pytest.mark.parametrize("extensions", [None, LOCK_STEP])
def test_a_letter_that_the_gate_refuses_never_leaves_and_is_not_told_of(extensions: tuple[str, ...] | None) -> None:
    with Relay(extensions=extensions) as relay, channel(relay.port, connections=2) as smtp:
        gate = through(smtp, letters(9), Gate(refused={"m3", "m4", "m9"}))
        assert sorted(gate.outcomes) == ["m1", "m2", "m5", "m6", "m7", "m8"]
        assert sorted(mail.recipients[0] for mail in relay.mails) == [f"c{n}@example.com" for n in (1, 2, 5, 6, 7, 8)]
        assert send(smtp, letter(3)) == [KEPT]


def test_letters_are_pulled_as_there_is_room_for_them() -> None:
    pulled: list[int] = []

    def making() -> Iterator[Letter]:
        for number in range(1, 101):
            pulled.append(number)
            yield letter(number)

    ahead: list[int] = []
    with Relay() as relay, channel(relay.port, connections=2) as smtp:
        gate = Gate(at=lambda: ahead.append(len(pulled) - len(gate.told)))
        through(smtp, making(), gate)
        assert len(relay.mails) == 100
        assert max(ahead) <= 6, "for each connection one on its way, one that is announced, and one to follow"


def test_a_pass_without_letters_connects_to_nothing() -> None:
    with Relay() as relay, channel(relay.port) as smtp:
        assert through(smtp, []).told == []
        assert relay.connections == 0


def test_a_connection_retires_after_a_hundred_letters() -> None:
    with Relay() as relay, channel(relay.port, connections=1) as smtp:
        assert send(smtp, *letters(201)) == [KEPT] * 201
        assert relay.connections == 3


def test_a_connection_that_rested_too_long_is_replaced() -> None:
    with Relay() as relay, channel(relay.port, Patience(5, 5, idle=0), connections=1) as smtp:
        assert send(smtp, letter(1)) == send(smtp, letter(2)) == [KEPT]
        assert relay.connections == 2


def test_a_relay_that_allows_fewer_connections_gets_fewer() -> None:
    with Relay(greeting=["220 one is fine", "421 4.7.0 too many connections"]) as relay:
        with channel(relay.port, connections=10) as smtp:
            assert send(smtp, *letters(50)) == [KEPT] * 50
        assert relay.connections <= 10


@pytest.mark.parametrize(
    "address",
    ["a@example.com>\r\nRCPT TO:<b@example.com", "a@b.example, c@d.example", "a@example.com\0", "<a@b:c@d>", ""],
)
def test_an_address_that_is_not_one_never_becomes_a_command(address: str) -> None:
    with Relay() as relay, channel(relay.port) as smtp:
        for evil in (
            Letter("m", "shop@example.com", address, letter().content),
            Letter("m", address, "c@example.com", letter().content),
        ):
            (outcome,) = send(smtp, evil)
            assert isinstance(outcome, Failed)
        assert relay.connections == 0


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"Subject: hi\r\n\r\nend", "the mail does not end with a line break"),
        (b"", "the mail does not end with a line break"),
        (b"Subject: hi\n\nend\n", "the mail has a line break that is not CRLF"),
        (b"Subject: hi\r\n\r\nx\n.\r\nMAIL FROM:<evil@example.com>\r\n", "the mail has a line break that is not CRLF"),
        (b"Subject: hi\r\n\r\nx\r.\r\nMAIL FROM:<evil@example.com>\r\n", "the mail has a line break that is not CRLF"),
        (b"Subject: hi\r\n\r\nx\r\r\n", "the mail has a line break that is not CRLF"),
        (b"Subject: hi\r\n\r\nx\0y\r\n", "the mail has a NUL"),
        (b"Subject: hi\r\n\r\n" + b"x" * 100_000 + b"\r\n", "the mail has a line of 100,000 bytes; 998 are the most"),
    ],
)
def test_a_content_that_others_would_read_differently_is_refused_before_anything_is_said(
    content: bytes, reason: str
) -> None:
    with Relay() as relay, channel(relay.port) as smtp:
        assert send(smtp, letter(1, content)) == [Failed(554, reason, suppress=False, cause="content")]
        assert relay.connections == 0


@pytest.mark.parametrize(
    "content", [b".\r\n", b"..\r\n.\r\n\r\n.\r\n", b"x" * 998 + b"\r\n", b"\r\n.\r\nMAIL FROM:<a@b.c>\r\n"]
)
def test_a_content_arrives_byte_for_byte(content: bytes) -> None:
    with Relay() as relay, channel(relay.port) as smtp:
        assert send(smtp, letter(1, content), letter(2, content)) == [KEPT] * 2
        assert [mail.content for mail in relay.mails] == [content] * 2


def test_it_works_from_a_thread_without_a_loop() -> None:
    outcomes: list[Outcome] = []
    with Relay() as relay, channel(relay.port) as smtp:
        thread = Thread(target=lambda: outcomes.extend(send(smtp, letter())))
        thread.start()
        thread.join()
    assert outcomes == [KEPT]


def test_the_password_must_be_in_the_environment() -> None:
    email = Email.model_validate({"from": "shop@example.com", "user": "shop", "password": "RELAY_PASSWORD"})
    with pytest.raises(ValueError, match="RELAY_PASSWORD"):
        Smtp(email, {}, Clock())


class Broken(Exception):
    """The store went away."""


@pytest.mark.parametrize("extensions", [None, LOCK_STEP])
def test_when_the_gate_breaks_nothing_leaves_and_the_channel_lives_on(extensions: tuple[str, ...] | None) -> None:
    def breaks() -> None:
        raise Broken

    with Relay(extensions=extensions) as relay, channel(relay.port) as smtp:
        with pytest.raises(Broken):
            through(smtp, letters(20), Gate(at=breaks))
        assert relay.mails == []
        assert send(smtp, *letters(20)) == [KEPT] * 20


def test_when_a_letter_cannot_be_made_those_on_their_way_are_broken_off() -> None:
    def making() -> Iterator[Letter]:
        yield letter(1)
        raise Broken

    with Relay() as relay, channel(relay.port) as smtp:
        with pytest.raises(Broken):
            through(smtp, making())
        assert relay.mails == []
        assert send(smtp, letter(2)) == [KEPT]


@pytest.mark.parametrize("extensions", [None, LOCK_STEP])
@pytest.mark.parametrize(
    ("place", "asked", "taken"),
    [
        ("smtp.connected", False, False),
        ("smtp.rcpt", False, False),
        ("smtp.354", None, False),
        ("smtp.half", True, False),
        ("smtp.dot", True, True),
        ("smtp.replied", True, True),
    ],
)
def test_a_crash_at_each_place_leaves_what_its_name_says(
    place: str, asked: bool | None, taken: bool, extensions: tuple[str, ...] | None
) -> None:
    with Relay(extensions=extensions) as relay, channel(relay.port, connections=1) as smtp:
        gate = Gate()
        with armed(place), pytest.raises(Crash):
            through(smtp, letters(1), gate)
        assert bool(gate.asked) == (extensions is not None if asked is None else asked)
        assert gate.told == []
        assert send(smtp, letter(2)) == [KEPT]
        assert (("c1@example.com",) in [mail.recipients for mail in relay.mails]) == taken


def test_one_refusal_leaves_the_other_letters_and_the_connection_alone() -> None:
    with Relay(RCPT=["550 5.1.1 no such user"]) as relay, channel(relay.port, connections=1) as smtp:
        first, *others = send(smtp, *letters(5))
        assert first == Failed(550, "5.1.1 no such user", suppress=True, cause="address")
        assert others == [KEPT] * 4
        assert relay.connections == 1


def test_a_relay_that_wants_a_content_without_a_recipient_gets_a_dot_alone() -> None:
    """Postfix and others say 354 to a DATA that was pipelined behind a refused RCPT."""
    with Relay(RCPT=["550 5.1.1 no such user"], DATA=[NOBODY]) as relay, channel(relay.port, connections=1) as smtp:
        first, second = send(smtp, letter(1), letter(2))
        assert isinstance(first, Failed)
        assert second == KEPT
        assert [mail.recipients for mail in relay.mails] == [("c2@example.com",)]


def test_a_refused_recipient_does_not_reach_the_next_letter() -> None:
    """The transaction that MAIL began is reset; else the relay would say that there is a sender already."""
    with Relay(RCPT=["550 5.1.1 no such user"], DATA=["503 5.5.1 no recipients"]) as relay:
        with channel(relay.port, connections=1) as smtp:
            assert send(smtp, letter(1), letter(2))[1] == KEPT
        assert relay.commands[:8] == ["EHLO", "MAIL", "RCPT", "DATA", "RSET", "MAIL", "RCPT", "DATA"]


@pytest.mark.parametrize("extensions", [None, LOCK_STEP])
def test_many_refusals_among_many_letters(extensions: tuple[str, ...] | None) -> None:
    rcpt = ["550 5.1.1 no such user", FINE, "450 4.2.0 busy", FINE, FINE] * 10
    with Relay(extensions=extensions, RCPT=rcpt, dot=["554 5.6.0 no", FINE] * 5) as relay:
        with channel(relay.port, connections=3) as smtp:
            outcomes = send(smtp, *letters(60))
        kinds = Counter(type(one).__name__ for one in outcomes)
        assert kinds == {"Failed": 15, "Retry": 10, "Done": 35}
        assert len(relay.mails) == 35
        for one, outcome in zip(letters(60), outcomes, strict=True):
            assert ((one.recipient,) in [mail.recipients for mail in relay.mails]) == isinstance(outcome, Done)
