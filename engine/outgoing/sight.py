"""What the guards look at, gathered for many messages at once."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from engine.addresses import fold_address, parse_by
from engine.guards import Cap, Look, Rival, Said, holding
from engine.guards.suspension import STANDS_STILL
from engine.outgoing.opened import opened
from engine.settings import Settings
from engine.settings.braking import USUAL_PRIORITY
from engine.settings.literals import Limit
from engine.shop import Shop
from engine.store.brakes import EVERYTHING, Held, holds_on, not_held
from engine.store.customers import consents, suppressions
from engine.store.ledger import COMING, enrolments, of_playbooks, outbox
from engine.store.sealed import seals
from engine.workspace.playbook import Playbook

#: How far ahead a message gives way to a more important one.
_AHEAD = timedelta(hours=24)

Row = Mapping[str, Any]
#: The state of a run and its reason.
Standing = tuple[str | None, str | None]


@dataclass(frozen=True)
class Sight:
    """The guards' view of a batch of messages at one instant."""

    shop: Shop
    consents: Mapping[tuple[str, str], Sequence[tuple[str, bool]]]
    suppressed: Mapping[tuple[str, str], str]
    said: Mapping[str, list[Said]]
    runs: Mapping[int, tuple[str, str | None, datetime | None]]
    opened: Collection[int]  # the messages of which an earlier try was read
    customers: Mapping[str, Mapping[str, Any]]
    rivals: Mapping[str, Sequence[Rival]] = field(default_factory=dict)
    held: Mapping[str, Held] = field(default_factory=dict)

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
        known = (
            (row["channel"], address_of(shop.settings, row, customers.get(row["customer_id"], {}))) for row in rows
        )
        addresses = {(channel, fold_address(address)) for channel, address in known if address}
        return cls(
            shop=shop,
            consents=_consents(connection, ids),
            suppressed=_suppressed(connection, addresses),
            said=_said(shop, connection, rows, ids, now),
            runs=_runs(connection, [row["enrolment_id"] for row in rows]),
            opened=opened(
                shop, connection, [(row, row["opened_since"]) for row in rows if row.get("opened_since")], now
            ),
            customers=customers,
            rivals=_rivals(shop, connection, ids, now),
            held=holds_on(connection, "sends"),
        )

    def look(self, row: Row, playbook: Playbook | None, now: datetime, run: Standing | None = None) -> Look:
        """What is known of one message; `run` stands in for a run that a question supposes."""
        settings = self.shop.settings
        customer = self.customers.get(row["customer_id"], {})
        address = address_of(settings, row, customer)
        state, reason = run or self._standing(row)
        marketing = row["purpose"] == "marketing"
        held = self.held.get(row["playbook"]) or self.held.get(EVERYTHING)
        # What is not said to the customer goes at any hour.
        beside = row.get("recipient") is not None or row["channel"] == "webhook"
        window = playbook.send_window if playbook is not None and not beside else None
        return Look(
            now=now,
            zone=settings.zone_of(customer.get("timezone")),
            purpose=row["purpose"],
            channel=row["channel"],
            topic=row["topic"],
            expires_at=row["expires_at"],
            run_state=state,
            run_reason=reason,
            opened=row["id"] in self.opened,
            held=held.reason if held is not None else None,
            address=address,
            consents=self.consents.get((row["customer_id"], row["channel"]), ()),
            suppressed=self.suppressed.get((row["channel"], fold_address(address))) if address else None,
            send_window=window or (settings.limits.send_window if marketing else None),
            caps=tuple(self._caps(row, playbook)) if marketing else (),
            priority=row.get("priority", USUAL_PRIORITY),
            planned_at=row.get("planned_at", now),
            rivals=self.rivals.get(row["customer_id"], ()) if marketing else (),
            open_complaints=customer.get("open_complaints") or 0,
            despite_complaint=playbook is not None and playbook.guarded.if_complaint == "send",
        )

    def again(self, before: Look, row: Row, playbook: Playbook | None, now: datetime) -> Look:
        """The same message a moment later, when only time has passed and messages went."""
        return before._replace(now=now, caps=tuple(self._caps(row, playbook)) if before.caps else ())

    def _caps(self, row: Row, playbook: Playbook | None) -> Iterator[Cap]:
        """The caps that concern a message, each with what counts against it."""
        limits, said = self.shop.settings.limits, self.said.setdefault(row["customer_id"], [])  # type: ignore[attr-defined]
        if row.get("dup_risk"):  # it goes once more, and is not in its own way
            said = [one for one in said if one.message != row["id"]]
        channel, own = row["channel"], playbook.guarded.cap if playbook is not None else None
        if limits.cap is not None:
            yield Cap(limits.cap, said)
        if channel in limits.caps:
            yield Cap(limits.caps[channel], [one for one in said if one.channel == channel], channel=channel)
        if own is not None and playbook is not None:
            yield Cap(own, [one for one in said if one.playbook == playbook.id], playbook=playbook.id)

    def _standing(self, row: Row) -> Standing:
        state, reason, ended_at = self.runs.get(row["enrolment_id"], (None, "the run is gone", None))
        if state == "stopped" and ended_at is not None and row["planned_at"] >= ended_at:
            state = "done"  # `email` and then `stop` in one move: the stop does not take back what was just said
        return state, reason

    def count(self, row: Row, now: datetime) -> None:
        """Counts a message that goes now, so that the next one of the same customer is judged with it."""
        if row["purpose"] == "marketing":
            one = Said(now, row["playbook"], row["channel"], row["priority"], row["id"])
            self.said.setdefault(row["customer_id"], []).append(one)  # type: ignore[attr-defined]


