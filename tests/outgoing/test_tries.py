"""Several channels: each message by the first that reaches the customer, by the next where one fails, and by one only."""

import json
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from engine.channels import Failed, Retry, Uncertain
from engine.store.customers import consents, suppressions
from engine.store.ledger import outbox
from tests.scripted import Scripted
from tests.shop import World
from tests.speaking import ALL, bought, doors, ends, told


class Dead(BaseException):
    """The process ends here, as by `kill -9`."""


BY = "- message: late\n    by: [chat, sms, email]"


def test_the_first_channel_that_can_takes_it_and_no_other(store: sa.Engine, now: datetime) -> None:
    world, ways = bought(store, now, BY)
    world.tick()
    world.restart()
    world.tick(now + timedelta(days=1))
    assert told(ways) == [("chat", "mei-chat")]
    assert ends(world) == [("chat", "sent", None)]


def test_channels_without_address_or_consent_are_passed_over_with_the_reason(store: sa.Engine, now: datetime) -> None:
    world, ways = bought(store, now, BY, chat=None, sms_consent=False)
    world.tick()
    assert told(ways) == [("email", "mei@example.com")]
    assert ends(world) == [
        ("chat", "skipped", "no valid chat address"),
        ("sms", "skipped", "consent to sms was refused or withdrawn"),
        ("email", "sent", None),
    ]


def test_where_no_channel_can_the_last_one_says_so(store: sa.Engine, now: datetime) -> None:
    world, ways = bought(store, now, BY, chat=None, phone="call me", email=None)
    world.tick()
    assert told(ways) == []
    assert [state for _, state, _ in ends(world)] == ["skipped", "skipped", "suppressed"]


def test_a_channel_that_fails_for_good_gives_way_to_the_next(store: sa.Engine, now: datetime) -> None:
    world, ways = bought(store, now, BY)
    ways["chat"].at_offer["mei-chat"] = [Failed(403, "blocked by the user", suppress=True)]  # type: ignore[attr-defined]
    world.tick()
    assert told(ways) == [("sms", "+4930123456")]
    assert ends(world) == [("chat", "failed", "blocked by the user"), ("sms", "sent", None)]
    assert [(row["channel"], row["address"]) for row in world.rows(suppressions)] == [("chat", "mei-chat")]


def test_a_channel_that_is_away_is_waited_for(store: sa.Engine, now: datetime) -> None:
    world, ways = bought(store, now, BY)
    ways["chat"].at_offer["*"] = [Retry(None, 503, "away", "relay")]  # type: ignore[attr-defined]
    world.tick()
    assert told(ways) == []
    world.tick(now + timedelta(hours=1))
    assert told(ways) == [("chat", "mei-chat")]


def test_a_doubt_is_no_reason_to_say_it_again_by_another_channel(store: sa.Engine, now: datetime) -> None:
    world, ways = bought(store, now, BY)
    ways["chat"].at_content["*"] = [Uncertain("no answer")]  # type: ignore[attr-defined]
    world.tick()
    world.tick(now + timedelta(days=2))
    assert ends(world) == [("chat", "assumed_sent", "no answer")]
    assert told(ways) == []


def test_the_customers_own_channel_comes_first_then_those_of_the_settings(store: sa.Engine, now: datetime) -> None:
    world, ways = bought(store, now, "- message: late", preferred_channel="sms")
    world.tick()
    assert told(ways) == [("sms", "+4930123456")]
    assert world.message()["channels"] == ["email", "chat"]
    world.customers("mei", preferred_channel="call")
    world.event("order.paid", "mei", total=100)
    world.tick()
    assert told(ways)[0] == ("email", "mei@example.com")


def test_a_text_of_which_a_channel_has_none_is_never_sent_by_it(store: sa.Engine, now: datetime) -> None:
    world, ways = bought(store, now, "- message: late", preferred_channel="sms")
    world.edit({**world.files, "messages/late/en.md": "---\nsubject: Late\n---\nIt is late.\n"})
    world.tick()
    assert told(ways) == [("email", "mei@example.com")]


# --- Unless it is opened ----------------------------------------------------------------------------------------------

PATIENT = "- message: late\n    by: [email, sms]\n    unless_opened: 2 hours"


def test_what_nobody_opens_comes_again_by_the_next_channel(store: sa.Engine, now: datetime) -> None:
    world, ways = bought(store, now, PATIENT)
    world.tick()
    assert told(ways) == [("email", "mei@example.com")]
    world.tick(now + timedelta(minutes=119))
    assert len(told(ways)) == 1
    world.tick_until(now + timedelta(days=3))
    assert told(ways) == [("email", "mei@example.com"), ("sms", "+4930123456")]
    assert world.messages(channel="sms")[0]["sent_at"] == now + timedelta(hours=2)


