"""What a bad relay or a bad network does to mail: what is certain must be, the rest must say that it is not, and why."""

import socket
from datetime import timedelta

import pytest

from engine.channels import Done, Failed, Outcome, Retry, Uncertain
from tests.channels.posting import SOON, Clock, Gate, channel, letter, letters, send, through
from tests.smtp_sink import DROP, ENDLESS_LINE, ENDLESS_REPLY, FINE, LATE, SKIP, STALL, TRICKLE, Relay
from tests.tcp_proxy import Proxy, Toxics

KEPT = Done("250 2.0.0 kept")
LOCK_STEP = ("8BITMIME",)
FIRST = timedelta(seconds=30)
CLOSED = "the relay closed the connection"
SILENT = f"the relay did not answer within {SOON.answer:g} seconds"
SILENT_AT_LAST = f"the relay did not answer within {SOON.final:g} seconds"
both_ways = pytest.mark.parametrize("extensions", [None, LOCK_STEP])


def cuts(first: int, last: int) -> list[tuple[str, int]]:
    """Where a connection is cut, in bytes; fewer where it takes a while until that is found out."""
    found = [(toxic, passing) for toxic in ("limit", "reset") for passing in range(first, last, 30)]
    return found + [("black_hole", passing) for passing in range(first, last, 100)]


def resting(code: int | None, reply: str) -> Retry:
    return Retry(FIRST, code, reply, "relay")


# --- 74: no relay -----------------------------------------------------------------------------------------------------


def test_a_relay_that_is_not_there_is_left_alone_for_a_while_and_costs_one_letter() -> None:
    clock = Clock()
    with Relay() as relay:
        port = relay.port
    with channel(port, clock=clock, connections=10) as smtp:
        gate = through(smtp, letters(50))
        assert list(gate.outcomes) == ["m1"]
        (outcome,) = gate.outcomes.values()
        assert isinstance(outcome, Retry)
        assert (outcome.after, outcome.code, outcome.scope) == (FIRST, None, "relay")
        assert outcome.reply.startswith(f"Error connecting to localhost on port {port}")
        clock.pass_by(seconds=10)
        (later,) = send(smtp, letter(2))
        assert later == Retry(timedelta(seconds=20), None, outcome.reply, "relay")


def test_each_time_it_is_left_alone_for_longer_until_it_is_back() -> None:
    clock = Clock()
    with Relay(greeting=["421 4.3.2 down"] * 6) as relay, channel(relay.port, clock=clock, connections=1) as smtp:
        waits = []
        for _ in range(6):
            (outcome,) = send(smtp, letter())
            assert isinstance(outcome, Retry) and outcome.after is not None
            waits.append(outcome.after.total_seconds())
            clock.now += outcome.after
        assert waits == [30, 60, 120, 240, 300, 300]
        assert send(smtp, *letters(5)) == [KEPT] * 5
        relay.order(greeting=["421 4.3.2 down"])
        relay.order(MAIL=[DROP])
        assert send(smtp, letter()) == [resting(421, "421 4.3.2 down")], "it begins anew"


def test_a_name_that_leads_nowhere() -> None:
    with channel(25, host="nowhere.invalid") as smtp:
        (outcome,) = send(smtp, letter())
        assert isinstance(outcome, Retry)
        assert outcome.scope == "relay"
        assert outcome.reply.startswith("Error connecting to nowhere.invalid on port 25")


def test_a_host_that_takes_the_connection_and_says_nothing() -> None:
    with socket.create_server(("localhost", 0)) as silent, channel(silent.getsockname()[1], SOON) as smtp:
        (outcome,) = send(smtp, letter())
        assert isinstance(outcome, Retry)
        assert outcome.scope == "relay"


# --- 75: 421, and what else speaks of the connection ------------------------------------------------------------------


@both_ways
@pytest.mark.parametrize("step", ["greeting", "EHLO", "MAIL", "RCPT", "DATA", "dot"])
def test_421_shuts_the_door_at_any_step_and_loses_nothing(step: str, extensions: tuple[str, ...] | None) -> None:
    with Relay(extensions=extensions, **{step: ["421 4.3.2 going down"]}) as relay:
        clock = Clock()
        with channel(relay.port, clock=clock, connections=1) as smtp:
            shut = through(smtp, letters(9)).told[0][1]
            assert isinstance(shut, Retry)
            in_lock_step = step == "DATA" and extensions is not None
            assert shut.code == 421
            assert shut.reply.startswith(("421 4.3.2 going down", "4.3.2 going down"))
            assert shut.scope == ("message" if in_lock_step else "relay")
            assert relay.mails == [] or in_lock_step
            clock.pass_by(minutes=1)
            assert send(smtp, letter(20)) == [KEPT]


