"""What must hold after a life, whatever happened in it; asked of the ledger outside and of the store, without the engine."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, time, timedelta
from hashlib import sha256
from itertools import pairwise
from zoneinfo import ZoneInfo

from tests.simulation.lived import Lived, local
from tests.simulation.outside import Taken
from tests.simulation.playbooks import CAP, CLOSES, OPENS, PER_DAYS, POLICIES

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: States that say of a message that never arrived that it did not, or that nobody knows.
_NOT_SENT = frozenset(
    ("suppressed", "expired", "cancelled", "failed", "skipped", "deferred", "planned", "review", "uncertain", "assumed_sent")
)  # fmt: skip
_DOUBT = frozenset(("uncertain", "assumed_sent", "review"))
_IN_HAND = frozenset(("claimed", "sending"))
_BIRTHDAY, _WEEKLY = time(9), time(10)
_SPELL = timedelta(days=3)


def findings(lived: Lived) -> list[str]:
    """Everything that is wrong, each with the name of the rule."""
    return [f"{rule.__name__}: {found}" for rule in _RULES for found in rule(lived)]


def one_run_for_each_occasion(lived: Lived) -> Iterator[str]:
    """I2: as many runs of each customer in each playbook as he had occasions, counted here from what happened."""
    expected: Counter[tuple[str, str]] = Counter()
    for _, who, _ in lived.orders:
        expected["thanks", who] += 1
        expected["receipt", who] += 1
    for one in lived.customers:
        bought = sorted(at for at, who, _ in lived.orders if who == one.id)
        for at, following in pairwise([*bought, lived.now]):
            expected["win-back", one.id] += at + _SPELL < following
        day = lived.begins.date() - timedelta(days=2)
        while day <= lived.now.date() + timedelta(days=2):
            if day.weekday() == 0:
                expected["weekly", one.id] += lived.begins < local(day, _WEEKLY, one.zone) <= lived.now
            if one.birthday is not None and (day.month, day.day) == (one.birthday.month, one.birthday.day):
                expected["birthday", one.id] += lived.begins < local(day, _BIRTHDAY, one.zone) <= lived.now
            day += timedelta(days=1)
    found = Counter((row["playbook"], row["customer_id"]) for row in lived.rows("SELECT playbook, customer_id FROM enrolments"))
    for key in sorted(expected.keys() | found.keys()):
        if expected[key] != found[key]:
            yield f"{key} has {found[key]} runs, and {expected[key]} occasions"


def effects_exactly_once(lived: Lived) -> Iterator[str]:
    """I3: a voucher and ten points for each order, no code twice."""
    codes = Counter(row["code"] for row in lived.rows("SELECT code FROM vouchers"))
    yield from (f"code {code} was given {count} times" for code, count in codes.items() if count > 1)
    for what, query in (
        ("vouchers", "SELECT enrolment_id FROM vouchers"),
        ("grants of points", "SELECT enrolment_id FROM points"),
    ):
        held = Counter(row["enrolment_id"] for row in lived.rows(query))
        for row in lived.rows("SELECT id, state FROM enrolments WHERE playbook = 'thanks'"):
            if held[row["id"]] != 1:
                yield f"run {row['id']} ({row['state']}) has {held[row['id']]} {what}"


def nothing_lost_or_doubled_in_silence(lived: Lived) -> Iterator[str]:
    """I4, I5: what arrived twice is flagged, and what did not arrive is in a state that says so."""
    arrived = _arrived(lived)
    for key, row in _messages(lived).items():
        count = len(arrived.get(key, ()))
        if count == 0 and row["state"] not in _NOT_SENT | _IN_HAND:
            yield f"{_name(row)} is {row['state']} and never arrived"
        if count == 1 and row["state"] not in {"sent"} | _DOUBT and not row["dup_risk"]:
            yield f"{_name(row)} arrived and is {row['state']}"
        if count > 1 and not row["dup_risk"]:
            yield f"{_name(row)} arrived {count} times, which nobody is told"
    yield from (f"{key} arrived and is no message" for key in arrived.keys() - _messages(lived).keys())


def copies_as_declared(lived: Lived) -> Iterator[str]:
    """I6, I7, I8: never twice under `assume_sent` and `review`; at most once more under `resend`."""
    arrived = _arrived(lived)
    for key, row in _messages(lived).items():
        count, policy = len(arrived.get(key, ())), POLICIES[row["playbook"]]
        if row["channel"] == "email" and count > (2 if policy == "resend" else 1):
            yield f"{_name(row)} arrived {count} times under {policy}"


def same_bytes(lived: Lived) -> Iterator[str]:
    """Every copy of a message is the same to the letter."""
    for key, copies in _arrived(lived).items():
        if len({one.hash for one in copies}) > 1:
            yield f"{key} arrived in {len({one.hash for one in copies})} forms"


def nobody_who_left(lived: Lived) -> Iterator[str]:
    """I10: what went after a customer had left was not marketing."""
    said = {one.id: True for one in lived.customers}
    answers = sorted(lived.answers, key=lambda one: one[0])
    messages = _messages(lived)
    for number, taken in enumerate(lived.outside.ledger):
        while answers and answers[0][0] <= number:
            _, who, given = answers.pop(0)
            said[who] = given
        row = messages.get(taken.key)
        if row is not None and row["purpose"] == "marketing" and not said[row["customer_id"]]:
            yield f"{_name(row)} arrived at {taken.at} after its customer had left"


def within_hours(lived: Lived) -> Iterator[str]:
    """I11: marketing arrives in the hours of the customer's day."""
    zones = {one.id: one.zone for one in lived.customers}
    for row, taken in _marketing(lived):
        hour = taken.at.astimezone(zones[row["customer_id"]]).hour
        if not OPENS <= hour < CLOSES:
            yield f"{_name(row)} arrived at {taken.at.astimezone(zones[row['customer_id']])}"


