"""Asks of the store whether it is sound after a life: no run broken, nothing forgotten, no voucher or point twice."""

from collections.abc import Iterator

from tests.history.lived import Lived, instant
from tests.history.rules import Rules

_WAITING = ("planned", "deferred")
#: It left; of the two others nobody knows whether it was taken.
WENT = ("sent", "uncertain", "assumed_sent")
_FINAL = (*WENT, "failed", "suppressed", "skipped", "expired", "cancelled")
#: What may be wrong with a letter for a reason of the customer's or of the world beyond the door.
_MAY_FAIL = ("no such address",)


def broken_runs(lived: Lived) -> Iterator[str]:
    """Runs that a fault ended."""
    query = "SELECT playbook, reason, count(*) AS times FROM enrolments WHERE state = 'failed' GROUP BY 1, 2"
    yield from (str(row) for row in lived.rows(query))


def broken_messages(lived: Lived) -> Iterator[str]:
    """Messages that could not be written, are in no known state, or wait for a time that is past."""
    query = "SELECT playbook, message, state, reason, count(*) AS times, min(due_at) AS due_at FROM outbox GROUP BY 1, 2, 3, 4"
    for row in lived.rows(query):
        if row["state"] == "failed" and row["reason"] not in _MAY_FAIL:
            yield f"{row}"
        elif row["state"] in _WAITING and instant(row["due_at"]) <= lived.ends:
            yield f"due at {instant(row['due_at'])}: {row}"
        elif row["state"] not in (*_WAITING, *_FINAL):
            yield f"{row}"


def stuck_runs(lived: Lived) -> Iterator[str]:
    """Runs that should have moved on and did not."""
    query = (
        "SELECT playbook, count(*) AS times, min(due_at) AS due_at FROM enrolments WHERE state = 'running' GROUP BY 1"
    )
    yield from (f"{row}" for row in lived.rows(query) if instant(row["due_at"]) <= lived.ends)


def vouchers(lived: Lived) -> Iterator[str]:
    """Codes given twice, redeemed twice or outside their life."""
    yield from (
        str(row) for row in lived.rows("SELECT code, count(*) AS times FROM vouchers GROUP BY 1 HAVING count(*) > 1")
    )
    used = """
        SELECT json_extract(payload, '$.code') AS code, count(*) AS times FROM events
        WHERE name = 'voucher.redeemed' GROUP BY 1 HAVING count(*) > 1"""
    yield from (f"redeemed twice: {row}" for row in lived.rows(used))
    wrong = """
        SELECT code, state FROM vouchers WHERE (state = 'redeemed') <> (redeemed_at IS NOT NULL)
        OR redeemed_at < issued_at OR redeemed_at >= expires_at"""
    yield from (f"redeemed outside its life: {row}" for row in lived.rows(wrong))
    yield from (
        f"should have lapsed: {row}"
        for row in lived.rows("SELECT code, expires_at FROM vouchers WHERE state = 'issued' AND expires_at IS NOT NULL")
        if instant(row["expires_at"]) <= lived.ends
    )


def points(lived: Lived) -> Iterator[str]:
    """Balances that do not agree with the ledger, or were ever below nothing."""
    running = """
        SELECT customer_id, low FROM (
            SELECT customer_id, min(balance) AS low FROM (
                SELECT customer_id, sum(amount) OVER (PARTITION BY customer_id ORDER BY id) AS balance FROM points)
            GROUP BY 1) WHERE low < 0"""
    yield from (f"below nothing: {row}" for row in lived.rows(running))
    balances = """
        SELECT customers.id, customers.points, ledger.amount, ledger.remaining FROM customers JOIN (
            SELECT customer_id, sum(amount) AS amount, sum(remaining) AS remaining FROM points GROUP BY 1
        ) AS ledger ON ledger.customer_id = customers.id
        WHERE customers.points <> ledger.amount OR customers.points <> ledger.remaining"""
    yield from (f"does not agree: {row}" for row in lived.rows(balances))


def quotas(lived: Lived, rules: Rules) -> Iterator[str]:
    """More given than `at_most` of a playbook allows."""
    counted = {
        "vouchers": "SELECT count(*) AS number FROM vouchers JOIN enrolments AS runs ON runs.id = vouchers.enrolment_id"
        " WHERE runs.playbook = '{}'",
        "messages": f"SELECT count(*) AS number FROM outbox WHERE playbook = '{{}}' AND state IN {WENT}",
        "entries": "SELECT count(*) AS number FROM enrolments WHERE playbook = '{}' AND state NOT IN ('refused', 'collected')",
    }
    for promise in rules.playbooks.values():
        if (most := promise.raw.get("at_most")) is not None:
            number, what = most.split()
            found = lived.rows(counted[what].format(promise.id))[0]["number"]
            if found > int(number):
                yield f"{promise.id}: {found} {what}, and at most {number} were promised"


def nobody(lived: Lived, rules: Rules) -> list[str]:
    """The playbooks that nobody ever entered."""
    rows = lived.rows("SELECT DISTINCT playbook FROM enrolments WHERE state NOT IN ('refused', 'collected')")
    return sorted(set(rules.playbooks) - {row["playbook"] for row in rows})
