"""What an action is: the verb of a step, its parameters, and what it does with one run."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Protocol
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from engine.settings import Declared, Voucher


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
    """One customer in one playbook, as a step meets it. `effects` commit together with the move."""

    enrolment_id: int
    playbook: str
    customer_id: str
    step: str
    iteration: int
    now: datetime
    zone: ZoneInfo
    entered_at: datetime
    resume_at: datetime | None  # when the present wait is over; None where the step begins

    def effect(self, table: sa.Table, **row: Any) -> None:
        """Adds a row that is written with the move; the key of enrolment, step and iteration makes it happen once."""

    def holds(self, condition: Any) -> bool:
        """Whether a condition is true for the run's customer, event and results now."""

    def instant(self, scope: str, field: str) -> datetime | None:
        """A time or date of the customer, the event or a result; a date is its midnight in the customer's zone."""

    def happened(self, event: str, where: Any, since: datetime) -> bool:
        """Whether an event of that customer came after `since`."""

    def voucher_kind(self, kind: str) -> Voucher:
        """The declared kind of voucher."""

    def new_code(self, pattern: str) -> str:
        """A code for a voucher, unguessable and unique."""

    def plan_message(self, channel: str, message: str) -> None:
        """Puts a message into the outbox."""

    def keep(self, name: str, result: Mapping[str, Any]) -> None:
        """Keeps a result under a name, for later steps and texts."""


class Action(Declared):
    """A step's verb with its parameters. The field named like the verb holds the verb's own value."""

    verb: ClassVar[str]
    #: The names of the fields that hold blocks of steps, in the order in which `Enter` counts them.
    waits: ClassVar[bool] = False
    #: Whether an event of the customer can end the step's wait.
    listens: ClassVar[bool] = False

    def run(self, run: Run) -> Move:
        """Does the step once. Pure but for `run.effect` and its kin: no clock, no network, no database."""
        raise NotImplementedError
