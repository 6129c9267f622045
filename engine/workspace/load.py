"""Loading: a folder, or texts in memory, becomes a workspace and all problems of all its files."""

import os
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from engine.calendars import Holiday
from engine.catalogue import Catalogue
from engine.conditions import Tree
from engine.render import Message
from engine.settings import Settings, Voucher
from engine.source.near import suggest
from engine.source.problem import Place, Problem
from engine.source.yaml import MAX_BYTES
from engine.workspace.catalogue import builtin, read_catalogue
from engine.workspace.check.renamed import renamed
from engine.workspace.check.written import secrets
from engine.workspace.closing import closed_on
from engine.workspace.compose import compose
from engine.workspace.holidays import builtin_holidays, read_holidays, read_moved
from engine.workspace.known import Known
from engine.workspace.playbook import Playbook
from engine.workspace.reading import Draft
from engine.workspace.series import read_series
from engine.workspace.surroundings import Found, Messages, Segments, read_settings, read_vouchers
from engine.workspace.telling import check_told

SETTINGS = "settings/regulars.yaml"
CATALOGUE = "settings/catalogue.yaml"
VOUCHERS = "settings/vouchers.yaml"
SERIES = "settings/series.yaml"
HOLIDAYS = "settings/holidays.yaml"
HOLIDAY_DATES = "settings/holiday-dates.yaml"

_PLACES = ("*.yaml", "settings/*.yaml", "segments/*.yaml", "tests/*.yaml", "messages/*/*.md")
_NEAR_MISSES = ("*.yml", "settings/*.yml", "segments/*.yml", "tests/*.yml")


@dataclass(frozen=True)
class Workspace:
    """All that the files say. `playbooks` are the sound ones; `texts` the files by the name that problems use."""

    root: Path
    settings: Settings | None
    catalogue: Catalogue | None
    vouchers: Mapping[str, Voucher]
    segments: Mapping[str, Tree]
    messages: Mapping[str, Mapping[str, Message]]
    playbooks: Mapping[str, Playbook]
    problems: tuple[Problem, ...]
    texts: Mapping[str, str]
    holidays: Mapping[str, Holiday]

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that keep something from being used."""
        return tuple(problem for problem in self.problems if problem.severity == "error")


def load(root: Path) -> Workspace:
    """Reads a workspace's folder. What authors write never raises: it is used, or it is a problem."""
    files: dict[str, str | bytes] = {}
    problems: list[Problem] = []
    for path in sorted({one for pattern in _PLACES for one in root.glob(pattern)}):
        name = path.relative_to(root).as_posix()
        text = _content(root, path, _shown(root, name))
        if isinstance(text, Problem):
            problems.append(text)
        else:
            files[name] = text
    for path in sorted({one for pattern in _NEAR_MISSES for one in root.glob(pattern)}):
        place = Place(_shown(root, path.relative_to(root).as_posix()), 1, 1)
        help_ = f"rename it to {path.stem}.yaml"
        problems.append(
            Problem(place, "file-name", "files that end in `.yml` are not read", (help_,), severity="warning")
        )
    return _Load(files, root, problems).workspace()


def load_texts(files: Mapping[str, str | bytes], root: Path | None = None) -> Workspace:
    """The same from texts in memory, by their path within a workspace: `win-back.yaml`, `messages/hello/en.md`."""
    return _Load(files, root or Path(), []).workspace()


def _content(root: Path, path: Path, shown: str) -> bytes | Problem:
    try:
        if not path.resolve().is_relative_to(root.resolve()):
            return Problem(
                Place(shown, 1, 1), "outside", "this file leads out of the workspace", ("put the file itself here",)
            )
        # A pipe is not waited for, and not read.
        with open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK)) as stream:
            if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                return Problem(Place(shown, 1, 1), "unreadable", "this is no file that can be read: put a file here")
            return stream.read(MAX_BYTES + 1)
    except (OSError, RuntimeError) as error:  # Python before 3.13 says RuntimeError of a link to itself
        why = getattr(error, "strerror", None) or "it is a link to itself"
        return Problem(Place(shown, 1, 1), "unreadable", f"this file cannot be read: {why}")


def _shown(root: Path, name: str) -> str:
    return (PurePosixPath(root.as_posix()) / name).as_posix()


