"""What came of a life, by playbook: enrolments, messages by channel and state, vouchers, points and tasks."""

from collections import Counter
from collections.abc import Iterator

from tests.history.lived import Lived

#: Playbook and what is counted -> how many.
Totals = Counter[tuple[str, str]]

_COUNTED = (
    "SELECT playbook, 'runs ' || state AS what, count(*) AS number FROM enrolments GROUP BY 1, 2",
    "SELECT playbook, channel || ' ' || state AS what, count(*) AS number FROM outbox GROUP BY 1, 2",
    "SELECT runs.playbook, 'vouchers ' || vouchers.state AS what, count(*) AS number FROM vouchers"
    " JOIN enrolments AS runs ON runs.id = vouchers.enrolment_id GROUP BY 1, 2",
    "SELECT coalesce(runs.playbook, '') AS playbook, 'points ' || change AS what, sum(amount) AS number FROM points"
    " LEFT JOIN enrolments AS runs ON runs.id = points.enrolment_id GROUP BY 1, 2",
    "SELECT runs.playbook, 'tasks' AS what, count(*) AS number FROM tasks"
    " JOIN enrolments AS runs ON runs.id = tasks.enrolment_id GROUP BY 1, 2",
    "SELECT '' AS playbook, 'held by ' || cause AS what, count(*) AS number FROM holds GROUP BY 2",
)


def totals(lived: Lived) -> Totals:
    """Counts everything; what is of no playbook stands under ''."""
    found: Totals = Counter(
        {("", "customers"): len(lived.past.people), ("", "orders"): len(lived.past.orders)}
        | {("", "rows told"): len(lived.tellings), ("", "letters that left"): len(lived.world.handed)}
    )
    for query in _COUNTED:
        for row in lived.rows(query):
            found[row["playbook"], row["what"]] += row["number"]
    return found


def table(found: Totals) -> Iterator[str]:
    """The totals as lines of text: all playbooks together, then each by itself."""
    together: Counter[str] = Counter()
    for (_, what), number in found.items():
        together[what] += number
    for what in sorted(together):
        yield f"{what:<28} {together[what]:>12,}"
    for playbook in sorted({name for name, _ in found} - {""}):
        of = {what: number for (name, what), number in found.items() if name == playbook}
        yield f"\n{playbook}"
        yield "    " + ", ".join(f"{what} {of[what]:,}" for what in sorted(of))
