"""What must hold when all is at rest: the store against the client's ledger, and against the ledger of the world outside."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import sqlalchemy as sa

from engine.store.customers import customer_tags, events, orders, vouchers
from engine.store.ledger import attempts, enrolments, outbox
from engine.store.loyalty import points
from tests.killer.campaign import AT_REST_WITHIN, Campaign
from tests.killer.ledger import Ledger
from tests.killer.model import Expected, expected
from tests.killer.workspace import CAP, MAILS, POINTS, SOURCE

Row = Mapping[str, Any]

#: States that say that a message did not go, or may not have gone.
_NOT_GONE = {
    "suppressed",
    "expired",
    "cancelled",
    "failed",
    "deferred",
    "review",
    "uncertain",
    "assumed_sent",
    "skipped",
}
_MAY_HAVE_GONE = {"sent", "uncertain", "assumed_sent", "review"}
_EVENT_PLAYBOOKS = ("receipt", "thanks", "reminder")


def violations(run: Campaign, ledger: Ledger) -> list[str]:
    """Everything that does not hold."""
    return [*_of_lives(run), *Oracle(run, ledger)]


def _of_lives(run: Campaign) -> Iterator[str]:
    yield from run.ended
    yield from (f"I16: {line}" for line in run.watch.illegal)
    if run.at_rest > AT_REST_WITHIN:
        yield f"I19: at rest only {run.at_rest:.0f} s after the last fault"
    for death in run.deaths:
        if death.doubted > run.plan.connections:
            yield f"I9: {death.doubted} doubts by one kill ({death.kind})"
        if death.recovered is None:
            yield f"I19: what a kill ({death.kind}) left was never taken up: {death.left}"


class Oracle:
    """Reads the store once."""

    def __init__(self, run: Campaign, ledger: Ledger) -> None:
        self.run, self.ledger = run, ledger
        self.model: Expected = expected(told.event for told in run.client.told)
        with run.store.connect().execution_options(reading=True) as connection:
            self.tables = {
                table.name: [dict(row) for row in connection.execute(sa.select(table)).mappings()]
                for table in (events, orders, enrolments, outbox, attempts, points, vouchers, customer_tags)
            }
        self.run_of = {row["id"]: row for row in self.tables["enrolments"]}
        self.messages = {ledger.key(row): row for row in self.tables["outbox"]}

    def __iter__(self) -> Iterator[str]:
        for check in (
            self._events, self._enrolments, self._minutes, self._effects, self._planned,
            self._mails, self._calls, self._after_leaving, self._caps, self._records,
        ):  # fmt: skip
            yield from check()

    # --- I1 ----------------------------------------------------------------------------------------------------------

    def _events(self) -> Iterator[str]:
        """Every acknowledged event is in the store, exactly once and as it was told; and nothing else is."""
        told = [told.event for told in self.run.client.told]
        stored = Counter((_told(row["id"]), row["customer_id"], _text(row["payload"])) for row in self.tables["events"])
        stored += Counter((row["id"], row["customer_id"], row["total"]) for row in self.tables["orders"])
        asked = Counter(
            (
                one["id"],
                one["customer_id"],
                one["payload"]["total"] if one["name"] == "order.paid" else _text(one["payload"]),
            )
            for one in told
        )
        yield from (f"I1: event {key} is in the store {stored[key]} times" for key in asked if stored[key] != 1)
        yield from (f"I1: event {key} was never told" for key in stored.keys() - asked.keys())

    # --- I2 ----------------------------------------------------------------------------------------------------------

    def _enrolments(self) -> Iterator[str]:
        """Exactly one run for each occasion, and none without one."""
        found: Counter[tuple[str, str, str]] = Counter()
        for row in self.tables["enrolments"]:
            if row["playbook"] in _EVENT_PLAYBOOKS:
                found[row["playbook"], row["customer_id"], _told(row["event_id"])] += 1
        wrong = found.keys() ^ self.model.runs.keys() | {key for key in found if found[key] != 1}
        yield from (f"I2: {key} has {found[key]} runs" for key in sorted(wrong))
        entered = Counter(row["customer_id"] for row in self.tables["enrolments"] if row["playbook"] == "milestone")
        wrong_ones = entered.keys() ^ self.model.milestones | {one for one in entered if entered[one] != 1}
        yield from (f"I2: milestone of {one}: {entered[one]} runs" for one in sorted(wrong_ones))

    def _minutes(self) -> Iterator[str]:
        """Each minute once, without a gap, from the launch to the end."""
        of: dict[str, list[datetime]] = defaultdict(list)
        for row in self.tables["enrolments"]:
            if row["playbook"] == "minutes":
                of[row["customer_id"]].append(row["fired_at"])
        for customer, instants in of.items():
            instants.sort()
            whole = [instants[0] + timedelta(minutes=n) for n in range(len(instants))]
            if instants != whole:
                yield f"I2: the minutes of {customer} have a gap or a repetition"
        if len({len(instants) for instants in of.values()}) > 1:
            yield "I2: not all customers have the same minutes"

    # --- I3 ----------------------------------------------------------------------------------------------------------

    def _effects(self) -> Iterator[str]:
        """Each effect exactly once for the step that it follows from; no code twice."""
        wanted = {"receipt": POINTS, "minutes": 1}
        granted: Counter[int] = Counter()
        for row in self.tables["points"]:
            granted[row["enrolment_id"]] += 1
            of = self.run_of.get(row["enrolment_id"])
            if of is None or row["amount"] != wanted.get(of["playbook"]):
                yield f"I3: points {row['id']} belong to no step"
        for key, row in self.run_of.items():
            if granted[key] != (1 if row["playbook"] in wanted else 0):
                yield f"I3: run {key} ({row['playbook']}, {row['state']}) granted points {granted[key]} times"
        issued = Counter(row["enrolment_id"] for row in self.tables["vouchers"])
        for key, row in self.run_of.items():
            if issued[key] != (1 if row["playbook"] == "thanks" else 0):
                yield f"I3: run {key} ({row['playbook']}, {row['state']}) issued {issued[key]} vouchers"
        codes = Counter(row["code"] for row in self.tables["vouchers"])
        yield from (f"I3: the code {code} is there {count} times" for code, count in codes.items() if count > 1)
        tagged = Counter((row["customer_id"], row["tag"]) for row in self.tables["customer_tags"])
        asked = {(customer, "thanked") for playbook, customer, _ in self.model.runs if playbook == "thanks"}
        asked |= {(customer, "regular") for customer in self.model.milestones}
        yield from (f"I3: tag {key}" for key in tagged.keys() ^ asked)

    # --- I4 to I8 ------------------------------------------------------------------------------------------------------

    def _planned(self) -> Iterator[str]:
        """Each run planned each of its messages once."""
        found: dict[int, Counter[str]] = defaultdict(Counter)
        for row in self.tables["outbox"]:
            found[row["enrolment_id"]][row["message"]] += 1
        for key, row in self.run_of.items():
            asked = Counter(self._messages_of(row))
            if found[key] != asked:
                yield f"I3: run {key} ({row['playbook']}, {row['state']}) has {dict(found[key])}, not {dict(asked)}"
        yield from (f"I3: messages of run {key}, which is not there" for key in found.keys() - self.run_of.keys())

    def _messages_of(self, row: Row) -> list[str]:
        mails = list(MAILS[row["playbook"]])
        if row["playbook"] == "thanks" and _told(row["event_id"]) not in self.model.praised:
            mails.remove("praise")
        if row["playbook"] == "reminder" and row["state"] == "running":
            mails.remove("basket-again")  # its minute is not over
        return [*mails, "till"] if row["playbook"] == "receipt" else mails

    def _mails(self) -> Iterator[str]:
        """Nothing lost and nothing said twice without being named."""
        taken = self.ledger.taken
        yield from (f"the relay took {key}, which nobody planned" for key in taken.keys() - self.messages.keys())
        for key, lines in taken.items():
            if len({line["content"] for line in lines}) > 1:
                yield f"{key} went with different contents"
            row = self.messages.get(key)
            if row is not None and lines[0]["to"] != f"{row['customer_id']}@example.com":
                yield f"{key} went to {lines[0]['to']}"
        for key, row in self.messages.items():
            if row["channel"] == "email":
                yield from self._mail(row, len(taken.get(key, ())))

    def _mail(self, row: Row, times: int) -> Iterator[str]:
        state, named = row["state"], f"message {row['id']} ({row['message']}, {row['state']}, {row['reason']})"
        flagged = row["dup_risk"] > 0 or row["duplicate_known"]
        resends = row["purpose"] == "transactional"
        if times >= 2 and not flagged:
            yield f"I4: {named} was taken {times} times, and nothing says so"
        if times == 0 and state not in _NOT_GONE:
            yield f"I5: {named} was never taken"
        if times == 1 and state not in _MAY_HAVE_GONE and not flagged:
            yield f"I5: {named} was taken, and the state denies it"
        if not resends and times > 1:
            yield f"I6: {named} was taken {times} times"
        if (resends and times > 1 + row["dup_risk"]) or times > 2:
            yield f"I7: {named} was taken {times} times, with {row['dup_risk']} repetitions on record"
        if resends and times == 0 and state not in ("uncertain", "assumed_sent", "review", "failed"):
            yield f"I7: {named} was never taken, and is not to be taken"

    def _calls(self) -> Iterator[str]:
        """Each webhook was called, always under the same key and with the same facts."""
        asked = {key for key, row in self.messages.items() if row["channel"] == "webhook"}
        calls = self.ledger.calls
        yield from (f"I8: the webhook was called with {key}, which nobody planned" for key in calls.keys() - asked)
        for key in asked - calls.keys():
            row = self.messages[key]
            if row["state"] not in ("deferred", "review"):
                yield f"I8: call {row['id']} ({row['state']}, {row['reason']}) was never made"
        yield from (f"I8: {key} was called with different facts" for key, of in calls.items() if len(set(of)) > 1)

    # --- I10, I13 ------------------------------------------------------------------------------------------------------

    def _after_leaving(self) -> Iterator[str]:
        """Nothing of marketing whose content was asked for after the customer had left, and that was acknowledged."""
        left = {
            told.event["customer_id"]: told.at
            for told in self.run.client.told
            if told.event["name"] == "consent.withdrawn"
        }
        for key, lines in self.ledger.taken.items():
            row = self.messages.get(key)
            if row is None or row["purpose"] != "marketing" or row["customer_id"] not in left:
                continue
            late = [line["asked"] - left[row["customer_id"]] for line in lines]
            yield from (f"I10: message {row['id']} went {by:.3f} s after its customer left" for by in late if by > 0)

    def _caps(self) -> Iterator[str]:
        """Nobody got more marketing than the cap, however many engines there were."""
        got: Counter[str] = Counter()
        for key, lines in self.ledger.taken.items():
            row = self.messages.get(key)
            if row is not None and row["purpose"] == "marketing":
                got[row["customer_id"]] += len(lines)
        yield from (f"I13: {who} got {count}, and {CAP} is the cap" for who, count in got.items() if count > CAP)

    # --- I16 to I18 ----------------------------------------------------------------------------------------------------

    def _records(self) -> Iterator[str]:
        """What is on record of attempts agrees with the states; nothing is in anybody's hands."""
        said: dict[int, list[str]] = defaultdict(list)
        for row in self.tables["attempts"]:
            said[row["message_id"]].append(row["outcome"])
        for row in self.tables["outbox"]:
            if row["state"] in ("claimed", "sending"):
                yield f"I17: message {row['id']} is still {row['state']}"
            if row["state"] == "sent" and not {"sent", "accepted_late"} & set(said[row["id"]]):
                yield f"I16: message {row['id']} is sent, and no attempt says so"
            if said[row["id"]].count("sent") > 1 and not row["dup_risk"]:
                yield f"I16: message {row['id']} was sent by two attempts"
        planned = sum(len(self._messages_of(row)) for row in self.tables["enrolments"])
        if planned != len(self.tables["outbox"]):
            yield f"I18: {planned} messages were to be planned, and {len(self.tables['outbox'])} are there"


def _told(event: str) -> str:
    return event.removeprefix(f"{SOURCE}:")


def _text(value: Any) -> str:
    return sha256(repr(sorted(value.items())).encode()).hexdigest()[:12]
