"""Which steps and branches of the playbooks no test has reached."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from engine.action import Enter, Next
from engine.rehearse.witness import Trace
from engine.workspace import Playbook, Step

#: In the place of a block: the way past all of them.
_PAST = -1


@dataclass
class Coverage:
    """What was reached so far, over all tests."""

    _steps: set[tuple[str, str]] = field(default_factory=set)
    _branches: set[tuple[str, str, int]] = field(default_factory=set)

    def add(self, playbook: str, trace: Trace) -> None:
        """Adds the visits of one test."""
        for visit in trace.visits:
            self._steps.add((playbook, visit.step))
            if isinstance(visit.move, Enter):
                self._branches.add((playbook, visit.step, visit.move.block))
            elif isinstance(visit.move, Next):
                self._branches.add((playbook, visit.step, _PAST))

    def report(self, playbooks: Mapping[str, Playbook]) -> list[str]:
        """One line for each gap, in the order of the files, and the totals last."""
        every = [(playbook, step) for playbook in playbooks.values() for step in playbook.steps.values()]
        reached = sum((playbook.id, step.id) in self._steps for playbook, step in every)
        branches = [(playbook.id, step.id, way) for playbook, step in every for way, _ in _ways(step)]
        taken = sum(branch in self._branches for branch in branches)
        lines = [line for playbook, step in sorted(every, key=_order) for line in self._gaps(playbook, step)]
        total = f"{reached} of {len(every)} steps are reached by tests"
        return [*lines, f"{total}, {taken} of {len(branches)} branches are taken" if branches else total]

    def _gaps(self, playbook: Playbook, step: Step) -> Iterator[str]:
        where = f"{playbook.file}:{step.line}"
        if (playbook.id, step.id) not in self._steps:
            yield f"{where}  {step.text}  is reached by no test"
            return
        for way, name in _ways(step):
            if (playbook.id, step.id, way) not in self._branches:
                yield f"{where}  {step.text}  {name} is taken in no test"


def _order(one: tuple[Playbook, Step]) -> tuple[str, int]:
    return one[0].file, one[1].line


def _ways(step: Step) -> Iterator[tuple[int, str]]:
    """The ways on from a step that branches, whether or not steps of their own stand there."""
    for number, name in enumerate(step.action.forks()):
        yield (number if number < len(step.blocks) else _PAST), name