@pytest.mark.parametrize("event", ["message.opened", "message.clicked"])
def test_what_was_opened_does_not_come_again(store: sa.Engine, now: datetime, event: str) -> None:
    world, ways = bought(store, now, PATIENT)
    world.tick()
    world.event(event, "mei", now + timedelta(hours=1) - timedelta(minutes=1), message="other")
    world.now = now + timedelta(hours=1)
    world.event(event, "mei", message="late")
    world.tick_until(now + timedelta(days=3))
    assert told(ways) == [("email", "mei@example.com")]
    assert ends(world)[1] == ("sms", "cancelled", "the customer has opened it already")


def test_a_message_of_the_same_name_that_was_opened_long_ago_does_not_count(store: sa.Engine, now: datetime) -> None:
    world, ways = bought(store, now, PATIENT)
    world.event("message.opened", "mei", now - timedelta(days=9), message="late")
    world.tick()
    world.tick_until(now + timedelta(days=1))
    assert [name for name, _ in told(ways)] == ["email", "sms"]


# --- Crashes ----------------------------------------------------------------------------------------------------------


def later(world: World, store: sa.Engine, by: timedelta) -> None:
    """The leases of a dead worker run out; Postgres measures them by its own clock."""
    world.now += by
    if store.dialect.name == "postgresql":
        over = sa.func.clock_timestamp() - sa.text("interval '1 second'")
        world.write(sa.update(outbox).where(outbox.c.lease_until.is_not(None)).values(lease_until=over))


def dies_in(world: World, door: Scripted, *, taken: bool) -> None:
    whole = door.hand_over

    def hand_over(accepted):  # type: ignore[no-untyped-def]
        if taken:
            whole(accepted)
        raise Dead

    door.hand_over = hand_over  # type: ignore[method-assign]
    with pytest.raises(Dead):
        world.tick_once()
    door.hand_over = whole  # type: ignore[method-assign]
    world.restart()


def test_a_crash_keeps_to_the_channel_that_was_chosen(store: sa.Engine, now: datetime) -> None:
    world, ways = bought(store, now, "- message: late", preferred_channel="chat", purpose="transactional")
    dies_in(world, ways["chat"], taken=False)  # type: ignore[arg-type]
    world.customers("mei", preferred_channel="sms")
    later(world, store, timedelta(minutes=12))
    world.tick()
    world.tick(world.now + timedelta(days=1))
    assert told(ways) == [("chat", "mei-chat")]


def test_a_crash_of_marketing_is_not_repeated_by_another_channel(store: sa.Engine, now: datetime) -> None:
    world, ways = bought(store, now, BY)
    dies_in(world, ways["chat"], taken=True)  # type: ignore[arg-type]
    later(world, store, timedelta(minutes=12))
    world.tick()
    assert told(ways) == [("chat", "mei-chat")]
    assert [state for _, state, _ in ends(world)] == ["uncertain"]


def test_a_worker_that_was_taken_for_dead_tries_no_further_channel(store: sa.Engine, now: datetime) -> None:
    world, ways = bought(store, now, BY)
    chat = ways["chat"]
    assert isinstance(chat, Scripted)
    other = World(store, now + timedelta(minutes=2), world.files, channel=doors(), settings=ALL)

    def meanwhile() -> None:
        chat.between = lambda: None
        later(world, store, timedelta(0))
        other.tick_once()

    chat.at_offer["mei-chat"] = [Failed(400, "no", suppress=False)]
    chat.between = meanwhile
    world.tick_once()
    assert ends(world) == [("chat", "sent", None)]


# --- Doors that are shut ------------------------------------------------------------------------------------------------


def test_mail_goes_on_while_the_sms_door_is_shut(store: sa.Engine, now: datetime) -> None:
    world, ways = bought(store, now, "- sms: late\n  - email: late")
    ways["sms"].at_offer["*"] = [Retry(None, None, "no route", "relay")]  # type: ignore[attr-defined]
    assert world.tick_once().delivered.resting == {"sms": "no route"}
    world.now = now + timedelta(seconds=30)
    world.event("order.paid", "mei", total=100)
    world.tick()
    assert [name for name, _ in told(ways)] == ["email", "email"]
    world.tick(now + timedelta(minutes=10))
    assert [name for name, _ in told(ways)] == ["email", "email", "sms", "sms"]


# --- Leaving ------------------------------------------------------------------------------------------------------------


def test_an_answer_of_stop_holds_from_the_next_message_on(store: sa.Engine, now: datetime) -> None:
    world, ways = bought(store, now, "- sms: late")
    world.event("message.stopped", "mei", channel="sms")
    world.tick()
    assert told(ways) == []
    assert ends(world) == [("sms", "suppressed", "consent to sms was refused or withdrawn")]
    kept = {row["channel"]: (row["given"], row["how"]) for row in world.rows(consents)}
    assert kept["sms"] == (False, "answer")
    assert kept["chat"][0]


def test_a_stop_that_is_older_than_the_consent_changes_nothing(store: sa.Engine, now: datetime) -> None:
    world, ways = bought(store, now, "- sms: late")
    world.event("message.stopped", "mei", now - timedelta(days=1), channel="sms")
    world.tick()
    assert told(ways) == [("sms", "+4930123456")]


