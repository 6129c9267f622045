"""A test as values: who is given, what happens, and what must come of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from engine.rehearse.moments import Moment
from engine.source.problem import Place


@dataclass(frozen=True)
class Person:
    """A customer of a test: the columns of the store, the zone, and whether the holdout takes him."""

    id: str
    row: Mapping[str, Any]
    zone: ZoneInfo
    held_out: bool = False


@dataclass(frozen=True)
class Happening:
    """Something that happens to a customer: an event with its payload, or a change of the customer."""

    number: int  # its line in the test, from 0
    at: datetime
    customer: str
    place: Place
    event: str | None = None
    payload: Mapping[str, Any] = field(default_factory=dict)
    result: tuple[str, str] | None = None  # payload key and the name of the result whose code it gets
    row: Mapping[str, Any] = field(default_factory=dict)  # columns of the customer that change
    untag: str | None = None
    said: tuple[str, str] | None = None  # what staff say: `done` and a task, `approved` or `refused` and a question
    record: tuple[str, Mapping[str, Any]] | None = None  # a kind of what customers have, and the row that changes
    about: str | None = None  # the product of an event that happens to no customer


@dataclass(frozen=True)
class Expected:
    """One line of `expect`."""

    number: int  # its line in the test, from 0
    at: Moment
    customer: str
    word: str
    value: str
    message: str | None = None  # of a mail that was not sent
    language: str | None = None
    subject: str | None = None
    assignee: str | None = None
    says: tuple[str, ...] = ()
    never_says: tuple[str, ...] = ()


@dataclass(frozen=True)
class Case:
    """One test, ready to run."""

    name: str
    place: Place
    people: Mapping[str, Person]
    happenings: tuple[Happening, ...]
    start: datetime
    until: datetime
    expected: tuple[Expected, ...]
    split: Mapping[str, str] = field(default_factory=dict)  # step that splits -> the way that everybody goes
    goods: tuple[tuple[str, Mapping[str, Any]], ...] = ()  # what is given beside the customers: a kind and a row each
    asleep: tuple[datetime, datetime] | None = None  # from when until when nothing runs


@dataclass(frozen=True)
class TestFile:
    """One file of tests of one playbook. `by_customer` says that times are by each customer's own clocks."""

    __test__ = False  # for pytest, which takes names like this for its own

    file: str
    playbook: str
    zone: ZoneInfo
    by_customer: bool
    cases: tuple[Case, ...]
