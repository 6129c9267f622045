"""Measuring: what is compared runs in turns, five times, and is told as medians with the least and the most."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median

ROUNDS = 5

#: Does its work and gives what it measured: seconds, or bytes.
Subject = Callable[[], float]


@dataclass(frozen=True)
class Sample:
    """What one subject took, round by round."""

    values: Sequence[float]

    @property
    def median(self) -> float:
        """The middle one."""
        return median(self.values)


@dataclass(frozen=True)
class Comparison:
    """One line of the table: the engine, what it is measured against, and how many times that it may take."""

    what: str
    engine: Sample
    bare: Sample
    aim: float | None = None
    unit: str = "s"
    count: int | None = None  # how many were done, for a rate
    note: str = ""

    @property
    def ratio(self) -> float:
        """How many times the bare one's median."""
        return self.engine.median / self.bare.median

    @property
    def ratios(self) -> list[float]:
        """Round by round."""
        return [one / other for one, other in zip(self.engine.values, self.bare.values, strict=True)]

    @property
    def reached(self) -> bool | None:
        """Whether the aim holds; None where there is none."""
        return None if self.aim is None else self.ratio <= self.aim


def timed(work: Callable[[], object]) -> float:
    """The seconds that a piece of work took."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def in_turns(*subjects: Subject, rounds: int = ROUNDS) -> list[Sample]:
    """Every subject once a round, so that what disturbs the machine disturbs all of them."""
    found: list[list[float]] = [[] for _ in subjects]
    for _ in range(rounds):
        for values, subject in zip(found, subjects, strict=True):
            values.append(subject())
    return [Sample(values) for values in found]


def table(comparisons: Iterable[Comparison]) -> str:
    """The comparisons as a table in Markdown, which reads as well in a terminal."""
    rows = [
        ("", "engine: median (least … most)", "against: median (least … most)", "times", "aim", "", "rate, remarks")
    ]
    rows += [_row(one) for one in comparisons]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def _row(one: Comparison) -> tuple[str, ...]:
    reached = {None: "", True: "reached", False: "missed"}[one.reached]
    aim = "" if one.aim is None else f"{one.aim:g}"
    rate = f"{one.count / one.engine.median:,.0f} a second" if one.count else ""
    remarks = "; ".join(part for part in (rate, one.note) if part)
    times = f"{one.ratio:.2f} ({min(one.ratios):.2f} … {max(one.ratios):.2f})"
    return one.what, _sample(one.engine, one.unit), _sample(one.bare, one.unit), times, aim, reached, remarks


def _sample(sample: Sample, unit: str) -> str:
    said = [_quantity(value, unit) for value in (sample.median, min(sample.values), max(sample.values))]
    return f"{said[0]} ({said[1]} … {said[2]})"


def _quantity(value: float, unit: str) -> str:
    if unit == "MB":
        return f"{value / 1e6:.0f} MB"
    if value >= 1:
        return f"{value:.2f} s"
    return f"{value * 1e3:.1f} ms" if value >= 1e-3 else f"{value * 1e6:.1f} µs"