def test_marketing_by_sms_says_how_to_leave_and_an_order_does_not(store: sa.Engine, now: datetime) -> None:
    settings = ALL.replace("token: SMS_TOKEN", "token: SMS_TOKEN, opt_out: Reply STOP")
    world, ways = bought(store, now, "- sms: late", settings, first_name="Mei")
    world.tick()
    (letter,) = ways["sms"].taken  # type: ignore[attr-defined]
    assert letter.text == "'Your parcel is late, Mei'\nReply STOP"


def test_how_to_leave_is_said_in_the_language_of_the_text(store: sa.Engine, now: datetime) -> None:
    words = "token: SMS_TOKEN, opt_out: {en: Reply STOP, zh-CN: 回复TD退订}"
    settings = ALL.replace("token: SMS_TOKEN", words)
    world, ways = bought(store, now, "- sms: late", settings, first_name="Mei", language="de")
    world.tick()
    (letter,) = ways["sms"].taken  # type: ignore[attr-defined]
    assert letter.text.endswith("\nReply STOP")


# --- Staff and other systems --------------------------------------------------------------------------------------------


def test_a_team_is_told_without_those_who_are_away_and_whatever_the_customer_agreed_to(
    store: sa.Engine, now: datetime
) -> None:
    world, ways = bought(store, now.replace(hour=3), "- notify: late\n    to: sales", email_consent=False)
    world.tick()
    assert told(ways) == [("email", "boris@shop.example"), ("email", "clara@shop.example")]
    assert {row["purpose"] for row in world.messages()} == {"transactional"}


def test_the_person_that_the_customer_has_is_told(store: sa.Engine, now: datetime) -> None:
    steps = "- notify: late\n    to: customer.account_manager"
    world, ways = bought(store, now, steps, account_manager="Anna Li")
    world.tick()
    assert told(ways) == [("email", "anna@shop.example")]


def test_a_suppressed_address_of_staff_gets_nothing(store: sa.Engine, now: datetime) -> None:
    world, ways = bought(store, now, "- notify: late\n    to: boss@shop.example")
    world.suppress("boss@shop.example")
    world.tick()
    assert told(ways) == []


CALL = "- webhook: erp\n    sends: [customer.first_name, event.total]"


def test_a_system_is_told_what_was_so_when_the_step_was_reached(store: sa.Engine, now: datetime) -> None:
    world, ways = bought(store, now, CALL, first_name="Mei")
    hook = ways["webhook"]
    assert isinstance(hook, Scripted)
    hook.at_offer["*"] = [Retry(timedelta(minutes=5), 503, "later", "message")]
    world.tick()
    world.customers("mei", first_name="May")
    world.tick(now + timedelta(minutes=6))
    (letter,) = hook.taken
    facts = json.loads(letter.content)
    assert facts == {
        "type": "p/webhook-erp", "id": letter.key, "occurred_at": "2026-03-01T12:00:00Z",
        "customer": {"id": "mei", "first_name": "Mei"}, "event": {"total": 100},
    }  # fmt: skip


def test_a_call_without_an_answer_is_repeated_under_the_same_key(store: sa.Engine, now: datetime) -> None:
    world, ways = bought(store, now, CALL)
    hook = ways["webhook"]
    assert isinstance(hook, Scripted)
    hook.at_content["*"] = [Uncertain("timed out"), Uncertain("timed out")]
    keys = []
    hook.handing = lambda: keys.append(world.message()["attempts"])
    world.tick()
    world.tick_until(now + timedelta(days=1))
    assert keys == [1, 2, 3]
    assert (world.message()["state"], len(hook.taken)) == ("sent", 1)


@pytest.mark.parametrize(("crashes", "ends_as"), [(2, (3, "sent")), (3, (3, "review"))])
def test_a_crash_in_a_call_repeats_it_until_it_looks_like_the_cause(
    store: sa.Engine, now: datetime, crashes: int, ends_as: tuple[int, str]
) -> None:
    world, ways = bought(store, now, CALL)
    hook = ways["webhook"]
    assert isinstance(hook, Scripted)
    for _ in range(crashes):
        dies_in(world, hook, taken=True)
        later(world, store, timedelta(hours=1))
    world.tick()
    assert len({letter.key for letter in hook.taken}) == 1
    assert len({letter.content for letter in hook.taken}) == 1
    assert (len(hook.taken), world.message()["state"]) == ends_as


def test_the_hours_and_the_cap_are_those_of_the_customer_by_every_channel(store: sa.Engine, now: datetime) -> None:
    settings = ALL.replace("send_window: 00:00-23:59", "send_window: 09:00-21:00\n  cap: 1 per 2 days")
    world, ways = bought(store, now.replace(hour=3), "- sms: late\n  - chat: late", settings)
    world.tick()
    assert told(ways) == []
    world.tick_until(datetime(2026, 3, 1, 12, tzinfo=UTC))
    assert told(ways) == [("sms", "+4930123456")]
