"""Moments: fields that steps and triggers wait for must be dates or times, must exist there, and may lie ahead."""

from collections.abc import Mapping

from engine.actions.wait_until import WaitUntil
from engine.catalogue import Field, Type
from engine.source.near import suggest
from engine.source.problem import Flaw
from engine.workspace.flow import Placed
from engine.workspace.results import Result, absent
from engine.workspace.rooms import NO_EVENT
from engine.workspace.subject import Subject

KINDS: Mapping[Type, str] = {
    Type.TEXT: "a text",
    Type.CHOICE: "a choice",
    Type.NUMBER: "a number",
    Type.MONEY: "money",
    Type.YES_NO: "a yes or no",
    Type.DATE: "a date",
    Type.TIME: "a time",
    Type.TAGS: "tags",
}


def moments(subject: Subject) -> None:
    """Notes moments that do not exist, are no moments, or are always past."""
    for placed in subject.placed:
        if isinstance(placed.action, WaitUntil):
            _wait(subject, placed, placed.action)


def _wait(subject: Subject, placed: Placed, action: WaitUntil) -> None:
    moment = action.wait_until
    raw = subject.draft.source.raw(placed.key)
    start = raw.rfind(" ") + 1
    result = placed.results.get(moment.scope)
    fields = result.fields() if result is not None else subject.room.scope.get(moment.scope)
    if (result is not None and not result.clear) or moment.scope in subject.room.unclear:
        return
    flaw = _flaw(subject, placed, moment.scope, moment.field, fields)
    if flaw is not None:
        place = subject.draft.source.within(placed.key, start, len(raw))
        subject.draft.add(place, flaw.rule, flaw.text, *flaw.helps)
    elif result is not None and moment.field == "expires_at":
        _lapsing(subject, placed, action, result)


def _flaw(subject: Subject, placed: Placed, scope: str, name: str, fields: Mapping[str, Field] | None) -> Flaw | None:
    if fields is None and scope in subject.made:
        return absent(subject.made[scope], subject.draft.source.key_place(placed.key).line)
    if fields is None and scope == "event":
        return NO_EVENT
    if fields is None or name not in fields:
        scopes = {**subject.room.scope, **{one: result.fields() for one, result in placed.results.items()}}
        right = [
            f"{scope}.{field}" for scope, known in scopes.items() for field, one in known.items() if _is_moment(one)
        ]
        return Flaw(
            0, 0, "unknown-field", f"unknown field `{scope}.{name}`", suggest(f"{scope}.{name}", right, "there are")
        )
    if not _is_moment(fields[name]):
        text = f"`{scope}.{name}` is {KINDS[fields[name].type]}; a date or a time is needed here"
        return Flaw(0, 0, "type", text)
    return None


def _is_moment(field: Field) -> bool:
    return field.type in (Type.DATE, Type.TIME)


def _lapsing(subject: Subject, placed: Placed, action: WaitUntil, result: Result) -> None:
    """A voucher that never expires has no such moment; one that lives too short has had it before it was issued."""
    source, length = subject.draft.source, action.wait_until.length
    if result.expires is None:
        text = f"this moment never comes: `{result.name}` does not expire"
        made = source.key_place((*result.path, "voucher"))
        subject.draft.add(
            source.place(placed.key), "never", text, "add  expires: 30 days  to it", second=(made, "issued here")
        )
    elif length is not None and action.wait_until.side == "before" and length.approximate >= result.expires.approximate:
        written = source.within(placed.key, 0, source.raw(placed.key).find(f" {action.wait_until.side} "))
        lives = source.place((*result.path, "expires"))
        subject.draft.add(
            written,
            "always-past",
            f"this moment is always in the past: `{result.name}` lives only {result.expires}",
            f"choose less than {result.expires}, or a longer `expires`",
            second=(lives, "expires set here"),
        )
