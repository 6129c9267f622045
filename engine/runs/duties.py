"""What a step may ask of the shop's people: something to do, or a decision."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.action import Decision, Duty
from engine.clocks.working import Week
from engine.runs.deeds import Deeds


@dataclass
class Duties(Deeds):
    """A run as its steps give the shop's people work."""

    def open_task(self, duty: Duty) -> None:
        """Opens a task for staff."""
        rotation = duty.rotation
        assignee = self.setting.desk.turn(rotation) if rotation is not None else self._whom(duty.whom)
        row = {
            **self._key(),
            "task": duty.task,
            "customer_id": self.row["customer_id"],
            "assignee": assignee,
            "rotation": rotation,
            "created_at": self.now,
            "due_at": duty.due_at,
            "remind_at": duty.remind_at,
            "escalate_at": duty.escalate_at,
            "escalate_to": duty.escalate_to,
        }
        self.setting.effects.tasks.append(row)
        shown: dict[str, Any] = {name: row.get(name) for name in ("assignee", "created_at", "due_at")}
        key = [row["step"], row["iteration"]]
        self.keep(duty.name, {"task": key}, {**shown, "done_at": None, "done_by": None, "note": None})

    def decision(self, question: str, approver: str, until: datetime) -> Decision:
        """What a person has decided; asked once for an occasion that all customers share, else once for each run."""
        step = self.step.id if self.step is not None else ""
        decision = self.setting.desk.ask(step, self.subject, question, approver, until)
        if decision.new is not None:
            told = {"question": {"name": question, "number": decision.new, "until": until.isoformat()}}
            self.plan_notice(ASKING, approver, told)
        return decision

    @property
    def week(self) -> Week:
        """When the shop's people are there."""
        return self.setting.settings.week

    @property
    def subject(self) -> str:
        """What a question is about."""
        return subject_of(self.playbook.trigger.broadcast, self.row)

    def _whom(self, written: str | None) -> str | None:
        """A person, a team, or whom a field of the customer names."""
        scope, _, name = (written or "").partition(".")
        return self.record["customer"].get(name) if scope == "customer" else written


#: The message that asks a person for a decision, in the folder messages/.
ASKING = "approval-asked"


def subject_of(broadcast: bool, row: Any) -> str:
    """What the question of a run is about: the occasion that all customers share, or that of one of them."""
    return str(row["occasion"] if broadcast else f"{row['customer_id']}/{row['occasion']}")
