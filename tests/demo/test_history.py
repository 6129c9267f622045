"""The demo's history: real purchases, moved as a whole, and what is made up from a number is made up alike each time."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from engine.demo.history import every, history
from engine.demo.people import person

_BRAND = ZoneInfo("Asia/Shanghai")
_NOW = datetime(2026, 11, 21, 22, 30, tzinfo=UTC)


def test_every_tenth_customer_with_all_that_they_bought_until_yesterday() -> None:
    past = history(_NOW, _BRAND)
    assert (len(past.people), len(past.orders)) == (2357, 6844)
    assert past.orders[0].at.date() == past.begins.date()
    assert past.orders[-1].at.date() == date(2026, 11, 20)
    assert past.orders[-1].at.date() - past.begins.date() == date(1998, 6, 30) - date(1997, 1, 1)
    assert all(telling.at < _NOW for telling in past.tellings)


def test_amounts_are_exact() -> None:
    first = next(order for order in history(_NOW, _BRAND, chosen=every(10)).orders if order.id == "00007-1")
    assert first.total == 2874 * 7


def test_the_same_every_time_and_moved_only_as_a_whole() -> None:
    once, again = history(_NOW, _BRAND, chosen=every(20)), history(_NOW, _BRAND, chosen=every(20))
    assert once == again
    later = history(_NOW + timedelta(days=3), _BRAND, chosen=every(20))
    assert Counter(order.at.date() - once.begins.date() for order in once.orders) == Counter(
        order.at.date() - later.begins.date() for order in later.orders
    )


def test_orders_are_made_in_the_daytime_of_their_customers() -> None:
    past = history(_NOW, _BRAND, chosen=every(5))
    hours = {order.at.astimezone(past.people[order.customer].zone(_BRAND)).hour for order in past.orders}
    assert hours <= set(range(7, 23))


def test_at_any_hour_somebody_of_each_language_may_be_written_to() -> None:
    people = [person(f"{number:05}", date(2025, 5, 24)) for number in range(7, 6007, 10)]
    for hour in range(24):
        at = datetime(2026, 11, 21, hour, 30, tzinfo=UTC)
        awake = {one.language for one in people if 9 <= at.astimezone(one.zone(_BRAND)).hour < 20}
        assert awake == {"en", "zh-CN", "ru", "ko"}, hour


def test_addresses_belong_to_nobody() -> None:
    people = [person(f"{number:05}", date(2025, 5, 24)) for number in range(7, 3007, 10)]
    assert {one.email.partition("@")[2] for one in people} == {"example.com", ""}
    assert all(one.email.isascii() for one in people)
    assert {"no"} < {one.email_consent for one in people}
