"""Which way of a split brought more: how many went each way, how many reached the goal, and whether that is chance."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

import sqlalchemy as sa

from engine.store.ledger import enrolments, variants

#: How sure an interval is, and how unlikely chance must be before we say that a difference is none of it.
_SURE = 0.95


@dataclass(frozen=True)
class Way:
    """One way of a split in numbers."""

    name: str
    entered: int
    converted: int

    @property
    def rate(self) -> float:
        """The share of those who went this way that reached the goal."""
        return self.converted / self.entered if self.entered else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Where the true share lies, 19 times of 20 (Wilson); all is possible where nobody went."""
        if not self.entered:
            return 0.0, 1.0
        z = NormalDist().inv_cdf((1 + _SURE) / 2)
        middle = self.rate + z * z / (2 * self.entered)
        reach = z * sqrt(self.rate * (1 - self.rate) / self.entered + z * z / (4 * self.entered**2))
        whole = 1 + z * z / self.entered
        return max(0.0, (middle - reach) / whole), min(1.0, (middle + reach) / whole)


@dataclass(frozen=True)
class Split:
    """A split with its ways, the best first."""

    playbook: str
    step: str
    ways: tuple[Way, ...]

    def verdict(self) -> str:
        """In plain words, whether the difference between the two best can be told from chance."""
        if len(self.ways) < 2:
            return "only one way was gone so far"
        best, second = self.ways[:2]
        chance = _by_chance(best, second) * (len(self.ways) - 1)  # with more ways, the best one is more often luck
        if best.converted + second.converted == 0:
            return "nobody has reached the goal yet"
        if chance < 1 - _SURE:
            return f"`{best.name}` is better than `{second.name}`: chance alone does this less than once in 20 times"
        return f"no difference between `{best.name}` and `{second.name}` that could not be chance: let it run on"


def told(found: Sequence[Split]) -> Iterator[str]:
    """The splits as people read them: each way with its rate and where the true one lies, and the verdict."""
    for split in found:
        yield f"{split.playbook}  {split.step}: {split.verdict()}"
        for way in split.ways:
            low, high = (f"{100 * end:.1f}" for end in way.interval)
            yield f"  {way.name}  {way.entered:,} entered, {way.converted:,} converted: {100 * way.rate:.1f}% ({low} to {high}%)"


def _by_chance(best: Way, second: Way) -> float:
    """How likely a difference so large is where there is none in truth (two shares, both sides)."""
    people = best.entered + second.entered
    together = (best.converted + second.converted) / people if people else 0.0
    spread = together * (1 - together)
    if not spread or not best.entered or not second.entered:
        return 1.0
    z = (best.rate - second.rate) / sqrt(spread * (1 / best.entered + 1 / second.entered))
    return 2 * (1 - NormalDist().cdf(abs(z)))


def splits(connection: sa.Connection, playbooks: Sequence[str] = ()) -> list[Split]:
    """The splits of those playbooks, or of all, by playbook and step.

    A customer who went the same way several times counts once, as converted where any of the runs was.
    """
    converted = sa.func.max(sa.case((enrolments.c.converted_at.is_not(None), 1), else_=0))
    of_run = variants.join(enrolments, enrolments.c.id == variants.c.enrolment_id)
    by = (enrolments.c.playbook, variants.c.step, variants.c.variant)
    each = sa.select(*by, enrolments.c.customer_id, converted.label("converted")).select_from(of_run)
    if playbooks:
        each = each.where(enrolments.c.playbook.in_(playbooks))
    one = each.group_by(*by, enrolments.c.customer_id).subquery("one")
    keys = (one.c.playbook, one.c.step, one.c.variant)
    statement = sa.select(*keys, sa.func.count(), sa.func.sum(one.c.converted)).group_by(*keys)
    found: dict[tuple[str, str], list[Way]] = {}
    for playbook, step, name, entered, reached in connection.execute(statement):
        found.setdefault((playbook, step), []).append(Way(name, int(entered), int(reached)))
    return [
        Split(playbook, step, tuple(sorted(ways, key=lambda way: (-way.rate, way.name))))
        for (playbook, step), ways in sorted(found.items())
    ]
