"""Which steps and branches of the playbooks no test has reached."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from engine.action import Enter
from engine.rehearse.witness import Trace
from engine.workspace import Playbook, Step


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

    def report(self, playbooks: Mapping[str, Playbook]) -> list[str]:
        """One line for each gap, in the order of the files, and the totals last."""
        every = [(playbook, step) for playbook in playbooks.values() for step in playbook.steps.values()]
        reached = sum((playbook.id, step.id) in self._steps for playbook, step in every)
        lines = [line for playbook, step in sorted(every, key=_order) for line in self._gaps(playbook, step)]
        return [*lines, f"{reached} of {len(every)} steps are reached by tests"]

    def _gaps(self, playbook: Playbook, step: Step) -> Iterator[str]:
        where = f"{playbook.file}:{step.line}"
        if (playbook.id, step.id) not in self._steps:
            yield f"{where}  {step.text}  is reached by no test"
            return
        for block in _entered(step):
            if (playbook.id, step.id, block) not in self._branches:
                yield f"{where}  {step.text}  branch {block + 1} is taken in no test"


def _order(one: tuple[Playbook, Step]) -> tuple[str, int]:
    return one[0].file, one[1].line


def _entered(step: Step) -> Iterable[int]:
    """The blocks that hold steps of their own."""
    return (number for number, first in enumerate(step.blocks) if first is not None)
