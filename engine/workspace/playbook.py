"""A playbook as the passes see it: frozen, with every step under its id and the way from each to the next."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

from engine.action import Action
from engine.catalogue import Field
from engine.clocks.times import Length
from engine.clocks.windows import WeekWindow
from engine.conditions import Tree
from engine.settings.braking import Guarded
from engine.settings.change import Change
from engine.settings.literals import Limit
from engine.trigger import Trigger

Status = Literal["draft", "active", "paused", "retired"]
Purpose = Literal["marketing", "transactional"]
IfRunning = Literal["ignore", "restart", "parallel"]


@dataclass(frozen=True)
class Step:
    """One step. `next` follows it (for the last one of a block: what follows the block); None ends the run.

    `blocks` holds the first step of each block inside, in the order in which `Enter` counts them; None is an empty one.
    """

    id: str
    action: Action
    line: int
    text: str  # verb and value as written: `wait_until 7 days before gift.expires_at`
    next: str | None
    blocks: tuple[str | None, ...] = ()


@dataclass(frozen=True)
class Stop:
    """What ends a run before each step and on each event: a condition, or an event with the conditions it must meet."""

    condition: Tree | None
    event: str | None
    where: Tree | None
    text: str


@dataclass(frozen=True)
class Goal:
    """The event that counts as success, and how long after entry it counts."""

    event: str
    where: Tree | None
    within: Length


@dataclass(frozen=True)
class Playbook:
    """One file, one playbook. `files` are the texts it is made of, which a run pins: itself and its messages."""

    id: str
    title: str
    owner: str | None
    status: Status
    purpose: Purpose
    topic: str | None
    send_window: WeekWindow | None
    trigger: Trigger
    condition: Tree | None
    enter: Limit | None
    if_running: IfRunning
    stop_when: tuple[Stop, ...]
    holdout: Fraction
    goal: Goal | None
    steps: Mapping[str, Step]
    first: str | None
    revision: str
    file: str
    description: str | None = None
    made: Mapping[str, Mapping[str, Field]] = field(default_factory=dict)  # the results, by name, with their fields
    change: Change = field(default_factory=Change)
    guarded: Guarded = field(default_factory=Guarded)
    suspend_while: Tree | None = None
    key: tuple[str, Field] | None = None  # what a run speaks of, as scope and field; the customer, where there is none
    series: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # those its steps send, with their messages
    salt: str = ""  # under which customers are hashed: the id, or the first it ever had
    files: Mapping[str, str] = field(default_factory=dict)

    @property
    def listens(self) -> bool:
        """Whether what happens to a customer, or to the record whose date it was, concerns a run at each of its steps."""
        recorded = self.trigger.origin.record is not None
        return recorded or bool(self.stop_when) or self.suspend_while is not None
