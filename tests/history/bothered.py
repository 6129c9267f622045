"""Asks of every letter that left whether it should have: the hour, the cap, whoever had left, and whether it was the second."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from hashlib import sha256
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from tests.history.doors import Handed
from tests.history.lived import Lived, Row, instant
from tests.history.rules import Promise, Rules, is_open, too_often, zone_of
from tests.history.sound import WENT

_MESSAGES = """
    SELECT outbox.*, customers.timezone, customers.email, runs.state AS run_state, runs.ended_at, runs.fired_at,
           runs.occasion
    FROM outbox JOIN customers ON customers.id = outbox.customer_id
    JOIN enrolments AS runs ON runs.id = outbox.enrolment_id
"""
_STOPPED = ("stopped", "replaced", "failed")
_NEVER_WRITTEN_TO = ("held_out", "refused", "collected", "waiting")


@dataclass(frozen=True)
class Sent:
    """A letter that left, and the message behind it."""

    handed: Handed
    row: Row
    promise: Promise
    zone: ZoneInfo

    @property
    def to_customer(self) -> bool:
        """Not to staff, and not to another system."""
        return self.row["recipient"] is None and self.row["channel"] != "webhook"

    @property
    def marketing(self) -> bool:
        """What its playbook's file says."""
        return self.to_customer and self.promise.marketing

    def __str__(self) -> str:
        row = self.row
        return f"{self.promise.id}/{row['step']} to {row['customer_id']} by {row['channel']} at {self.handed.at:%F %T}"