def test_421_between_letters_costs_a_connection_and_nothing_else() -> None:
    order = {"MAIL": [FINE, FINE, "421 4.4.5 you have sent enough"]}
    with Relay(**order) as relay, channel(relay.port, connections=1) as smtp:
        assert send(smtp, *letters(9)) == [KEPT] * 9
        assert relay.connections == 2


def test_a_connection_that_died_while_it_rested_costs_nothing() -> None:
    with Relay(MAIL=[FINE, DROP, FINE, "421 4.4.2 you were idle"]) as relay, channel(relay.port) as smtp:
        for number in range(3):
            assert send(smtp, letter(number)) == [KEPT]
        assert relay.connections == 3


def test_a_connection_that_the_relay_closed_while_it_rested_is_not_tried() -> None:
    with Relay(after=[DROP, "421 4.4.2 closing after all"]) as relay, channel(relay.port) as smtp:
        for number in range(3):
            assert send(smtp, letter(number)) == [KEPT]
        assert len(relay.mails) == 3


# --- 76 to 78: refusals -----------------------------------------------------------------------------------------------


@both_ways
@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        ("550 5.1.1 no such user", Failed(550, "5.1.1 no such user", suppress=True, cause="address")),
        ("550 5.2.1 mailbox closed", Failed(550, "5.2.1 mailbox closed", suppress=True, cause="address")),
        ("550 5.1.10 null MX", Failed(550, "5.1.10 null MX", suppress=True, cause="address")),
        ("550 5.1.8 bad sender's domain", Failed(550, "5.1.8 bad sender's domain", suppress=False)),
        ("550 5.7.1 policy", Failed(550, "5.7.1 policy", suppress=False, cause="policy")),
        ("550 no code", Failed(550, "no code", suppress=False)),
        ("552 5.2.2 mailbox full", Failed(552, "5.2.2 mailbox full", suppress=False, cause="mailbox")),
        ("450 4.2.0 greylisted", Retry(timedelta(minutes=5), 450, "4.2.0 greylisted", "message")),
        ("451 4.7.1 Greylisting in action", Retry(timedelta(minutes=5), 451, "4.7.1 Greylisting in action", "message")),
        ("452 4.2.2 mailbox full", Retry(timedelta(minutes=5), 452, "4.2.2 mailbox full", "message")),
        ("451 4.7.28 too many from you", Retry(timedelta(minutes=5), 451, "4.7.28 too many from you", "message")),
        ("550-5.1.1 no\n550 5.1.1 such user", Failed(550, "5.1.1 no 5.1.1 such user", suppress=True, cause="address")),
    ],
)
def test_a_refused_recipient_is_certain(reply: str, outcome: Outcome, extensions: tuple[str, ...] | None) -> None:
    with Relay(extensions=extensions, RCPT=[reply]) as relay, channel(relay.port) as smtp:
        gate = through(smtp, [letter()])
        assert gate.outcomes == {"m1": outcome}
        assert gate.asked == []
        assert relay.mails == []
        assert send(smtp, letter(2, to="other.example")) == [KEPT]


@both_ways
@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        ("451 4.3.0 try later", resting(451, "451 4.3.0 try later")),
        ("553 5.1.8 who are you", Failed(553, "5.1.8 who are you", suppress=False)),
        ("552 5.3.4 too large", Failed(552, "5.3.4 too large", suppress=False)),
        ("550 5.7.1 not you", Failed(550, "5.7.1 not you", suppress=False, cause="policy")),
    ],
)
def test_a_refused_sender_is_certain(reply: str, outcome: Outcome, extensions: tuple[str, ...] | None) -> None:
    with Relay(extensions=extensions, MAIL=[reply]) as relay, channel(relay.port) as smtp:
        gate = through(smtp, [letter()])
        assert gate.outcomes == {"m1": outcome}
        assert gate.asked == []
        assert relay.mails == []


