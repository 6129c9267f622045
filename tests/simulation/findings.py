"""What must hold after a life, whatever happened in it; asked of the ledger outside and of the store, without the engine."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from hashlib import sha256
from itertools import pairwise

from engine.store.erasures import NOBODY
from tests.simulation.lived import Lived, local
from tests.simulation.outside import Taken
from tests.simulation.playbooks import CAP, CLOSES, OPENS, PER_DAYS, POLICIES, SHOP

Rule = Callable[[Lived], Iterator[str]]

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
    """Everything that is wrong after a life, each with the name of the rule."""
    return broken((one_run_for_each_occasion, *ALWAYS, *AT_REST), lived)


def broken(rules: Sequence[Rule], lived: Lived) -> list[str]:
    """What breaks these rules, each with the rule's name."""
    return [f"{rule.__name__}: {found}" for rule in rules for found in rule(lived)]


def one_run_for_each_occasion(lived: Lived) -> Iterator[str]:
    """I2: as many runs of each customer in each playbook as he had occasions, counted here from what happened."""
    expected: Counter[tuple[str, str]] = Counter()
    for order in lived.orders:
        expected["thanks", order.who] += 1
        expected["receipt", order.who] += 1
    for one in lived.customers:
        # Of an order that was told late the engine could not know: until then he had bought nothing.
        bought = [(order.at, order.told) for order in lived.orders if order.who == one.id]
        for (at, _), (_, following) in pairwise([*bought, (lived.now, lived.now)]):
            expected["win-back", one.id] += at < _a_spell_before(following)
        day = lived.begins.date() - timedelta(days=2)
        while day <= lived.now.date() + timedelta(days=2):
            if day.weekday() == 0:
                expected["weekly", one.id] += lived.begins < local(day, _WEEKLY, one.zone) <= lived.now
            if one.birthday is not None and (day.month, day.day) == (one.birthday.month, one.birthday.day):
                expected["birthday", one.id] += lived.begins < local(day, _BIRTHDAY, one.zone) <= lived.now
            day += timedelta(days=1)
    found = Counter(
        (row["playbook"], row["customer_id"]) for row in lived.rows("SELECT playbook, customer_id FROM enrolments")
    )
    for key in sorted(expected.keys() | found.keys()):
        if expected[key] != found[key]:
            yield f"{key} has {found[key]} runs, and {expected[key]} occasions"


def _a_spell_before(instant: datetime) -> datetime:
    """Three days before, on the wall clock of the shop: an hour more or less where its clocks change meanwhile."""
    wall = instant.astimezone(SHOP) - _SPELL
    return local(wall.date(), wall.time(), SHOP)


def effects_exactly_once(lived: Lived) -> Iterator[str]:
    """I3: a voucher and ten points for each order, no code twice."""
    codes = Counter(row["code"] for row in lived.rows("SELECT code FROM vouchers"))
    yield from (f"code {code} was given {count} times" for code, count in codes.items() if count > 1)
    for what, query in (
        ("vouchers", "SELECT enrolment_id FROM vouchers"),
        ("grants of points", "SELECT enrolment_id FROM points"),
    ):
        held = Counter(row["enrolment_id"] for row in lived.rows(query))
        for row in lived.rows("SELECT id, state, customer_id FROM enrolments WHERE playbook = 'thanks'"):
            if held[row["id"]] != 1 and not row["customer_id"].startswith(NOBODY):
                yield f"run {row['id']} ({row['state']}) has {held[row['id']]} {what}"


def nothing_lost_or_doubled_in_silence(lived: Lived) -> Iterator[str]:
    """I4, I5: what arrived twice is flagged, and what did not arrive is in a state that says so."""
    arrived = _arrived(lived)
    for key, row in _messages(lived).items():
        count = len(arrived.get(key, ()))
        if count == 0 and row["state"] not in _NOT_SENT | _IN_HAND and not lived.decided[row["id"]]:
            yield f"{_name(row)} is {row['state']} and never arrived"
        if count == 1 and row["state"] not in {"sent", "sending"} | _DOUBT and not row["dup_risk"]:
            yield f"{_name(row)} arrived and is {row['state']}"
        if count > 1 and not row["dup_risk"]:
            yield f"{_name(row)} arrived {count} times, which nobody is told"
    yield from (f"{key} arrived and is no message" for key in arrived.keys() - _messages(lived).keys())


def copies_as_declared(lived: Lived) -> Iterator[str]:
    """I6, I7, I8: never twice under `assume_sent` and `review`; at most once more under `resend`."""
    arrived = _arrived(lived)
    for key, row in _messages(lived).items():
        count, policy = len(arrived.get(key, ())), POLICIES[row["playbook"]]
        most = (2 if policy == "resend" else 1) + lived.again[row["id"]]
        if row["channel"] == "email" and count > most:
            yield f"{_name(row)} arrived {count} times under {policy}"


