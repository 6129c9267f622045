"""The last look: what is remembered of the first one serves only while nobody else has written, and says the same."""

from datetime import UTC, datetime, timedelta
from tempfile import TemporaryDirectory
from threading import Thread

import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.channels import Doors, Failed
from engine.outgoing.looks import Looks
from engine.outgoing.outbox import begin_sending, claim, settle
from engine.store.brakes import hold_playbook
from engine.store.connect import connect, create
from engine.store.customers import suppressions
from engine.store.ingest import record_event
from tests.delivering.world import HELLO, PAID, about_to_send
from tests.shop import SETTINGS, World, playbook

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTES = timedelta(minutes=1)
NAMES = ("ana", "mei", "tom")
CAPPED = f"{SETTINGS}  cap: 2 per 2 days\n"


def test_who_leaves_between_the_looks_gets_nothing(store: sa.Engine, now: datetime) -> None:
    world, relay = about_to_send(store, now, HELLO, *NAMES)
    relay.width = 1
    relay.between = lambda: world.answer("tom", given=False)
    world.tick_once()
    assert sorted(relay.recipients()) == ["ana@example.com", "mei@example.com"]


TOPIC = playbook("p", f"{PAID}do:\n  - email: hello", topic="offers")


def leaves_the_topic(connection: sa.Connection) -> None:
    payload = {"channel": "email", "topic": "offers"}
    assert not record_event(connection, "consent.withdrawn", "mei", NOW, payload, "left", NOW).rejected


def test_who_leaves_a_topic_during_the_last_look_is_after_it(postgres_store: sa.Engine, now: datetime) -> None:
    world, relay = about_to_send(postgres_store, now, TOPIC)
    waited: list[bool] = []

    def looked(_line: object, _cursor: object, statement: str, *_: object) -> None:
        if "sent_at=%(now)s" not in statement or waited:
            return
        waited.append(False)
        with postgres_store.connect() as other:
            other.exec_driver_sql("SET LOCAL lock_timeout = '50ms'")
            try:
                leaves_the_topic(other)
                other.commit()
            except sa.exc.OperationalError:
                waited.append(True)

    sa.event.listen(postgres_store, "before_cursor_execute", looked)
    world.tick_once()
    sa.event.remove(postgres_store, "before_cursor_execute", looked)
    assert (waited, relay.recipients()) == ([False, True], ["mei@example.com"])


def test_a_last_look_waits_for_who_is_leaving_a_topic(postgres_store: sa.Engine, now: datetime) -> None:
    world, relay = about_to_send(postgres_store, now, TOPIC)
    leaving = postgres_store.connect()
    waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"

    def once_waited_for() -> None:
        with postgres_store.connect().execution_options(isolation_level="AUTOCOMMIT") as watching:
            for _ in range(500):
                if watching.exec_driver_sql(waits).scalar_one():
                    break
                watching.exec_driver_sql("SELECT pg_sleep(0.01)")
        leaving.commit()

    ends = Thread(target=once_waited_for)

    def begins() -> None:
        leaves_the_topic(leaving)
        ends.start()

    relay.between = begins
    world.tick_once()
    ends.join()
    leaving.close()
    assert (relay.taken, world.message()["state"]) == ([], "suppressed")


def test_a_long_pass_ends_where_the_window_closes(store: sa.Engine, now: datetime) -> None:
    files = playbook("p", f"{PAID}do:\n  - email: hello", send_window="09:00-12:02")
    world, relay = about_to_send(store, now, files, "ana", "mei", "tom", "zoe")
    relay.width, at = 1, [now]
    world._tick._deliver.hands.instant = lambda: at[0]

    def passes() -> None:
        at[0] += MINUTES

    relay.between = passes
    world.tick_once()
    assert [row["state"] for row in world.messages()] == ["sent", "deferred", "deferred", "deferred"]
    assert {row["due_at"] for row in world.messages(state="deferred")} == {now.replace(day=2, hour=9)}


def test_a_long_pass_sends_nothing_that_expired_meanwhile(store: sa.Engine, now: datetime) -> None:
    world, relay = about_to_send(store, now, HELLO, "ana", "mei")
    relay.width, at = 1, [now]
    world._tick._deliver.hands.instant = lambda: at[0]
    relay.between = lambda: at.__setitem__(0, at[0] + timedelta(days=2))
    world.tick_once()
    assert [row["state"] for row in world.messages()] == ["sent", "expired"]


