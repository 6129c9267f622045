"""Fields that steps write: they must exist, be writable, and the value must be of their type."""

from engine.actions.set import SetField
from engine.conditions import read_written
from engine.source.near import suggest
from engine.source.problem import Flaw
from engine.workspace.flow import Placed
from engine.workspace.subject import Subject


def writable(subject: Subject) -> None:
    """Notes what a `set` cannot write."""
    for placed in subject.placed:
        if isinstance(placed.action, SetField):
            _set(subject, placed, placed.action)


def _set(subject: Subject, placed: Placed, action: SetField) -> None:
    catalogue, source = subject.known.catalogue, subject.draft.source
    field = catalogue.fields.get(action.field)
    right = [f"customer.{one.name}" for one in catalogue.fields.values() if one.writable]
    if field is None:
        text = f"unknown field `{action.set}`"
        subject.draft.add(source.place(placed.key), "unknown-field", text, *suggest(action.set, right, "there are"))
    elif not field.writable:
        text = f"`{action.set}` is not for a playbook to write"
        advice = f"the catalogue calls writable: {', '.join(sorted(right))}" if right else "mark it `writable: true`"
        subject.draft.add(source.place(placed.key), "not-writable", text, advice)
    elif action.to == "empty":
        if field.required:
            text = f"`{action.set}` cannot be empty"
            subject.draft.add(source.place((*placed.path, "to")), "type", text)
    else:
        flaw = read_written(field, action.to, subject.known.settings.currency)
        if isinstance(flaw, Flaw):
            subject.draft.add(source.place((*placed.path, "to")), flaw.rule, flaw.text, *flaw.helps)