@both_ways
@pytest.mark.parametrize("step", ["DATA", "dot"])
@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        ("451 4.3.0 disk full", Retry(timedelta(minutes=5), 451, "4.3.0 disk full", "message")),
        ("554 5.6.0 not this content", Failed(554, "5.6.0 not this content", suppress=False, cause="content")),
        ("554 looks like spam", Failed(554, "looks like spam", suppress=False, cause="content")),
        ("552 5.3.4 too large", Failed(552, "5.3.4 too large", suppress=False, cause="content")),
        ("550 5.7.1 looks like spam", Failed(550, "5.7.1 looks like spam", suppress=False, cause="policy")),
        ("552 5.2.2 mailbox full", Failed(552, "5.2.2 mailbox full", suppress=False, cause="mailbox")),
        ("550 5.1.1 no such user", Failed(550, "5.1.1 no such user", suppress=True, cause="address")),
    ],
)
def test_a_refusal_after_data_is_certain(
    step: str, reply: str, outcome: Outcome, extensions: tuple[str, ...] | None
) -> None:
    with Relay(extensions=extensions, **{step: [reply]}) as relay, channel(relay.port) as smtp:
        assert send(smtp, letter()) == [outcome]
        assert relay.mails == []


# --- 79: the login (more with a server that is not ours, in test_smtp_secure.py) --------------------------------------


@pytest.mark.parametrize(
    ("order", "code"),
    [({"AUTH": ["535 5.7.8 wrong"] * 3}, 535), ({"MAIL": ["530 5.7.0 log in first"]}, 530)],
)
def test_a_refused_login_stops_the_relay_with_advice_and_keeps_every_letter(
    order: dict[str, list[str]], code: int
) -> None:
    clock = Clock()
    account = {"user": "shop", "password": "RELAY_PASSWORD", "connections": 5}
    with (
        Relay(extensions=("PIPELINING", "AUTH PLAIN LOGIN"), **order) as relay,
        channel(relay.port, clock=clock, **account) as smtp,
    ):
        gate = through(smtp, letters(50))
        (outcome,) = set(gate.outcomes.values())
        assert len(gate.told) <= 2, "the one that found it out, and the one that was to follow"
        assert isinstance(outcome, Retry)
        assert (outcome.after, outcome.code, outcome.scope) == (timedelta(minutes=5), code, "relay")
        assert outcome.reply.startswith(f"the relay refuses the login: {code} 5.7.")
        assert outcome.reply.endswith("Nothing is lost; set `user` and `password` of `channels.email` right")
        asked = len(relay.commands)
        clock.pass_by(minutes=4)
        assert send(smtp, letter()) == [Retry(timedelta(minutes=1), code, outcome.reply, "relay")]
        assert len(relay.commands) == asked, "an account is not locked by asking too often"
        clock.pass_by(minutes=2)
        relay.answers.clear()
        assert send(smtp, letter()) == [KEPT]


# --- 80: the connection breaks ----------------------------------------------------------------------------------------


