"""How much goes to one domain of recipients: rates, connections, and rests after refusals."""

from collections import Counter
from datetime import timedelta
from itertools import pairwise

import pytest

from engine.channels import Done, Failed, Letter, Retry
from engine.channels.smtp.domains import Domain, Domains
from tests.channels.posting import Clock, Gate, channel, letter, send, through
from tests.smtp_sink import FINE, Relay

KEPT = Done("250 2.0.0 kept")


def mixed(count: int) -> list[Letter]:
    """Letters to two domains, in turns."""
    return [letter(number, to=("gmail.example", "web.example")[number % 2]) for number in range(count)]


def test_a_rate_holds_for_each_domain_and_the_others_get_a_turn() -> None:
    clock = Clock()
    with Relay() as relay, channel(relay.port, clock=clock, per_domain={"per_minute": 60}) as smtp:
        outcomes = through(smtp, mixed(60)).outcomes.values()
        assert Counter(type(one).__name__ for one in outcomes) == {"Done": 20, "Retry": 40}  # ten seconds' worth each
        waits = [one for one in outcomes if isinstance(one, Retry)]
        assert {(one.scope, one.reply) for one in waits} == {
            ("message", "60 mails a minute go to gmail.example"),
            ("message", "60 mails a minute go to web.example"),
        }
        turns = sorted(one.after for one in waits if one.after and "gmail" in one.reply)
        assert turns[0] == timedelta(seconds=1)
        assert {later - earlier for earlier, later in pairwise(turns)} == {timedelta(seconds=1)}
        clock.pass_by(seconds=5)
        assert sum(one == KEPT for one in send(smtp, *mixed(40))) == 10


@pytest.mark.parametrize("per_minute", [1, 7, 600, 6_000])
def test_in_the_long_run_a_rate_is_kept(per_minute: int) -> None:
    clock = Clock()
    domains = Domains(clock, per_minute=per_minute)
    went = 0
    for _ in range(600):
        clock.pass_by(seconds=1)
        went += sum(domains.admit(domains.of("c@example.com")) is None for _ in range(per_minute // 20 + 1))
    assert 0.9 * per_minute * 10 <= went <= per_minute * 10 + max(1, per_minute / 6)


def test_the_connections_to_a_domain_grow_with_what_it_takes_up_to_the_most() -> None:
    domain = Domain("example.com", 20)
    assert domain.limit == 5
    for _ in range(5):
        domain.took()
    assert domain.limit == 6
    for _ in range(1000):
        domain.took()
    assert domain.limit == 20


def test_no_more_connections_than_allowed_carry_letters_to_one_domain() -> None:
    with Relay() as relay, channel(relay.port, connections=10, per_domain={"connections": 1}) as smtp:
        together: list[int] = []
        gate = Gate()
        ask = gate.may_go

        def may_go(asked):  # type: ignore[no-untyped-def]
            together.append(max(Counter(one.recipient.partition("@")[2] for one in asked).values()))
            return ask(asked)

        gate.may_go = may_go  # type: ignore[method-assign]
        through(smtp, mixed(100), gate)
        assert len(relay.mails) == 100
        assert max(together) == 1


def test_a_domain_that_asks_for_less_rests_and_the_others_do_not() -> None:
    clock = Clock()
    with Relay(RCPT=["451 4.7.28 too many from you"]) as relay, channel(relay.port, clock=clock, connections=1) as smtp:
        first, *others = send(smtp, *mixed(21))
        assert first == Retry(timedelta(minutes=5), 451, "4.7.28 too many from you", "message")
        by_domain = {to: set(others[n::2]) for n, to in enumerate(("web.example", "gmail.example"))}
        assert by_domain["web.example"] == {KEPT}
        reason = "mail to gmail.example rests: 451 4.7.28 too many from you"
        assert Retry(timedelta(minutes=1), None, reason, "message") in by_domain["gmail.example"]
        clock.pass_by(seconds=40)
        assert send(smtp, letter(1, to="gmail.example")) == [Retry(timedelta(seconds=20), None, reason, "message")]
        clock.pass_by(seconds=20)
        assert send(smtp, letter(2, to="gmail.example")) == [KEPT]


def test_421_about_a_domain_leaves_the_relay_alone() -> None:
    with Relay(RCPT=["421 4.7.28 unusual rate"]) as relay, channel(relay.port, connections=1) as smtp:
        first, second = send(smtp, letter(1, to="gmail.example"), letter(2, to="web.example"))
        assert isinstance(first, Retry)
        assert (first.scope, first.code) == ("message", 421)
        assert second == KEPT


def test_a_domain_rests_longer_each_time_it_asks_for_less() -> None:
    clock = Clock()
    domain = Domains(clock).of("c@example.com")
    waits = []
    for _ in range(8):
        domain.slow(clock.now, "451 4.7.28 less")
        assert domain.rests is not None
        waits.append((domain.rests - clock.now).total_seconds() / 60)
        clock.now = domain.rests
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]
    assert domain.limit == 1


def test_after_a_row_of_refusals_for_what_we_are_a_domain_is_left_alone() -> None:
    clock = Clock()
    policy = "550 5.7.1 we do not like you"
    with Relay(RCPT=[policy] * 5) as relay, channel(relay.port, clock=clock, connections=1) as smtp:
        outcomes = send(smtp, *(letter(number, to="gmail.example") for number in range(30)))
        refused = [one for one in outcomes if isinstance(one, Failed)]
        assert refused == [Failed(550, "5.7.1 we do not like you", suppress=False, cause="policy")] * 5
        assert set(outcomes) - set(refused) <= {
            KEPT,  # announced before the fifth refusal was read
            Retry(timedelta(minutes=1), None, f"mail to gmail.example rests: {policy}", "message"),
        }
        clock.pass_by(minutes=1)
        assert send(smtp, letter(99, to="gmail.example")) == [KEPT]


def test_refusals_of_single_letters_between_say_that_the_domain_is_well() -> None:
    policy, full = "550 5.7.1 we do not like you", "552 5.2.2 mailbox full"
    with (
        Relay(RCPT=[policy, policy, full, FINE, policy, policy] * 6) as relay,
        channel(relay.port, connections=1) as smtp,
    ):
        outcomes = send(smtp, *(letter(number) for number in range(1, 36)))
        assert not any(isinstance(one, Retry) for one in outcomes)


def test_domains_of_which_there_is_nothing_to_know_are_forgotten() -> None:
    domains = Domains(Clock())
    kept = domains.of("c@kept.example")
    kept.slow(domains.clock(), "451 4.7.28 less")
    for number in range(30_000):
        domains.of(f"c@d{number}.example")
    assert domains.of("c@kept.example") is kept
    assert len(domains._known) <= 10_001


def test_domains_whose_rate_is_free_again_are_forgotten() -> None:
    clock = Clock()
    domains = Domains(clock, per_minute=60)
    for number in range(30_000):
        clock.pass_by(seconds=0.1)
        assert domains.admit(domains.of(f"c@d{number}.example")) is None
    assert len(domains._known) <= 10_001


def test_a_domain_whose_rate_is_used_up_is_not_forgotten() -> None:
    domains = Domains(Clock(), per_minute=1)
    used = domains.of("c@used.example")
    assert domains.admit(used) is None
    for number in range(30_000):
        domains.of(f"c@d{number}.example")
    assert domains.of("c@used.example") is used
