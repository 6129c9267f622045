"""What a trigger is: parameters that an author declares, and a query over a window for the customers it fires for."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, ClassVar

import sqlalchemy as sa

from engine.calendars import Holiday
from engine.catalogue import Catalogue
from engine.conditions import Compiled, Tree, compile_where
from engine.declared import Declared
from engine.settings import Settings

#: A table without positions is read again this far back, for rows that were committed late; occasions absorb repeats.
OVERLAP = timedelta(minutes=10)


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
    holidays: Mapping[str, Holiday] = field(default_factory=dict)

    def compile(self, tree: Tree | None) -> Compiled:
        """Conditions as SQL over the catalogue's tables; none at all are true."""
        return Compiled(sa.true(), {}) if tree is None else compile_where(tree, self.catalogue, self.segments)

    def oldest(self, until: datetime) -> datetime:
        """What lies before this instant is left alone, also after a long standstill (`limits.catch_up`)."""
        return self.settings.limits.catch_up.before(until, self.settings.zone)

    def since(self, window: Window) -> datetime:
        """From when on a trigger looks: the window's beginning, or later after a long standstill."""
        if window.until - window.since < self._certainly:
            return window.since
        return max(window.since, self.oldest(window.until))

    @cached_property
    def _certainly(self) -> timedelta:
        """A window so short is certainly not cut; it spares the calendar at every tick."""
        return self.settings.limits.catch_up.approximate / 2


#: Bound parameters of one range; `lower` (exclusive) and `upper` (inclusive) bound the axis, where there is one.
Span = Mapping[str, Any]


def bounded(column: sa.ColumnElement[Any], kind: Any = None) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    """The rows with :lower < column <= :upper; the bounds are of the column's type, or of `kind`."""
    lower, upper = (sa.bindparam(name, type_=kind or column.type) for name in ("lower", "upper"))
    return column > lower, column <= upper


_NO_MOMENTS = Compiled(sa.true(), {})


@dataclass(frozen=True)
class Firing:
    """One road by which a trigger fires: a statement over a range of an indexed column.

    `rows` selects the rows in the range (:lower, :upper] and nothing else; asked first, and cut along `axis` into pieces
    where the range is long, so that no transaction grows large. `prelude` runs before `candidates`, in the same
    transaction. `candidates` selects customer_id, occasion, fired_at and event_id. :now and :position are bound in all.
    `spans` names the ranges of a window, none where nothing can fire; the zones are those that customers live in.
    `moments` are those of the conditions in prelude and candidates, bound only where a range holds a row.
    """

    rows: sa.Select[Any]
    candidates: sa.Select[Any]
    spans: Callable[[Window, tuple[str, ...]], Iterable[Span]]
    axis: sa.ColumnElement[Any] | None = None
    prelude: tuple[sa.ClauseElement, ...] = ()
    moments: Compiled = _NO_MOMENTS
    many: bool = False  # one range may hold several occasions of one customer


class Trigger(Declared):
    """The author's `when:`."""

    word: ClassVar[str]

    @property
    def event_name(self) -> str | None:
        """The event that starts a run, whose fields the playbook may mention as `event.*`."""
        return None

    @property
    def audience(self) -> Tree | None:
        """The conditions whose beginning or end fires the trigger, where it follows who is inside."""
        return None

    def firings(self, ground: Ground) -> tuple[Firing, ...]:
        """The statements; built once for a revision of a playbook."""
        raise NotImplementedError

    def baseline(self, ground: Ground) -> Firing | None:
        """What the launch does with the customers who are inside the audience already; its spans give one whole range."""
        return None

    def next_at(
        self, connection: sa.Connection, ground: Ground, after: datetime, zones: tuple[str, ...]
    ) -> datetime | None:
        """The next instant after `after` at which time alone can make the trigger fire; None where only events can."""
        raise NotImplementedError