def same_bytes(lived: Lived) -> Iterator[str]:
    """Every copy of a message is the same to the letter."""
    for key, copies in _arrived(lived).items():
        if len({one.hash for one in copies}) > 1:
            yield f"{key} arrived in {len({one.hash for one in copies})} forms"


def nobody_who_left(lived: Lived) -> Iterator[str]:
    """I10: what went after a customer had left was not marketing."""
    said = {(one.id, "*"): (-1, True) for one in lived.customers}
    answers = sorted(lived.answers, key=lambda one: one[0])
    messages = _messages(lived)
    for taken in sorted(lived.outside.ledger, key=lambda one: one.order):
        while answers and answers[0][0] < taken.order:
            order, who, topic, given = answers.pop(0)
            said[who, topic] = (order, given)
        row = messages.get(taken.key)
        if row is not None and row["purpose"] == "marketing" and not _agreed(said, row["customer_id"], row["topic"]):
            yield f"{_name(row)} arrived at {taken.at} after its customer had left"


def _agreed(said: Mapping[tuple[str, str], tuple[int, bool]], who: str, topic: str | None) -> bool:
    """What is said of a topic stands before what is said of all, but who left everything left every topic."""
    everything, given = said.get((who, "*"), (-1, True))
    if topic is None or (who, topic) not in said:
        return given
    since, agreed = said[who, topic]
    return agreed and (given or since > everything)


def within_hours(lived: Lived) -> Iterator[str]:
    """I11: marketing arrives in the hours of the customer's day."""
    for row, taken in _marketing(lived):
        local_time = taken.at.astimezone(lived.zone(row["customer_id"], taken.order))
        if not OPENS <= local_time.hour < CLOSES:
            yield f"{_name(row)} arrived at {local_time}"


def never_too_late(lived: Lived) -> Iterator[str]:
    """I12: nothing goes after it has expired."""
    for key, row in _messages(lived).items():
        for taken in _arrived(lived).get(key, ()):
            if row["expires_at"] is not None and taken.at > _EPOCH + timedelta(microseconds=row["expires_at"]):
                yield f"{_name(row)} arrived at {taken.at}, after its time"


def below_the_cap(lived: Lived) -> Iterator[str]:
    """I13: in no stretch of seven days more than three."""
    times: defaultdict[str, dict[str, Taken]] = defaultdict(dict)
    for row, taken in _marketing(lived):
        times[row["customer_id"]].setdefault(taken.key, taken)
    for who, first in times.items():
        in_order = sorted(first.values(), key=lambda one: one.at)
        for earliest, latest in zip(in_order, in_order[CAP:], strict=False):
            zone = lived.zone(who, latest.order)
            begins, ends = (one.at.astimezone(zone).replace(tzinfo=None) for one in (earliest, latest))
            if ends - begins < timedelta(days=PER_DAYS):
                yield f"{who} was told {CAP + 1} things between {begins} and {ends}"


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


#: What holds at any moment.
ALWAYS: tuple[Rule, ...] = (
    nothing_lost_or_doubled_in_silence,
    copies_as_declared,
    same_bytes,
    nobody_who_left,
    within_hours,
    never_too_late,
    below_the_cap,
    in_order,
    final_is_final,
)
#: What holds when all is quiet.
AT_REST: tuple[Rule, ...] = (effects_exactly_once, at_rest)


def _messages(lived: Lived) -> dict[str, dict]:
    rows = lived.rows("SELECT * FROM outbox")
    return {lived.keys.get(row["id"]) or message_key(row): row for row in rows}


def _arrived(lived: Lived) -> dict[str, list[Taken]]:
    found: defaultdict[str, list[Taken]] = defaultdict(list)
    for one in lived.outside.ledger:
        found[one.key].append(one)
    return found


def _marketing(lived: Lived) -> Iterator[tuple[dict, Taken]]:
    messages = _messages(lived)
    for taken in lived.outside.ledger:
        row = messages.get(taken.key)
        known = row is not None and not row["customer_id"].startswith(NOBODY)
        if known and row["purpose"] == "marketing" and row["channel"] == "email":
            yield row, taken


def message_key(row: Mapping) -> str:
    """The key under which a message goes, reckoned once more."""
    text = f"{row['enrolment_id']}/{row['playbook']}/{row['customer_id']}/{row['step']}/{row['iteration']}"
    return sha256((text + (f"/{row['rank']}" if row["rank"] else "")).encode()).hexdigest()[:32]


def _name(row: Mapping) -> str:
    return f"{row['playbook']}/{row['message']} for {row['customer_id']} (message {row['id']}, {row['reason']})"
