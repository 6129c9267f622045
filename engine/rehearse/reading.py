"""Test files, read into cases: every name must exist and every line must be able to happen, or it is a problem."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from engine.actions.split import Split
from engine.clocks.times import zone_named
from engine.rehearse.expecting import Expecting
from engine.rehearse.goods import Goods
from engine.rehearse.happening import Happenings
from engine.rehearse.moments import Misread, Moment, read_moment, unknown_zone
from engine.rehearse.people import People
from engine.rehearse.script import Case, Expected, Happening, Person, TestFile
from engine.settings import Settings, is_zone
from engine.source.near import suggest
from engine.source.problem import Problem
from engine.source.yaml import Path
from engine.workspace import Playbook, Workspace
from engine.workspace.reading import Draft, open_file

#: A playbook is launched this long before the first event of a test that names no `start`.
_BEFORE = timedelta(minutes=1)


def read_tests(file: str, text: str, workspace: Workspace) -> TestFile | list[Problem]:
    """The tests of one file, or everything that is wrong with them."""
    draft = open_file(file, text, "test")
    if isinstance(draft, list):
        return draft
    playbook = _playbook(draft, workspace)
    if playbook is None or workspace.settings is None or workspace.catalogue is None:
        return _sorted(draft)
    tests = _File(draft, workspace, workspace.settings, playbook).read()
    return tests if draft.sound else _sorted(draft)


def _sorted(draft: Draft) -> list[Problem]:
    return sorted(draft.problems, key=lambda problem: (problem.place, problem.rule))


def _playbook(draft: Draft, workspace: Workspace) -> Playbook | None:
    path: Path = ("playbook",)
    if path not in draft.source.marks or draft.is_broken(path):
        return None
    name = draft.source.raw(path)
    found = workspace.playbooks.get(name)
    if found is None:
        if _is_written(name, workspace):
            text = f"the playbook `{name}` has mistakes of its own"
            draft.add(draft.source.place(path), "broken-playbook", text, "see them with:  regulars validate")
        else:
            known = suggest(name, workspace.playbooks, "there are")
            draft.add(draft.source.place(path), "unknown-playbook", f"there is no playbook `{name}`", *known)
    return found


def _is_written(name: str, workspace: Workspace) -> bool:
    """Whether some file means to be that playbook."""
    line = re.compile(rf"^playbook: *{re.escape(name)} *(#.*)?$", re.MULTILINE)
    return any(line.search(text) for file, text in workspace.texts.items() if "tests/" not in file)


@dataclass
class Times:
    """How the times of a file are read: by one zone, or by each customer's own clocks."""

    draft: Draft
    zone: ZoneInfo
    by_customer: bool

    def read(self, path: Path, person: Person | None) -> Moment | None:
        """The moment at `path`; None where it is missing or wrong, which is noted."""
        if path not in self.draft.source.marks or self.draft.is_broken(path):
            return None
        zone = person.zone if person is not None and self.by_customer else self.zone
        try:
            return read_moment(self.draft.source.raw(path), zone)
        except Misread as misread:
            self.draft.add(self.draft.source.place(path), misread.rule, str(misread), *misread.helps)
            return None


