"""What the guards look at, gathered for many messages at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engine.addresses import fold_address, parse_address
from engine.guards import Look
from engine.shop import Shop
from engine.store.customers import consents, suppressions
from engine.store.ledger import enrolments, outbox
from engine.workspace.playbook import Playbook

#: States in which a message counts against the cap: it went, or may have gone.
_COUNTS = ("sending", "sent", "uncertain")

Row = Mapping[str, Any]
#: The state of a run and its reason.
Standing = tuple[str | None, str | None]


@dataclass(frozen=True)
class Sight:
    """The guards' view of a batch of messages at one instant."""

    shop: Shop
    consents: Mapping[tuple[str, str], Sequence[tuple[str, bool]]]
    suppressed: Mapping[tuple[str, str], str]
    sent: Mapping[str, list[datetime]]
    runs: Mapping[int, tuple[str, str | None, datetime | None]]
    customers: Mapping[str, Mapping[str, Any]]

    @classmethod
    def of(
        cls,
        shop: Shop,
        connection: sa.Connection,
        rows: Sequence[Row],
        customers: Mapping[str, Mapping[str, Any]],
        now: datetime,
    ) -> "Sight":
        """Reads what the guards need for these rows of the outbox."""
        ids = sorted({row["customer_id"] for row in rows})
        addresses = sorted({fold_address(address) for one in customers.values() if (address := mail_address(one))})
        return cls(
            shop=shop,
            consents=_consents(connection, ids),
            suppressed=_suppressed(connection, addresses),
            sent=_sent(shop, connection, ids, now),
            runs=_runs(connection, [row["enrolment_id"] for row in rows]),
            customers=customers,
        )

    def look(self, row: Row, playbook: Playbook | None, now: datetime, run: Standing | None = None) -> Look:
        """What is known of one message; `run` stands in for a run that a question supposes."""
        settings = self.shop.settings
        customer = self.customers.get(row["customer_id"], {})
        address = mail_address(customer)
        state, reason = run or self._standing(row)
        marketing = row["purpose"] == "marketing"
        window = playbook.send_window if playbook is not None else None
        return Look(
            now=now,
            zone=settings.zone_of(customer.get("timezone")),
            purpose=row["purpose"],
            channel=row["channel"],
            topic=row["topic"],
            expires_at=row["expires_at"],
            run_state=state,
            run_reason=reason,
            address=address,
            consents=self.consents.get((row["customer_id"], row["channel"]), ()),
            suppressed=self.suppressed.get((row["channel"], fold_address(address))) if address else None,
            send_window=window or (settings.limits.send_window if marketing else None),
            cap=settings.limits.cap,
            sent=self.sent.get(row["customer_id"], ()),
        )

    def _standing(self, row: Row) -> Standing:
        state, reason, ended_at = self.runs.get(row["enrolment_id"], (None, "the run is gone", None))
        if state == "stopped" and ended_at is not None and row["planned_at"] >= ended_at:
            state = "done"  # `email` and then `stop` in one move: the stop does not take back what was just said
        return state, reason

    def count(self, row: Row, now: datetime) -> None:
        """Counts a message that goes now, so that the next one of the same customer is judged with it."""
        if row["purpose"] == "marketing":
            self.sent.setdefault(row["customer_id"], []).append(now)  # type: ignore[attr-defined]


def mail_address(customer: Mapping[str, Any]) -> str | None:
    """The customer's address if it is one, and exactly one."""
    try:
        return parse_address(str(customer.get("email") or ""))
    except ValueError:
        return None


def _consents(connection: sa.Connection, ids: Sequence[str]) -> dict[tuple[str, str], list[tuple[str, bool]]]:
    found: dict[tuple[str, str], list[tuple[str, bool]]] = {}
    columns = (consents.c.customer_id, consents.c.channel, consents.c.topic, consents.c.given)
    for customer, channel, topic, given in connection.execute(
        sa.select(*columns).where(consents.c.customer_id.in_(ids)).with_for_update(read=True)
    ):
        found.setdefault((customer, channel), []).append((topic, given))
    return found


def _suppressed(connection: sa.Connection, addresses: Sequence[str]) -> dict[tuple[str, str], str]:
    columns = (suppressions.c.channel, suppressions.c.address, suppressions.c.reason)
    rows = connection.execute(sa.select(*columns).where(suppressions.c.address.in_(addresses)))
    return {(channel, address): reason for channel, address, reason in rows}


def _sent(shop: Shop, connection: sa.Connection, ids: Sequence[str], now: datetime) -> dict[str, list[datetime]]:
    cap = shop.settings.limits.cap
    if cap is None or cap.per is None:
        return {}
    since = now - cap.per.approximate * 1.2
    counted = (outbox.c.sent_at > since, outbox.c.state.in_(_COUNTS), outbox.c.purpose == "marketing")
    found: dict[str, list[datetime]] = {}
    columns = (outbox.c.customer_id, outbox.c.sent_at)
    for customer, at in connection.execute(sa.select(*columns).where(outbox.c.customer_id.in_(ids), *counted)):
        found.setdefault(customer, []).append(at)
    return found


def _runs(connection: sa.Connection, ids: Sequence[int]) -> dict[int, tuple[str, str | None, datetime | None]]:
    columns = (enrolments.c.id, enrolments.c.state, enrolments.c.reason, enrolments.c.ended_at)
    rows = connection.execute(sa.select(*columns).where(enrolments.c.id.in_(ids)))
    return {run: (state, reason, ended_at) for run, state, reason, ended_at in rows}
