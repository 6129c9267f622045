"""Examples for the reference: pieces of the example workspace, whose playbooks CI checks and tests."""

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from engine.source.marks import Source
from engine.source.yaml import read_yaml
from engine.workspace.load import SETTINGS, Workspace
from engine.workspace.playbook import Playbook

#: Lines that an example has at most, where there is a choice.
_LONG = 14


@dataclass(frozen=True)
class Example:
    """A piece of a file of the example workspace: its name below the workspace's folder, and the lines."""

    file: str
    text: str


@dataclass(frozen=True)
class Examples:
    """Finds examples in a workspace."""

    workspace: Workspace

    def of_trigger(self, word: str) -> list[Example]:
        """The `when:` of every playbook that begins so, the most telling first."""
        mine = (one for one in self._playbooks() if one.trigger.word == word)
        return _telling(self._example(one.file, self._block(one.file, ("when",))) for one in mine)

    def of_step(self, verb: str) -> list[Example]:
        """Every step of that verb, the most telling first."""
        return _telling(
            self._example(one.file, self._step(one.file, step.line))
            for one in self._playbooks()
            for step in one.steps.values()
            if step.action.verb == verb
        )

    def of_key(self, key: str) -> list[Example]:
        """Every place where playbooks use a key of their own, such as `stop_when`."""
        return _telling(
            self._example(one.file, self._block(one.file, (key,)))
            for one in self._playbooks()
            if (key,) in self._source(one.file).marks
        )

    def of_setting(self, *path: str) -> list[Example]:
        """The part of the settings under that key."""
        file = self._named(SETTINGS)
        return [self._example(file, self._block(file, path))] if path in self._source(file).marks else []

    def of_file(self, name: str, *path: str | int) -> list[Example]:
        """A whole file without its first comments, or what stands in it under a key."""
        file = next((one for one in self.workspace.texts if one.endswith(f"/{name}")), None)
        if file is None:
            return []
        if path:
            return [self._example(file, self._block(file, path))]
        lines = self.workspace.texts[file].splitlines()
        while lines[0].startswith("#"):
            del lines[0]
        return [self._example(file, "\n".join(lines).strip())]

    def of_entries(self, name: str, keys: Sequence[str]) -> list[Example]:
        """For each of those keys, the first entry of a file of names that has it."""
        file = next((one for one in self.workspace.texts if one.endswith(f"/{name}")), "")
        marks = self._source(file).marks if file else {}
        found = [next((path[:1] for path in marks if len(path) == 2 and path[1] == key), None) for key in keys]
        return [self._example(file, self._block(file, path)) for path in dict.fromkeys(found) if path]

    def about(self, subject: str) -> list[Example]:
        """The tests that say that they are about it."""
        return _telling(self._tests(subject))

    def _tests(self, subject: str) -> Iterator[Example]:
        for file in sorted(self.workspace.texts):
            if not file.endswith(".test.yaml"):
                continue
            source = self._source(file)
            for path, mark in source.marks.items():
                if path[:1] == ("tests",) and path[2:] == ("about",) and mark.raw == subject:
                    yield self._example(file, self._block(file, path[:2]))

    def _example(self, file: str, text: str) -> Example:
        return Example(file.removeprefix(f"{self.workspace.root.as_posix()}/"), text)

    def _playbooks(self) -> list[Playbook]:
        return sorted(self.workspace.playbooks.values(), key=lambda one: one.file)

    def _named(self, name: str) -> str:
        return next(file for file in self.workspace.texts if file.endswith(name))

    def _source(self, file: str) -> Source:
        source = read_yaml(file, self.workspace.texts[file])
        if isinstance(source, list):
            raise ValueError(f"{file} cannot be read")
        return source

    def _block(self, file: str, path: tuple[str | int, ...]) -> str:
        """What stands under a key or an item of a list, with the key itself."""
        return _indented(self.workspace.texts[file], self._source(file).key_place(path).line)

    def _step(self, file: str, line: int) -> str:
        """The step whose verb stands on that line: from its dash on."""
        lines = self.workspace.texts[file].splitlines()
        while not lines[line - 1].lstrip().startswith("- "):
            line -= 1
        return _indented(self.workspace.texts[file], line)


def _indented(text: str, first: int) -> str:
    """The line, counted from 1, and all that stand deeper below it."""
    lines = text.splitlines()
    depth = len(lines[first - 1]) - len(lines[first - 1].lstrip())
    kept = [lines[first - 1]]
    for line in lines[first:]:
        if line.strip() and len(line) - len(line.lstrip()) <= depth:
            break
        kept.append(line)
    return textwrap.dedent("\n".join(kept)).strip()


def _telling(found: Iterator[Example]) -> list[Example]:
    """The longest that is not too long comes first; of equal ones the first by file."""

    def rank(example: Example) -> tuple[bool, int]:
        length = len(example.text.splitlines())
        return length > _LONG, length if length > _LONG else -length

    return sorted(found, key=rank)
