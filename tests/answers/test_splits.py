"""The winner of a split: counted by customer, with its uncertainty in plain words."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from engine.answers.splits import Split, Way, splits, told
from tests.shop import World, playbook

BODY = """
when: {event: review.posted}
if_running: parallel
goal: {event: order.paid, within: 30 days}
do:
  - split:
      - {share: 50%, name: warm, do: [{tag: warm}]}
      - {share: 50%, name: brief, do: [{tag: brief}]}
"""


def test_counts_customers_and_their_goals(store: sa.Engine, now: datetime) -> None:
    world = World(store, now, playbook("p", BODY), control=None)
    people = [f"c{number}" for number in range(12)]
    world.customers(*people)
    world.tick()
    for one in (*people, people[0]):
        world.event("review.posted", one, rating=5)
    world.tick()
    world.now = now + timedelta(days=1)
    for one in people[:6]:
        world.event("order.paid", one, total=100)
    world.tick()
    with store.connect() as connection:
        (split,) = splits(connection, ["p"])
        assert splits(connection, ["other"]) == []
    assert (split.playbook, split.step) == ("p", "split")
    assert sum(way.entered for way in split.ways) == 12
    assert sum(way.converted for way in split.ways) == 6


@pytest.mark.parametrize(
    ("best", "second", "words"),
    [
        (Way("a", 1000, 120), Way("b", 1000, 60), "`a` is better than `b`"),
        (Way("a", 20, 6), Way("b", 20, 4), "could not be chance"),
        (Way("a", 20, 0), Way("b", 20, 0), "nobody has reached the goal"),
    ],
)
def test_says_whether_it_is_chance(best: Way, second: Way, words: str) -> None:
    assert words in Split("p", "split", (best, second)).verdict()


def test_the_interval_is_wilsons() -> None:
    low, high = Way("a", 10, 1).interval
    assert (low, high) == (pytest.approx(0.0179, abs=1e-4), pytest.approx(0.4042, abs=1e-4))
    assert Way("a", 0, 0).interval == (0.0, 1.0)


def test_told_to_people() -> None:
    lines = list(told([Split("welcome", "hour", (Way("evening", 1000, 120), Way("morning", 1000, 60)))]))
    assert lines == [
        "welcome  hour: `evening` is better than `morning`: chance alone does this less than once in 20 times",
        "  evening  1,000 entered, 120 converted: 12.0% (10.1 to 14.2%)",
        "  morning  1,000 entered, 60 converted: 6.0% (4.7 to 7.6%)",
    ]
