"""Leases: a worker that lives keeps what it has in its hands, however long a door takes."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from engine.channels import Retry, Uncertain
from engine.cli import main
from engine.outgoing import letters
from engine.outgoing.heartbeat import Heartbeat
from engine.outgoing.letters import Composed, Draft, Failure, Sheet
from engine.store.connect import connect
from engine.store.ledger import outbox
from engine.store.migrate import migrate
from tests.delivering.world import HELLO, about_to_send, another, later
from tests.scripted import Scripted


def test_a_beating_worker_is_not_taken_for_dead(postgres_store: sa.Engine, now: datetime) -> None:
    world, relay = about_to_send(postgres_store, now, HELLO, "mei", "tom")
    relay.width = 1
    other = another(world)
    hands = world._tick._deliver.hands
    heartbeat = Heartbeat(postgres_store, hands, lambda: now)

    def long_after() -> None:
        almost = sa.func.clock_timestamp() - sa.text("interval '1 second'")
        world.write(sa.update(outbox).where(outbox.c.lease_until.is_not(None)).values(lease_until=almost))
        heartbeat.beat()
        other.tick_once()

    relay.handing = long_after
    world.tick_once()
    assert isinstance(other.channel, Scripted)
    assert (len(relay.taken), other.channel.offered) == (2, [])
    assert hands.attempts == []


def test_a_lease_is_trusted_until_shortly_before_its_end(sqlite_store: sa.Engine, now: datetime) -> None:
    world, _ = about_to_send(sqlite_store, now)
    hands, at = world._tick._deliver.hands, [1000.0]
    hands.clock = lambda: at[0]
    hands.trust(["a"], since=990.0)
    assert hands.trusts("a")
    at[0] = 1039.9
    assert hands.trusts("a")
    at[0] = 1040.0
    assert not hands.trusts("a")
    hands.let_go("a")
    assert hands.attempts == []


def test_a_person_lists_the_doubts_and_decides(now: datetime, tmp_path: Path) -> None:
    store = connect(f"sqlite:///{tmp_path / 'store.db'}")
    migrate(store)
    world, relay = about_to_send(store, now)
    relay.at_content["mei@example.com"] = [Uncertain("timed out")]
    world.tick()
    url = ["--store", str(store.url)]
    store.dispose()
    run = CliRunner()
    listed = run.invoke(main, ["uncertain", *url])
    assert "email hello of p to mei: timed out" in listed.output
    assert run.invoke(main, ["uncertain", "--sent", "1", *url]).output == "1: sent\n"
    again = run.invoke(main, ["uncertain", "--again", "1", *url])
    assert (again.exit_code, "it is sent" in again.output) == (1, True)
    assert run.invoke(main, ["uncertain", *url]).output == "no message is in doubt\n"


def test_what_a_door_of_its_own_fault_left_is_not_kept_alive(store: sa.Engine, now: datetime) -> None:
    world, relay = about_to_send(store, now)

    def breaks() -> None:
        raise RuntimeError("a fault of the door")

    relay.between = breaks
    with pytest.raises(RuntimeError):
        world.tick_once()
    assert world._tick._deliver.hands.attempts == []
    relay.between = lambda: None
    later(world)
    world.tick()
    assert (world.message()["state"], len(relay.taken)) == ("sent", 1)


def test_a_claim_that_takes_too_long_is_given_back_and_claimed_anew(store: sa.Engine, now: datetime) -> None:
    world, relay = about_to_send(store, now, HELLO, "ana", "mei", "tom")
    hands, at = world._tick._deliver.hands, [0.0]
    hands.clock = lambda: at[0]
    relay.width = 1
    relay.between = lambda: at.__setitem__(0, at[0] + 51)
    world.tick()
    assert ({row["state"] for row in world.messages()}, len(relay.taken)) == ({"sent"}, 3)


def test_a_door_that_shuts_waits_for_no_further_letter(
    store: sa.Engine, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, relay = about_to_send(store, now, HELLO, "ana", "mei", "tom")
    made, letter_of = [], letters._letter

    def counted(sheet: Sheet, draft: Draft, written: object) -> Composed | Failure:
        made.append(sheet.address)
        return letter_of(sheet, draft, written)

    monkeypatch.setattr(letters, "_letter", counted)
    relay.width, relay.at_offer["*"] = 1, [Retry(None, 421, "421 closing", "relay")]
    world.tick_once()
    assert (len(made), [row["state"] for row in world.messages()]) == (1, ["deferred", "planned", "planned"])
    world.tick(now + timedelta(hours=1))
    assert (len(relay.taken), {row["state"] for row in world.messages()}) == (3, {"sent"})