def test_an_address_found_dead_gets_nothing_more_of_the_same_claim(store: sa.Engine, now: datetime) -> None:
    world, relay = about_to_send(store, now, HELLO, "mei", "mei")
    relay.width = 1
    relay.at_offer["mei@example.com"] = [Failed(550, "550 5.1.1 no such user", suppress=True)]
    world.tick_once()
    assert [row["state"] for row in world.messages()] == ["failed", "suppressed"]
    assert relay.taken == []


def test_where_messages_vie_for_places_each_group_is_asked_of_alone(sqlite_store: sa.Engine, now: datetime) -> None:
    body = f"{PAID}do:\n  - email: hello"
    files = {**playbook("p", body, priority="20"), **playbook("q", body, priority="80")}
    world, relay = about_to_send(sqlite_store, now, files, *NAMES, settings=CAPPED)
    relay.width, asked = 1, list[int]()

    def reads(_line: object, _cursor: object, statement: str, values: tuple[object, ...], *_: object) -> None:
        if "FROM consents" in statement:
            asked.append(len(values))

    sa.event.listen(sqlite_store, "before_cursor_execute", reads)
    world.tick_once()
    sa.event.remove(sqlite_store, "before_cursor_execute", reads)
    assert (asked, len(relay.taken)) == ([3, *[1] * 6], 6)


# --- Remembered or read anew: the same ------------------------------------------------------------------------------------

_ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("sends"), st.integers(1, 3)),
        st.tuples(st.sampled_from(("leaves", "dies", "complains", "held")), st.integers(0, 2)),
        st.tuples(st.just("waits"), st.integers(1, 300)),
    ),
    min_size=1,
    max_size=8,
)


def _happens(world: World, act: str, number: int) -> None:
    """Somebody else writes, on another connection; or time passes."""
    name = NAMES[number % len(NAMES)]
    if act == "leaves":
        world.answer(name, given=False)
    elif act == "dies":
        world.write(sa.delete(suppressions))
        world.suppress(f"{name}@example.com")
    elif act == "complains":
        world.event("complaint.opened", name, subject="cold tea")
    elif act == "held":
        with world.store.begin() as connection:
            hold_playbook(connection, "p", "sends", "a person said so", world.now, cause=f"test {number}")
    else:
        world.now += number * MINUTES


@settings(max_examples=20, deadline=None)
@given(acts=_ACTS, capped=st.booleans())
def test_what_is_remembered_says_what_a_fresh_look_says(acts: list[tuple[str, int]], capped: bool) -> None:
    with TemporaryDirectory() as folder:
        store = connect(f"sqlite:///{folder}/store.db")
        sa.event.listen(store, "connect", lambda driver, _: driver.execute("PRAGMA synchronous=OFF"))
        create(store)
        files = playbook("p", f"{PAID}do:\n  - email: hello", send_window="09:00-18:00")
        world = World(store, NOW, files, settings=CAPPED if capped else SETTINGS)
        world.customers(*NAMES)
        world.tick()
        world._tick._deliver.doors = Doors({})  # what is planned stays planned
        for name in NAMES * 3:
            world.event("order.paid", name, total=100)
        world.tick_once()
        _compare(world, acts)
        store.dispose()


def _compare(world: World, acts: list[tuple[str, int]]) -> None:
    compose = world._tick._deliver.compose
    both = (Looks(compose), Looks(compose, always_anew=True))
    with world.store.connect() as line:
        with line.begin():
            rows = claim(line, "a", world.now, 99, ["p"])
        assert len(rows) == 9
        with line.begin():
            customers = compose.customers(line, rows, world.now)
            firsts = [looks.first(line, rows, customers, world.now) for looks in both]
        left = firsts[0][0]
        for act, number in acts:
            if act != "sends":
                _happens(world, act, number)
                continue
            group, left = left[:number], left[number:]
            with line.begin():
                remembered, anew = (looks.last(line, group, world.now) for looks in both)
                assert remembered == anew
                begin_sending(line, "a", [row["id"] for row in anew[0]], world.now)
                settle(line, "a", anew[1], world.now)
