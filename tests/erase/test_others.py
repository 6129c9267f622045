"""What others write of a customer who had begun before the erase, and are done only after it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa

from engine.erase import Finished, Patience, erase_for_good, find_person, find_remains
from engine.store.contents import contents
from engine.store.customers import customers
from engine.store.erasures import erasures
from engine.store.ledger import enrolments, outbox
from engine.store.sealed import CUSTOMER, erased_among, keep_keys
from tests.erase.canaries import WHO, fill
from tests.shop import SECRETS, World, playbook
from tests.store.rows import everything

FILES = playbook("hello", "when: {event: order.paid}\ndo:\n  - email: hello")


@dataclass
class Time:
    """A clock that goes on with each pause, and what happens in the pauses."""

    now: float = 0.0
    then: Callable[[], object] = bool
    pauses: list[float] = field(default_factory=list)

    def pause(self, seconds: float) -> None:
        self.now += seconds
        self.pauses.append(seconds)
        self.then()

    @property
    def patience(self) -> Patience:
        return Patience(lambda: self.now, self.pause)


def shop(store: sa.Engine, now: datetime) -> World:
    keep_keys(store, SECRETS)
    world = World(store, now, FILES)
    world.tick()  # the launch: what happens from here on counts
    world.customers(WHO)
    return world


def erased(world: World, time: Time, waiting: Callable[[], object] = bool) -> Finished:
    return erase_for_good(
        world.shop, lambda connection: find_person(world.shop, connection, WHO), world.now, time.patience, waiting
    )


def nothing_remains(world: World) -> bool:
    return "canary" not in repr(everything(world.store))


def begun(store: sa.Engine) -> sa.Connection:
    """Somebody in a transaction who has looked whether the customer was erased, and has not written yet."""
    other = store.connect()
    assert not erased_among(other, [(CUSTOMER, WHO)])
    return other


def test_who_had_only_read_before_and_writes_after_leaves_nothing(postgres_store: sa.Engine, now: datetime) -> None:
    world, said = shop(postgres_store, now), []
    other = begun(postgres_store)

    def writes() -> None:
        if not other.closed:
            fill(other, now)
            other.commit()
            other.close()

    time = Time(then=writes)
    done = erased(world, time, lambda: said.append(True))
    assert nothing_remains(world)
    assert (done.at_work, len(time.pauses), said) == ((), 1, [True])
    (row,) = world.rows(erasures)
    assert (row["id"], row["counts"]) == (done.erased.number, done.erased.counts)
    assert (row["counts"]["customers"], row["counts"]["events"]) == (2, 1)
    with postgres_store.connect() as connection:
        address = ("email", "canary@nest.example")  # of the row that came back
        assert erased_among(connection, [(CUSTOMER, WHO), address]) == {(CUSTOMER, WHO), address}


def test_who_begins_after_the_erase_is_not_waited_for(postgres_store: sa.Engine, now: datetime) -> None:
    world, other = shop(postgres_store, now), begun(postgres_store)
    later: list[sa.Connection] = []

    def begins() -> None:
        later.append(postgres_store.connect())
        later[-1].execute(sa.select(customers.c.id))
        other.close()

    time = Time(then=begins)
    assert erased(world, time).at_work == ()
    assert len(time.pauses) == len(later) == 1
    later[0].close()


def test_of_nobody_at_work_nothing_is_waited_for(postgres_store: sa.Engine, now: datetime) -> None:
    world, time = shop(postgres_store, now), Time()
    with postgres_store.connect() as idle:
        idle.execute(sa.select(customers.c.id))
        idle.rollback()
        done = erased(world, time)
    assert (time.pauses, done.at_work, len(world.rows(erasures))) == ([], (), 1)
    assert nothing_remains(world)


def test_who_does_not_end_is_named_and_can_be_erased_after(postgres_store: sa.Engine, now: datetime) -> None:
    world, stays, ends = shop(postgres_store, now), begun(postgres_store), begun(postgres_store)
    process = stays.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()

    def writes() -> None:
        if not ends.closed:
            ends.execute(sa.insert(customers).values(id=WHO, created_at=now, position=1))
            ends.commit()
            ends.close()

    time = Time(then=writes)
    done = erased(world, time)
    assert done.at_work == (process,)
    assert 30 <= time.now < 31
    assert nothing_remains(world)
    with postgres_store.connect() as connection:
        assert find_remains(world.shop, connection, WHO) is None
    run = {"playbook": "hello", "customer_id": WHO, "occasion": "o", "revision": "r", "state": "running"}
    at = dict.fromkeys(("fired_at", "entered_at", "due_at"), now)
    stays.execute(sa.insert(enrolments).values(**run, **at, listens=False))
    stays.commit()
    stays.close()
    with postgres_store.connect() as connection:
        remains = find_remains(world.shop, connection, WHO)
    assert remains is not None
    erase_for_good(world.shop, lambda _: remains, now, Time().patience)
    assert nothing_remains(world)


def test_a_message_that_is_claimed_in_the_middle_is_found_with_its_content(
    postgres_store: sa.Engine, now: datetime
) -> None:
    """All tables are seen as of one moment, else the message would be emptied and its content, seen before, stay."""
    world = shop(postgres_store, now)
    world.event("order.paid", WHO, total=1000)
    world.tick()

    def claims(other: sa.Connection) -> None:
        sent = other.execute(sa.update(outbox).values(state="claimed").returning(outbox.c.id)).scalar_one()
        fixed = {"sender": "s", "language": "en", "content": b"canary", "hash": "h", "at": now}
        other.execute(sa.insert(contents).values(message_id=sent, recipient="canary@nest.example", **fixed))

    during(world, "UPDATE outbox", claims)
    assert world.rows(contents) == []
    assert nothing_remains(world)


def test_who_is_in_the_way_is_given_way_to(postgres_store: sa.Engine, now: datetime) -> None:
    world = shop(postgres_store, now)
    world.event("order.paid", WHO, total=1000)
    world.tick()
    during(world, "UPDATE outbox", lambda other: other.execute(sa.update(outbox).values(state="failed")))
    assert nothing_remains(world)
    assert (world.message()["state"], len(world.rows(erasures))) == ("failed", 1)


def during(world: World, statement: str, does: Callable[[sa.Connection], object]) -> None:
    """Erases, while somebody does something and is done just before that statement."""
    come: list[bool] = []

    def comes(connection: sa.Connection, _cursor: Any, text: str, *_: Any) -> None:
        if text.startswith(statement) and connection.get_isolation_level() == "REPEATABLE READ" and not come:
            come.append(True)
            with world.store.begin() as other:
                does(other)

    sa.event.listen(world.store, "before_cursor_execute", comes)
    try:
        erased(world, Time())
    finally:
        sa.event.remove(world.store, "before_cursor_execute", comes)
    assert come


def test_a_file_has_one_writer_and_nobody_is_waited_for(sqlite_store: sa.Engine, now: datetime) -> None:
    world, other, time = shop(sqlite_store, now), sqlite_store.connect().execution_options(reading=True), Time()
    other.execute(sa.select(customers.c.id))
    done = erased(world, time, lambda: pytest.fail("said that it waits"))
    other.close()
    assert (time.pauses, done.at_work, done.erased.counts["customers"]) == ([], (), 1)
    assert nothing_remains(world)