def address_of(settings: Settings, row: Row, customer: Mapping[str, Any]) -> str | None:
    """Where a message goes by its channel, if that is an address, and exactly one."""
    channel = row["channel"]
    if channel == "webhook":
        return str(row["message"]) or None
    staff = row.get("recipient") if channel == "email" else None
    written = staff or customer.get(_FIELDS.get(channel, ""))
    try:
        return parse_by(channel, str(written or ""), settings.channels.prefix)
    except ValueError:
        return None


#: The customer's field with the address of a channel.
_FIELDS = {"email": "email", "sms": "phone", "chat": "chat"}


def _consents(connection: sa.Connection, ids: Sequence[str]) -> dict[tuple[str, str], list[tuple[str, bool]]]:
    found: dict[tuple[str, str], list[tuple[str, bool, datetime]]] = {}
    columns = (consents.c.customer_id, consents.c.channel, consents.c.topic, consents.c.given, consents.c.at)
    for customer, channel, *answer in connection.execute(sa.select(*columns).where(consents.c.customer_id.in_(ids))):
        found.setdefault((customer, channel), []).append((answer[0], answer[1], answer[2]))
    return {key: holding(answers) for key, answers in found.items()}


def _suppressed(connection: sa.Connection, addresses: Collection[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Why nothing may go to some of these addresses, given as channel and folded address; erased ones stand as hashes."""
    sealed = seals(connection, addresses)
    wanted = {channel for channel, _ in addresses}, {*sealed, *(address for _, address in addresses)}
    columns = (suppressions.c.channel, suppressions.c.address, suppressions.c.reason)
    # By both columns of the key: by the address alone, the whole list would be read.
    found = suppressions.c.channel.in_(sorted(wanted[0])), suppressions.c.address.in_(sorted(wanted[1]))
    rows = connection.execute(sa.select(*columns).where(*found))
    return {sealed.get(address, (channel, address)): reason for channel, address, reason in rows}


def _said(
    shop: Shop, connection: sa.Connection, rows: Sequence[Row], ids: Sequence[str], now: datetime
) -> dict[str, list[Said]]:
    """What the customers were told, as far back as any of the caps looks."""
    reach = max((per.approximate for one in _limits(shop, connection, rows) if (per := one.per)), default=None)
    if reach is None:
        return {}
    # Only what went, or may have gone, has this time, whatever became of it then.
    counted = (outbox.c.sent_at > now - reach * 1.2, outbox.c.purpose == "marketing")
    columns = (
        outbox.c.customer_id,
        outbox.c.sent_at,
        outbox.c.playbook,
        outbox.c.channel,
        outbox.c.priority,
        outbox.c.id,
    )
    found: dict[str, list[Said]] = {}
    for customer, *one in connection.execute(sa.select(*columns).where(outbox.c.customer_id.in_(ids), *counted)):
        found.setdefault(customer, []).append(Said(*one))
    return found


def _limits(shop: Shop, connection: sa.Connection, rows: Sequence[Row]) -> Iterator[Limit]:
    limits = shop.settings.limits
    yield from limits.caps.values()
    if limits.cap is not None:
        yield limits.cap
    for name, revision in {(row["playbook"], row["revision"]) for row in rows if "revision" in row}:
        playbook = shop.pinned(connection, name, revision)
        if playbook is not None and playbook.guarded.cap is not None:
            yield playbook.guarded.cap


def _rivals(shop: Shop, connection: sa.Connection, ids: Sequence[str], now: datetime) -> dict[str, list[Rival]]:
    """What else waits to be told to the customers; nobody asks where no playbook is more important than another."""
    limits = shop.settings.limits
    capped = limits.cap is not None or bool(limits.caps)
    if not capped or len({one.guarded.priority for one in shop.workspace.playbooks.values()}) < 2:
        return {}
    columns = (outbox.c.customer_id, outbox.c.due_at, outbox.c.playbook, outbox.c.channel, outbox.c.priority)
    coming = sa.select(*columns).where(
        sa.literal_column(COMING),
        outbox.c.customer_id.in_(ids),
        outbox.c.due_at <= now + _AHEAD,
        outbox.c.purpose == "marketing",
        sa.or_(outbox.c.expires_at.is_(None), outbox.c.expires_at > outbox.c.due_at),
        of_playbooks(outbox, shop.moving),
        *not_held(outbox.c.playbook, "sends"),
    )
    found: dict[str, list[Rival]] = {}
    for customer, *one in connection.execute(coming):
        found.setdefault(customer, []).append(Rival(*one))
    return found


def _runs(connection: sa.Connection, ids: Sequence[int]) -> dict[int, tuple[str, str | None, datetime | None]]:
    state = (enrolments.c.state, enrolments.c.reason, enrolments.c.ended_at, enrolments.c.suspended_at)
    columns = (enrolments.c.id, *state)
    rows = connection.execute(sa.select(*columns).where(enrolments.c.id.in_(ids)))
    return {
        run: (STANDS_STILL if suspended_at is not None else state, reason, ended_at)
        for run, state, reason, ended_at, suspended_at in rows
    }
