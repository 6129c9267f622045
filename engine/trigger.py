"""What a trigger is: parameters that an author declares, and a query over a window for the customers it fires for."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from engine.calendars import Holiday
from engine.catalogue import Catalogue, Field
from engine.catalogue.origin import Origin
from engine.conditions import Compiled, Tree, compile_value, compile_where
from engine.settings import Settings
from engine.settings.declared import Declared

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
    key: tuple[str, Field] | None = None  # `key:` of the playbook, as scope and field

    def key_of(self, otherwise: sa.ColumnElement[Any] | None = None) -> sa.ColumnElement[Any] | None:
        """What a run speaks of, as text: the playbook's `key:`, else what the trigger gives; never missing."""
        if self.key is None:
            return otherwise
        scope, field = self.key
        return sa.func.coalesce(sa.cast(compile_value(field, self.catalogue, scope).expression, sa.Text), "")

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


@dataclass(frozen=True)
class Collecting:
    """Several occasions become one run: it begins when for so long no other came, or so long after the first."""

    quiet: timedelta
    at_most: timedelta


#: Bound parameters of one range; `lower` (exclusive) and `upper` (inclusive) bound the axis, where there is one.
Span = Mapping[str, Any]


def bounded(column: sa.ColumnElement[Any], kind: Any = None) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    """The rows with :lower < column <= :upper; the bounds are of the column's type, or of `kind`."""
    lower, upper = (sa.bindparam(name, type_=kind or column.type) for name in ("lower", "upper"))
    return column > lower, column <= upper


def begun(
    who: sa.ColumnElement[Any],
    occasion: sa.ColumnElement[Any],
    fired_at: sa.ColumnElement[Any],
    origin: sa.ColumnElement[Any] | None = None,
    key: sa.ColumnElement[Any] | None = None,
) -> tuple[sa.ColumnElement[Any], ...]:
    """The columns of candidates: who, for which occasion, when; the event or record behind it, and what the run speaks of."""
    return (
        who.label("customer_id"),
        occasion.label("occasion"),
        fired_at.label("fired_at"),
        (sa.null() if origin is None else origin).label("event_id"),
        (sa.null() if key is None else key).label("key"),
    )


_NO_MOMENTS = Compiled(sa.true(), {})


@dataclass(frozen=True)
class Firing:
    """One road by which a trigger fires: a statement over a range of an indexed column.

    `rows` selects the rows in the range (:lower, :upper] and nothing else; asked first, and cut along `axis` into pieces
    where the range is long, so that no transaction grows large. `prelude` runs before `candidates`, in the same
    transaction. `candidates` selects the columns of `begun`. :now and :position are bound in all.
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
    #: Whether everybody begins at one moment of the calendar, for one occasion.
    broadcast: ClassVar[bool] = False

    @property
    def event_name(self) -> str | None:
        """The event that starts a run, whose fields the playbook may mention as `event.*`."""
        return None

    @property
    def audience(self) -> Tree | None:
        """The conditions whose beginning or end fires the trigger, where it follows who is inside."""
        return None

    @property
    def origin(self) -> Origin:
        """What begins a run, of which the playbook may speak."""
        return Origin(self.event_name)

    @property
    def collecting(self) -> "Collecting | None":
        """How many occasions become one run, where they do."""
        return None

    def moved(self, occasion: str, record: Mapping[str, Mapping[str, Any]], zone: ZoneInfo) -> str | None:
        """Why a run is over because what it was about is no longer so; None where it is."""
        return None

    @property
    def apart(self) -> bool:
        """Whether each thing that begins a run stands for itself, so that `if_running` compares only runs of the same one."""
        return False

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
