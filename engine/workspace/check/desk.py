"""Work for people: whoever is named must be of the staff, and a reminder needs a time before which it comes."""

from engine.actions.approve import Approve
from engine.actions.task import GiveTask
from engine.catalogue import Type
from engine.settings.staff import Staff, is_address
from engine.source.marks import Path
from engine.source.near import suggest
from engine.workspace.check.moments import KINDS
from engine.workspace.flow import Placed
from engine.workspace.subject import Subject


def desk(subject: Subject) -> None:
    """Notes people whom nobody knows, and reminders of tasks that are never due."""
    for placed in subject.placed:
        if isinstance(placed.action, GiveTask):
            _task(subject, placed, placed.action)
        elif isinstance(placed.action, Approve):
            _known(subject, (*placed.path, "by"), placed.action.by, address=True)


def _task(subject: Subject, placed: Placed, task: GiveTask) -> None:
    draft = subject.draft
    if task.remind is not None and task.due is None and task.days is None:
        place = draft.source.place((*placed.path, "remind"))
        draft.add(
            place,
            "missing-key",
            "a reminder comes before the task is due, and this one is never due",
            "add  due: 2 days",
        )
    _reminded(subject, placed, task)
    if task.assignee is not None and task.assignee.startswith("customer."):
        _of_customer(subject, (*placed.path, "for"), task.assignee)
    elif task.assignee is not None:
        _known(subject, (*placed.path, "for"), task.assignee, address=False)
    if task.escalate is not None:
        _known(subject, (*placed.path, "escalate", "to"), task.escalate.to, address=True)


def _reminded(subject: Subject, placed: Placed, task: GiveTask) -> None:
    """A reminder that comes before the task itself."""
    if task.remind is None or task.due is None or task.days is not None:
        return
    if task.remind.approximate >= task.due.approximate:
        source = subject.draft.source
        second = (source.place((*placed.path, "due")), "due here")
        text = "this reminder would come before the task is given"
        place = source.place((*placed.path, "remind"))
        subject.draft.add(place, "always-past", text, f"choose less than {task.due}", second=second)


def _of_customer(subject: Subject, path: Path, written: str) -> None:
    """A field of the customer that holds a name."""
    fields, place = subject.known.catalogue.fields, subject.draft.source.place(path)
    right = [f"customer.{one.name}" for one in fields.values() if one.type is Type.TEXT]
    found = fields.get(written.partition(".")[2])
    if found is None:
        subject.draft.add(place, "unknown-field", f"unknown field `{written}`", *suggest(written, right, "there are"))
    elif found.type is not Type.TEXT:
        text = f"`{written}` is {KINDS[found.type]}; the name of a person is needed here"
        subject.draft.add(place, "type", text, "write for example  customer.account_manager")


def _known(subject: Subject, path: Path, written: str, *, address: bool) -> None:
    """One person or team. A shop that declares no staff may call them as it likes, but nobody gets a mail then."""
    draft, staff = subject.draft, subject.known.settings.staff
    team = written.removeprefix("rotation ")
    if (address and is_address(written)) or _is_of(staff, written):
        return
    if not staff.people and not staff.teams and not address and team == written:
        return
    names = [*staff.teams, *(staff.people if team == written else ())]
    text = f"there is no {'team' if team != written else 'person or team'} `{team}` in settings/regulars.yaml"
    otherwise = (
        "declare it there:  staff: {people: {anna: {name: Anna, email: anna@shop.example}}, teams: {sales: {anna: 1}}}"
    )
    helps = suggest(team, names, "there are") or (otherwise,)
    place = draft.source.within(path, len(written) - len(team), len(written))
    draft.add(place, "unknown-staff", text, *helps)


def _is_of(staff: Staff, written: str) -> bool:
    if written.startswith("rotation "):
        return written.removeprefix("rotation ") in staff.teams
    return written in staff.teams or any(written in (name, person.name) for name, person in staff.people.items())
