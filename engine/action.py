"""What an action is: the verb of a step, its parameters, and what it does with one run."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any, ClassVar, Protocol
from zoneinfo import ZoneInfo

from engine.catalogue import Catalogue, Field
from engine.clocks.times import Length
from engine.clocks.working import Span, Week
from engine.conditions import Tree
from engine.settings.change import Counted
from engine.settings.declared import Declared


@dataclass(frozen=True)
class Next:
    """Go on with the step that follows."""


@dataclass(frozen=True)
class Enter:
    """Go on with the first step of the nth block of this step, or behind the step where that block is empty.

    What happened after `since` counts for the waits that follow: the instant of what ended this one, where it is known.
    """

    block: int
    since: datetime | None = None


@dataclass(frozen=True)
class Hold:
    """Stand still until that instant, or until an event wakes the run.

    `look_at` is earlier: when time alone may change the answer of a condition that the step waits for.
    """

    until: datetime
    look_at: datetime | None = None


@dataclass(frozen=True)
class End:
    """The run ends here, for the reason given."""

    reason: str


@dataclass(frozen=True)
class Stand:
    """The step cannot be done now, for the reason given: the run stands before it, and tries again then."""

    reason: str
    until: datetime


Move = Next | Enter | Hold | End | Stand


@dataclass(frozen=True)
class Heard:
    """An event of the customer that a step asked for."""

    name: str
    id: str
    at: datetime
    fields: Mapping[str, Any]


@dataclass(frozen=True)
class Duty:
    """A task as a step orders it; `rotation` is the team in which it is dealt out."""

    task: str
    whom: str | None
    rotation: str | None
    due_at: datetime | None
    remind_at: datetime | None
    escalate_at: datetime | None
    escalate_to: str | None
    name: str | None


@dataclass(frozen=True)
class Decision:
    """A question to a person as it stands: `answer` is empty until it is decided."""

    until: datetime
    answer: str | None
    answered_by: str | None
    new: int | None = None  # its number, where this run is the first that asks


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

    def turns_at(self, condition: Tree) -> datetime | None:
        """When time alone may next change the answer of a condition; None where only data can."""

    def first(self, event: str, where: Tree | None) -> Heard | None:
        """The first such event of the customer since the step before this one was over, and before the wait is."""

    def keep_event(self, name: str | None, heard: Heard) -> None:
        """Keeps an event as a result, under that name if there is one."""

    def later(self, span: Span) -> datetime:
        """So much later than now: by the customer's clocks, working days by the shop's."""

    def shifted(self, anchor: datetime, span: Span, *, back: bool) -> datetime:
        """So much after an instant, or before it."""

    @property
    def round(self) -> int:
        """How many rounds of the present step have begun, where it repeats its steps."""

    def draw(self, shares: Sequence[tuple[str, Fraction]]) -> int:
        """Which of these shares the customer belongs to, always the same at this step; it is put on record."""

    def set_field(self, field: str, text: str | None) -> None:
        """Writes a field of the customer, given as authors write its values; None makes it empty."""

    def send_next(self, series: str, by: Sequence[str]) -> None:
        """Plans the next message of a series that the customer has not had, if one is left."""

    def instant(self, scope: str, field: str) -> datetime | None:
        """A time of the customer, the event or a result; a date is its midnight in the customer's zone."""

    def plan_message(
        self, channel: str, message: str, others: Sequence[str] = (), patience: Length | None = None
    ) -> None:
        """Puts a message into the outbox; `others` are tried where the channel fails, or after `patience` unopened."""

    def plan_notice(self, message: str, to: str) -> None:
        """Puts a mail to staff into the outbox: to a team, a person, an address, or whom a field of the customer names."""

    def plan_call(self, webhook: str, fields: Sequence[str]) -> None:
        """Puts a call of another system into the outbox, with these fields as they are now."""

    def issue_voucher(self, kind: str, name: str | None, expires_at: datetime | None) -> Move:
        """Issues a voucher of a declared kind, with a code of its own; `name` keeps it as a result."""
        raise NotImplementedError

    def extend_voucher(self, name: str, longer: Callable[[datetime], datetime]) -> None:
        """Lets a voucher live longer; what cannot be is put on record."""

    def undo(self, name: str) -> None:
        """Takes back a voucher that is not redeemed, or points; what cannot be is put on record."""

    def grant_points(self, amount: int, name: str | None, expires_at: datetime | None) -> None:
        """Gives the customer points; `name` keeps them as a result."""

    def spend_points(self, amount: int, name: str | None) -> Move:
        """Takes points that the customer spends; where there are not enough, the run ends."""
        raise NotImplementedError

    def number(self, scope: str, field: str) -> Fraction:
        """A number, or an amount in the currency's main unit; nothing where the field is missing."""
        raise NotImplementedError

    def put_tag(self, tag: str) -> None:
        """Puts a tag on the customer."""

    def take_tag(self, tag: str) -> None:
        """Takes a tag off the customer."""

    def open_task(self, duty: Duty) -> None:
        """Opens a task for staff."""

    def decision(self, question: str, approver: str, until: datetime) -> Decision:
        """What a person has decided; who has not been asked yet, is asked now, with time until then."""
        raise NotImplementedError

    @property
    def week(self) -> Week:
        """When the shop's people are there."""
        raise NotImplementedError


class Action(Declared):
    """A step's verb with its parameters. The field named like the verb holds the verb's own value."""

    verb: ClassVar[str]
    #: Whether an event of the customer, or a change of what the store knows of him, can end the step's wait.
    listens: ClassVar[bool] = False
    #: What the step gives that a playbook may have a quota of (`at_most: 500 vouchers`).
    counts: ClassVar[Counted | None] = None
    #: Whether the steps inside lead back to this one.
    repeats: ClassVar[bool] = False

    def conditions(self) -> tuple[Tree, ...]:
        """The conditions that the step may test, so that their fields are loaded for many runs at once."""
        return ()

    def moments(self) -> tuple[tuple[str, str], ...]:
        """The times that the step reads, as scope and field."""
        return ()

    def reads(self) -> tuple[tuple[str, str], ...]:
        """Further fields that the step reads, as scope and field."""
        return ()

    def events(self) -> tuple[str, ...]:
        """The events of the customer that the step asks about."""
        return ()

    def makes(self, catalogue: Catalogue) -> Mapping[str, Mapping[str, Field]]:
        """The results that the step keeps under names (`as: gift`), each with its fields."""
        return {}

    def forks(self) -> tuple[str, ...]:
        """The ways on from here, for those who count which were taken: one for each block, and perhaps one past them."""
        return ()

    def notices(self) -> tuple[str, ...]:
        """Messages to the shop's own people that the step may bring about, beside what it says itself."""
        return ()

    def notice_words(self) -> Mapping[str, Mapping[str, Field]]:
        """What these messages may say beside the customer, the event and the results: `task.due_at`."""
        return {}

    def shows(self) -> tuple[tuple[str, str], ...]:
        """What people outside may see of the step, as a test expects it: word and value (see `engine/happened`)."""
        return ()

    def run(self, run: Run) -> Move:
        """Does the step once, through `run` alone: no clock, no network, no database."""
        raise NotImplementedError