@both_ways
@pytest.mark.parametrize("step", ["greeting", "EHLO", "MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize(("fault", "reason"), [(DROP, CLOSED), (STALL, SILENT)])
def test_before_the_content_every_fault_is_certain(
    step: str, fault: object, reason: str, extensions: tuple[str, ...] | None
) -> None:
    clock = Clock()
    with (
        Relay(extensions=extensions, **{step: [fault]}) as relay,
        channel(relay.port, SOON, clock=clock, connections=1) as smtp,
    ):
        (outcome,) = send(smtp, letter())
        assert isinstance(outcome, Retry)
        if step not in ("greeting", "EHLO"):
            assert outcome.reply == reason
        assert relay.mails == []
        clock.pass_by(minutes=1)
        assert send(smtp, letter(2)) == [KEPT]


@both_ways
@pytest.mark.parametrize(
    ("step", "taken"), [("half", False), ("dot", True)], ids=["half of the content", "after the dot"]
)
@pytest.mark.parametrize("fault", [DROP, STALL])
def test_once_the_content_has_begun_silence_is_uncertain_whatever_became_of_it(
    step: str, taken: bool, fault: object, extensions: tuple[str, ...] | None
) -> None:
    content = b"Subject: hi\r\n\r\n" + b"x" * 70 + b"\r\n"
    big = content * 20_000  # more than the sockets hold
    with Relay(extensions=extensions, **{step: [fault]}) as relay, channel(relay.port, SOON, connections=1) as smtp:
        (outcome,) = send(smtp, letter(1, big if step == "half" else content))
        assert isinstance(outcome, Uncertain)
        if fault is STALL and step == "dot":
            assert outcome.reply == SILENT_AT_LAST
        if fault is DROP and step == "dot":
            assert outcome.reply == CLOSED
        assert len(relay.mails) == taken or step == "half"
        assert send(smtp, letter(2)) == [KEPT]
        assert relay.connections == 2, "the connection of the fault is not used again"


def test_the_letter_behind_one_that_is_uncertain_goes_over_another_connection() -> None:
    with Relay(dot=[FINE, DROP]) as relay, channel(relay.port, connections=1) as smtp:
        first, second, third = send(smtp, *letters(3))
        assert [first, second, third] == [KEPT, Uncertain(CLOSED), KEPT]
        assert relay.connections == 2
        assert len(relay.mails) == 3


def test_a_drop_after_the_reply_costs_nothing() -> None:
    with Relay(after=[DROP, FINE, DROP]) as relay, channel(relay.port, connections=1) as smtp:
        assert send(smtp, *letters(5)) == [KEPT] * 5
        assert len(relay.mails) == 5


def test_a_relay_that_stays_silent_after_contents_is_left_alone() -> None:
    """At most one letter of each connection is in doubt, and few connections follow."""
    with Relay(dot=[DROP] * 50) as relay, channel(relay.port, connections=1) as smtp:
        outcomes = through(smtp, letters(50)).outcomes.values()
        assert sum(isinstance(one, Uncertain) for one in outcomes) == 3 == len(relay.mails)
        assert [one for one in outcomes if not isinstance(one, Uncertain)] == [resting(None, CLOSED)] * (
            len(outcomes) - 3
        )


# --- 81: a late answer ------------------------------------------------------------------------------------------------


def test_an_answer_that_comes_too_late_is_uncertain_and_given_to_no_other_letter() -> None:
    with Relay(dot=[LATE, "550 5.7.1 no"]) as relay, channel(relay.port, SOON, connections=1) as smtp:
        assert send(smtp, letter(1)) == [Uncertain(SILENT_AT_LAST)]
        relay.say_late()
        assert send(smtp, letter(2)) == [Failed(550, "5.7.1 no", suppress=False, cause="policy")]


# --- 82: no end -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", ["greeting", "EHLO", "MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("fault", [TRICKLE, ENDLESS_LINE, ENDLESS_REPLY])
def test_an_answer_without_an_end_is_broken_off_in_time(step: str, fault: object) -> None:
    clock = Clock()
    with Relay(**{step: [fault]}) as relay, channel(relay.port, SOON, clock=clock, connections=1) as smtp:
        (outcome,) = send(smtp, letter())
        assert isinstance(outcome, Retry)
        assert outcome.scope == "relay"
        clock.pass_by(minutes=1)
        assert send(smtp, letter(2)) == [KEPT]


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (TRICKLE, SILENT_AT_LAST),
        (ENDLESS_LINE, "the relay said a line of more than 2,000 bytes"),
        (ENDLESS_REPLY, "the relay said a reply without an end"),
    ],
)
def test_an_answer_without_an_end_to_a_content_is_none(fault: object, reason: str) -> None:
    with Relay(dot=[fault]) as relay, channel(relay.port, SOON) as smtp:
        assert send(smtp, letter()) == [Uncertain(reason)]
        assert send(smtp, letter(2)) == [KEPT]


# --- 83: out of step --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", ["EHLO", "MAIL", "RCPT", "DATA"])
def test_an_answer_too_many_ends_the_connection_before_the_content(step: str) -> None:
    clock = Clock()
    good = {"EHLO": "250-sink\n250 PIPELINING", "MAIL": "250 fine", "RCPT": "250 fine", "DATA": "354 go on"}[step]
    with Relay(**{step: [f"{good}\n250 and more"]}) as relay, channel(relay.port, clock=clock) as smtp:
        gate = through(smtp, [letter()])
        (outcome,) = gate.outcomes.values()
        if step == "DATA":  # the relay had come as far as that: the letter went over another connection, at once
            assert outcome == KEPT
        else:
            assert isinstance(outcome, Retry)
            assert gate.asked == []
        assert len(gate.asked) == len(relay.mails) == (step == "DATA")
        clock.pass_by(minutes=1)
        assert send(smtp, letter(2)) == [KEPT]
        assert relay.connections == 2


