"""A shop at work: its workspace on its store, with everything that is compiled once and used at every tick."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from pathlib import PurePath

import sqlalchemy as sa
from babel.numbers import get_currency_precision

from engine.catalogue import Catalogue
from engine.conditions import Tree
from engine.facts import Facts
from engine.progress import pinned_files
from engine.render import Template, compile_message, parse_message
from engine.settings import Settings, Voucher
from engine.store.importing import Reading
from engine.trigger import Ground
from engine.workspace import Workspace, load_texts
from engine.workspace.playbook import Playbook

#: People in flight move on in playbooks of these states; in others they stand still, and nobody is lost.
MOVING = ("active", "retired")


@dataclass
class Shop:
    """One workspace on one store. A changed workspace is a new `Shop` on the same store.

    Raises `ValueError` for a workspace whose settings or catalogue are broken.
    """

    store: sa.Engine
    workspace: Workspace
    settings: Settings = field(init=False)
    catalogue: Catalogue = field(init=False)
    _pinned: dict[tuple[str, str], Playbook | None] = field(default_factory=dict)
    _templates: dict[tuple[str, str, str], Mapping[str, Template]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.workspace.settings is None or self.workspace.catalogue is None:
            raise ValueError("the settings or the catalogue of the workspace cannot be used; see `regulars validate`")
        self.settings, self.catalogue = self.workspace.settings, self.workspace.catalogue

    @property
    def segments(self) -> Mapping[str, Tree]:
        """The named audiences."""
        return self.workspace.segments

    @property
    def vouchers(self) -> Mapping[str, Voucher]:
        """The kinds of voucher."""
        return self.workspace.vouchers

    def reading(self, now: datetime) -> Reading:
        """What the reader of a file or of an event that came must know of the shop."""
        about: dict[str, dict[str, dict[str, str]]] = {"customer": {}, "product": {}}
        for name, event in self.catalogue.events.items():
            about[event.about][name] = {field: str(one.type) for field, one in event.fields.items()}
        exponent = get_currency_precision(self.settings.currency)
        prefix = self.settings.channels.prefix
        return Reading(exponent, self.settings.zone, now, about["customer"], about["product"], prefix)

    @cached_property
    def facts(self) -> Facts:
        """The reader of the customer store."""
        return Facts(self.catalogue, self.settings, self.segments)

    def ground(self, playbook: Playbook) -> Ground:
        """What the statements of a playbook are built on."""
        dialect, holidays = self.store.dialect.name, self.workspace.holidays
        return Ground(playbook.id, self.catalogue, self.settings, self.segments, dialect, holidays, playbook.key)

    @cached_property
    def moving(self) -> list[str]:
        """The ids of the playbooks in which people move on."""
        return [playbook.id for playbook in self.of_status(*MOVING)]

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
            self._pinned[key] = self._read(playbook, files) if files else None
        return self._pinned[key]

    def _read(self, playbook: str, files: Mapping[str, str]) -> Playbook | None:
        """A playbook on record. It may have had another id then; its customers are hashed as today."""
        found = next(iter(load_texts({**self._surroundings, **files}).playbooks.values()), None)
        today = self.workspace.playbooks.get(playbook)
        salt = today.salt if today is not None else playbook
        return replace(found, id=playbook, salt=salt) if found is not None else None

    @cached_property
    def _surroundings(self) -> dict[str, str]:
        """The settings and segments of today, which a pinned playbook is read with."""
        named = {PurePath(name).relative_to(self.workspace.root): text for name, text in self.workspace.texts.items()}
        return {name.as_posix(): text for name, text in named.items() if name.parts[0] in ("settings", "segments")}

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
