"""Rewards: what a step extends or takes back must exist there, and points must be a number of something."""

from engine.actions.extend import Extend
from engine.actions.points import Points
from engine.actions.undo import Undo
from engine.catalogue import Type
from engine.source.near import suggest
from engine.workspace.flow import Placed
from engine.workspace.results import absent
from engine.workspace.subject import Subject

_NUMBERS = (Type.NUMBER, Type.MONEY)


def rewards(subject: Subject) -> None:
    """Notes names that are no voucher or points of this run, and amounts of points that are no number."""
    for placed in subject.placed:
        if isinstance(placed.action, Extend):
            _kept(subject, placed, placed.action.extend, ("voucher",), "a voucher")
        elif isinstance(placed.action, Undo):
            _kept(subject, placed, placed.action.undo, ("voucher", "points"), "a voucher or points")
        elif isinstance(placed.action, Points):
            _points(subject, placed, placed.action)


def _kept(subject: Subject, placed: Placed, name: str, verbs: tuple[str, ...], what: str) -> None:
    """A name that a step of those verbs gave, on every way to this one."""
    source = subject.draft.source
    place, result = source.place(placed.key), placed.results.get(name)
    if result is not None and not result.clear:
        return
    if result is None and name in subject.made:
        flaw = absent(subject.made[name], source.key_place(placed.key).line)
        subject.draft.add(place, flaw.rule, flaw.text, *flaw.helps)
        return
    right = [one for one, kept in placed.results.items() if {*source.texts(kept.path)} & {*verbs}]
    if name not in right:
        made = f"give it to the step that makes it:  as: {name}"
        text = f"no step before this one gives {what} as `{name}`"
        subject.draft.add(place, "unknown-result", text, *(suggest(name, right, "there are") or (made,)))
    elif placed.verb == "extend" and result is not None and result.expires is None:
        second = (source.key_place((*result.path, "voucher")), "issued here")
        text = f"`{name}` does not expire, so it cannot be extended"
        subject.draft.add(place, "never", text, "add  expires: 30 days  to it", second=second)


def _points(subject: Subject, placed: Placed, action: Points) -> None:
    source, amount = subject.draft.source, action.amount
    if action.points == "spend" and action.expires is not None:
        place = source.key_place((*placed.path, "expires"))
        subject.draft.add(place, "unknown-key", "`points: spend` has no key `expires`", "only granted points lapse")
    if amount.share is None or amount.scope in subject.room.unclear:
        return
    scopes = {**subject.room.scope, **{name: one.fields() for name, one in placed.results.items() if one.clear}}
    name, place = f"{amount.scope}.{amount.field}", source.place((*placed.path, "amount"))
    found = scopes.get(amount.scope, {}).get(amount.field)
    if found is None:
        right = [
            f"{scope}.{one}" for scope, fields in scopes.items() for one, it in fields.items() if it.type in _NUMBERS
        ]
        subject.draft.add(place, "unknown-field", f"unknown field `{name}`", *suggest(name, right, "there are"))
    elif found.type not in _NUMBERS:
        subject.draft.add(place, "type", f"`{name}` is no number and no money; points are a share of one")
