"""What an action is: the verb of a step, its parameters, and what it does with one run."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Protocol
from zoneinfo import ZoneInfo

from engine.catalogue import Catalogue, Field
from engine.conditions import Tree
from engine.declared import Declared


@dataclass(frozen=True)
class Next:
    """Go on with the step that follows."""


@dataclass(frozen=True)
class Enter:
    """Go on with the first step of the nth block of this step."""

    block: int


@dataclass(frozen=True)
class Hold:
    """Stand still until that instant, or until an event wakes the run."""

    until: datetime


@dataclass(frozen=True)
class End:
    """The run ends here, for the reason given."""

    reason: str


Move = Next | Enter | Hold | End


class Run(Protocol):
    """One customer in one playbook, as a step meets it. What it writes commits together with the move."""

    @property
    def now(self) -> datetime:
        """The instant of the pass."""

    @property
    def zone(self) -> ZoneInfo:
        """The customer's time zone, the brand's where the customer has none."""

    @property
    def resume_at(self) -> datetime | None:
        """When the present wait is over; None where the step has not begun to wait."""

    def holds(self, condition: Tree) -> bool:
        """Whether a condition is true for the run's customer, event and results now."""

    def happened(self, event: str, where: Tree | None) -> bool:
        """Whether such an event of the customer came since the step before this one was over, and before the wait is."""

    def instant(self, scope: str, field: str) -> datetime | None:
        """A time of the customer, the event or a result; a date is its midnight in the customer's zone."""

    def plan_message(self, channel: str, message: str) -> None:
        """Puts a message into the outbox."""

    def issue_voucher(self, kind: str, name: str | None, expires_at: datetime | None) -> None:
        """Issues a voucher of a declared kind, with a code of its own; `name` keeps it as a result."""

    def put_tag(self, tag: str) -> None:
        """Puts a tag on the customer."""

    def take_tag(self, tag: str) -> None:
        """Takes a tag off the customer."""

    def open_task(self, task: str, assignee: str | None, due_at: datetime | None) -> None:
        """Opens a task for staff."""


class Action(Declared):
    """A step's verb with its parameters. The field named like the verb holds the verb's own value."""

    verb: ClassVar[str]
    #: Whether an event of the customer can end the step's wait.
    listens: ClassVar[bool] = False

    def conditions(self) -> tuple[Tree, ...]:
        """The conditions that the step may test, so that their fields are loaded for many runs at once."""
        return ()

    def moments(self) -> tuple[tuple[str, str], ...]:
        """The times that the step reads, as scope and field."""
        return ()

    def events(self) -> tuple[str, ...]:
        """The events of the customer that the step asks about."""
        return ()

    def makes(self, catalogue: Catalogue) -> Mapping[str, Mapping[str, Field]]:
        """The results that the step keeps under names (`as: gift`), each with its fields."""
        return {}

    def shows(self) -> tuple[tuple[str, str], ...]:
        """What people outside may see of the step, as a test expects it: word and value (see `engine/happened`)."""
        return ()

    def run(self, run: Run) -> Move:
        """Does the step once, through `run` alone: no clock, no network, no database."""
        raise NotImplementedError
