"""Delivery: nothing is lost or doubled in silence, and the last look is the one that counts."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes
from itertools import pairwise
from threading import Barrier, Thread

import pytest
import sqlalchemy as sa

from engine.channels import Failed, Retry, Uncertain
from engine.store.customers import suppressions
from engine.store.ledger import attempts, enrolments, outbox
from tests.scripted import Scripted
from tests.shop import SETTINGS, World, playbook

PAID = "when: {event: order.paid}\nif_running: parallel\n"
HELLO = playbook("p", f"{PAID}do:\n  - email: hello")
ORDER = playbook("p", f"{PAID}do:\n  - email: hello", purpose="transactional")


class Dead(BaseException):
    """The process ends here, as by `kill -9`."""


def _planned(
    store: sa.Engine, now: datetime, files: dict[str, str] = HELLO, *who: str, settings: str = SETTINGS
) -> tuple[World, Scripted]:
    """A world whose customers have bought, right before the tick that writes to them."""
    relay = Scripted()
    world = World(store, now, files, channel=relay, settings=settings)
    world.customers(*(who or ("mei",)))
    world.tick()
    for one in who or ("mei",):
        world.event("order.paid", one, total=100)
    return world, relay


def _ends(world: World) -> dict[str, tuple[str, str | None]]:
    return {row["customer_id"]: (row["state"], row["reason"]) for row in world.messages()}


def _dies() -> None:
    raise Dead


def _later(world: World, store: sa.Engine, by: timedelta) -> None:
    """The leases of a dead worker run out; Postgres measures them by its own clock."""
    world.now += by
    if store.dialect.name == "postgresql":
        leased = outbox.c.lease_until.is_not(None)
        over = sa.func.clock_timestamp() - sa.text("interval '1 second'")
        world.write(sa.update(outbox).where(leased).values(lease_until=over))


# --- What goes, and on what record ------------------------------------------------------------------------------------


def test_a_mail_goes_once_and_is_on_record(store: sa.Engine, now: datetime) -> None:
    world, relay = _planned(store, now)
    world.tick()
    row = world.message()
    assert (row["state"], row["sent_at"], row["attempts"], row["language"]) == ("sent", now, 1, "en")
    assert relay.recipients() == ["mei@example.com"]
    (attempt,) = world.rows(attempts)
    assert (attempt["outcome"], attempt["code"], attempt["reply"]) == ("sent", 250, "250 taken")


def test_marketing_can_be_left_with_one_click(sqlite_store: sa.Engine, now: datetime) -> None:
    world, relay = _planned(sqlite_store, now)
    world.tick()
    mail = message_from_bytes(relay.taken[0].content)
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["List-Unsubscribe"].startswith("<http")


def test_a_text_that_cannot_be_written_fails_alone(store: sa.Engine, now: datetime) -> None:
    text = "---\nsubject: hello\n---\nDear {{ customer.birthday | date }},\n"
    world, relay = _planned(store, now, {**HELLO, "messages/hello/en.md": text}, "mei", "tom")
    world.customers("tom", birthday=date(1990, 5, 5))
    world.tick()
    assert [(who, state) for who, (state, _) in _ends(world).items()] == [("mei", "failed"), ("tom", "sent")]
    assert "birthday" in (_ends(world)["mei"][1] or "")
    assert relay.recipients() == ["tom@example.com"]


# --- Guards, and the last instant ---------------------------------------------------------------------------------------


def test_consent_that_is_withdrawn_between_the_claim_and_the_sending_is_kept(store: sa.Engine, now: datetime) -> None:
    world, relay = _planned(store, now, HELLO, "mei", "tom")
    relay.between = lambda: world.answer("mei", given=False)
    world.tick_once()
    assert relay.recipients() == ["tom@example.com"]
    assert _ends(world)["mei"] == ("suppressed", "consent to email was refused or withdrawn")


def test_a_complaint_between_the_claim_and_the_sending_is_heard(store: sa.Engine, now: datetime) -> None:
    world, relay = _planned(store, now, HELLO, "mei", "tom")
    relay.between = lambda: world.event("complaint.opened", "mei", subject="cold tea")
    world.tick_once()
    assert relay.recipients() == ["tom@example.com"]
    assert _ends(world)["mei"] == ("deferred", "a complaint of the customer is open")


def test_a_topic_that_was_left_gets_nothing(store: sa.Engine, now: datetime) -> None:
    world, relay = _planned(store, now, playbook("p", f"{PAID}do:\n  - email: hello", topic="offers"), "mei", "tom")
    world.answer("mei", given=False, topic="offers")
    world.answer("tom", given=False, topic="news")
    world.tick()
    assert relay.recipients() == ["tom@example.com"]


def test_an_address_that_is_suppressed_or_none_gets_nothing(store: sa.Engine, now: datetime) -> None:
    world, relay = _planned(store, now, ORDER, "mei", "tom", "ana")
    world.suppress("mei@example.com")
    world.customers("tom", email="tom@example.com, eve@example.com")
    world.customers("ana", email=None)
    world.tick()
    assert {state for state, _ in _ends(world).values()} == {"suppressed"}
    assert relay.offered == []


def test_a_mail_waits_for_the_window_of_the_customers_day(store: sa.Engine, now: datetime) -> None:
    files = playbook("p", f"{PAID}do:\n  - email: hello", send_window="09:00-21:00")
    world, relay = _planned(store, now, files, "mei", "tom")
    world.customers("tom", timezone="Asia/Tokyo")  # 21:00 there
    world.tick()
    assert relay.recipients() == ["mei@example.com"]
    world.tick_until(datetime(2026, 3, 2, 1, tzinfo=UTC))
    assert world.messages(customer_id="tom")[0]["sent_at"] == datetime(2026, 3, 2, 0, tzinfo=UTC)


def test_a_customer_who_moved_meanwhile_is_not_woken(store: sa.Engine, now: datetime) -> None:
    files = playbook("p", f"{PAID}do:\n  - email: hello", send_window="09:00-21:00")
    world, relay = _planned(store, now, files)
    relay.between = lambda: world.customers("mei", timezone="Asia/Tokyo")
    world.now = datetime(2026, 3, 1, 13, tzinfo=UTC)
    world.customers("mei", timezone="Asia/Tokyo")
    world.tick()
    assert relay.taken == []


def test_two_messages_of_one_wave_keep_to_a_cap_of_one(store: sa.Engine, now: datetime) -> None:
    settings = SETTINGS + "  cap: 1 per 2 days\n"
    world, relay = _planned(store, now, HELLO, "mei", "mei", "tom", settings=settings)
    world.tick()
    assert sorted(relay.recipients()) == ["mei@example.com", "tom@example.com"]
    (held,) = world.messages(state="deferred")
    assert held["due_at"] == now + timedelta(days=2)
    world.tick_until(now + timedelta(days=3))
    assert world.messages(customer_id="mei")[1]["state"] == "sent"


def test_what_a_stopped_run_planned_is_cancelled(store: sa.Engine, now: datetime) -> None:
    body = f"{PAID}stop_when:\n  - event: order.paid\ndo:\n  - email: hello\n  - wait: 9 days"
    world, relay = _planned(store, now.replace(hour=3), playbook("p", body, send_window="09:00-21:00"))
    world.tick()
    world.now = now.replace(hour=4)
    world.event("order.paid", "mei", total=100)
    world.tick()
    world.tick_until(now.replace(hour=10))
    assert [row["state"] for row in world.messages()] == ["cancelled", "sent"]
    assert len(relay.taken) == 1


def test_what_is_too_late_expires(store: sa.Engine, now: datetime) -> None:
    world, relay = _planned(store, now)
    relay.at_offer["*"] = [Retry(timedelta(days=4), 451, "451 later", "message")]
    world.tick()
    world.tick_until(now + timedelta(days=5))
    assert _ends(world)["mei"] == ("expired", "it would come too late")
    assert relay.taken == []


# --- What the relay answers -----------------------------------------------------------------------------------------


def test_a_relay_that_is_down_loses_nothing(store: sa.Engine, now: datetime) -> None:
    world, relay = _planned(store, now, HELLO, *(f"c{number}" for number in range(9)))
    relay.width = 3
    relay.at_offer["*"] = [Retry(None, None, "connection refused", "relay") for _ in range(3)]
    assert world.tick_once().delivered.resting == {"email": "connection refused"}
    assert sorted(row["state"] for row in world.messages()) == ["deferred"] * 3 + ["planned"] * 6
    world.tick(now + timedelta(minutes=10))
    assert sorted(relay.recipients()) == [f"c{number}@example.com" for number in range(9)]


def test_a_relay_that_is_down_is_left_alone_for_a_while(store: sa.Engine, now: datetime) -> None:
    world, relay = _planned(store, now, HELLO, *(f"c{number}" for number in range(9)))
    relay.width = 3
    relay.at_offer["*"] = [Retry(None, None, "connection refused", "relay") for _ in range(3)]
    world.tick_once()
    world.now = now + timedelta(seconds=59)
    assert world.tick_once().idle
    assert len(relay.offered) == 3
    world.tick(now + timedelta(minutes=1))
    assert len(relay.taken) == 6


def test_refusals_that_may_pass_are_tried_again_ever_more_slowly(store: sa.Engine, now: datetime) -> None:
    world, relay = _planned(store, now)
    relay.at_offer["*"] = [Retry(None, 451, "451 4.2.0 later", "message") for _ in range(9)]
    waits = []
    for _ in range(9):
        world.tick()
        waits.append(world.message()["due_at"] - world.now)
        world.now = world.message()["due_at"]
    assert timedelta(minutes=4) <= waits[0] <= timedelta(minutes=6)
    assert all(later > earlier for earlier, later in pairwise(waits[:5]))
    assert max(waits) <= timedelta(hours=4.8)
    world.tick()
    assert (world.message()["state"], world.message()["attempts"]) == ("sent", 10)


def test_an_address_that_the_relay_knows_to_be_dead_is_suppressed(store: sa.Engine, now: datetime) -> None:
    world, relay = _planned(store, now)
    relay.at_offer["mei@example.com"] = [Failed(550, "550 5.1.1 no such user", suppress=True)]
    world.tick()
    assert _ends(world)["mei"][0] == "failed"
    assert [row["address"] for row in world.rows(suppressions)] == ["mei@example.com"]
    world.event("order.paid", "mei", total=100)
    world.tick(now + timedelta(minutes=1))
    assert world.messages()[1]["reason"] == "bounced: 550 5.1.1 no such user"


def test_a_refusal_of_the_content_leaves_the_address_alone(store: sa.Engine, now: datetime) -> None:
    world, relay = _planned(store, now)
    relay.at_content["mei@example.com"] = [Failed(554, "554 5.7.1 spam", suppress=False)]
    world.tick()
    assert (world.message()["state"], world.message()["sent_at"]) == ("failed", None)
    assert world.rows(suppressions) == []


def test_silence_after_the_content_is_a_doubt_that_counts_against_the_cap(store: sa.Engine, now: datetime) -> None:
    settings = SETTINGS + "  cap: 1 per 2 days\n"
    world, relay = _planned(store, now, HELLO, "mei", settings=settings)
    relay.at_content["mei@example.com"] = [Uncertain("timed out")]
    world.tick()
    assert _ends(world)["mei"] == ("uncertain", "timed out")
    world.event("order.paid", "mei", total=100)
    world.tick(now + timedelta(hours=1))
    assert [row["state"] for row in world.messages()] == ["uncertain", "deferred"]


# --- Crashes ----------------------------------------------------------------------------------------------------------


def test_a_crash_before_sending_is_no_doubt_at_all(store: sa.Engine, now: datetime) -> None:
    world, relay = _planned(store, now)
    relay.between = _dies
    with pytest.raises(Dead):
        world.tick_once()
    assert world.message()["state"] == "claimed"
    relay.between = lambda: None
    world.restart()
    world.tick(now + timedelta(seconds=30))  # the lease still holds
    assert relay.taken == []
    _later(world, store, timedelta(minutes=2))
    world.tick()
    assert world.message()["state"] == "sent"
    assert relay.recipients() == ["mei@example.com"]


@pytest.mark.parametrize("lost", [True, False])
def test_a_crash_while_sending_leaves_marketing_in_doubt(store: sa.Engine, now: datetime, lost: bool) -> None:
    world, relay = _crashed_in_sending(store, now, HELLO, lost)
    world.tick()
    assert (world.message()["state"], world.message()["reason"]) == ("uncertain", "no answer when it was handed over")
    assert len(relay.taken) == (0 if lost else 1)


def test_a_crash_while_sending_repeats_what_is_transactional_once(store: sa.Engine, now: datetime) -> None:
    world, relay = _crashed_in_sending(store, now, ORDER, lost=False)
    world.tick()
    assert (world.message()["state"], world.message()["dup_risk"]) == ("uncertain", 0)
    world.tick(world.now + timedelta(hours=24))
    first, second = (message_from_bytes(letter.content)["Message-ID"] for letter in relay.taken)
    assert first == second
    row = world.message()
    assert (row["state"], row["attempts"], row["dup_risk"]) == ("sent", 2, 1)


def test_a_second_crash_repeats_nothing_more(store: sa.Engine, now: datetime) -> None:
    world, relay = _crashed_in_sending(store, now, ORDER, lost=False)
    world.tick()
    world.now += timedelta(hours=24)
    relay.handing = _dies
    with pytest.raises(Dead):
        world.tick_once()
    relay.handing = lambda: None
    _later(world, store, timedelta(hours=1))
    world.tick()
    assert world.message()["state"] == "uncertain"
    world.tick(world.now + timedelta(hours=24))
    assert (world.message()["state"], len(relay.taken)) == ("assumed_sent", 1)


def _crashed_in_sending(store: sa.Engine, now: datetime, files: dict[str, str], lost: bool) -> tuple[World, Scripted]:
    world, relay = _planned(store, now, files)
    whole = relay.hand_over

    def hand_over(accepted):  # type: ignore[no-untyped-def]
        if not lost:
            whole(accepted)
        raise Dead

    relay.hand_over = hand_over  # type: ignore[method-assign]
    with pytest.raises(Dead):
        world.tick_once()
    relay.hand_over = whole  # type: ignore[method-assign]
    assert world.message()["state"] == "sending"
    world.restart()
    _later(world, store, timedelta(minutes=12))
    return world, relay


def test_a_worker_that_was_taken_for_dead_changes_nothing_any_more(store: sa.Engine, now: datetime) -> None:
    world, relay = _planned(store, now)
    other = World(store, now + timedelta(minutes=2), HELLO, channel=Scripted())

    def meanwhile() -> None:
        relay.between = lambda: None
        _later(world, store, timedelta(0))
        other.tick_once()

    relay.between = meanwhile
    world.tick_once()
    assert len(relay.taken) + len(other.channel.taken) == 1  # type: ignore[attr-defined]
    assert world.message()["state"] == "sent"


# --- Several workers ----------------------------------------------------------------------------------------------------


def test_two_workers_never_send_one_message_twice(
    postgres_store: sa.Engine, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.deliver.BATCH", 5)
    settings = SETTINGS + "  cap: 1 per 2 days\n"
    relay = Scripted(width=3)
    worlds = [World(postgres_store, now, HELLO, channel=relay, settings=settings) for _ in range(2)]
    first = worlds[0]
    names = [f"c{number:02}" for number in range(30)]
    first.customers(*names)
    first.tick()
    first.write(*_outbox_of(first, names, now))
    together = Barrier(2)
    faults: list[BaseException] = []

    def work(world: World) -> None:
        try:
            together.wait(10)
            world.tick_once()
        except BaseException as fault:
            faults.append(fault)

    threads = [Thread(target=work, args=(world,)) for world in worlds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert faults == []
    assert sorted(relay.recipients()) == [f"{name}@example.com" for name in names]  # each once, the cap held


def _outbox_of(world: World, names: list[str], now: datetime) -> Iterator[sa.Executable]:
    """Two planned messages of each customer."""
    revision = world.shop.workspace.playbooks["p"].revision
    for number, name in enumerate([*names, *names], start=1):
        run = {
            "id": number, "playbook": "p", "customer_id": name, "occasion": str(number), "revision": revision,
            "state": "done", "fired_at": now, "entered_at": now, "due_at": now, "listens": False,
        }  # fmt: skip
        yield sa.insert(enrolments).values(run)
        yield sa.insert(outbox).values(
            enrolment_id=number, step="email-hello", iteration=0, playbook="p", revision=revision, customer_id=name,
            channel="email", message="hello", purpose="marketing", state="planned", planned_at=now, due_at=now,
        )  # fmt: skip
