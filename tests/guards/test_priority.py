"""Priority: of several messages that want the same place, the most important one goes."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from threading import Barrier, Thread

import pytest
import sqlalchemy as sa

from engine.clocks.times import Length
from engine.guards import Cap, Rival, Said
from engine.guards.priority import priority
from engine.settings.literals import Limit
from engine.store.brakes import hold_playbook
from tests.guards.looks import NOW, look_at
from tests.shop import SETTINGS, World, playbook

ONE_A_WEEK = Limit(1, Length(7, "day"))
HOUR = timedelta(hours=1)
CAPPED = SETTINGS + "  cap: 1 per 7 days\n"


def _rival(importance: int, due_at: datetime = NOW) -> Rival:
    return Rival(due_at, "birthday", "email", importance)


def test_it_gives_way_to_a_more_important_one() -> None:
    verdict = priority(look_at(caps=[Cap(ONE_A_WEEK, [])], rivals=[_rival(80, NOW + HOUR), _rival(50)]))
    assert verdict is not None
    assert verdict.reason == "yields to birthday (priority 80): the cap of 1 per 7 days leaves no other place"
    assert verdict.until == NOW + HOUR + timedelta(minutes=1)


@pytest.mark.parametrize("importance", [50, 49])
def test_it_gives_way_to_nobody_of_its_own_rank_or_below(importance: int) -> None:
    assert priority(look_at(caps=[Cap(ONE_A_WEEK, [])], rivals=[_rival(importance)])) is None


def test_where_there_are_places_for_all_everybody_goes() -> None:
    assert priority(look_at(rivals=[_rival(80)])) is None
    two = Cap(Limit(2, Length(7, "day")), [])
    assert priority(look_at(caps=[two], rivals=[_rival(80)])) is None
    one_left = Cap(two.limit, [Said(NOW - HOUR, "p", "email", 50)])
    assert priority(look_at(caps=[one_left], rivals=[_rival(80)])) is not None


def test_a_cap_of_its_own_and_one_of_another_channel_set_nobody_against_it() -> None:
    assert priority(look_at(caps=[Cap(ONE_A_WEEK, [], playbook="p")], rivals=[_rival(80)])) is None
    assert priority(look_at(caps=[Cap(ONE_A_WEEK, [], channel="sms")], rivals=[_rival(80)])) is None


def test_what_is_no_marketing_gives_way_to_nobody() -> None:
    assert priority(look_at(purpose="transactional", caps=[Cap(ONE_A_WEEK, [])], rivals=[_rival(80)])) is None


PAID = "when: {event: order.paid}\n"
BIRTHDAY = playbook("birthday", f"{PAID}do:\n  - email: birthday", priority="80")


def _world(store: sa.Engine, now: datetime, birthday: dict[str, str] = BIRTHDAY) -> World:
    """Two playbooks that both write to whoever has bought; the birthday's mail counts more."""
    files = {**playbook("weekly", f"{PAID}do:\n  - email: weekly"), **birthday}
    world = World(store, now, files, settings=CAPPED)
    world.customers("mei")
    world.tick()
    world.event("order.paid", "mei", total=100)
    return world


def test_of_two_due_at_once_the_more_important_goes_and_the_other_says_why(store: sa.Engine, now: datetime) -> None:
    world = _world(store, now)
    world.tick()
    assert world.mails() == [("mei@example.com", "birthday")]
    world.tick_until(now + timedelta(minutes=2))
    loser = world.message(playbook="weekly")
    assert loser["state"] == "deferred"
    assert loser["reason"] == "yields to birthday (priority 80): the cap of 1 per 7 days is reached"
    assert loser["due_at"] == now + timedelta(days=7)


def test_it_waits_for_one_that_is_planned_within_a_day(store: sa.Engine, now: datetime) -> None:
    world = _world(store, now, playbook("birthday", f"{PAID}do:\n  - email: birthday",
                                        priority="80", send_window="15:00-16:00"))  # fmt: skip
    world.tick()
    assert world.mails() == []
    assert world.message(playbook="weekly")["due_at"] == now.replace(hour=15, minute=1)
    world.tick_until(now.replace(hour=16))
    assert world.mails() == [("mei@example.com", "birthday")]


def test_it_does_not_wait_for_one_that_is_held(store: sa.Engine, now: datetime) -> None:
    world = _world(store, now)
    with store.begin() as connection:
        hold_playbook(connection, "birthday", "sends", "by hand", now)
    world.tick()
    assert world.mails() == [("mei@example.com", "weekly")]


def test_it_goes_after_all_where_the_winner_could_not(store: sa.Engine, now: datetime) -> None:
    world = _world(store, now, playbook("birthday", f"{PAID}do:\n  - email: birthday", priority="80", topic="news"))
    world.answer("mei", given=True, topic="*")
    world.answer("mei", given=False, topic="news")
    world.tick()
    assert world.mails() == []
    assert world.message(playbook="birthday")["state"] == "suppressed"
    world.tick_until(now + timedelta(minutes=2))
    assert world.mails() == [("mei@example.com", "weekly")]


def test_workers_side_by_side_send_the_more_important_one(
    postgres_store: sa.Engine, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.deliver.BATCH", 1)
    first = _world(postgres_store, now)
    worlds = [first, World(postgres_store, now, first.files, settings=CAPPED)]
    faults: list[BaseException] = []
    together = Barrier(2)

    def work(world: World) -> None:
        try:
            together.wait(10)
            world.tick_once()
        except BaseException as fault:
            faults.append(fault)

    for thread in list(_threads(worlds, work)):
        thread.join(30)
    assert faults == []
    assert [mail for world in worlds for mail in world.mails()] == [("mei@example.com", "birthday")]


def _threads(worlds: list[World], work: object) -> Iterator[Thread]:
    for world in worlds:
        thread = Thread(target=work, args=(world,))  # type: ignore[arg-type]
        thread.start()
        yield thread
