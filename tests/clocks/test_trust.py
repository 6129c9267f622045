"""A clock that jumps, that is set back, that the database contradicts."""

from datetime import datetime, timedelta

import pytest

from engine.clocks.trust import Trust


class Machine:
    """A clock and the time that passes, each moved by the test."""

    def __init__(self, now: datetime) -> None:
        self.now, self.passed = now, 1000.0
        self.trust = Trust(lambda: self.passed)

    def goes_on(self, span: timedelta) -> None:
        self.now += span
        self.passed += span.total_seconds()

    def doubt(self, theirs: datetime | None = None) -> str | None:
        found = self.trust.doubt(self.now, theirs)
        return None if found is None else f"{'stop' if found.stops else 'warn'}: {found.reason}"


@pytest.fixture
def machine(now: datetime) -> Machine:
    made = Machine(now)
    assert made.doubt() is None
    return made


def test_time_that_passes_is_no_jump(machine: Machine) -> None:
    for span in (timedelta(seconds=1), timedelta(hours=5), timedelta(days=30)):  # asleep, or 30 days of downtime
        machine.goes_on(span)
        assert machine.doubt() is None


@pytest.mark.parametrize("jump", [timedelta(minutes=59), -timedelta(hours=1), -timedelta(days=3650)])
def test_small_steps_and_steps_back_go_on(machine: Machine, jump: timedelta) -> None:
    machine.now += jump
    assert machine.doubt() is None


@pytest.mark.parametrize(
    ("jump", "words"),
    [(timedelta(minutes=61), "61 minutes"), (timedelta(hours=2), "2 hours"), (timedelta(days=3650), "87,600 hours")],
)
def test_a_jump_ahead_stops_until_it_is_set_back(machine: Machine, jump: timedelta, words: str) -> None:
    machine.now += jump
    for _ in range(3):
        assert machine.doubt() == f"stop: the clock jumped ahead by {words}"
        machine.goes_on(timedelta(seconds=1))
    machine.now -= jump
    assert machine.doubt() is None


def test_a_jump_that_nobody_sets_back_is_believed_after_a_while(machine: Machine) -> None:
    machine.now += timedelta(hours=2)
    assert machine.doubt() is not None
    machine.goes_on(timedelta(minutes=14))
    assert machine.doubt() is not None
    machine.goes_on(timedelta(minutes=1))
    assert machine.doubt() is None
    machine.goes_on(timedelta(minutes=1))
    assert machine.doubt() is None


def test_a_jump_of_years_is_never_believed(machine: Machine) -> None:
    machine.now += timedelta(days=3650)
    assert machine.doubt() is not None
    machine.goes_on(timedelta(days=2))
    assert machine.doubt() is not None


@pytest.mark.parametrize(
    ("apart", "said"),
    [
        (30, None),
        (31, "warn: the clock is 31 seconds away from the database's"),
        (-299, "warn: the clock is 4 minutes away from the database's"),
        (301, "stop: the clock is 5 minutes away from the database's"),
        (-86_400, "stop: the clock is 24 hours away from the database's"),
    ],
)
def test_the_database_knows_better(machine: Machine, apart: int, said: str | None) -> None:
    assert machine.doubt(machine.now + timedelta(seconds=apart)) == said


def test_a_jump_that_the_database_made_too_is_right(machine: Machine) -> None:
    machine.now += timedelta(hours=5)
    assert machine.doubt(machine.now) is None
    assert machine.doubt() is None
