"""The crash matrix: wherever a worker dies, nothing is lost or doubled in silence, and doubts are exactly the real ones."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from engine.channels import Failed, Retry
from engine.failpoints import Crash
from engine.store.contents import contents
from engine.store.customers import suppressions
from engine.store.faults import StoreError
from engine.store.ledger import attempts
from engine.store.sealed import SealingKey
from tests.delivering.world import HELLO, ORDER, about_to_send, another, dies, dies_at, later, state
from tests.scripted import Scripted

DAY = timedelta(days=1)


@pytest.mark.parametrize("failpoint", ["deliver.claiming", "deliver.claimed", "deliver.frozen"])
def test_a_crash_before_sending_is_no_doubt(store: sa.Engine, now: datetime, failpoint: str) -> None:
    world, relay = about_to_send(store, now, ORDER)
    dies_at(world, failpoint)
    assert relay.taken == []
    later(world)
    world.tick()
    assert (state(world), relay.recipients()) == (("sent", 1, 0), ["mei@example.com"])


def test_a_crash_after_the_recipient_was_taken_is_no_doubt(store: sa.Engine, now: datetime) -> None:
    world, relay = about_to_send(store, now)
    relay.between = dies
    with pytest.raises(Crash):
        world.tick_once()
    relay.between = lambda: None
    world.restart()
    later(world)
    world.tick()
    assert (state(world), relay.recipients()) == (("sent", 1, 0), ["mei@example.com"])


@pytest.mark.parametrize(("failpoint", "taken"), [("deliver.sending", 0), ("deliver.sent", 1)])
@pytest.mark.parametrize(("files", "copies", "ends"), [(HELLO, 0, "assumed_sent"), (ORDER, 1, "sent")])
def test_a_crash_while_sending_is_a_doubt_that_the_policy_ends(
    store: sa.Engine, now: datetime, failpoint: str, taken: int, files: dict[str, str], copies: int, ends: str
) -> None:
    world, relay = about_to_send(store, now, files)
    dies_at(world, failpoint)
    assert (world.message()["state"], len(relay.taken)) == ("sending", taken)
    later(world)
    world.tick()
    assert state(world) == ("uncertain", 1, 0)
    world.tick(world.now + DAY)
    assert state(world) == (ends, 1 + copies, copies)
    assert len(relay.taken) == taken + copies
    assert len({(letter.key, letter.content) for letter in relay.taken}) <= 1


def test_a_crash_after_it_is_on_record_repeats_nothing(store: sa.Engine, now: datetime) -> None:
    world, relay = about_to_send(store, now)
    dies_at(world, "deliver.settled")
    later(world)
    world.tick()
    assert (state(world), len(relay.taken)) == (("sent", 1, 0), 1)


def test_a_crash_of_the_reaper_takes_nothing_back_by_half(store: sa.Engine, now: datetime) -> None:
    world, relay = about_to_send(store, now, HELLO, "mei", "tom", "ana")
    dies_at(world, "deliver.claimed")
    later(world)
    dies_at(world, "reap.half")
    assert {(row["state"], row["crash_count"]) for row in world.messages()} == {("claimed", 0)}
    world.tick()
    assert {(row["state"], row["crash_count"]) for row in world.messages()} == {("sent", 1)}
    assert len(relay.taken) == 3


def test_a_crash_while_a_doubt_is_decided_decides_nothing(store: sa.Engine, now: datetime) -> None:
    world, relay = about_to_send(store, now, ORDER)
    dies_at(world, "deliver.sending")
    later(world)
    world.tick()
    world.now += DAY
    dies_at(world, "uncertain.decided")
    assert state(world) == ("uncertain", 1, 0)
    world.tick()
    assert (state(world), len(relay.taken)) == (("sent", 2, 1), 1)


def test_the_one_engine_of_a_file_takes_back_at_once_what_a_dead_one_held(
    sqlite_store: sa.Engine, now: datetime
) -> None:
    world, relay = about_to_send(sqlite_store, now)
    dies_at(world, "deliver.claimed")
    world._tick.begin(world.now)
    world.tick()
    assert (state(world), len(relay.taken)) == (("sent", 1, 0), 1)


# --- The store goes away ------------------------------------------------------------------------------------------------


def _lost(store: sa.Engine, number: int, *, arrives: bool) -> Callable[[], None]:
    """The connection is lost during a commit, the `number`-th from now on; whether that arrived nobody hears."""
    left = [number]

    def at_commit(connection: sa.Connection) -> None:
        left[0] -= 1
        if left[0] == 0:
            driver: Any = connection.connection.driver_connection
            if arrives:
                driver.execute("COMMIT")
                driver.execute("BEGIN")  # what the pool then ends
            raise sa.exc.OperationalError("COMMIT", {}, Exception("the connection was lost"))

    sa.event.listen(store, "commit", at_commit)
    return lambda: sa.event.remove(store, "commit", at_commit)


@pytest.mark.parametrize("arrives", [True, False])
@pytest.mark.parametrize("which", range(1, 9))
def test_a_store_that_goes_away_during_a_commit_makes_no_doubt(
    store: sa.Engine, now: datetime, which: int, arrives: bool
) -> None:
    world, relay = about_to_send(store, now, ORDER)
    found = _lost(store, which, arrives=arrives)
    for _ in range(3):
        try:
            world.tick_once()
        except sa.exc.OperationalError:
            continue
    found()
    later(world)
    world.tick(world.now + timedelta(minutes=10))
    row = world.message()
    assert (row["state"], row["dup_risk"], len(relay.taken)) == ("sent", 0, 1)
    assert [one["outcome"] for one in world.rows(attempts)] == ["sent"]


def test_a_backend_that_is_ended_while_a_letter_is_under_way_makes_no_doubt(
    postgres_store: sa.Engine, now: datetime
) -> None:
    world, relay = about_to_send(postgres_store, now)
    admin = sa.create_engine(postgres_store.url, isolation_level="AUTOCOMMIT")

    def end_all() -> None:
        relay.handing = lambda: None
        with admin.connect() as connection:
            others = "pid <> pg_backend_pid() AND datname = current_database()"
            connection.exec_driver_sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}")

    relay.handing = end_all
    with pytest.raises(sa.exc.OperationalError):
        world.tick_once()
    world.tick()
    assert (state(world), len(relay.taken)) == (("sent", 1, 0), 1)
    admin.dispose()


def test_what_is_owed_outlives_a_changed_workspace(store: sa.Engine, now: datetime) -> None:
    world, relay = about_to_send(store, now)
    hands = world._tick._deliver.hands
    relay.handing = lambda: found.append(_lost(store, 1, arrives=False))
    found: list[Callable[[], None]] = []
    with pytest.raises(sa.exc.OperationalError):
        world.tick_once()
    relay.handing = lambda: None
    found[0]()
    assert world.message()["state"] == "sending"
    world.restart()
    world._tick.living(hands)
    world.tick()
    assert (state(world), len(relay.taken)) == (("sent", 1, 0), 1)


def test_what_cannot_be_recorded_for_want_of_a_secret_is_owed(store: sa.Engine, now: datetime) -> None:
    world, relay = about_to_send(store, now, HELLO, "mei", "tom")
    sealed = SealingKey.of("the secret of another time").seal("email", "gone@example.com")
    world.suppress(sealed)
    relay.at_content["tom@example.com"] = [Failed(550, "550 5.1.1 no such user", suppress=True)]
    with pytest.raises(StoreError, match="REGULARS_SECRET"):
        world.tick_once()
    assert len(world.messages(state="sending")) == 2
    world.write(sa.delete(suppressions).where(suppressions.c.address == sealed))
    world.tick()
    assert [(row["state"], row["dup_risk"]) for row in world.messages()] == [("sent", 0), ("failed", 0)]
    assert len(relay.taken) == 1


# --- Workers that were taken for dead -------------------------------------------------------------------------------------


def test_a_worker_that_stood_still_before_the_first_byte_sends_nothing(store: sa.Engine, now: datetime) -> None:
    world, relay = about_to_send(store, now)
    hands, ticks = world._tick._deliver.hands, iter([0.0, 0.0, 0.0])
    hands.clock = lambda: next(ticks, 300.0)
    world.tick()
    # The first attempt gave it back, a second one with a lease of its own has sent it.
    assert (state(world), len(relay.taken), len(relay.offered)) == (("sent", 2, 0), 1, 2)
    assert [one["outcome"] for one in world.rows(attempts)] == ["sent"]


def test_a_zombie_whose_letter_is_taken_after_another_went_is_a_known_duplicate(
    store: sa.Engine, now: datetime
) -> None:
    world, relay = about_to_send(store, now, ORDER)
    other = another(world)

    def meanwhile() -> None:
        relay.handing = lambda: None
        later(world)
        other.now = world.now
        other.tick_once()
        other.now += DAY
        other.tick_once()

    relay.handing = meanwhile
    world.tick_once()
    row = world.message()
    assert (row["state"], row["dup_risk"], row["duplicate_known"]) == ("sent", 1, True)
    assert {one["outcome"] for one in world.rows(attempts)} == {"sent", "accepted_late"}
    assert isinstance(other.channel, Scripted)
    assert len(relay.taken) + len(other.channel.taken) == 2


def test_a_zombies_late_answer_ends_the_doubt_before_anything_is_sent_again(store: sa.Engine, now: datetime) -> None:
    world, relay = about_to_send(store, now, ORDER)
    other = another(world)

    def meanwhile() -> None:
        relay.handing = lambda: None
        later(world)
        other.now = world.now
        other.tick_once()

    relay.handing = meanwhile
    world.tick_once()
    assert state(world) == ("sent", 1, 0)
    world.tick(world.now + 2 * DAY)
    assert (state(world), len(relay.taken)) == (("sent", 1, 0), 1)


def test_a_zombies_refusal_after_another_attempt_began_changes_nothing(store: sa.Engine, now: datetime) -> None:
    world, relay = about_to_send(store, now)
    other = another(world)

    def meanwhile() -> None:
        relay.between = lambda: None
        later(world)
        other.now = world.now
        other.tick_once()

    relay.at_offer["mei@example.com"] = [Retry(None, 451, "451 later", "message")]
    relay.between = meanwhile
    world.tick_once()
    assert state(world) == ("sent", 1, 0)


def test_the_workers_that_die_of_a_message_leave_it_to_a_person(store: sa.Engine, now: datetime) -> None:
    world, relay = about_to_send(store, now, HELLO, "mei", "tom")
    for _ in range(3):
        relay.between = lambda: dies() if "mei@example.com" in relay.offered[-2:] else None
        try:
            world.tick_once()
        except Crash:
            world.restart()
        later(world)
    relay.between = lambda: None
    world.tick()
    found = {row["customer_id"]: (row["state"], row["reason"]) for row in world.messages()}
    assert found == {"mei": ("review", "3 workers died with it in their hands"), "tom": ("sent", None)}


# --- Contents -------------------------------------------------------------------------------------------------------------


def test_every_attempt_sends_the_same_bytes(store: sa.Engine, now: datetime) -> None:
    world, relay = about_to_send(store, now, ORDER)
    relay.at_offer["mei@example.com"] = [Retry(timedelta(minutes=5), 451, "451 greylisted", "message")]
    world.tick()
    kept = world.rows(contents)[0]["content"]
    world.edit({**world.files, "messages/hello/en.md": "---\nsubject: other\n---\nOther words.\n"})
    world.customers("mei", first_name="May")
    world.now += timedelta(minutes=6)
    dies_at(world, "deliver.sent")
    later(world)
    world.tick()
    world.tick(world.now + DAY)
    assert [letter.content for letter in relay.taken] == [kept, kept]
    assert (world.rows(contents), state(world)) == ([], ("sent", 3, 1))


def test_a_letter_that_never_left_is_written_anew_for_another_address(store: sa.Engine, now: datetime) -> None:
    world, relay = about_to_send(store, now, ORDER)
    relay.at_offer["mei@example.com"] = [Retry(timedelta(minutes=5), 451, "451 greylisted", "message")]
    world.tick()
    world.customers("mei", email="new@example.com")
    world.tick(now + timedelta(minutes=6))
    assert relay.recipients() == ["new@example.com"]
    assert b"new@example.com" in relay.taken[0].content


def test_a_letter_that_may_have_left_is_not_sent_to_another_address(store: sa.Engine, now: datetime) -> None:
    world, relay = about_to_send(store, now, ORDER)
    dies_at(world, "deliver.sent")
    world.customers("mei", email="new@example.com")
    later(world)
    world.tick()
    world.tick(world.now + DAY)
    row = world.message()
    assert (row["state"], row["reason"]) == ("assumed_sent", "not sent once more: the address has changed since")
    assert len(relay.taken) == 1


def test_a_kept_letter_is_not_sent_to_who_has_left_since(store: sa.Engine, now: datetime) -> None:
    world, relay = about_to_send(store, now)
    relay.at_offer["mei@example.com"] = [Retry(timedelta(minutes=5), 451, "451 greylisted", "message")]
    world.tick()
    world.answer("mei", given=False)
    world.tick(now + timedelta(minutes=6))
    assert (world.message()["state"], relay.taken) == ("suppressed", [])
