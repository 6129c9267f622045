"""All questions about a life, by their names, with what is wrong."""

from collections.abc import Iterator
from itertools import islice

from tests.history import sound
from tests.history.bothered import Judge
from tests.history.lived import PLAYBOOKS, Lived
from tests.history.rules import read_rules

#: Of one kind so many findings are told.
_FEW = 5


def findings(lived: Lived) -> dict[str, list[str]]:
    """What is wrong, by question; the questions that find nothing are left out."""
    rules = read_rules(PLAYBOOKS)
    judge = Judge(lived, rules)
    asked: dict[str, Iterator[str]] = {
        "outside his hours": judge.outside_hours(),
        "above his cap": judge.above_cap(),
        "after leaving": judge.after_leaving(),
        "to an address that is dead": judge.dead_addresses(),
        "after the run had ended": judge.after_stop(),
        "while a complaint was open": judge.while_complaining(),
        "twice for an occasion": judge.twice(),
        "entered too often": judge.entered_too_often(),
        "broken runs": sound.broken_runs(lived),
        "broken messages": sound.broken_messages(lived),
        "stuck runs": sound.stuck_runs(lived),
        "vouchers": sound.vouchers(lived),
        "points": sound.points(lived),
        "above a quota": sound.quotas(lived, rules),
        "the same tick again did something": iter(lived.not_idle),
    }
    return {question: found for question, wrong in asked.items() if (found := list(islice(wrong, _FEW)))}
