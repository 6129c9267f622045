"""The walk through a playbook's steps: what exists at each, and which step follows which."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count, zip_longest
from typing import Any, get_args

from pydantic.fields import FieldInfo

from engine.action import Action
from engine.actions import ACTIONS
from engine.blocks import Steps
from engine.declared import Declared
from engine.source.marks import Path
from engine.workspace.playbook import Step
from engine.workspace.reading import Draft
from engine.workspace.results import Result, absent, scopes
from engine.workspace.rooms import Room

_LONGEST_ID = 60


@dataclass(frozen=True)
class Block:
    """Steps inside a step, at their place in the file; a path of None is a block that the author left out."""

    path: Path
    steps: tuple["Placed", ...]


@dataclass(frozen=True)
class Placed:
    """A step where it stands, with the results that surely exist there. `action` is None after a mistake."""

    path: Path
    verb: str
    text: str
    given_id: str | None
    action: Action | None
    results: Mapping[str, Result]
    blocks: tuple[Block, ...]

    @property
    def key(self) -> Path:
        """The path of the verb's value."""
        return (*self.path, self.verb)


def everything(steps: tuple[Placed, ...]) -> Iterator[Placed]:
    """All steps, each before those inside it."""
    for placed in steps:
        yield placed
        for block in placed.blocks:
            yield from everything(block.steps)


def block_paths(verb: str, texts: Mapping[str, Any]) -> Iterator[Path]:
    """Where a step's blocks stand, as `Enter` counts them: each `Steps` field, or one in each item."""
    for key, info in _by_key(ACTIONS[verb]):
        if _holds_steps(info):
            yield (key,)
        elif (item := _item_of(info)) is not None and isinstance(texts.get(key), list):
            keys = [inner for inner, one in _by_key(item) if _holds_steps(one)]
            for number, one in enumerate(texts[key]):
                present = [inner for inner in keys if isinstance(one, dict) and inner in one]
                yield (key, number, *(present[:1] or keys[:1]))


def _by_key(model: type[Declared]) -> Iterator[tuple[str, FieldInfo]]:
    return ((info.alias or name, info) for name, info in model.model_fields.items())


def _holds_steps(info: FieldInfo) -> bool:
    return any(part == Steps for part in get_args(info.annotation))


def _item_of(info: FieldInfo) -> type[Declared] | None:
    """The declaration of a list's items, where they are declared at all."""
    found = [part for part in get_args(info.annotation) if isinstance(part, type) and issubclass(part, Declared)]
    return found[0] if found else None