class _File:
    """One file on its way to cases."""

    def __init__(self, draft: Draft, workspace: Workspace, settings: Settings, playbook: Playbook) -> None:
        self.draft, self.playbook, self.workspace = draft, playbook, workspace
        catalogue = workspace.catalogue
        assert catalogue is not None
        self.times = Times(draft, settings.zone, by_customer=False)
        self._zone()
        self.people = People(draft.source, settings, catalogue, draft.add)
        self.goods = Goods(draft, settings, catalogue, workspace.vouchers)
        self.happenings = Happenings(draft, settings, catalogue, self.people, self.times, playbook, self.goods)
        self.expecting = Expecting(draft, workspace, playbook, self.times)

    def read(self) -> TestFile:
        """The cases that are right."""
        everybody = {person.id: person for person in self.people.read(("given", "customers"))}
        tests = self.draft.source.data.get("tests")
        numbers = range(len(tests)) if isinstance(tests, list) else ()
        self._names(numbers)
        cases = [case for number in numbers if (case := self._case(("tests", number), everybody)) is not None]
        return TestFile(self.draft.source.file, self.playbook.id, self.times.zone, self.times.by_customer, tuple(cases))

    def _zone(self) -> None:
        path: Path = ("timezone",)
        if path not in self.draft.source.marks or self.draft.is_broken(path):
            return
        name = self.draft.source.raw(path)
        if name == "customer":
            self.times.by_customer = True
        elif is_zone(name):
            self.times.zone = zone_named(name)
        else:
            problem = unknown_zone(name)
            help_ = "or `customer`: each customer's own clocks"
            self.draft.add(self.draft.source.place(path), problem.rule, str(problem), *problem.helps, help_)

    def _names(self, numbers: range | tuple[()]) -> None:
        first: dict[str, Path] = {}
        for number in numbers:
            path: Path = ("tests", number, "name")
            name = self.draft.source.raw(path) if path in self.draft.source.marks else ""
            if name and name in first:
                second = (self.draft.source.place(first[name]), "first written here")
                text = "two tests have this name"
                self.draft.add(self.draft.source.place(path), "duplicate-name", text, "give it its own", second=second)
            first.setdefault(name, path)

    def _case(self, path: Path, everybody: Mapping[str, Person]) -> Case | None:
        if not isinstance(self.draft.source.at(path), dict) or self.draft.is_broken(
            path, ("events", "expect", "given")
        ):
            return None
        before = len(self.draft.problems)
        people = {**everybody, **{one.id: one for one in self.people.read((*path, "given", "customers"))}}
        if not people:
            self._say(path, "nobody", "this test has no customers", "write them under  given:  customers:")
        goods = tuple(one for at in (("given",), (*path, "given")) for one in self.goods.given(at, people))
        happenings = tuple(self.happenings.read((*path, "events"), people, goods))
        start, until = self._span(path, happenings)
        expected = self.expecting.read((*path, "expect"), people)
        split = self._split((*path, "split"))
        asleep = self._asleep((*path, "asleep"), start, until)
        if start is None or until is None:
            return None
        self._inside(path, start, until, happenings, expected)
        if len(self.draft.problems) > before:
            return None
        name = self.draft.source.raw((*path, "name"))
        return Case(
            name, self.draft.source.key_place((*path, "name")), people, happenings, start, until, expected, split, goods,
            asleep,
        )  # fmt: skip

    def _asleep(self, path: Path, start: datetime | None, until: datetime | None) -> tuple[datetime, datetime] | None:
        """From when until when nothing runs, within the time of the test."""
        if path not in self.draft.source.marks or self.draft.is_broken(path):
            return None
        found = [self.times.read((*path, number), None) for number in range(len(self.draft.source.at(path) or ()))]
        moments = [one.instant for one in found if one is not None]
        if len(moments) < len(found):
            return None
        if len(moments) != 2 or moments[0] >= moments[1]:
            helps = "write for example  asleep: [2026-03-01 12:00, 2026-03-03 09:00]"
            self._say(path, "asleep", "`asleep` needs two moments, the earlier one first", helps)
            return None
        if start is not None and until is not None and not (start <= moments[0] and moments[1] <= until):
            self._say(path, "outside", "this is outside of the time of the test")
        return moments[0], moments[1]

    def _split(self, path: Path) -> Mapping[str, str]:
        """Which way everybody goes at which split: both must exist."""
        given = self.draft.source.texts(path) if path in self.draft.source.marks else {}
        splits = {name: step.action for name, step in self.playbook.steps.items() if isinstance(step.action, Split)}
        for step, name in given.items() if isinstance(given, dict) else ():
            if step not in splits:
                helps = suggest(step, splits, "there are")
                place = self.draft.source.key_place((*path, step))
                self.draft.add(place, "unknown-step", f"no step that splits has the id `{step}`", *helps)
            elif name not in (names := [variant.name for variant in splits[step].split]):
                place = self.draft.source.place((*path, step))
                self.draft.add(
                    place, "unknown-value", f"`{step}` has no way `{name}`", *suggest(name, names, "there are")
                )
        return given if isinstance(given, dict) else {}

    def _span(self, path: Path, happenings: tuple[Happening, ...]) -> tuple[datetime | None, datetime | None]:
        until = self.times.read((*path, "until"), None)
        start = self.times.read((*path, "start"), None)
        if start is not None:
            return start.instant, until.instant if until else None
        given = self.draft.source.at(path)
        if "start" not in given and not given.get("events"):
            self._say(path, "no-start", "without events, a test needs `start`", "add a line:  start: 2026-01-01 00:00")
        first = min((one.at for one in happenings), default=None)
        return first - _BEFORE if first else None, until.instant if until else None

    def _inside(
        self,
        path: Path,
        start: datetime,
        until: datetime,
        happenings: tuple[Happening, ...],
        expected: tuple[Expected, ...],
    ) -> None:
        """What lies outside the time of the test would never happen."""
        if until <= start:
            self._say((*path, "until"), "outside", "the test ends before it begins")
            return
        for place, at in self._moments(path, happenings, expected):
            if not start <= at <= until:
                side = "after `until`" if at > until else "before `start`"
                self._say(place, "outside", f"this is {side}, where the clock of this test never stands")

    def _moments(
        self, path: Path, happenings: tuple[Happening, ...], expected: tuple[Expected, ...]
    ) -> Iterator[tuple[Path, datetime]]:
        for one in happenings:
            yield (*path, "events", one.number, "at"), one.at
        for line in expected:
            yield (*path, "expect", line.number, "at"), line.at.instant

    def _say(self, path: Path, rule: str, text: str, *helps: str) -> None:
        self.draft.add(self.draft.source.place(path), rule, text, *helps)
