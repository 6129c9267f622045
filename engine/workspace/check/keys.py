"""`key:`: it must be a field of what begins the run, and every event that the run waits for must have it."""

from collections.abc import Iterator

from engine.catalogue import Field, Type
from engine.source.marks import Path
from engine.source.near import suggest
from engine.workspace.subject import Subject


def read_key(subject: Subject) -> tuple[str, Field] | None:
    """The key as scope and field; None where there is none, or where it has a mistake, which is noted."""
    draft = subject.draft
    path = subject.written("key")
    if path is None or draft.is_broken(("key",)):
        return None
    raw = draft.source.raw(path)
    scope, _, name = raw.partition(".")
    known = {word: fields for word, fields in subject.room.scope.items() if word != "customer"}
    field = known.get(scope, {}).get(name)
    if scope in subject.room.unclear or (not known and subject.room.unclear):
        return None
    if field is None:
        right = [f"{word}.{one}" for word, fields in known.items() for one in fields]
        helps = suggest(raw, right, "there are") or ("a run that nothing but time begins is about the customer",)
        draft.add(draft.source.place(path), "unknown-field", f"`{raw}` is no field of what begins the run", *helps)
        return None
    if field.type is Type.TAGS or field.column is None:
        draft.add(draft.source.place(path), "type", f"`{raw}` cannot tell one run from another")
        return None
    for at, event in _awaited(subject):
        _has(subject, at, event, raw, name)
    return scope, field


def _has(subject: Subject, path: Path, event: str, key: str, name: str) -> None:
    known = subject.known.catalogue.events.get(event)
    if known is None or name in known.fields:
        return
    text = f"`{event}` has no `{name}`, so it is not known which `{key}` it speaks of"
    helps = (
        f"give the event that field in settings/catalogue.yaml:  {name}: text",
        "or ask with a condition on the customer",
    )
    second = (subject.draft.source.place(("key",)), "one run for each of these")
    subject.draft.add(subject.draft.source.place(path), "key-missing", text, *helps, second=second)


def _awaited(subject: Subject) -> Iterator[tuple[Path, str]]:
    """The events that end runs, and those that steps wait for, wherever they are named."""
    source = subject.draft.source
    for path, mark in source.marks.items():
        if path[:1] == ("stop_when",) and path[-1] == "event" and mark.raw:
            yield path, mark.raw
    for placed in subject.placed:
        if placed.action is None:
            continue
        names = set(placed.action.events())
        for path, mark in source.marks.items():
            own = path[: len(placed.path)] == placed.path and path[-1:] and path[-1] in (placed.verb, "event")
            if own and mark.raw in names and not any(path[: len(block.path)] == block.path for block in placed.blocks):
                yield path, mark.raw