class Walk:
    """Reads the steps from above, keeping which results exist."""

    def __init__(self, draft: Draft, room: Room) -> None:
        self.draft, self.room = draft, room
        self.made = dict(self._all_results(("do",)))

    def _all_results(self, path: Path) -> Iterator[tuple[str, Result]]:
        """Every result of the playbook by name, wherever it is made."""
        for at, texts in self._items(path):
            result = self._result(at, texts)
            if result is not None:
                yield result.name, result
            verb = _verb(texts)
            for deeper in block_paths(verb, texts) if verb is not None else ():
                yield from self._all_results((*at, *deeper))

    def _items(self, path: Path) -> list[tuple[Path, dict[str, Any]]]:
        """The steps that stand in the list at `path`; what is no step has been told of."""
        value: Any = self.draft.source.data
        for part in path:
            if isinstance(value, dict):
                value = value.get(part)
            elif isinstance(value, list) and isinstance(part, int):
                value = value[part]
        items = value if isinstance(value, list) else []
        at = [(*path, number) for number, one in enumerate(items) if isinstance(one, dict)]
        return [(one, self.draft.source.texts(one)) for one in at]

    def _result(self, path: Path, texts: Mapping[str, Any]) -> Result | None:
        name = texts.get("as")
        if not isinstance(name, str):
            return None
        line = self.draft.source.key_place((*path, _verb(texts) or "as")).line
        # What it shows is not read yet: an event's fields, say. Later steps know it by its own action.
        return Result(name, line, path, clear=False)

    def block(self, path: Path, results: Mapping[str, Result]) -> tuple[tuple[Placed, ...], Mapping[str, Result]]:
        """The steps of a list, and what exists after them."""
        placed = []
        for at, texts in self._items(path):
            one = self._step(at, texts, results)
            if one is not None:
                placed.append(one)
                results = self._after(one, results)
        return tuple(placed), results

    def _after(self, placed: Placed, results: Mapping[str, Result]) -> Mapping[str, Result]:
        texts = self.draft.source.texts(placed.path)
        result = self._result(placed.path, texts)
        if result is None:
            return results
        if result.name in results or result.name in ("customer", "event", "it", "brand"):
            place = self.draft.source.place((*placed.path, "as"))
            first = results.get(result.name)
            second = (self.draft.source.place((*first.path, "as")), "first used here") if first else None
            text = f"the name `{result.name}` is taken"
            self.draft.add(place, "duplicate-name", text, "choose another name", second=second)
        if placed.action is None:
            return {**results, result.name: result}
        shown = placed.action.makes(self.room.catalogue).get(result.name, {})
        expires = getattr(placed.action, "expires", None)
        made = Result(result.name, result.line, result.path, shown, expires)
        self.made[result.name] = made
        return {**results, result.name: made}

    def _step(self, path: Path, texts: Mapping[str, Any], results: Mapping[str, Result]) -> Placed | None:
        verb = _verb(texts)
        if verb is None:
            if not self.draft.is_broken(path):
                place = (
                    self.draft.source.key_place((*path, next(iter(texts)))) if texts else self.draft.source.place(path)
                )
                self.draft.add(place, "no-verb", "this step says nothing to do", f"steps: {', '.join(ACTIONS)}")
            return None
        paths = [(*path, *deeper) for deeper in block_paths(verb, texts)]
        nested = {str(one[len(path)]) for one in paths}
        action = None
        if not self.draft.is_broken(path, nested):
            own = {key: value for key, value in texts.items() if key != "id"}
            action = self.draft.read(ACTIONS[verb], path, own, self._reading(path, verb, texts, results))
        blocks = tuple(Block(one, self.block(one, results)[0]) for one in paths)
        value = texts.get(verb)
        text = f"{verb} {value}" if isinstance(value, str) else verb
        given = texts.get("id")
        return Placed(path, verb, text, given if isinstance(given, str) else None, action, results, blocks)

    def _reading(self, path: Path, verb: str, texts: Mapping[str, Any], results: Mapping[str, Result]) -> Any:
        """What conditions at this step may mention."""
        clear = {name: result for name, result in results.items() if result.clear}
        line = self.draft.source.key_place((*path, verb)).line
        later = {name: absent(result, line) for name, result in self.made.items() if name not in results}
        awaited = texts.get(verb) if ACTIONS[verb].listens else None
        return self.room.reading(
            more=scopes(clear),
            later=later,
            unclear=frozenset(name for name, result in results.items() if not result.clear),
            awaited=awaited if isinstance(awaited, str) else None,
        )


def _verb(texts: Any) -> str | None:
    return next((key for key in texts if key in ACTIONS), None) if isinstance(texts, dict) else None


def link(steps: tuple[Placed, ...], draft: Draft) -> dict[str, Step]:
    """The steps by id, each with what follows it."""
    ids = _ids(steps)
    linked: dict[str, Step] = {}

    def follow(block: tuple[Placed, ...], after: str | None) -> str | None:
        for placed, following in zip_longest(block, block[1:]):
            following_id = ids[following.path] if following else after
            one = Step(
                id=ids[placed.path],
                action=_sure(placed.action),
                line=draft.source.key_place(placed.key).line,
                text=placed.text,
                next=following_id,
                blocks=tuple(ids[inner.steps[0].path] if inner.steps else None for inner in placed.blocks),
            )
            linked[one.id] = one
            for inner in placed.blocks:
                follow(inner.steps, following_id)
        return ids[block[0].path] if block else after

    follow(steps, None)
    return linked


def _sure(action: Action | None) -> Action:
    if action is None:
        raise ValueError("a step with a mistake has no place in a playbook")
    return action


def _ids(steps: tuple[Placed, ...]) -> dict[Path, str]:
    taken = {placed.given_id for placed in everything(steps) if placed.given_id}
    ids: dict[Path, str] = {}
    for placed in everything(steps):
        base = re.sub(r"[^a-z0-9]+", "-", placed.text.lower()).strip("-")[:_LONGEST_ID].rstrip("-") or placed.verb
        tries = (base if number == 1 else f"{base}-{number}" for number in count(1))
        ids[placed.path] = placed.given_id or next(one for one in tries if one not in taken)
        taken.add(ids[placed.path])
    return ids
