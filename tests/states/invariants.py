"""I1 to I23: each invariant with its text and its check, asked after every rule (`always`) or when all is quiet (`at_rest`)."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any

import sqlalchemy as sa

from engine.answers.report import standings
from engine.clocks.times import EARLIEST
from engine.outgoing.states import ALLOWED, FINAL
from engine.store.erasures import NOBODY
from tests.simulation import findings
from tests.simulation.lived import Lived, local

_WEEKLY = time(10)


@dataclass
class Account(Lived):
    """What a machine did, by its own account."""

    told: dict[str, str] = field(default_factory=dict)  # events that were taken -> whose
    occasions: dict[tuple[str, str], str] = field(
        default_factory=dict
    )  # that must have a run: playbook, event -> whose
    perhaps: set[tuple[str, str]] = field(default_factory=set)  # that may have one: told too late, or to who is erased
    never: set[tuple[str, str]] = field(default_factory=set)  # that came while the playbook was away
    erased: set[str] = field(default_factory=set)
    steady: set[str] = field(default_factory=set)  # customers who never moved
    farthest: datetime = EARLIEST  # the clock's latest instant
    closed: dict[str, int] = field(default_factory=dict)  # addresses that nothing may go to -> since which moment
    late: list[str] = field(default_factory=list)  # what arrived at such an address
    doubts: list[str] = field(default_factory=list)  # crashes that left more in doubt than was under way
    known: dict[str, list[dict[str, Any]]] = field(default_factory=dict)  # answers of the store since the last rule

    def rows(self, query: str) -> list[dict[str, Any]]:
        """The rows of a query; asked once after each rule."""
        if query not in self.known:
            self.known[query] = super().rows(query)
        return self.known[query]


Check = Callable[[Account], Iterator[str]]


def recorded_once(account: Account) -> Iterator[str]:
    """I1: every event that was taken is in the store exactly once."""
    stored = Counter(row["id"] for row in account.rows("SELECT id FROM orders"))
    for event, who in account.told.items():
        if who not in account.erased and stored[event] != 1:
            yield f"{event} of {who} is there {stored[event]} times"
    yield from (f"{event} is there, and nobody told it" for event in stored.keys() - account.told.keys())


def _runs(account: Account) -> dict[tuple[str, str], str]:
    found = account.rows("SELECT playbook, occasion, customer_id, state FROM enrolments")
    return {
        (row["playbook"], row["occasion"]): row["customer_id"]
        for row in found
        if row["playbook"] in ("thanks", "receipt") and not row["customer_id"].startswith(NOBODY)
    }


def no_run_without_an_occasion(account: Account) -> Iterator[str]:
    """I2, I20, I21: whoever entered had an occasion that counts: told once or often, in any order, before or after an edit."""
    for key, who in _runs(account).items():
        if key not in account.perhaps and account.occasions.get(key) != who:
            yield f"{who} entered {key}, which is no occasion" + (" any more" if key in account.never else "")


def each_occasion_has_its_run(account: Account) -> Iterator[str]:
    """I2, I20, I23: every occasion has its run, wherever a pass was broken off."""
    found = _runs(account)
    for key, who in account.occasions.items():
        if who not in account.erased and key not in account.perhaps and found.get(key) != who:
            yield f"{who} never entered {key}"


def _mondays(account: Account, who: str) -> set[str]:
    zone, day = account.zone(who, 0), account.begins.date() - timedelta(days=2)
    found = set()
    while day <= account.farthest.date() + timedelta(days=2):
        if day.weekday() == 0 and account.begins < local(day, _WEEKLY, zone) <= account.farthest:
            found.add(datetime.combine(day, _WEEKLY).isoformat("T", "minutes"))
        day += timedelta(days=1)
    return found


def at_nominal_times_alone(account: Account) -> Iterator[str]:
    """I22: the calendar fires once for each nominal time, never between two of them."""
    found = account.rows("SELECT customer_id, occasion FROM enrolments WHERE playbook = 'weekly'")
    for row in found:
        if not row["customer_id"].startswith(NOBODY):
            nominal = datetime.fromisoformat(row["occasion"])
            if nominal.weekday() or nominal.time() != _WEEKLY:
                yield f"{row['customer_id']} was met at {row['occasion']}"
            if row["customer_id"] in account.steady and row["occasion"] not in _mondays(account, row["customer_id"]):
                yield f"{row['customer_id']} was met for {row['occasion']}, which is not there yet"


def every_nominal_time(account: Account) -> Iterator[str]:
    """I22: and it leaves none of them out."""
    found = account.rows("SELECT customer_id, occasion FROM enrolments WHERE playbook = 'weekly'")
    met = {(row["customer_id"], row["occasion"]) for row in found}
    for who in sorted(account.steady - account.erased):
        yield from (f"{who} was not met for {one}" for one in sorted(_mondays(account, who)) if (who, one) not in met)


def one_run_an_occasion(account: Account) -> Iterator[str]:
    """I2: nobody enters more often by time or by an audience than can be."""
    entries = Counter(
        (row["playbook"], row["customer_id"]) for row in account.rows("SELECT playbook, customer_id FROM enrolments")
    )
    bought = Counter(account.told.values())
    years = account.farthest.year - account.begins.year + 1
    for (playbook, who), count in entries.items():
        most = {"win-back": bought[who], "birthday": years}.get(playbook, count)
        if count > most and not who.startswith(NOBODY):
            yield f"{who} entered {playbook} {count} times, and had {most} occasions"


def no_code_twice(account: Account) -> Iterator[str]:
    """I3: no code is given twice, and no run gets two vouchers or two grants."""
    codes = Counter(row["code"] for row in account.rows("SELECT code FROM vouchers"))
    yield from (f"code {code} was given {count} times" for code, count in codes.items() if count > 1)
    for table in ("vouchers", "points"):
        held = Counter(row["enrolment_id"] for row in account.rows(f"SELECT enrolment_id FROM {table}"))
        yield from (f"run {run} has {count} of {table}" for run, count in held.items() if count > 1)


def doubts_of_a_crash(account: Account) -> Iterator[str]:
    """I9: a crash leaves no more in doubt than was under way."""
    yield from account.doubts


def nothing_to_closed_addresses(account: Account) -> Iterator[str]:
    """I14: an address that was suppressed, is dead or belonged to somebody who was erased gets nothing more."""
    for taken in account.outside.ledger:
        since = account.closed.get(taken.recipient)
        if since is not None and taken.order > since:
            yield f"{taken.recipient} got {taken.key} at {taken.at}"


_MOVES = "SELECT id, message_id, was, state, had, attempt, who FROM moves ORDER BY id"


def _moved(account: Account) -> list[dict[str, Any]]:
    """The moves that are none of planning, and none of an erasure, which ends everything."""
    return [row for row in account.rows(_MOVES) if row["was"] is not None and not row["who"].startswith(NOBODY)]


def within_the_graph(account: Account) -> Iterator[str]:
    """I16: every move of a message is one of the graph, and out of a final state only a late answer or a sign moves it."""
    for row in _moved(account):
        if row["was"] not in ALLOWED.get(row["state"], ()):
            yield f"message {row['message_id']} went from {row['was']} to {row['state']}"
        if row["was"] in FINAL and (row["was"], row["state"]) != ("assumed_sent", "sent"):
            yield f"message {row['message_id']} was {row['was']} and is {row['state']}"


def one_holder(account: Account) -> Iterator[str]:
    """I17: only a claim gives a message to another attempt, or the late answer that settles it."""
    for row in _moved(account):
        if row["attempt"] != row["had"] and row["state"] not in ("claimed", "sent"):
            yield f"message {row['message_id']} went to {row['state']} from attempt {row['had']} to {row['attempt']}"


def sums_agree(account: Account) -> Iterator[str]:
    """I18: all messages ever planned are there, and the report counts them as they are."""
    planned = sum(row["was"] is None for row in account.rows(_MOVES))
    states = Counter((row["playbook"], row["state"]) for row in account.rows("SELECT * FROM outbox"))
    if planned != states.total():
        yield f"{planned} were planned, and {states.total()} are there"
    with account.store.connect().execution_options(reading=True) as connection:
        reported = standings(connection)
    told = Counter({(one.playbook, state): count for one in reported for state, count in one.messages.items()})
    if told != states:
        yield f"the report says {dict(told)}, and it is {dict(states)}"


#: By invariant; those of `tests/simulation/findings.py` are the same for the seeds.
ALWAYS: Mapping[str, tuple[Check, ...]] = {
    "I1": (recorded_once,),
    "I2, I20, I21": (no_run_without_an_occasion, one_run_an_occasion),
    "I3": (no_code_twice,),
    "I4, I5": (findings.nothing_lost_or_doubled_in_silence, findings.same_bytes),
    "I6, I7, I8": (findings.copies_as_declared,),
    "I9": (doubts_of_a_crash,),
    "I10": (findings.nobody_who_left,),
    "I11": (findings.within_hours,),
    "I12": (findings.never_too_late,),
    "I13": (findings.below_the_cap,),
    "I14": (nothing_to_closed_addresses,),
    "I15": (findings.in_order,),
    "I16": (within_the_graph,),
    "I17": (one_holder,),
    "I18": (sums_agree,),
    "I22": (at_nominal_times_alone,),
}
AT_REST: Mapping[str, tuple[Check, ...]] = {
    "I2, I20, I23": (each_occasion_has_its_run,),
    "I3": (findings.effects_exactly_once,),
    "I19": (findings.at_rest,),
    "I22": (every_nominal_time,),
}


def broken(checks: Mapping[str, tuple[Check, ...]], account: Account) -> list[str]:
    """What breaks them, each with its number."""
    return [
        f"{number} ({one.__name__}): {found}"
        for number, all_ in checks.items()
        for one in all_
        for found in one(account)
    ]


def suppressed(store: sa.Engine) -> set[str]:
    """The addresses that are suppressed just now."""
    with store.connect().execution_options(reading=True) as connection:
        return set(connection.execute(sa.text("SELECT address FROM suppressions WHERE channel = 'email'")).scalars())
