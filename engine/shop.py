"""A shop at work: its workspace on its store, with everything that is compiled once and used at every tick."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import sqlalchemy as sa

from engine.facts import Facts
from engine.progress import pinned_files
from engine.render import Template, compile_message, parse_message
from engine.trigger import Ground
from engine.workspace import Workspace, load_texts
from engine.workspace.playbook import Playbook

#: People in flight move on in playbooks of these states; in others they stand still, and nobody is lost.
MOVING = ("active", "retired")


@dataclass
class Shop:
    """One workspace on one store. A changed workspace is a new `Shop` on the same store."""

    store: sa.Engine
    workspace: Workspace
    _pinned: dict[tuple[str, str], Playbook | None] = field(default_factory=dict)
    _templates: dict[tuple[str, str, str], Mapping[str, Template]] = field(default_factory=dict)

    @cached_property
    def facts(self) -> Facts:
        """The reader of the customer store."""
        return Facts(self.workspace.catalogue, self.workspace.settings, self.workspace.segments)

    def ground(self, playbook: Playbook) -> Ground:
        """What the statements of a playbook are built on."""
        space = self.workspace
        return Ground(playbook.id, space.catalogue, space.settings, space.segments, self.store.dialect.name)

    def of_status(self, *status: str) -> list[Playbook]:
        """The playbooks of the workspace in one of these states."""
        return [playbook for playbook in self.workspace.playbooks.values() if playbook.status in status]

    def pinned(self, connection: sa.Connection, playbook: str, revision: str) -> Playbook | None:
        """The playbook as it was when a run began; None where that revision can no longer be read."""
        current = self.workspace.playbooks.get(playbook)
        if current is not None and current.revision == revision:
            return current
        key = (playbook, revision)
        if key not in self._pinned:
            files = pinned_files(connection, playbook, revision)
            self._pinned[key] = load_texts(self.workspace, files).get(playbook) if files else None
        return self._pinned[key]

    def templates(self, playbook: Playbook, message: str) -> Mapping[str, Template]:
        """A message of that revision, made ready, by language; a text with problems is left out."""
        key = (playbook.id, playbook.revision, message)
        if key not in self._templates:
            self._templates[key] = dict(_compile(playbook, message))
        return self._templates[key]


def _compile(playbook: Playbook, message: str) -> Iterator[tuple[str, Template]]:
    for path, text in playbook.files.items():
        folder, _, name = path.rpartition("/")
        if folder.rpartition("/")[2] == message and folder.startswith("messages"):
            parsed = parse_message(path, text)
            template = compile_message(parsed) if not isinstance(parsed, list) else parsed
            if isinstance(template, Template):
                yield name.removesuffix(".md"), template
