"""What reports change, on both databases: once, only where signed, and nothing for those who only pretend."""

import re
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from engine.bounces import record
from engine.channels import Uncertain
from engine.failpoints import Crash, armed
from engine.store.bounces import reports
from engine.store.brakes import held
from engine.store.customers import consents, customers, suppressions
from engine.store.ledger import outbox
from tests.bounces import mails
from tests.bounces.test_report import FORMS, HOSTILE, TO
from tests.bounces.worlds import ADDRESS, NOTHING, PAID, WITH_BOUNCES, Answered
from tests.scripted import Scripted
from tests.shop import SECRETS, World, playbook

DAY = timedelta(days=1)


def test_a_dead_address_gets_nothing_more_and_the_message_and_the_event_say_so(store: sa.Engine, now: datetime) -> None:
    world = Answered(store, now, "mei", "tom")
    report = mails.postfix(world.letter("mei").sender)
    assert world.come_back(report) == "dead"
    found = world.changed()
    assert found == {
        "suppressed": [("mei@example.com", "bounced: 550 5.1.1 no")],
        "withdrawn": [],
        "events": [("message.bounced", "mei")],
        "bounced": ["mei"],
    }
    assert world.come_back(report) == "known"
    assert (
        world.come_back(b"Received: by another\r\n" + report) == "dead"
    )  # delivered twice: another mail, the same news
    assert world.changed() == found
    world.now += DAY
    world.buy("mei", "tom")
    assert [letter.recipient for letter in world.record.letters] == [
        *("mei@example.com", "tom@example.com"),
        "tom@example.com",
    ]


@pytest.mark.parametrize(
    ("status", "action", "kind", "bounced"),
    [
        ("5.2.2", "failed", "full", []),
        ("5.7.1", "failed", "refused", ["mei"]),
        ("4.4.1", "failed", "refused", ["mei"]),
        ("4.2.0", "delayed", "delayed", []),
        ("2.0.0", "delivered", "delivered", []),
    ],
)
def test_every_other_bounce_keeps_the_address(
    store: sa.Engine, now: datetime, status: str, action: str, kind: str, bounced: list[str]
) -> None:
    world = Answered(store, now, "mei")
    assert world.come_back(mails.postfix(world.letter("mei").sender, status, action)) == kind
    found = world.changed()
    assert (found["suppressed"], found["withdrawn"], found["bounced"]) == ([], [], bounced)
    (row,) = world.rows(reports)
    assert (row["kind"], row["message_id"], row["excerpt"]) == (kind, world.message()["id"], None)
    world.now += DAY
    world.buy("mei")
    assert len(world.record.letters) == 2


@pytest.mark.parametrize("form", [mails.YAHOO, mails.JMRP])
def test_a_complaint_ends_all_mail_to_its_owner(store: sa.Engine, now: datetime, form: str) -> None:
    world = Answered(store, now, "mei", topic="offers")
    report = mails.written(form, world.letter("mei").sender)
    assert world.come_back(report) == "complained"
    assert world.come_back(report) == "known"
    assert world.changed() == {
        "suppressed": [("mei@example.com", "its owner reported a mail as spam")],
        "withdrawn": [("mei", "*", "complaint")],
        "events": [("message.complained", "mei")],
        "bounced": [],
    }
    world.now += DAY
    world.buy("mei")
    assert len(world.record.letters) == 1


def leaving(world: Answered, name: str) -> tuple[str, ...]:
    """The two ways of a mail's List-Unsubscribe."""
    content = world.letter(name).content.decode()
    (line,) = re.findall(r"^List-Unsubscribe: (.*)\r$", content, re.MULTILINE)
    return tuple(re.findall(r"<([^>]*)>", line))


def test_a_mail_to_the_address_for_leaving_is_a_leave_of_that_topic(store: sa.Engine, now: datetime) -> None:
    world = Answered(store, now, "mei", topic="offers")
    url, by_mail = leaving(world, "mei")
    assert url.startswith("http")
    world.now += timedelta(minutes=1)
    assert world.come_back(mails.written(mails.LEAVE, by_mail.removeprefix("mailto:"))) == "left"
    assert world.changed() == {**NOTHING, "withdrawn": [("mei", "offers", "mail to the address for leaving")]}
    world.now += DAY
    world.buy("mei")
    assert len(world.record.letters) == 1


@pytest.mark.parametrize("form", ["LEAVE", "YAHOO"])
def test_a_consent_of_a_clock_that_is_ahead_is_taken_back_all_the_same(
    store: sa.Engine, now: datetime, form: str
) -> None:
    world = Answered(store, now, "mei", topic="offers")
    ahead = now + timedelta(hours=20)
    world.write(sa.update(consents).values(at=ahead))
    row = {"customer_id": "mei", "channel": "email", "topic": "offers", "given": True, "at": ahead, "how": "form"}
    world.write(sa.insert(consents).values(row))
    _, by_mail = leaving(world, "mei")
    sender = world.letter("mei").sender
    mail = (
        mails.written(mails.LEAVE, by_mail.removeprefix("mailto:"))
        if form == "LEAVE"
        else mails.written(mails.YAHOO, sender)
    )
    assert world.come_back(mail) in ("left", "complained")
    world.write(sa.delete(suppressions))
    world.now += timedelta(minutes=1)
    world.buy("mei")
    assert len(world.record.letters) == 1
    assert world.messages()[-1]["reason"] == "consent to offers by email was refused or withdrawn"


