"""What `why` says of an occasion that came too late: that it did, and by which rule."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from engine.answers.why import Why
from engine.store.ingest.owned import put_reservations
from tests.shop import World, playbook

DAY = timedelta(days=1)
THANKS = "when:\n  event: order.paid\n  where:\n    - event.total >= 50\ndo: [tag: told]"


def _said(world: World, customer: str = "mei") -> list[tuple[str, bool | None, str]]:
    (found,) = world.shop.workspace.playbooks.values()
    with world.store.connect().execution_options(reading=True) as connection:
        lines = Why(world.shop, found)(connection, customer, world.now)
    return [(line.text, line.holds, line.value) for line in lines]


def _of(said: list[tuple[str, bool | None, str]], begins: str) -> list[tuple[bool | None, str]]:
    return [(holds, value) for text, holds, value in said if text.startswith(begins)]


def _shown(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}"  # the shop of these tests lives in UTC


def _launched(store: sa.Engine, now: datetime, body: str, *customers: str, **fields: Any) -> World:
    world = World(store, now, playbook("thanks", body))
    world.customers(*(customers or ("mei",)), **fields)
    world.tick()
    return world


# --- Events ----------------------------------------------------------------------------------------------------------


def test_an_event_that_came_after_the_time_of_catching_up_is_told(store: sa.Engine, now: datetime) -> None:
    world = _launched(store, now, THANKS)
    world.now = now + 20 * DAY
    world.tick()
    world.event("order.paid", "mei", at=world.now - 12 * DAY, total=10_000)
    world.tick()
    assert world.runs() == []
    late = "longer ago than 3 days (`limits.catch_up`)"
    assert _of(_said(world), "came in time") == [(False, late)]


def test_an_event_from_before_the_launch_is_told(store: sa.Engine, now: datetime) -> None:
    world = World(store, now, playbook("thanks", THANKS))
    world.customers("mei")
    world.event("order.paid", "mei", at=now - DAY, total=10_000)
    world.tick()
    assert world.runs() == []
    before = f"before the playbook was launched on {_shown(now)}"
    assert _of(_said(world), "came in time") == [(False, before)]
    world.event("order.paid", "mei", at=now - 12 * DAY, total=10_000)
    world.tick()
    assert _of(_said(world), "came in time") == [
        (False, before),
        (False, "longer ago than 3 days (`limits.catch_up`)"),
    ]


def test_of_an_event_that_began_a_run_nothing_is_told(store: sa.Engine, now: datetime) -> None:
    world = _launched(store, now, THANKS)
    world.event("order.paid", "mei", total=10_000)
    world.tick()
    assert world.entered() == ["mei"]
    world.now = now + 30 * DAY
    assert _of(_said(world), "came in time") == []


def test_an_event_that_no_tick_has_seen_is_told(store: sa.Engine, now: datetime) -> None:
    world = _launched(store, now, THANKS)
    world.event("order.paid", "mei", at=now - DAY, total=10_000)
    world.now = now + timedelta(minutes=1)
    world.event("order.paid", "mei", total=10_000)
    assert _of(_said(world), "came in time") == [(None, "not looked at yet, as far as is on record")] * 2
    world.tick()
    assert len(world.runs()) == 2


def test_what_held_too_late_is_told(store: sa.Engine, now: datetime) -> None:
    world = _launched(store, now, f"if: customer.tier is gold\n{THANKS}", tier="silver")
    world.now += timedelta(hours=1)
    world.event("order.paid", "mei", total=10_000)
    world.tick()
    assert _of(_said(world), "came in time") == []  # another line says NO
    world.customers("mei", tier="gold")
    (line,) = _of(_said(world), "came in time")
    assert line == (False, "it was looked at and began nothing; the other answers are those of today")


# --- Dates -----------------------------------------------------------------------------------------------------------

BEFORE = "when: {date: customer.member_until, lead: 10 days}\ndo: [tag: told]"


def _date(now: datetime, days: int) -> date:
    return (now + timedelta(days=days)).date()


def _noticed(now: datetime, days: int) -> str:
    return f"{_date(now, days)} 09:00"


@pytest.mark.parametrize(("until", "notice"), [(9, -1), (5, -5)])
def test_a_notice_from_before_the_launch_is_told(store: sa.Engine, now: datetime, until: int, notice: int) -> None:
    world = _launched(store, now, BEFORE, member_until=_date(now, until))
    late = ", and longer ago than 3 days (`limits.catch_up`)" if notice == -5 else ""
    assert _of(_said(world), f"moment of notice: {_noticed(now, notice)}") == [
        (False, f"before the playbook was launched on {_shown(now)}{late}")
    ]


def test_a_notice_that_lies_ahead_is_told(store: sa.Engine, now: datetime) -> None:
    world = _launched(store, now, BEFORE, member_until=_date(now, 30))
    assert _of(_said(world), "moment of notice") == [(True, "lies ahead")]
    world.tick_until(now + 21 * DAY)
    assert world.entered() == ["mei"]
    assert _of(_said(world), "moment of notice") == []


def test_a_date_that_came_after_its_notice_is_told(store: sa.Engine, now: datetime) -> None:
    world = _launched(store, now, BEFORE)
    world.tick_until(now + 21 * DAY)
    world.customers("mei", member_until=_date(now, 30))
    world.tick()
    (line,) = _of(_said(world), f"moment of notice: {_noticed(now, 20)}")
    assert line == (False, "it was looked at and began nothing; the other answers are those of today")


@pytest.mark.parametrize(
    ("lead", "starts", "holds"), [("2 hours", 90, False), ("2 hours", 180, True), ("1 day", 180, False)]
)
def test_a_notice_of_a_record_is_told(store: sa.Engine, now: datetime, lead: str, starts: int, holds: bool) -> None:
    world = _launched(store, now, f"when: {{date: reservation.starts_at, lead: {lead}}}\ndo: [tag: told]")
    at = now + timedelta(minutes=starts)
    with store.begin() as connection:
        row = {"id": "r1", "customer_id": "mei", "starts_at": at, "state": "booked", "made_at": now}
        assert not put_reservations(connection, [row], now).rejected
    world.tick()
    (line,) = _of(_said(world), "moment of notice")
    assert line[0] is holds
    world.tick_until(now + 2 * DAY)
    assert bool(world.runs()) is holds
    assert bool(_of(_said(world), "moment of notice")) is not holds


def test_a_notice_is_by_the_clock_of_the_customer(store: sa.Engine, now: datetime) -> None:
    body = "when: {date: customer.member_until, lead: 1 day, at: 10:00}\ndo: [tag: told]"
    world = _launched(store, now, body, member_until=_date(now, 5), timezone="Asia/Tokyo")
    ((text, holds, _),) = [one for one in _said(world) if one[0].startswith("moment of notice")]
    assert (text, holds) == (f"moment of notice: {_date(now, 4)} 01:00", True)


# --- Days of the calendar --------------------------------------------------------------------------------------------


def test_the_last_notice_of_an_anniversary_is_told_with_the_next(store: sa.Engine, now: datetime) -> None:
    body = "when: {anniversary: customer.birthday, lead: 10 days}\ndo: [tag: told]"
    world = _launched(store, now, body, birthday=_date(now, 9).replace(year=1990))
    last, following = (one for one in _said(world) if one[0].startswith("moment of notice"))
    assert last == (
        f"moment of notice: {_noticed(now, -1)}",
        False,
        f"before the playbook was launched on {_shown(now)}",
    )
    assert (following[1:], following[0][:22]) == ((True, "lies ahead"), f"moment of notice: {now.year + 1}")


def test_who_was_born_within_a_year_has_no_notice_yet_but_the_next(store: sa.Engine, now: datetime) -> None:
    world = _launched(store, now, "when: {anniversary: customer.birthday}\ndo: [tag: told]", birthday=_date(now, -5))
    assert _of(_said(world), "moment of notice") == [(True, "lies ahead")]


@pytest.mark.parametrize(
    ("once", "holds", "value"),
    [
        (
            "2025-01-01 10:00",
            False,
            "before the playbook was launched on {launched}, and longer ago than 3 days (`limits.catch_up`)",
        ),
        ("2027-06-01 10:00", True, "lies ahead"),
    ],
)
def test_a_single_moment_is_told(store: sa.Engine, now: datetime, once: str, holds: bool, value: str) -> None:
    world = _launched(store, now, f"when: {{once: {once}}}\ndo: [tag: told]")
    said = _said(world)
    assert _of(said, f"when once {once}") == [(None, "on the customer's own clock")]
    assert _of(said, f"moment of notice: {once}") == [(holds, value.format(launched=_shown(now)))]


def test_a_holiday_whose_notice_is_past_is_told(store: sa.Engine, now: datetime) -> None:
    at = datetime.fromisoformat("2026-12-22T12:00:00+00:00")
    world = _launched(store, at, "when: {holiday: christmas, lead: 5 days}\ndo: [tag: told]", country="DE")
    said = _of(_said(world), "moment of notice")
    assert [holds for holds, _ in said] == [False, True]


def test_nothing_is_told_of_times_before_the_playbook_was_ever_started(store: sa.Engine, now: datetime) -> None:
    world = World(store, now, playbook("thanks", THANKS))
    world.customers("mei")
    world.event("order.paid", "mei", total=10_000)
    assert _of(_said(world), "came in time") == []
