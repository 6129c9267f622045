"""The walk through a playbook's steps: what exists at each."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, get_args

from pydantic.fields import FieldInfo

from engine.action import Action
from engine.actions import ACTIONS
from engine.blocks import Steps
from engine.settings.declared import Declared
from engine.source.marks import Path
from engine.workspace.branches import Way, lacking, shared
from engine.workspace.reading import Draft
from engine.workspace.results import Result, absent, scopes
from engine.workspace.rooms import Room


@dataclass(frozen=True)
class Block:
    """Steps inside a step, at their place in the file, which need not be written there; `results` exist after them."""

    path: Path
    steps: tuple["Placed", ...]
    results: Mapping[str, Result]

    @property
    def ends(self) -> bool:
        """Whether every way through it ends the run."""
        return bool(self.steps) and ends(self.steps[-1])


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


#: What a branch must do so that a result exists after it.
_THAT = "that creates it or ends the run"


def ends(placed: Placed) -> bool:
    """Whether every way through a step ends the run."""
    if placed.verb == "stop":
        return True
    return is_complete(placed) and all(block.ends for block in placed.blocks)


def is_complete(placed: Placed) -> bool:
    """Whether one of a step's blocks surely runs: a `choose` with an `else`, a `wait_for` with both ends."""
    if not placed.blocks:
        return False
    if placed.verb == "choose":
        return placed.blocks[-1].path[-1] == "else"
    return getattr(placed.action, "until", None) is None


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
        self._lacks: dict[Path, dict[str, tuple[str, ...]]] = {}  # by list of steps, why a name need not exist after it

    def _all_results(self, path: Path) -> Iterator[tuple[str, Result]]:
        """Every result of the playbook by name, wherever it is made."""
        for at, texts in self._items(path):
            result = self._result(at, texts)
            if result is not None:
                yield result.name, result
            verb = _verb(texts)
            for deeper in block_paths(verb, texts) if verb is not None else ():
                item = self._result((*at, *deeper[:-1]), self.draft.source.texts((*at, *deeper[:-1])))
                if len(deeper) > 1 and item is not None:
                    yield item.name, item
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

    def _result(self, path: Path, texts: Any) -> Result | None:
        name = texts.get("as") if isinstance(texts, dict) else None
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
                results = self._behind(one, self._after(one, results))
        return tuple(placed), results

    def _after(self, placed: Placed, results: Mapping[str, Result]) -> Mapping[str, Result]:
        """What exists behind a step: what it made, if it surely did."""
        result = self._result(placed.path, self.draft.source.texts(placed.path))
        if result is None:
            return results
        result = self._made(placed.path, placed.action, result, results)
        sure = placed.verb != "wait_for" or any(block.path[-1] == "else" and block.ends for block in placed.blocks)
        return {**results, result.name: result} if sure else results

    def _behind(self, placed: Placed, results: Mapping[str, Result]) -> Mapping[str, Result]:
        """What exists behind the blocks of a step: what each of them that goes on has made. For the rest it is kept why not."""
        ways = [self._way(placed, block) for block in placed.blocks if not block.ends]
        made = dict.fromkeys(name for way in ways for name in (*way.results, *way.unsure))
        for name in (one for one in made if one not in results):
            found = shared(name, ways) if is_complete(placed) else None
            if found is not None:
                results = {**results, name: found}
                self.made[name] = found
            elif placed.action is not None:
                lacks = (*lacking(name, ways), *self._skipped(placed))
                self._lacks.setdefault(placed.path[:-1], {})[name] = lacks
                self.made[name] = replace(self.made[name], lacks=lacks)
        return results

    def _way(self, placed: Placed, block: Block) -> Way:
        source, holder = self.draft.source, block.path[:-1]
        makes = (name for name, _ in self._all_results(block.path))
        if holder == placed.path and block.path not in source.marks:
            line = source.key_place(placed.key).line
            without = f"the `{placed.verb}` on line {line} has no `{block.path[-1]}` {_THAT}"
        else:
            line = (source.key_place(block.path) if holder == placed.path else source.place(holder)).line
            without = f"the branch on line {line} does not create it"
        return Way(block.results, {**dict.fromkeys(makes, ()), **self._lacks.get(block.path, {})}, without)

    def _skipped(self, placed: Placed) -> tuple[str, ...]:
        """Why none of the blocks of a step need run, where that is so."""
        if is_complete(placed) or any(block.path[-1] == "else" for block in placed.blocks):
            return ()
        line = self.draft.source.key_place(placed.key).line
        may = "may go through no round" if ACTIONS[placed.verb].repeats else f"has no `else` {_THAT}"
        return (f"the `{placed.verb}` on line {line} {may}",)

    def _made(
        self, path: Path, action: Action | None, result: Result, results: Mapping[str, Result], *, told: bool = False
    ) -> Result:
        """A result with what it shows; its name must be free."""
        if not told and (result.name in results or result.name in ("customer", "event", "it", "brand")):
            place = self.draft.source.place((*path, "as"))
            first = results.get(result.name)
            second = (self.draft.source.place((*first.path, "as")), "first used here") if first else None
            text = f"the name `{result.name}` is taken"
            self.draft.add(place, "duplicate-name", text, "choose another name", second=second)
        if action is None:
            return result
        shown = action.makes(self.room.catalogue).get(result.name, {})
        self.made[result.name] = Result(result.name, result.line, path, shown, getattr(action, "expires", None))
        return self.made[result.name]

    def _inside(
        self, path: Path, block: Path, action: Action | None, results: Mapping[str, Result]
    ) -> Mapping[str, Result]:
        """What exists in a block of a step: also the event that led there, if it is kept."""
        holder = block[:-1]
        if holder == path and block[-1] != "then":
            return results
        result = self._result(holder, self.draft.source.texts(holder))
        if result is None:
            return results
        # The name of a `wait_for` is told of behind it, and only once.
        return {**results, result.name: self._made(holder, action, result, results, told=holder == path)}

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
        blocks = tuple(Block(one, *self.block(one, self._inside(path, one, action, results))) for one in paths)
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
