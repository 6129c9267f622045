"""From a playbook's file to the playbook, or to everything that is wrong with it."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from engine.catalogue.origin import Origin
from engine.conditions import Tree
from engine.settings.braking import Guarded
from engine.settings.change import Change
from engine.source.marks import Path
from engine.source.problem import Flaw
from engine.trigger import Trigger
from engine.triggers import TRIGGERS
from engine.workspace.check import RULES
from engine.workspace.check.keys import read_key
from engine.workspace.flow import Walk
from engine.workspace.forms import GoalForm, Header
from engine.workspace.known import Known
from engine.workspace.link import link
from engine.workspace.playbook import Goal, Playbook, Stop
from engine.workspace.reading import Draft
from engine.workspace.results import Result, scopes, unborn
from engine.workspace.rooms import Room
from engine.workspace.subject import Subject

_REVISION = 12  # hexadecimal digits


def compose(draft: Draft, known: Known, name: str) -> Playbook | None:
    """The playbook of a file whose structure has been looked at; None where something is wrong, which the draft notes.

    `name` is the file's path within the workspace.
    """
    room = _room(draft, known)
    texts = draft.source.texts()
    header = draft.read(Header, (), {key: texts[key] for key in texts if key in Header.model_fields})
    walk = Walk(draft, room)
    later = {name: unborn(result) for name, result in walk.made.items()}
    trigger = _trigger(draft, room, later)
    steps, _ = walk.block(("do",), {})
    condition = draft.conditions(("if",), room.reading(later=later)) if _sound(draft, "if") else None
    stops, suspended = _stops(draft, room, walk.made), _suspended(draft, room, walk.made)
    goal = _goal(draft, room)
    subject = Subject(draft, known, room, trigger, condition, steps, stops, suspended, goal, walk.made)
    for rule in RULES:
        rule(subject)
    key = read_key(subject)
    if header is None or trigger is None or not draft.sound or _leans_on_broken(subject):
        return None
    return replace(_playbook(subject, header, trigger, name), key=key)


def _sound(draft: Draft, key: str) -> bool:
    return key in draft.source.data and not draft.is_broken((key,))


def _room(draft: Draft, known: Known) -> Room:
    when = draft.source.texts(("when",)) if isinstance(draft.source.data.get("when"), dict) else {}
    origin, catalogue = Origin.of_texts(when), known.catalogue
    named = {"event": origin.event, origin.record: origin.record}
    unclear = {scope for scope, name in named.items() if scope and name and scope not in origin.scopes(catalogue)}
    if origin.each is not None and origin.elements_in(catalogue) is None:
        unclear.add("line")
    if origin.meets is not None and origin.list_in(catalogue) is None:
        unclear.add("wish")
    if not _sound(draft, "when"):
        unclear.add("event")
    return Room(catalogue, known.segments, known.settings.currency, origin, frozenset(unclear), known.segment_names)


def _trigger(draft: Draft, room: Room, later: Mapping[str, Flaw]) -> Trigger | None:
    if not _sound(draft, "when"):
        return None
    texts = draft.source.texts(("when",))
    word = next((key for key in texts if key in TRIGGERS), None)
    if word is None:
        place = draft.source.key_place(("when",))
        draft.add(place, "no-trigger", "`when` says nothing that could happen", f"triggers: {', '.join(TRIGGERS)}")
        return None
    return draft.read(TRIGGERS[word], ("when",), texts, room.reading(later=later, by_name=word in ("enters", "leaves")))


def _stops(draft: Draft, room: Room, made: Mapping[str, Result]) -> tuple[Stop, ...]:
    if not _sound(draft, "stop_when"):
        return ()
    results = scopes({name: result for name, result in made.items() if result.clear}, surely=False)
    unclear = frozenset(name for name, result in made.items() if not result.clear)
    raw = draft.source.texts(("stop_when",))
    found = []
    for number, item in enumerate(raw if isinstance(raw, list) else [raw]):
        path: Path = ("stop_when", number) if isinstance(raw, list) else ("stop_when",)
        awaited = item.get("event") if isinstance(item, dict) else None
        reading = room.reading(more=results, unclear=unclear, awaited=awaited)
        if isinstance(item, str) and item.strip() in room.catalogue.events:
            text = f"`{item.strip()}` is an event, not a condition"
            draft.add(draft.source.place(path), "condition", text, f"write:  - event: {item.strip()}")
        elif awaited is None:
            tree = draft.conditions(path, reading)
            found.append(Stop(tree, None, None, item if isinstance(item, str) else str(tree)))
        else:
            where = draft.conditions((*path, "where"), reading) if "where" in item else None
            found.append(Stop(None, awaited, where, f"event {awaited}"))
    return tuple(found)


def _suspended(draft: Draft, room: Room, made: Mapping[str, Result]) -> Tree | None:
    if not _sound(draft, "suspend_while"):
        return None
    results = scopes({name: replace(result, clear=True) for name, result in made.items()}, surely=False)
    return draft.conditions(("suspend_while",), room.reading(more=results))


def _goal(draft: Draft, room: Room) -> Goal | None:
    if not _sound(draft, "goal"):
        return None
    texts = draft.source.texts(("goal",))
    event = texts.get("event")
    unclear = frozenset() if event in room.catalogue.events else frozenset({"event"})
    form = draft.read(GoalForm, ("goal",), texts, replace(room, origin=Origin(event), unclear=unclear).reading())
    return None if form is None else Goal(form.event, form.where, form.within)


def _leans_on_broken(subject: Subject) -> bool:
    """Whether the playbook names something whose own file has mistakes; they are told there."""
    known = subject.known
    if any(name in known.broken_messages for _, name in subject.mails):
        return True
    if any(getattr(placed.action, "voucher", None) in known.broken_vouchers for placed in subject.placed):
        return True
    written = [mark.raw for mark in subject.draft.source.marks.values() if mark.raw]
    return any(
        re.search(rf"\bsegment\s+{re.escape(name)}(?![\w-])", raw) for name in known.broken_segments for raw in written
    )


def _playbook(subject: Subject, header: Header, trigger: Trigger, name: str) -> Playbook:
    steps = link(subject.steps, subject.draft)
    source = subject.draft.source
    messages = {id_: subject.known.message_texts.get(id_, {}) for _, id_ in subject.mails}
    files = {name: source.text, **{file: text for one in messages.values() for file, text in sorted(one.items())}}
    return Playbook(
        id=header.playbook,
        title=header.title or header.playbook,
        description=header.description,
        owner=header.owner,
        status=header.status,
        purpose=header.purpose,
        topic=header.topic,
        send_window=header.send_window,
        trigger=trigger,
        condition=subject.condition,
        enter=header.enter,
        if_running=header.if_running,
        stop_when=subject.stops,
        suspend_while=subject.suspended,
        holdout=header.holdout,
        goal=subject.goal,
        steps=steps,
        first=next(iter(steps), None),
        revision=revision(source.texts(), {file: text for file, text in files.items() if file != name}),
        file=source.file,
        files=files,
        change=Change.model_validate({key: getattr(header, key) for key in Change.model_fields}),
        guarded=Guarded.model_construct(**{key: getattr(header, key) for key in Guarded.model_fields}),
        salt=header.renamed_from or header.playbook,
        series={name: subject.known.series.get(name, ()) for name in subject.series},
        made={name: result.fields(surely=False) for name, result in subject.made.items()},
    )


def revision(texts: Any, messages: Mapping[str, str]) -> str:
    """What a run pins: a hash of what the playbook says, not of how it is laid out, and of its messages' texts."""
    canonical = json.dumps([texts, messages], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(canonical.encode("utf-8")).hexdigest()[:_REVISION]
