"""What a trigger is: parameters that an author declares, and a query over a window for the customers it fires for."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

import sqlalchemy as sa

from engine.catalogue import Catalogue
from engine.conditions import Tree
from engine.settings import Declared, Settings


@dataclass(frozen=True)
class Window:
    """What a pass evaluates: `(since, until]` in time, and the same in transactions (see `store/dialect`)."""

    since: datetime
    until: datetime
    since_position: int
    until_position: int


@dataclass(frozen=True)
class Ground:
    """What a trigger's query is built on."""

    playbook: str
    catalogue: Catalogue
    settings: Settings
    segments: Mapping[str, Tree]
    dialect: str


#: Bound parameters of one piece of a firing; `lower` (exclusive) and `upper` (inclusive) bound its axis.
Span = Mapping[str, Any]


@dataclass(frozen=True)
class Firing:
    """One road by which a trigger fires: a statement over a range of one indexed column.

    `axis` is that column; a range with many rows is cut along it into pieces, so that no transaction grows large.
    `candidates` selects customer_id, occasion, fired_at and event_id of the rows in the range (:lower, :upper], with
    :now and :position bound too. `prelude` runs before it in the same transaction. `spans` names the ranges of a
    window: none where nothing can fire.
    """

    axis: sa.ColumnElement[Any]
    candidates: sa.Select[Any]
    spans: Callable[[Window, tuple[str, ...]], Iterable[Span]]
    prelude: tuple[sa.Executable, ...] = ()
    where: tuple[sa.ColumnElement[bool], ...] = ()  # further conditions of the range, for cutting and probing it
    many: bool = False  # one window may hold several occasions of one customer


class Trigger(Declared):
    """The author's `when:`."""

    word: ClassVar[str]
    #: The event that starts a run, whose fields the playbook may mention as `event.*`.

    @property
    def event_name(self) -> str | None:
        """The event whose fields are `event.*` in this playbook, if the trigger is one."""
        return None

    @property
    def keeps_members(self) -> bool:
        """Whether the trigger follows who is inside an audience."""
        return False

    def firings(self, ground: Ground) -> tuple[Firing, ...]:
        """The statements; built once for a revision of a playbook."""
        raise NotImplementedError

    def next_at(self, connection: sa.Connection, ground: Ground, after: datetime) -> datetime | None:
        """The next instant after `after` at which time alone can make the trigger fire; None where only events can."""
        raise NotImplementedError
