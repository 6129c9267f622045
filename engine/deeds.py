"""What a step may do with its run: everything it writes is gathered, and commits together with the move."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from engine.conditions import Tree
from engine.effects import Effects
from engine.settings import Settings, Voucher
from engine.workspace.playbook import Playbook, Step

#: Without `0 O 1 I L`, which people confuse when they read a code aloud.
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
_LETTERS = 10


def random_code() -> str:
    """Ten letters and digits from the system's source of randomness: 49 bits that nobody guesses."""
    number = secrets.randbelow(
        len(_ALPHABET) ** _LETTERS
    )  # once for all letters: asking for each takes ten times as long
    return "".join(_ALPHABET[number // len(_ALPHABET) ** place % len(_ALPHABET)] for place in range(_LETTERS))


@dataclass(frozen=True)
class Setting:
    """What all runs of a batch share."""

    settings: Settings
    segments: Mapping[str, Tree]
    voucher_kinds: Mapping[str, Voucher]
    now: datetime
    effects: Effects
    new_code: Callable[[], str] = random_code
    control: Callable[[str, str], bool] | None = None  # who is held out, where a test decides it


@dataclass
class Deeds:
    """A run as its steps write to it; `record` holds what they and the texts may mention, by the word before the dot."""

    setting: Setting
    playbook: Playbook
    row: Mapping[str, Any]  # of the enrolments
    record: dict[str, dict[str, Any]]
    zone: ZoneInfo
    step: Step | None = field(default=None, init=False)
    results: dict[str, dict[str, Any]] = field(default_factory=dict, init=False)  # as `engine/kept` reads them

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
        return {"enrolment_id": self.row["id"], "step": step, "iteration": self.row["iteration"]}

    def plan_message(self, channel: str, message: str) -> None:
        """Puts a message into the outbox, for the first moment at which it may go."""
        playbook, limits = self.playbook, self.setting.settings.limits
        marketing = playbook.purpose == "marketing"
        window = playbook.send_window or (limits.send_window if marketing else None)
        due_at = window.opening(self.now, self.zone) if window else self.now
        self.setting.effects.messages.append(
            {
                **self._key(),
                "playbook": playbook.id,
                "revision": playbook.revision,
                "customer_id": self.row["customer_id"],
                "channel": channel,
                "message": message,
                "purpose": playbook.purpose,
                "topic": playbook.topic,
                "state": "planned",
                "planned_at": self.now,
                "due_at": due_at,
                "expires_at": limits.catch_up.after(due_at, self.zone),
            }
        )

    def issue_voucher(self, kind: str, name: str | None, expires_at: datetime | None) -> None:
        """Issues a voucher of a declared kind, with a code of its own; `name` keeps it as a result."""
        code = self.setting.voucher_kinds[kind].code.replace("{random}", self.setting.new_code())
        shown = {
            "code": code, "kind": kind, "state": "issued",
            "issued_at": self.now, "expires_at": expires_at, "redeemed_at": None,
        }  # fmt: skip
        self.setting.effects.vouchers.append({**self._key(), **shown, "customer_id": self.row["customer_id"]})
        self.keep(name, {"voucher": code}, shown)

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

    def open_task(self, task: str, assignee: str | None, due_at: datetime | None) -> None:
        """Opens a task for staff."""
        self.setting.effects.tasks.append(
            {
                **self._key(),
                "task": task,
                "customer_id": self.row["customer_id"],
                "assignee": assignee,
                "created_at": self.now,
                "due_at": due_at,
            }
        )
