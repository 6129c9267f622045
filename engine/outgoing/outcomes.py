"""From what a door tells to what is recorded of a message, and when it is tried again."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from engine.channels import Done, Failed, Outcome, Retry, Uncertain
from engine.clocks.times import Length
from engine.outgoing.letters import Composed
from engine.outgoing.policy import Policy, is_keyed
from engine.shop import Shop

Row = Mapping[str, Any]
Move = dict[str, Any]

#: Waits after a refusal that may pass: five minutes, doubled each time, four hours at most (Postfix does alike).
_FIRST_RETRY, _LONGEST_RETRY, _SPREAD = timedelta(minutes=5), timedelta(hours=4), 0.2


def move_of(shop: Shop, row: Row, composed: Composed, outcome: Outcome, now: datetime) -> Move:
    """What an outcome makes of a message of the outbox."""
    channel = row["channel"]
    move: Move = {
        "id": row["id"], "language": composed.language, "recipient": composed.letter.recipient, "channel": channel,
        "playbook": row["playbook"],
    }  # fmt: skip
    match outcome:
        case Done(reply):
            code = 250 if channel == "email" else None
            return {**move, "state": "sent", "reply": reply, "code": code, **next_try(row, now, taken=True)}
        case Uncertain(reply) if is_keyed(row):
            # Repeated under the same key until the other side says that it has it.
            return {
                **move,
                "state": "deferred",
                "reason": reply,
                "reply": reply,
                "again": 1,
                "due_at": now + backoff(row),
            }
        case Uncertain(reply):
            decided_at = now + Policy.of(shop, row).wait.approximate
            doubted = {**move, "state": "uncertain", "reason": reply, "reply": reply, "due_at": decided_at}
            return {**doubted, **next_try(row, now, taken=True)}
        case Failed(code, reply, suppress, cause):
            failed = {**move, "state": "failed", "reason": reply, "code": code, "reply": reply, **next_try(row, now)}
            return {**failed, "suppress": suppress, "cause": cause}
        case Retry(_, code, reply):
            due_at = now + _wait(row, outcome)
            return {**move, "state": "deferred", "reason": reply, "code": code, "reply": reply, "due_at": due_at}


def _wait(row: Row, retry: Retry) -> timedelta:
    if retry.after is None:
        return backoff(row)
    # What is refused again and again is tried ever more slowly, whatever the other side asks for at the least. Without a
    # code nobody refused it: it waits for its turn. And while a relay for mails rests, the wait is our own, and grows.
    rests = row["channel"] == "email" and retry.scope == "relay"
    return retry.after if rests or retry.code is None else max(retry.after, backoff(row))


def not_again(row: Row, reason: str) -> Move:
    """A message that was to go again after a doubt, and may not: it may have gone, and no other channel says it."""
    return {"id": row["id"], "state": "assumed_sent", "reason": f"not sent once more: {reason}"}


def next_try(row: Row, now: datetime, *, taken: bool = False) -> Move:
    """When the message's next channel is to be tried: at once, or when this one was taken and stays unopened."""
    if not row["channels"] or (taken and row["unless_opened"] is None):
        return {}
    return {"next_try": now + Length.parse(row["unless_opened"]).approximate if taken else now}


def backoff(row: Row) -> timedelta:
    """The wait before the next attempt; spread by the message, so that a queue does not come back all at once."""
    wait: timedelta = min(_FIRST_RETRY * 2 ** min(row["attempts"], 10), _LONGEST_RETRY)
    digest = sha256(f"{row['id']}/{row['attempts']}".encode()).digest()
    return wait * (1 + _SPREAD * (digest[0] / 127.5 - 1))