class _Load:
    """One load: what was read so far, and all problems."""

    def __init__(self, files: Mapping[str, str | bytes], root: Path, problems: list[Problem]) -> None:
        self.files, self.root = files, root
        self.found = Found(problems)
        self.drafts: list[Draft] = []

    def workspace(self) -> Workspace:
        """The whole."""
        settings, catalogue = self._settings(), self._catalogue()
        vouchers, broken_vouchers = self._vouchers()
        holidays, broken_holidays = self._holidays()
        if settings is not None:
            settings = closed_on(settings, holidays, broken_holidays, self.drafts)
            if catalogue is not None:
                check_told(settings, catalogue, self.drafts)
        messages = Messages()
        messages.read((name, self._shown(name), text) for name, text in self._under("messages/", ".md"))
        self.found.problems.extend(messages.problems)
        drafts = {name: one for name, _ in self._playbook_files() if (one := self._open(name, "playbook")) is not None}
        segments = self._segments()
        playbooks: dict[str, Playbook] = {}
        if settings is not None and catalogue is not None:
            segments.read(catalogue, settings.currency)
            known = Known(
                settings,
                catalogue,
                vouchers,
                segments.trees,
                messages.by_id,
                broken_vouchers,
                segments.broken,
                frozenset(messages.broken),
                messages.texts,
                series=self._series(messages),
                holidays=holidays,
                broken_holidays=broken_holidays,
            )
            playbooks = self._playbooks(drafts, known)
        self._tests(drafts)
        return Workspace(
            self.root,
            settings,
            catalogue,
            vouchers,
            segments.trees,
            messages.by_id,
            playbooks,
            self._problems(),
            self._texts(),
            holidays,
        )

    def _shown(self, name: str) -> str:
        return _shown(self.root, name)

    def _under(self, folder: str, ending: str) -> Iterable[tuple[str, str | bytes]]:
        depth = 2 if folder == "messages/" else 1
        return (
            (name, text)
            for name, text in sorted(self.files.items())
            if name.startswith(folder) and name.endswith(ending) and name.count("/") == depth
        )

    def _playbook_files(self) -> Iterable[tuple[str, str | bytes]]:
        return ((name, text) for name, text in sorted(self.files.items()) if "/" not in name and name.endswith(".yaml"))

    def _open(self, name: str, kind: str) -> Draft | None:
        draft = self.found.opened(self._shown(name), self.files[name], kind)
        if draft is not None:
            self.drafts.append(draft)
            if kind != "playbook":
                told = {one.place for one in draft.problems if one.rule == "secret-in-file"}
                draft.problems.extend(one for one in secrets(draft.source) if one.place not in told)
        return draft

    def _settings(self) -> Settings | None:
        if SETTINGS not in self.files:
            place = Place(self._shown(SETTINGS), 1, 1)
            text = "the workspace has no settings"
            self.found.problems.append(
                Problem(place, "missing-file", text, ("make a workspace with  regulars init NAME",))
            )
            return None
        draft = self._open(SETTINGS, "settings")
        return None if draft is None else read_settings(draft)

    def _catalogue(self) -> Catalogue | None:
        if CATALOGUE not in self.files:
            return builtin()
        draft = self._open(CATALOGUE, "catalogue")
        return None if draft is None else read_catalogue(draft)

    def _vouchers(self) -> tuple[Mapping[str, Voucher], frozenset[str]]:
        draft = self._open(VOUCHERS, "vouchers") if VOUCHERS in self.files else None
        return ({}, frozenset()) if draft is None else read_vouchers(draft)

    def _series(self, messages: Messages) -> Mapping[str, tuple[str, ...]]:
        draft = self._open(SERIES, "series") if SERIES in self.files else None
        return {} if draft is None else read_series(draft, messages)

    def _holidays(self) -> tuple[Mapping[str, Holiday], frozenset[str]]:
        draft = self._open(HOLIDAYS, "holidays") if HOLIDAYS in self.files else None
        holidays, broken = (builtin_holidays(), frozenset[str]()) if draft is None else read_holidays(draft)
        written = self._open(HOLIDAY_DATES, "holiday-dates") if HOLIDAY_DATES in self.files else None
        if written is not None:
            read_moved(written, holidays)
        return holidays, broken

    def _segments(self) -> Segments:
        segments = Segments()
        for name, _ in self._under("segments/", ".yaml"):
            draft = self._open(name, "segment")
            if draft is not None:
                segments.add(draft)
        return segments

    def _playbooks(self, drafts: Mapping[str, Draft], known: Known) -> dict[str, Playbook]:
        first: dict[str, Draft] = {}
        found: dict[str, Playbook] = {}
        twice: set[str] = set()
        for name, draft in drafts.items():
            id_ = draft.source.raw(("playbook",)) if ("playbook",) in draft.source.marks else ""
            if id_ in first:
                second = (first[id_].source.place(("playbook",)), "first written here")
                text = f"two files have the id `{id_}`"
                draft.add(
                    draft.source.place(("playbook",)),
                    "duplicate-id",
                    text,
                    "give one of them another id",
                    second=second,
                )
                twice.add(id_)
            elif id_:
                first[id_] = draft
            playbook = compose(draft, known, name)
            if playbook is not None:
                found[playbook.id] = playbook
        unusable = twice | renamed(drafts.values())
        return {id_: one for id_, one in found.items() if id_ not in unusable}

    def _tests(self, drafts: Mapping[str, Draft]) -> None:
        ids = {draft.source.raw(("playbook",)) for draft in drafts.values() if ("playbook",) in draft.source.marks}
        for name, _ in self._under("tests/", ".yaml"):
            draft = self._open(name, "test")
            if draft is None or draft.is_broken(("playbook",)) or ("playbook",) not in draft.source.marks:
                continue
            id_ = draft.source.raw(("playbook",))
            if id_ not in ids:
                text = f"there is no playbook `{id_}`"
                draft.add(draft.source.place(("playbook",)), "unknown-playbook", text, *suggest(id_, ids, "there are"))

    def _problems(self) -> tuple[Problem, ...]:
        drafted = [problem for draft in self.drafts for problem in draft.problems]
        return tuple(sorted({*self.found.problems, *drafted}, key=lambda one: (one.place, one.rule, one.text)))

    def _texts(self) -> dict[str, str]:
        return {
            self._shown(name): (text if isinstance(text, str) else text.decode("utf-8", "replace")).removeprefix(
                "\ufeff"
            )
            for name, text in self.files.items()
        }