@both_ways
@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA"])
def test_an_answer_that_is_left_out_never_becomes_a_refusal(step: str, extensions: tuple[str, ...] | None) -> None:
    """The next answer is not the missing one's, not even where it says no."""
    with Relay(extensions=extensions, **{step: [SKIP]}) as relay, channel(relay.port, SOON) as smtp:
        (outcome,) = send(smtp, letter())
        assert isinstance(outcome, Retry)
        assert relay.mails == []


def test_a_line_that_nobody_asked_for_ends_the_connection() -> None:
    with Relay(after=["250 hello again"]) as relay, channel(relay.port, connections=1) as smtp:
        assert send(smtp, letter(1)) == [KEPT]
        assert send(smtp, letter(2)) == [KEPT]
        assert relay.connections == 2


def test_a_line_too_many_between_pipelined_letters_confuses_no_letter_with_another() -> None:
    order = {"after": [FINE, "250 hello again"], "RCPT": [FINE, FINE, FINE, "550 5.1.1 no such user"]}
    with Relay(**order) as relay, channel(relay.port, connections=1) as smtp:
        outcomes = send(smtp, *letters(5))
        assert sum(isinstance(one, Done) for one in outcomes) == 4 == len(relay.mails)
        taken = [mail.recipients[0] for mail in relay.mails]
        assert [one.recipient for one, got in zip(letters(5), outcomes, strict=True) if isinstance(got, Done)] == taken


@both_ways
@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize(
    "nonsense", ["999 what", "hello", "250-half a reply\n550 another", "354 go on", "250", b"\xff\xfe\r\n"]
)
def test_nonsense_before_the_content_is_certain(
    step: str, nonsense: str | bytes, extensions: tuple[str, ...] | None
) -> None:
    if (step, nonsense) in {("DATA", "354 go on"), ("MAIL", "250"), ("RCPT", "250")}:
        return
    with Relay(extensions=extensions, **{step: [nonsense]}) as relay, channel(relay.port, SOON) as smtp:
        (outcome,) = send(smtp, letter())
        assert isinstance(outcome, Retry), outcome
        assert relay.mails == []


@both_ways
@pytest.mark.parametrize(
    "nonsense", ["250-half a reply\n550 another", "999 what", "hello", "354 go on", b"\xff\xfe\r\n"]
)
def test_nonsense_after_the_content_is_uncertain(nonsense: str | bytes, extensions: tuple[str, ...] | None) -> None:
    with Relay(extensions=extensions, dot=[nonsense]) as relay, channel(relay.port, SOON) as smtp:
        (outcome,) = send(smtp, letter())
        assert isinstance(outcome, Uncertain)
        assert send(smtp, letter(2)) == [KEPT]
        assert relay.connections == 2, "the connection of the fault was used again"


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (b"250 2.0.0 \xe6\x84\x9f\xe8\xb0\xa2\r\n", "250 2.0.0 感谢"),
        (b"250 2.0.0 \xff\x00\x1b[31m\x07ok\r\n", "250 2.0.0 \ufffd[31mok"),
        (b"250 bare line feed\n", "250 bare line feed"),
        (b"250-2.0.0 two\r\n250 2.0.0 lines\r\n", "250 2.0.0 two 2.0.0 lines"),
        (b"250\r\n", "250"),
    ],
)
def test_what_a_relay_says_is_kept_printable(said: bytes, kept: str) -> None:
    with Relay(dot=[said]) as relay, channel(relay.port) as smtp:
        assert send(smtp, letter()) == [Done(kept)]


# --- 86: what the relay cannot take -----------------------------------------------------------------------------------


def test_a_mail_that_is_too_large_fails_before_data_with_the_reason() -> None:
    with Relay(extensions=("PIPELINING", "SIZE 30")) as relay, channel(relay.port) as smtp:
        reason = f"the mail has {len(letter().content)} bytes, and the relay takes 30 at most"
        large = Failed(552, reason, suppress=False, cause="content")
        small = letter(3, b"Subject: hi\r\n\r\n")
        assert send(smtp, letter(1), letter(2), small, letter(4)) == [large, large, KEPT, large]
        assert relay.commands == ["EHLO", "MAIL", "RCPT", "DATA"]


def test_a_size_without_a_limit_is_none() -> None:
    with Relay(extensions=("SIZE", "PIPELINING")) as relay, channel(relay.port) as smtp:
        assert send(smtp, letter()) == [KEPT]