def test_what_is_transactional_has_a_return_address_and_no_way_to_leave(store: sa.Engine, now: datetime) -> None:
    world = Answered(store, now, "mei", purpose="transactional")
    assert world.letter("mei").sender.startswith("bounces+")
    assert b"List-Unsubscribe" not in world.letter("mei").content


def test_without_the_setting_the_sender_is_the_shop(store: sa.Engine, now: datetime) -> None:
    world = World(store, now, playbook("p", PAID))
    world.customers("mei")
    world.tick()
    world.event("order.paid", "mei", total=100)
    world.tick()
    (letter,) = world.record.letters
    assert letter.sender == "hello@shop.example"
    assert b"mailto:" not in letter.content
    assert b"Feedback-ID" not in letter.content


def test_feedback_id_names_playbook_message_topic_and_sender(store: sa.Engine, now: datetime) -> None:
    settings = WITH_BOUNCES.replace("bounces:", "feedback_id: true, bounces:")
    world = Answered(store, now, "mei", topic="offers", settings=settings)
    assert b"\r\nFeedback-ID: p:hello:offers:shop-example\r\n" in world.letter("mei").content


# --- Whom to believe --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", HOSTILE)
def test_what_pretends_changes_nothing_and_is_kept(store: sa.Engine, now: datetime, name: str) -> None:
    world = Answered(store, now, "mei")
    mail = HOSTILE[name].replace(TO.encode(), world.letter("mei").sender.encode())
    assert world.come_back(mail) == "ignored"
    assert world.come_back(mail) == "known"
    assert world.changed() == NOTHING
    (row,) = world.rows(reports)
    assert (row["kind"], row["message_id"]) == ("ignored", None)
    assert row["excerpt"] is not None
    assert len(row["excerpt"]) <= 4000


@pytest.mark.parametrize("name", FORMS)
def test_what_strangers_have_signed_changes_nothing(store: sa.Engine, now: datetime, name: str) -> None:
    world = Answered(store, now, "mei")
    assert world.come_back(FORMS[name][0]) == "ignored"  # signed with another secret, of a message that is not there
    assert world.changed() == NOTHING


def test_the_signature_of_one_message_does_not_hold_for_another(store: sa.Engine, now: datetime) -> None:
    world = Answered(store, now, "mei", "tom")
    to = world.letter("mei").sender
    start = to.index("+") + 1
    other = world.letter("tom").sender
    swapped = other[: start + 8] + to[start + 8 :]  # the number of one, the signature of the other
    assert swapped not in (to, other)
    assert world.come_back(mails.postfix(swapped)) == "ignored"
    assert world.changed() == NOTHING


def test_an_old_secret_is_believed_beside_the_new_one(store: sa.Engine, now: datetime) -> None:
    world = Answered(store, now, "mei")
    found = record.Intake(world.shop, [*SECRETS, "the next secret of many letters"], ADDRESS)
    report = found(mails.postfix(world.letter("mei").sender), now)
    assert report is not None
    assert report.kind == "dead"


def test_an_address_that_was_changed_since_is_kept(store: sa.Engine, now: datetime) -> None:
    world = Answered(store, now, "mei")
    sender = world.letter("mei").sender
    world.write(sa.update(customers).values(email="mei@new.example.com"))
    assert world.come_back(mails.postfix(sender)) == "dead"
    found = world.changed()
    assert (found["suppressed"], found["bounced"]) == ([], ["mei"])


def test_a_notice_to_staff_says_nothing_of_the_customer(store: sa.Engine, now: datetime) -> None:
    body = "when: {event: order.paid}\npurpose: transactional\ndo:\n  - notify: hello\n    to: owner@shop.example"
    files = {**playbook("p", body), "messages/hello/en.md": "---\nsubject: hello\n---\nSomething happened.\n"}
    world = World(store, now, files, settings=WITH_BOUNCES)
    world.customers("mei")
    world.tick()
    world.event("order.paid", "mei", total=100)
    world.tick()
    (letter,) = world.record.letters
    found = record.Intake(world.shop, SECRETS, ADDRESS)(mails.written(mails.YAHOO, letter.sender), now)
    assert found is not None
    assert found.kind == "complained"
    assert [row["address"] for row in world.rows(suppressions)] == ["owner@shop.example"]
    assert Answered.changed(world)["withdrawn"] == []  # type: ignore[arg-type]
    assert Answered.changed(world)["events"] == []  # type: ignore[arg-type]


