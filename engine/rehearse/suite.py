"""All tests of a workspace, played one after the other."""

from collections.abc import Iterator
from dataclasses import dataclass

from engine.rehearse.compare import compare
from engine.rehearse.coverage import Coverage
from engine.rehearse.play import Played, play
from engine.rehearse.printing import Telling
from engine.rehearse.reading import read_tests
from engine.rehearse.reasons import Reasons
from engine.rehearse.script import Case, TestFile
from engine.rehearse.stage import Stage
from engine.source.printing import print_problems
from engine.workspace import Workspace


@dataclass(frozen=True)
class Outcome:
    """What came of one test, or of a file that is no test; `told` is for people, where it failed."""

    file: str
    name: str
    passed: bool
    told: str = ""


class Suite:
    """The test files of a workspace."""

    def __init__(self, workspace: Workspace, only: str | None = None) -> None:
        self.workspace, self.only = workspace, only
        self.coverage = Coverage()
        self._stage = Stage()
        self._files = [
            (file, read_tests(file, text, workspace)) for file, text in sorted(workspace.texts.items()) if _tests(file)
        ]
        if only and any(isinstance(tests, TestFile) and self._cases(tests) for _, tests in self._files):
            # Of another file that cannot be read, only the whole run tells.
            named = {file for file, _ in self._files if only.casefold() in file.casefold()}
            self._files = [(file, tests) for file, tests in self._files if file in named or isinstance(tests, TestFile)]

    @property
    def size(self) -> int:
        """How many outcomes there will be."""
        return sum(1 if isinstance(tests, list) else len(self._cases(tests)) for _, tests in self._files)

    def run(self) -> Iterator[Outcome]:
        """Plays every test that was asked for."""
        for file, tests in self._files:
            if isinstance(tests, list):
                yield Outcome(file, "the file itself", passed=False, told=print_problems(tests, self.workspace.texts))
                continue
            for case in self._cases(tests):
                yield self._play(tests, case)

    @property
    def chosen(self) -> list[tuple[TestFile, Case]]:
        """The tests that were asked for, of files that can be read."""
        return [(tests, case) for _, tests in self._files if isinstance(tests, TestFile) for case in self._cases(tests)]

    def played(self, tests: TestFile, case: Case) -> Played:
        """Plays one test, whatever it expects."""
        return play(self.workspace, self.workspace.playbooks[tests.playbook], case, self._stage)

    def gaps(self) -> list[str]:
        """What no test has reached, in the playbooks that were asked for."""
        asked = {tests.playbook for _, tests in self._files if isinstance(tests, TestFile) and self._cases(tests)}
        playbooks = self.workspace.playbooks
        return self.coverage.report({name: playbooks[name] for name in playbooks if name in asked or not self.only})

    def _cases(self, tests: TestFile) -> list[Case]:
        wanted = (self.only or "").casefold()
        whole = wanted in tests.playbook.casefold() or wanted in tests.file.casefold()
        return [case for case in tests.cases if whole or wanted in case.name.casefold()]

    def _play(self, tests: TestFile, case: Case) -> Outcome:
        playbook = self.workspace.playbooks[tests.playbook]
        played = play(self.workspace, playbook, case, self._stage)
        self.coverage.add(playbook.id, played.trace)
        told = self._trouble(case, played)
        lines = compare(case.expected, played.entries)
        if told is None and all(line.mark == " " for line in lines):
            return Outcome(tests.file, case.name, passed=True)
        if told is None:
            with self._stage.store.connect() as connection:
                reasons = Reasons(self.workspace, playbook, case, played, connection).of(lines)
            told = Telling(tests, case).failure(lines, reasons)
        return Outcome(tests.file, case.name, passed=False, told=told)

    def _trouble(self, case: Case, played: Played) -> str | None:
        """What went wrong with the play itself."""
        head = f"FAIL {case.place.file}:{case.place.line}  {case.name}\n"
        if played.fault is not None:
            return f"{head}  a fault of the engine, not of the playbook; please report it: {played.fault}\n"
        if played.problem is not None:
            return head + print_problems([played.problem], self.workspace.texts)
        return None


def _tests(file: str) -> bool:
    return file.endswith(".yaml") and "/tests/" in f"/{file}"
