"""Erasing a customer leaves no byte of him, ends what was under way, and nothing brings him back."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from engine.answers.whom import UnknownCustomer
from engine.channels import Retry
from engine.erase import CannotSeal, Erased, erase, find_person, in_numbers, sweep
from engine.failpoints import Crash, armed
from engine.outgoing.book import enter
from engine.outgoing.sight import Sight
from engine.store.contents import contents
from engine.store.customers import customers, metadata, suppressions
from engine.store.erasures import erasures, unswept
from engine.store.ingest import (
    Told,
    lift_suppression,
    put_consents,
    put_customers,
    put_events,
    put_suppressions,
    receive,
)
from engine.store.ledger import outbox
from engine.store.sealed import keep_keys
from engine.store.sources import receipts
from tests.erase.canaries import WHO, fill
from tests.scripted import Scripted
from tests.shop import SECRETS, World, playbook
from tests.store.rows import everything

FILES = playbook("hello", "when: {event: order.paid}\ndo:\n  - email: hello\n  - wait: 3 days\n  - email: later")


@pytest.fixture
def world(store: sa.Engine, now: datetime) -> World:
    keep_keys(store, SECRETS)
    world = World(store, now, FILES)
    world.tick()  # the launch: what happens from here on counts
    return world


def erased(world: World, customer: str) -> Erased:
    with world.store.begin() as connection:
        return erase(connection, find_person(world.shop, connection, customer), world.now)


def test_no_byte_of_a_canary_remains(world: World) -> None:
    world.customers("somebody-else")
    with world.store.begin() as connection:
        rows = fill(connection, world.now)
    assert b"canary" in _bytes(world.store)
    done = erased(world, WHO)
    assert sum(done.counts.values()) >= rows
    assert sweep(world.store, world.now)
    assert b"canary" not in _bytes(world.store)
    assert [row["id"] for row in world.rows(customers)] == ["somebody-else"]
    # Figures count what they counted before.
    assert [(row["state"], row["playbook"]) for row in world.runs()] == [("done", "p")]
    assert [row["state"] for row in world.messages()] == ["sent"]


def test_a_receipt_is_erased_whatever_became_of_its_event(world: World) -> None:
    world.customers(WHO, "somebody-else")
    told = [_told(one, number, world.now) for number, one in enumerate((WHO, "somebody-else"))]
    assert [one.state for one in receive(world.store, told, world.now)] == ["stored", "stored"]
    erased(world, WHO)
    assert [row["event_id"] for row in world.rows(receipts)] == ["e1"]


def _told(customer: str, number: int, now: datetime) -> Told:
    payload = {"order_id": f"of-the-till-{number}", "total": 1000}
    row = {"name": "order.paid", "customer_id": customer, "occurred_at": now, "payload": payload}
    return Told("till", f"e{number}", str(number), row)


def test_a_letter_that_is_refused_for_now_after_the_erase_is_not_written_down_again(
    store: sa.Engine, now: datetime
) -> None:
    keep_keys(store, SECRETS)
    relay = Scripted()
    world = World(store, now, FILES, channel=relay)
    world.tick()
    world.customers(WHO, email="canary@nest.example")
    world.event("order.paid", WHO, total=1000)
    relay.at_content["*"] = [Retry(None, 451, "come later", "message")]

    def erases() -> None:
        erased(world, WHO)

    relay.handing = erases
    world.tick_once()
    assert (relay.offered, world.rows(contents)) == (["canary@nest.example"], [])
    assert sweep(world.store, world.now)
    assert b"canary" not in _bytes(store)


def _bytes(store: sa.Engine) -> bytes:
    """Everything that the store has: on SQLite its files, on Postgres all rows."""
    if store.dialect.name == "postgresql":
        return repr(everything(store)).encode()
    database = Path(str(store.url.database))
    return b"".join(path.read_bytes() for path in database.parent.glob(f"{database.name}*"))


def test_many_pages_that_were_split_keep_no_copy(sqlite_store: sa.Engine, now: datetime) -> None:
    keep_keys(sqlite_store, SECRETS)
    world = World(sqlite_store, now, FILES)
    for number in range(60):
        world.customers(f"other-{number}", first_name="x" * 300)
    world.customers("gone", first_name="canary " * 40, email="canary@nest.example")
    for number in range(80):
        world.customers(f"zother-{number}", first_name="y" * 300)
    erased(world, "gone")
    sweep(sqlite_store, now)
    assert b"canary" not in _bytes(sqlite_store)


def test_runs_end_and_what_waits_is_cancelled(world: World) -> None:
    world.customers("mei")
    world.event("order.paid", "mei", total=1000)
    world.tick()
    world.write(sa.update(outbox).values(state="planned", sent_at=None))
    erased(world, "mei")
    (run,), (message,) = world.runs(), world.messages()
    assert (run["state"], run["reason"], run["ended_at"]) == ("stopped", "erased", world.now)
    assert (message["state"], message["reason"]) == ("cancelled", "erased")
    assert "mei" not in repr(everything(world.store))
    before = len(world.record.letters)
    world.tick(world.now + timedelta(days=9))
    assert len(world.record.letters) == before


def test_once_more_finds_nobody_and_changes_nothing(world: World) -> None:
    world.customers("mei", "ana")
    erased(world, "mei")
    before = everything(world.store)
    with pytest.raises(Exception, match="no customer has"):
        erased(world, "mei")
    assert everything(world.store) == before


def test_a_crash_leaves_everything_as_it_was(world: World) -> None:
    world.customers("mei")
    world.event("order.paid", "mei", total=1000)
    world.tick()
    before = everything(world.store)
    with armed("erase.half", 5), pytest.raises(Crash):
        erased(world, "mei")
    assert everything(world.store) == before


def test_an_interrupted_sweep_is_made_up_for(world: World) -> None:
    world.customers("mei")
    erased(world, "mei")
    if world.store.dialect.name == "sqlite":
        with armed("erase.sweeping"), pytest.raises(Crash):
            sweep(world.store, world.now)
    with world.store.connect() as connection:
        assert unswept(connection) == 1
    assert sweep(world.store, world.now)
    with world.store.connect() as connection:
        assert unswept(connection) == 0


def test_a_program_that_reads_meanwhile_is_said(sqlite_store: sa.Engine, now: datetime) -> None:
    keep_keys(sqlite_store, SECRETS)
    sa.event.listen(sqlite_store, "connect", lambda connection, _: connection.execute("PRAGMA busy_timeout=10"))
    with sqlite_store.connect() as connection, connection.begin():
        assert not sweep(sqlite_store, now)
    assert sweep(sqlite_store, now)


def test_no_import_and_no_event_brings_him_back(world: World) -> None:
    world.customers("mei")
    erased(world, "mei")
    later = world.now + timedelta(days=1)
    with world.store.begin() as connection:
        again = [{"id": "mei"}, {"id": "tom"}, {"id": "mei-2", "email": " MEI@Example.com", "email_consent": True}]
        written = put_customers(connection, again, later)
        event = {"id": "e9", "name": "consent.given", "customer_id": "mei", "occurred_at": later}
        said = put_events(connection, [{**event, "payload": {"channel": "email"}}], later)
        answer = {"customer_id": "mei", "channel": "email", "topic": "*", "given": True, "at": later, "how": "form"}
        answered = put_consents(connection, [answer], later)
    assert [(one.index, one.column) for one in written.rejected] == [(0, "id"), (2, "email")]
    assert all("was erased" in one.reason and "regulars unsuppress" in one.reason for one in written.rejected)
    assert written.new == 1
    assert [one.reason for one in said.rejected] == ["customer `mei` is unknown; import the customers first"]
    assert len(answered.rejected) == 1
    assert [row["id"] for row in world.rows(customers)] == ["tom"]


def test_of_several_with_one_address_nobody_is_taken_by_chance(world: World) -> None:
    world.customers("mei", "tom", email="home@example.com")
    with pytest.raises(UnknownCustomer, match=r"several customers have the address `home@example.com`; .* mei, tom$"):
        erased(world, "home@example.com")
    assert len(world.rows(customers)) == 2
    erased(world, "tom")
    erased(world, "home@example.com")
    assert world.rows(customers) == []


def test_a_person_lets_him_in_again(world: World) -> None:
    world.customers("mei")
    erased(world, "mei")
    with world.store.begin() as connection:
        assert lift_suppression(connection, "email", "Mei@example.com")
        assert lift_suppression(connection, "customer", "mei")
    world.customers("mei")
    assert [row["id"] for row in world.rows(customers)] == ["mei"]


def test_a_bounce_that_comes_later_does_not_write_the_address_down(world: World) -> None:
    world.customers("mei")
    erased(world, "mei")
    with world.store.begin() as connection:
        put_suppressions(connection, [{"address": "mei@example.com", "reason": "bounced"}], world.now)
    assert "mei" not in repr(world.rows(suppressions))


def test_the_last_look_knows_the_address_under_each_spelling_and_an_older_secret(world: World) -> None:
    world.customers("mei", phone="+49 170 1234567")
    erased(world, "mei")
    keep_keys(world.store, [*SECRETS, "another secret of sixteen letters"])
    rows = [
        {"id": 1, "customer_id": "other", "enrolment_id": 1, "channel": channel, "playbook": "hello"}
        for channel in ("email", "sms")
    ]
    fields = {"other": {"email": "MEI@example.com", "phone": "00491701234567"}}
    with world.store.connect() as connection:
        sight = Sight.of(world.shop, connection, rows, fields, world.now)
    assert sight.suppressed == {("email", "mei@example.com"): "erased", ("sms", "+491701234567"): "erased"}


def test_without_the_secret_of_that_time_imports_are_refused(world: World) -> None:
    world.customers("mei")
    erased(world, "mei")
    keep_keys(world.store, ["quite another secret of sixteen"])
    with pytest.raises(Exception, match="REGULARS_SECRET_OLD"), world.store.begin() as connection:
        put_customers(connection, [{"id": "mei", "email": "mei@example.com"}], world.now)


def test_nobody_is_erased_without_a_secret(store: sa.Engine, now: datetime) -> None:
    world = World(store, now, FILES)
    world.customers("mei")
    with pytest.raises(CannotSeal):
        erased(world, "mei")
    assert [row["id"] for row in world.rows(customers)] == ["mei"]


def test_the_log_says_how_much_and_not_who(world: World) -> None:
    world.customers("mei", tags=("regular",))
    with world.store.connect() as connection:
        counts = in_numbers(connection, find_person(world.shop, connection, "mei"))
    done = erased(world, "mei@example.com")
    (row,) = world.rows(erasures)
    assert row["counts"] == done.counts == {name: count for name, count in counts.items() if count}
    assert done.counts["customer_tags"] == 1
    assert set(metadata.tables) >= set(done.counts)


def test_others_keep_theirs(world: World) -> None:
    world.customers("mei", "mei2", "m_i", company="Acme")
    for one in ("mei", "mei2", "m_i"):
        world.event("order.paid", one, total=1000)
    world.tick()
    positions = {row["id"]: row["position"] for row in world.rows(customers)}
    erased(world, "m_i")
    assert {"mei", "mei2"} < {row["customer_id"] for row in world.runs()}
    assert {row["id"] for row in world.rows(customers)} == {"mei", "mei2"}
    # An average over the company may be another one now.
    assert all(row["position"] > positions[row["id"]] for row in world.rows(customers))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("planned", "cancelled"),
        ("deferred", "cancelled"),
        ("claimed", "cancelled"),
        ("sending", "assumed_sent"),
        ("uncertain", "assumed_sent"),
        ("review", "assumed_sent"),
        ("sent", "sent"),
        ("failed", "failed"),
    ],
)
def test_what_becomes_of_each_message(world: World, before: str, after: str) -> None:
    world.customers("mei")
    world.event("order.paid", "mei", total=1000)
    world.tick()
    world.write(sa.update(outbox).values(state=before, reason="for mei", attempt_id="a1"))
    erased(world, "mei")
    (message,) = world.messages()
    assert (message["state"], message["attempt_id"], message["lease_until"]) == (after, None, None)
    assert message["reason"] == ("erased" if before != after else None)


def test_an_answer_that_comes_after_the_erase_writes_nothing_of_him(world: World) -> None:
    world.customers("mei")
    world.event("order.paid", "mei", total=1000)
    world.tick()
    (message,) = world.messages()
    world.write(sa.update(outbox).values(state="sending", attempt_id="a1"))
    erased(world, "mei")
    move = {
        "id": message["id"], "state": "failed", "channel": "email", "recipient": "mei@example.com", "language": "en",
        "code": 550, "reply": "550 5.1.1 <mei@example.com> unknown", "reason": "unknown <mei@example.com>", "suppress": True,
    }  # fmt: skip
    with world.store.begin() as connection:
        enter(connection, "a1", [move], world.now)
    assert "mei" not in repr(everything(world.store))