def test_only_so_many_of_strangers_mails_are_kept(
    store: sa.Engine, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record, "_MOST_KEPT", 3)
    world = Answered(store, now)
    for number in range(5):
        world.come_back(b"To: x@y\r\n\r\n%d" % number)
    assert world.kinds() == ["ignored"] * 5
    assert sum(row["excerpt"] is not None for row in world.rows(reports)) == 3
    world.now += timedelta(days=31)
    world.come_back(b"To: x@y\r\n\r\nlater")
    assert [row["excerpt"] for row in world.rows(reports)] == ["To: x@y\n\nlater"]


# --- What hangs together with it --------------------------------------------------------------------------------------


@pytest.mark.parametrize("purpose", ["marketing", "transactional"])
def test_an_answer_is_a_sign_that_a_doubtful_message_was_taken(store: sa.Engine, now: datetime, purpose: str) -> None:
    relay = Scripted()
    relay.at_content["mei@example.com"] = [Uncertain("no answer")]
    handed: list[str] = []
    keep = relay.hand_over

    def hand_over(accepted):  # type: ignore[no-untyped-def]
        handed.extend(one.letter.sender for one in accepted)
        return keep(accepted)

    relay.hand_over = hand_over  # type: ignore[method-assign]
    world = Answered(store, now, "mei", channel=relay, purpose=purpose)
    assert world.message()["state"] == "uncertain"
    assert world.come_back(mails.postfix(handed[0], "5.7.1")) == "refused"
    assert world.message()["state"] == "sent"
    world.tick_until(now + timedelta(days=3))
    assert len(handed) == 1


def test_a_message_that_was_to_go_once_more_does_not(store: sa.Engine, now: datetime) -> None:
    world = Answered(store, now, "mei")
    again = {"state": "planned", "dup_risk": 1, "due_at": now + DAY}
    world.write(sa.update(outbox).values(again))
    assert world.come_back(mails.postfix(world.letter("mei").sender, "2.0.0", "delivered")) == "delivered"
    world.tick(now + 2 * DAY)
    assert world.message()["state"] == "sent"
    assert len(world.record.letters) == 1


def test_the_next_channel_is_tried_where_the_mail_came_back(store: sa.Engine, now: datetime) -> None:
    body = "when: {event: order.paid}\ndo:\n  - message: hello\n    by: [email, chat]"
    settings = WITH_BOUNCES.replace("channels:\n", "channels:\n  chat: {url: CHAT_URL}\n")
    words = "---\nsubject: hello\nchat: Hello by chat.\n---\nHello.\n"
    world = World(store, now, {**playbook("p", body), "messages/hello/en.md": words}, settings=settings)
    world.customers("mei", chat="mei-chat", chat_consent=True)
    world.tick()
    world.event("order.paid", "mei", total=100)
    world.tick()
    (letter,) = world.record.letters
    record.Intake(world.shop, SECRETS, ADDRESS)(mails.postfix(letter.sender), now)
    world.tick()
    assert [(one.channel, one.recipient) for one in world.record.letters] == [
        ("email", "mei@example.com"),
        ("chat", "mei-chat"),
    ]


def test_the_brakes_see_bounces_and_count_each_once(store: sa.Engine, now: datetime) -> None:
    names = [f"c{number:03}" for number in range(60)]
    world = Answered(store, now, *names, brakes="{bounces: 5%}")
    for name in names[:2]:
        world.come_back(mails.postfix(world.letter(name).sender))
    with store.connect() as connection:
        assert held(connection) == []
    world.come_back(mails.postfix(world.letter(names[2]).sender, "5.7.1"))
    with store.connect() as connection:
        (one,) = held(connection)
    assert one.reason == "3 of the last 60 messages bounced (5.0%; the brake is at 5%)"


def test_the_brakes_see_complaints_and_count_each_once(store: sa.Engine, now: datetime) -> None:
    names = [f"c{number:03}" for number in range(50)]
    world = Answered(store, now, *names, brakes="{complaints: 4%}")
    world.come_back(mails.written(mails.YAHOO, world.letter(names[0]).sender))
    world.come_back(mails.written(mails.JMRP, world.letter(names[0]).sender))
    with store.connect() as connection:
        assert held(connection) == []
    world.come_back(mails.written(mails.YAHOO, world.letter(names[1]).sender))
    with store.connect() as connection:
        (one,) = held(connection)
    assert one.reason == "2 of the last 50 messages were complained of (4.0%; the brake is at 4%)"


@pytest.mark.parametrize("place", ["bounce.read", "bounce.recorded"])
def test_a_crash_loses_no_report_and_doubles_none(store: sa.Engine, now: datetime, place: str) -> None:
    world = Answered(store, now, "mei")
    report = mails.postfix(world.letter("mei").sender)
    with armed(place), pytest.raises(Crash):
        world.come_back(report)
    assert world.come_back(report) == ("dead" if place == "bounce.read" else "known")
    assert world.changed()["events"] == [("message.bounced", "mei")]