def never_too_late(lived: Lived) -> Iterator[str]:
    """I12: nothing goes after it has expired."""
    for key, row in _messages(lived).items():
        for taken in _arrived(lived).get(key, ()):
            if row["expires_at"] is not None and taken.at > _EPOCH + timedelta(microseconds=row["expires_at"]):
                yield f"{_name(row)} arrived at {taken.at}, after its time"


def below_the_cap(lived: Lived) -> Iterator[str]:
    """I13: in no stretch of seven days more than three."""
    times: defaultdict[str, dict[str, datetime]] = defaultdict(dict)
    for row, taken in _marketing(lived):
        times[row["customer_id"]].setdefault(taken.key, taken.at)
    zones: Mapping[str, ZoneInfo] = {one.id: one.zone for one in lived.customers}
    for who, first in times.items():
        walls = sorted(at.astimezone(zones[who]).replace(tzinfo=None) for at in first.values())
        for earliest, latest in zip(walls, walls[CAP:], strict=False):
            if latest - earliest < timedelta(days=PER_DAYS):
                yield f"{who} was told {CAP + 1} things between {earliest} and {latest}"


def in_order(lived: Lived) -> Iterator[str]:
    """I15: the reminder is planned after the thanks."""
    planned: defaultdict[int, list[tuple[int, str]]] = defaultdict(list)
    for row in lived.rows("SELECT enrolment_id, planned_at, message FROM outbox WHERE playbook = 'thanks'"):
        planned[row["enrolment_id"]].append((row["planned_at"], row["message"]))
    for run, steps in planned.items():
        if [message for _, message in sorted(steps)] not in (["thanks"], ["thanks", "reminder"]):
            yield f"run {run} said {sorted(steps)}"


def final_is_final(lived: Lived) -> Iterator[str]:
    """I16: a message in a final state stays there."""
    yield from lived.reopened


def at_rest(lived: Lived) -> Iterator[str]:
    """I17, I19: long after the last fault nothing is in anybody's hands, and nothing that is due waits."""
    limit = int((lived.now - timedelta(hours=1) - _EPOCH) / timedelta(microseconds=1))
    for row in _messages(lived).values():
        if row["state"] in _IN_HAND | {"uncertain"}:
            yield f"{_name(row)} is still {row['state']}"
        if row["state"] in ("planned", "deferred") and row["due_at"] < limit:
            yield f"{_name(row)} is {row['state']} and was due long ago"
    for run in lived.rows("SELECT id, playbook, due_at FROM enrolments WHERE state = 'running'"):
        if run["due_at"] < limit:
            yield f"run {run['id']} of {run['playbook']} was due long ago"


_RULES: tuple[Callable[[Lived], Iterator[str]], ...] = (
    one_run_for_each_occasion,
    effects_exactly_once,
    nothing_lost_or_doubled_in_silence,
    copies_as_declared,
    same_bytes,
    nobody_who_left,
    within_hours,
    never_too_late,
    below_the_cap,
    in_order,
    final_is_final,
    at_rest,
)


def _messages(lived: Lived) -> dict[str, dict]:
    return {_key(row): row for row in lived.rows("SELECT * FROM outbox")}


def _arrived(lived: Lived) -> dict[str, list[Taken]]:
    found: defaultdict[str, list[Taken]] = defaultdict(list)
    for one in lived.outside.ledger:
        found[one.key].append(one)
    return found


def _marketing(lived: Lived) -> Iterator[tuple[dict, Taken]]:
    messages = _messages(lived)
    for taken in lived.outside.ledger:
        row = messages.get(taken.key)
        if row is not None and row["purpose"] == "marketing" and row["channel"] == "email":
            yield row, taken


def _key(row: Mapping) -> str:
    text = f"{row['enrolment_id']}/{row['playbook']}/{row['customer_id']}/{row['step']}/{row['iteration']}"
    return sha256((text + (f"/{row['rank']}" if row["rank"] else "")).encode()).hexdigest()[:32]


def _name(row: Mapping) -> str:
    return f"{row['playbook']}/{row['message']} for {row['customer_id']} (message {row['id']}, {row['reason']})"