def test_a_mail_in_8_bits_goes_only_where_that_was_announced() -> None:
    eight = letter(1, "Subject: hi\r\n\r\nGrüße\r\n".encode())
    reason = "the mail is not in 7 bits, and the relay does not announce 8BITMIME"
    with Relay(extensions=("PIPELINING",)) as relay, channel(relay.port) as smtp:
        assert send(smtp, eight) == [Failed(554, reason, suppress=False, cause="content")]
    with Relay(extensions=("8BITMIME",)) as relay, channel(relay.port) as smtp:
        assert send(smtp, eight) == [KEPT]
        assert relay.mails[0].content == eight.content


def test_an_address_that_needs_smtputf8_is_refused_with_the_reason() -> None:
    with Relay() as relay, channel(relay.port) as smtp:
        (outcome,) = send(
            smtp, letter(1, to="example.com").__class__("m", "s@example.com", "méi@example.com", letter().content)
        )
        assert isinstance(outcome, Failed)
        assert "méi@example.com" in outcome.reply
        assert relay.commands == []


def test_an_old_relay_that_knows_no_ehlo() -> None:
    with Relay(EHLO=["502 5.5.2 what"]) as relay, channel(relay.port) as smtp:
        assert send(smtp, *letters(3)) == [KEPT] * 3
        assert relay.commands[:2] == ["EHLO", "HELO"]


# --- A bad network ----------------------------------------------------------------------------------------------------


def test_a_network_that_chops_everything_changes_nothing() -> None:
    with Relay() as relay, Proxy(relay.port, up=Toxics(slices=7), down=Toxics(slices=1)) as proxy:
        with channel(proxy.port, connections=3) as smtp:
            assert send(smtp, *letters(20)) == [KEPT] * 20
        assert sorted(mail.content for mail in relay.mails) == [letter().content] * 20


def test_a_slow_network_changes_nothing() -> None:
    slow = Toxics(latency=0.002, bandwidth=500_000)
    with Relay() as relay, Proxy(relay.port, up=slow, down=slow) as proxy, channel(proxy.port) as smtp:
        assert send(smtp, *letters(10)) == [KEPT] * 10


@pytest.mark.parametrize(("toxic", "passing"), cuts(20, 420))
def test_wherever_the_way_there_is_cut_no_letter_is_lost_or_doubled_in_silence(toxic: str, passing: int) -> None:
    clock = Clock()
    with (
        Relay() as relay,
        Proxy(relay.port, up=Toxics(**{toxic: passing})) as proxy,
        channel(proxy.port, SOON, clock=clock, connections=1) as smtp,
    ):
        _account(relay, through(smtp, letters(4)))
        proxy.heal()
        clock.pass_by(minutes=10)
        assert send(smtp, letter(9)) == [KEPT]


@pytest.mark.parametrize(("toxic", "passing"), cuts(10, 330))
def test_wherever_the_way_back_is_cut_no_letter_is_lost_or_doubled_in_silence(toxic: str, passing: int) -> None:
    clock = Clock()
    with (
        Relay() as relay,
        Proxy(relay.port, down=Toxics(**{toxic: passing})) as proxy,
        channel(proxy.port, SOON, clock=clock, connections=1) as smtp,
    ):
        _account(relay, through(smtp, letters(4)))
        proxy.heal()
        clock.pass_by(minutes=10)
        assert send(smtp, letter(9)) == [KEPT]


def _account(relay: Relay, gate: Gate) -> None:
    """What the relay took is what was told as taken, or as uncertain; nothing else was taken, and nothing twice."""
    taken = [mail.recipients[0] for mail in relay.mails]
    assert len(set(taken)) == len(taken)
    for key, outcome in gate.outcomes.items():
        there = f"c{key[1:]}@example.com" in taken
        if isinstance(outcome, Done):
            assert there
        elif not isinstance(outcome, Uncertain):
            assert not there
    told = {f"c{key[1:]}@example.com" for key in gate.outcomes}
    assert set(taken) <= told


def test_a_half_open_connection_is_found_out_and_its_letter_goes_over_another() -> None:
    """The other side is gone, and nobody said so: a firewall forgot the connection while it rested."""
    with Relay() as relay, Proxy(relay.port) as proxy, channel(proxy.port, SOON, connections=1) as smtp:
        assert send(smtp, letter(1)) == [KEPT]
        proxy.swallow()
        assert send(smtp, letter(2)) == [KEPT]
        assert relay.connections == 2
        assert len(relay.mails) == 2