class Judge:
    """Looks at one life. Each question gives what is wrong; nothing, where all is well."""

    def __init__(self, lived: Lived, rules: Rules) -> None:
        self.lived, self.rules = lived, rules
        self.messages = {_key(row): row for row in lived.rows(_MESSAGES)}

    @cached_property
    def sent(self) -> list[Sent]:
        """The letters that left."""
        return [
            Sent(one, row, self.rules.playbooks[row["playbook"]], zone_of(row["timezone"] or self.rules.zone.key))
            for one in self.lived.world.handed
            if (row := self.messages.get(one.letter.key)) is not None
        ]

    # --- Outside his hours -------------------------------------------------------------------------------------------

    def outside_hours(self) -> Iterator[str]:
        """Letters at an hour, or on a day, at which their customer is to be left alone."""
        for one in self.sent:
            hours = one.promise.hours
            if one.to_customer and hours is not None and not is_open(hours, one.handed.at, one.zone):
                yield f"{one}: it is {one.handed.at.astimezone(one.zone):%A %H:%M} there"

    # --- Above his cap -----------------------------------------------------------------------------------------------

    def above_cap(self) -> Iterator[str]:
        """More marketing within a stretch of time than the shop, the channel or the playbook promises."""
        groups: dict[tuple[str, ...], list[Sent]] = defaultdict(list)
        for one in self.sent:
            if one.marketing:
                who, channel = one.row["customer_id"], one.row["channel"]
                groups["shop", who].append(one)
                groups["channel", who, channel].append(one)
                groups["playbook", who, one.promise.id].append(one)
        for (kind, _, *name), letters in groups.items():
            limit = self.rules.cap
            if kind != "shop":
                limit = self.rules.caps.get(name[0]) if kind == "channel" else letters[0].promise.cap
            if limit is not None:
                times = sorted(one.handed.at for one in letters)
                for first, last in too_often(times, limit, letters[0].zone):
                    yield f"{kind}: {letters[0]}: {limit.count + 1} from {first:%F %T} to {last:%F %T}"

    # --- After leaving -----------------------------------------------------------------------------------------------

    def after_leaving(self) -> Iterator[str]:
        """Marketing without consent for its channel and topic, or to an address that asked never to be written to."""
        answers, never = self._answers, self._never
        for one in self.sent:
            who, channel = one.row["customer_id"], one.row["channel"]
            if one.marketing and not _agreed(answers[who, channel], one.promise.topic, one.handed.at):
                yield f"{one}: no consent to {one.promise.topic or 'everything'}"
            if one.to_customer and never.get(one.handed.letter.recipient, one.handed.at) < one.handed.at:
                yield f"{one}: the address asked for nothing more"

    @cached_property
    def _answers(self) -> dict[tuple[str, str], list[tuple[datetime, str, bool]]]:
        """By customer and channel what he said, as the shop was told: when, of which topic, yes or no."""
        found: dict[tuple[str, str], list[tuple[datetime, str, bool]]] = defaultdict(list)
        for person in self.lived.past.people.values():
            for channel, said in (("email", person.email_consent), ("sms", person.sms_consent)):
                if said:
                    found[person.id, channel].append((self.lived.past.begins, "*", said != "no"))
        for telling in self.lived.tellings:
            row, said = telling.row, telling.row.get("payload", {})
            if telling.kind == "consents":
                found[row["customer_id"], row["channel"]].append((telling.at, row["topic"], row["given"]))
            elif row.get("name") in ("consent.given", "consent.withdrawn"):
                given, topic = row["name"] == "consent.given", said.get("topic", "*")
                found[row["customer_id"], said["channel"]].append((telling.at, topic, given))
            elif row.get("name") == "message.stopped":
                found[row["customer_id"], said["channel"]].append((telling.at, "*", False))
        return found

    @cached_property
    def _never(self) -> dict[str, datetime]:
        """Addresses to which nothing goes any more, since when."""
        asked = {one.row["address"]: one.at for one in self.lived.tellings if one.kind == "suppressions"}
        dead = {address: at for (_, address), at in self.lived.world.refused.items()}
        return asked | dead

    def dead_addresses(self) -> Iterator[str]:
        """Addresses that were tried again after the other side had said that they do not exist."""
        for channel, address in self.lived.world.offered_again:
            yield f"{channel}: {address}"

    def after_stop(self) -> Iterator[str]:
        """Letters of runs that had ended before they were planned to go, or that an event should have ended."""
        for one in self.sent:
            row = one.row
            if row["run_state"] in _NEVER_WRITTEN_TO:
                yield f"{one}: the run is {row['run_state']}"
            ended = row["ended_at"]
            if row["run_state"] in _STOPPED and ended < row["sent_at"] and row["planned_at"] < ended:
                yield f"{one}: the run had ended at {instant(ended)}"
            for name in one.promise.stopped_by if one.to_customer else ():
                began = instant(row["fired_at"])
                # What happens after a run has reached its end does not end it; its last message is on its way.
                last = instant(ended) if ended is not None and ended < row["sent_at"] else one.handed.at
                for occurred, told in self._happened.get((row["customer_id"], name), ()):
                    if began < occurred <= last and told <= last:
                        yield f"{one}: {name} at {occurred:%F %T} ended it"
                        break

    @cached_property
    def _happened(self) -> dict[tuple[str, str], list[tuple[datetime, datetime]]]:
        """By customer and event: when it happened, and when the shop was told."""
        found: dict[tuple[str, str], list[tuple[datetime, datetime]]] = defaultdict(list)
        for telling in self.lived.tellings:
            row = telling.row
            if telling.kind == "events":
                found[row["customer_id"], row["name"]].append((row["occurred_at"], telling.at))
            elif telling.kind == "orders" and row["paid_at"] is not None:
                found[row["customer_id"], "order.paid"].append((row["paid_at"], telling.at))
        return found

    def while_complaining(self) -> Iterator[str]:
        """Marketing to somebody who waits for an answer to a complaint."""
        opened: dict[str, list[tuple[datetime, int]]] = defaultdict(list)
        for (who, name), times in self._happened.items():
            if name in ("complaint.opened", "complaint.closed"):
                opened[who] += [(told, 1 if name == "complaint.opened" else -1) for _, told in times]
        for one in self.sent:
            if one.marketing and not one.promise.sends_despite_complaint:
                mine = opened.get(one.row["customer_id"], ())
                if sum(number for told, number in mine if told <= one.handed.at) > 0:
                    yield f"{one}: a complaint was open"

    # --- Twice -------------------------------------------------------------------------------------------------------

    def twice(self) -> Iterator[str]:
        """An occasion that began two runs, a step that planned two messages, a message of which two letters left."""
        for table, key in (
            ("enrolments", "playbook, customer_id, occasion"),
            ("outbox", "enrolment_id, step, iteration, rank"),
            ("tasks", "enrolment_id, step, iteration"),
            ("had", "customer_id, series, message"),
        ):
            query = f"SELECT {key}, count(*) AS times FROM {table} GROUP BY {key} HAVING count(*) > 1"
            yield from (f"{table}: {row}" for row in self.lived.rows(query))
        letters: dict[str, list[Handed]] = defaultdict(list)
        for one in self.lived.world.handed:
            letters[one.letter.key].append(one)
        yield from (wrong for key, copies in letters.items() if (wrong := self._repeated(key, copies)))
        gone = {key for key, row in self.messages.items() if row["state"] in WENT or _refused_again(row)}
        yield from (f"a letter without a message that was sent: {key}" for key in letters.keys() - gone)
        yield from (f"sent, and no letter left: {self.messages[key]}" for key in gone - letters.keys())
        # One message says one thing: of several channels of one step, each next one waits for the one before.
        said: dict[tuple[object, ...], set[str]] = defaultdict(set)
        for sent in self.sent:
            row = sent.row
            if sent.to_customer:
                said[row["enrolment_id"], row["step"], row["iteration"], row["channel"]].add(sent.handed.letter.key)
        yield from (f"{len(keys)} letters by one channel for {key}" for key, keys in said.items() if len(keys) > 1)

    def _repeated(self, key: str, copies: list[Handed]) -> str | None:
        """What is wrong with a message that left more than once: only one without an answer may go again, and unchanged."""
        row = self.messages.get(key)
        resends = 0
        if row is not None:
            promise = self.rules.playbooks[row["playbook"]]
            resends = promise.resends(row["channel"], to_staff=row["recipient"] is not None)
        if len(copies) > 1 + resends:
            return f"{len(copies)} letters for {key}"
        if any(one.answered for one in copies[:-1]):
            return f"{key} went again, and had been answered"
        if any(one.letter != copies[0].letter for one in copies):
            return f"{key} went again, and was not the same letter"
        return None

    def entered_too_often(self) -> Iterator[str]:
        """Runs that began more often than `enter` of their playbook allows."""
        runs = self.lived.rows(
            "SELECT playbook, customer_id, key, fired_at FROM enrolments "
            "WHERE state NOT IN ('refused', 'collected') ORDER BY fired_at"
        )
        times: dict[tuple[str, str, str | None], list[datetime]] = defaultdict(list)
        for run in runs:
            raw = self.rules.playbooks[run["playbook"]].raw
            by_key = "key" in raw and not raw.get("enter", "").endswith("per customer")
            times[run["playbook"], run["customer_id"], run["key"] if by_key else None].append(instant(run["fired_at"]))
        for (playbook, who, key), at in times.items():
            shortest = _apart(self.rules.playbooks[playbook].raw.get("enter"))
            if shortest is not None:
                for first, second in pairwise(at):
                    if second - first < shortest:
                        yield f"{playbook}: {who} ({key}) on {first:%F} and on {second:%F}"


