"""holiday: the day of the customer's own country, at the customer's own hour."""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from tests.shop import SETTINGS, World, playbook

NEW_YEAR = playbook("new-year", "when: {holiday: lunar-new-year, lead: 3 days, at: 10:00}\ndo: [tag: greeted]")
IN_2028 = datetime(2028, 1, 20, 12, tzinfo=UTC)


def test_each_country_keeps_its_own_day(store: sa.Engine) -> None:
    world = World(store, IN_2028, NEW_YEAR)
    world.customers("mei", country="CN", timezone="Asia/Shanghai")
    world.customers("jun", country="KR", timezone="Asia/Seoul")
    world.customers("eva", country="DE", timezone="Europe/Berlin")  # by China's calendar: that of `anywhere`
    world.tick()
    world.tick_until(IN_2028 + timedelta(days=20))
    assert {row["customer_id"]: (row["occasion"], row["fired_at"]) for row in world.runs()} == {
        "mei": ("2028-01-26", datetime(2028, 1, 23, 2, tzinfo=UTC)),
        "jun": ("2028-01-27", datetime(2028, 1, 24, 1, tzinfo=UTC)),
        "eva": ("2028-01-26", datetime(2028, 1, 23, 9, tzinfo=UTC)),
    }


def test_a_country_without_that_holiday_is_left_alone(store: sa.Engine, now: datetime) -> None:
    world = World(store, now, playbook("chuseok", "when: {holiday: chuseok}\ndo: [tag: greeted]"))
    world.customers("jun", country="kr")  # as a list may write it
    world.customers("mei", country="CN")
    world.customers("tom")
    world.tick()
    world.tick_until(datetime(2026, 12, 1, tzinfo=UTC))
    assert world.entered() == ["jun"]


def test_whose_country_nobody_knows_lives_in_the_brands(store: sa.Engine, now: datetime) -> None:
    files = playbook("chuseok", "when: {holiday: chuseok}\ndo: [tag: greeted]")
    world = World(store, now, files, settings=f"{SETTINGS}country: KR\n")
    world.customers("jun")
    world.customers("mei", country="CN")
    world.tick()
    world.tick_until(datetime(2026, 12, 1, tzinfo=UTC))
    assert world.entered() == ["jun"]


def test_the_workspace_adds_countries_and_holidays(store: sa.Engine, now: datetime) -> None:
    own = "chuseok: {CN: Mid-Autumn Festival}\nfounders-day: {anywhere: third sunday of march}\n"
    files = {
        **playbook("one", "when: {holiday: chuseok}\ndo: [tag: greeted]"),
        **playbook("two", "when: {holiday: founders-day, lag: 1 day}\ndo: [tag: thanked]"),
        "settings/holidays.yaml": own,
    }
    world = World(store, now, files)
    world.customers("jun", country="KR")
    world.customers("mei", country="CN")
    world.tick()
    world.tick_until(datetime(2026, 12, 1, tzinfo=UTC))
    assert [(row["playbook"], row["customer_id"], row["occasion"]) for row in world.runs()] == [
        ("two", "jun", "2026-03-15"),
        ("two", "mei", "2026-03-15"),
        ("one", "jun", "2026-09-25"),
        ("one", "mei", "2026-09-25"),
    ]


def test_a_feast_comes_again_every_year(store: sa.Engine, now: datetime) -> None:
    world = World(store, now, playbook("xmas", "when: {holiday: christmas, lead: 1 month}\ndo: [tag: greeted]"))
    world.customers("tom")
    world.tick()
    world.tick_until(now + timedelta(days=800))
    assert [row["occasion"] for row in world.runs()] == ["2026-12-25", "2027-12-25"]


def test_after_a_night_of_downtime_it_is_made_up_for(store: sa.Engine) -> None:
    world = World(store, IN_2028, NEW_YEAR)
    world.customers("mei", country="CN")
    world.tick()
    world.tick(datetime(2028, 1, 24, 12, tzinfo=UTC))
    assert world.run()["fired_at"] == datetime(2028, 1, 23, 10, tzinfo=UTC)
