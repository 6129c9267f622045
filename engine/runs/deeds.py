"""What a step may do with its run: everything it writes is gathered, and commits together with the move."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from engine.catalogue import Catalogue
from engine.clocks.times import Length
from engine.conditions import Tree
from engine.desk.batch import Desk
from engine.facts import plain
from engine.loyalty import Loyalty
from engine.runs.counting import Ration
from engine.runs.effects import Effects
from engine.runs.lateness import Lateness, Moment, Rungs
from engine.settings import Settings
from engine.workspace.playbook import Playbook, Step


@dataclass(frozen=True)
class Setting:
    """What all runs of a batch share."""

    settings: Settings
    catalogue: Catalogue
    segments: Mapping[str, Tree]
    now: datetime
    effects: Effects
    loyalty: Loyalty
    desk: Desk
    control: Callable[[str, str], bool] | None = None  # who is held out, where a test decides it
    rations: dict[str, Ration] = field(default_factory=dict)  # what is left of the quotas, by playbook
    variant: Callable[[str, str, str], str | None] | None = (
        None  # who goes which way of a split, where a test decides it
    )


@dataclass
class Deeds:
    """A run as its steps write to it; `record` holds what they and the texts may mention, by the word before the dot."""

    setting: Setting
    playbook: Playbook
    row: Mapping[str, Any]  # of the enrolments
    record: dict[str, dict[str, Any]]
    zone: ZoneInfo
    step: Step | None = field(default=None, init=False)
    iteration: int = field(default=0, init=False)  # rounds of all repeats together, so that each effect has a key
    results: dict[str, dict[str, Any]] = field(default_factory=dict, init=False)  # as `engine/runs/kept` reads them
    nominal: datetime = field(init=False)  # when the present step was due
    put_off: timedelta = field(default=timedelta(0), init=False)  # how long a brake kept the run from beginning
    rungs: Rungs = field(default_factory=Rungs, init=False)

    @property
    def now(self) -> datetime:
        """The instant of the pass."""
        return self.setting.now

    def keep(self, name: str | None, reference: dict[str, Any], values: Mapping[str, Any]) -> None:
        """Keeps a result under the name that the author gave, if any: how to find it again, and what it holds now."""
        if name is not None:
            self.record[name] = dict(values)
            self.results[name] = reference

    def _key(self) -> dict[str, Any]:
        step = self.step.id if self.step is not None else ""
        return {"enrolment_id": self.row["id"], "step": step, "iteration": self.iteration}

    def plan_message(
        self, channel: str, message: str, others: Sequence[str] = (), patience: Length | None = None
    ) -> None:
        """Puts a message into the outbox, for the first moment at which it may go.

        `others` are the channels to try where this one fails, or where the message stays unopened for `patience`.
        """
        playbook, limits = self.playbook, self.setting.settings.limits
        marketing = playbook.purpose == "marketing"
        window = playbook.send_window or (limits.send_window if marketing else None)
        rule = Lateness.of(self.step.action if self.step else None, playbook.change, limits.catch_up)
        # A place behind a brake is not lateness, unless the author has said himself when it is too late.
        since, now = self.nominal + (timedelta(0) if rule.said else self.put_off), self.now
        nominal = min(since, now)
        was_due, due = (window.opening(at, self.zone) if window else at for at in (nominal, now))
        self.setting.effects.messages.append(
            {
                **self._message(channel, message),
                "channels": list(others) or None,
                "unless_opened": str(patience) if patience is not None else None,
                "planned_at": self.now,
                **self.rungs.timed(rule, self._key(), Moment(nominal, was_due, now, due, self.zone)),
            }
        )

    def plan_notice(self, message: str, to: str, told: Mapping[str, Any] | None = None) -> None:
        """Puts a mail to staff into the outbox; everybody of a team who is present gets one. `told` is what it may say of
        a task or a question.
        """
        settings = self.setting.settings
        scope, _, name = to.partition(".")
        whom = str(self.record["customer"].get(name) or "") if scope == "customer" else to
        today = self.now.astimezone(settings.zone).date()
        for rank, address in enumerate(settings.staff.addresses(whom, today) or (whom or to,)):
            self._plan_beside({**self._message("email", message), "rank": rank, "recipient": address, "fields": told})

    def plan_call(self, webhook: str, fields: Sequence[str]) -> None:
        """Puts a call of another system into the outbox, with these fields as they are now."""
        values: dict[str, dict[str, Any]] = {}
        for name in fields:
            scope, _, field_ = name.partition(".")
            values.setdefault(scope, {})[field_] = plain(self.record.get(scope, {}).get(field_))
        values.setdefault("customer", {})["id"] = self.row["customer_id"]
        self._plan_beside({**self._message("webhook", webhook), "fields": values})

    def _plan_beside(self, row: dict[str, Any]) -> None:
        """What is not said to the customer goes at any hour, and asks nobody's consent."""
        now, limits = self.now, self.setting.settings.limits
        times = {"planned_at": now, "due_at": now, "expires_at": limits.catch_up.after(now, self.zone)}
        beside = {"purpose": "transactional", "topic": None, "state": "planned", "reason": None, **times}
        self.setting.effects.messages.append({**row, **beside})

    def _message(self, channel: str, message: str) -> dict[str, Any]:
        """What every row of the outbox says; a batch writes them together, so each names all columns."""
        playbook = self.playbook
        return {
            **self._key(),
            "rank": 0,
            "playbook": playbook.id,
            "revision": playbook.revision,
            "customer_id": self.row["customer_id"],
            "channel": channel,
            "channels": None,
            "unless_opened": None,
            "message": message,
            "recipient": None,
            "fields": None,
            "purpose": playbook.purpose,
            "topic": playbook.topic,
            "priority": playbook.guarded.priority,
        }

    def put_tag(self, tag: str) -> None:
        """Puts a tag on the customer."""
        self._tag(tag, put=True)

    def take_tag(self, tag: str) -> None:
        """Takes a tag off the customer."""
        self._tag(tag, put=False)

    def _tag(self, tag: str, *, put: bool) -> None:
        self.setting.effects.tags[self.row["customer_id"], tag] = put
        customer = self.record["customer"]
        if "tags" in customer:
            others = {one for one in customer["tags"] or () if one != tag}
            customer["tags"] = tuple(sorted(others | {tag} if put else others))