def _refused_again(row: Row) -> bool:
    """Whether it had left without an answer, and was refused when it went once more."""
    return row["state"] == "failed" and row["dup_risk"] > 0


def _agreed(answers: list[tuple[datetime, str, bool]], topic: str | None, at: datetime) -> bool:
    said = sorted(answers, key=lambda one: (one[0], not one[2]))
    known = said[: bisect_right(said, at, key=lambda one: one[0])]
    latest = {about: given for _, about, given in known}
    everything = latest.get("*")
    return everything is not False and bool(latest.get(topic or "*", everything))


def _apart(enter: Any) -> timedelta | None:
    if enter in (None, "always"):
        return None
    words = enter.removesuffix(" per customer").split()
    if words == ["once"]:
        return timedelta(days=100_000)
    number, unit = (int(words[2]), words[3]) if len(words) == 4 else (1, words[2])
    days = {"day": 1, "week": 7, "month": 28, "year": 365}[unit.removesuffix("s")]
    return timedelta(days=number * days, hours=-1)  # a day on which the clocks go forward


def _key(row: Row) -> str:
    """The key of a message as the other side sees it, made of what never changes."""
    text = f"{row['enrolment_id']}/{row['playbook']}/{row['customer_id']}/{row['step']}/{row['iteration']}"
    return sha256((text + (f"/{row['rank']}" if row["rank"] else "")).encode()).hexdigest()[:32]
