"""What a report changes, in one transaction: the address, the message, the customer's consent, the brakes. Once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import sqlalchemy as sa

from engine.addresses import parse_address
from engine.bounces.parts import with_plain_lines
from engine.bounces.report import LARGEST, Report, read_report
from engine.brakes.stops import BOUNCED, COMPLAINED, REPORTED, stop_where_needed
from engine.failpoints import reach
from engine.outgoing.doubt import confirm
from engine.outgoing.tries import follow
from engine.shop import Shop
from engine.store.bounces import IGNORED, reports
from engine.store.contents import contents
from engine.store.dialect import insert, lock_customers
from engine.store.ingest import put_suppressions, record_event
from engine.store.ingest.consents import Evidence, answer_now
from engine.store.ledger import outbox

#: A report that the store has already.
KNOWN = "known"

# So much of a mail that was ignored is kept for a person, for so long, and of so many at one time; then nothing of it.
_EXCERPT, _KEPT_FOR, _MOST_KEPT = 4_000, timedelta(days=30), 500
_IGNORED: sa.ColumnElement[bool] = sa.literal_column(IGNORED)
#: The mails of which a person can still look at a piece.
KEPT = (_IGNORED, reports.c.excerpt.is_not(None))
_BOUNCES = ("dead", "refused")
#: It was to go once more, and need not.
_AGAIN = ("planned", "deferred", "claimed")

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Intake:
    """Takes the mails that came to one shop's address for bounces."""

    shop: Shop
    secrets: Sequence[str]
    address: str

    def __call__(self, mail: bytes, now: datetime, envelope: str = "") -> Report | None:
        """Reads a mail and records what it says; None for one that the store has. Whatever it is, nobody is answered."""
        report = read_report(mail, self.address, envelope)
        digest = sha256(with_plain_lines(mail[: LARGEST + 1])).hexdigest()
        reach("bounce.read")
        with self.shop.store.begin() as connection:
            row = {"digest": digest, "at": now, "kind": report.kind, "said": report.said, "status": report.status}
            new = insert(connection.dialect.name, reports).values(row).on_conflict_do_nothing()
            if connection.execute(new.returning(reports.c.digest)).first() is None:
                return None
            message = self._message(connection, report)
            mine = sa.update(reports).where(reports.c.digest == digest)
            if message is None:
                why = report.said if report.kind == "ignored" else "its signature is not ours, or the message is gone"
                report = Report("ignored", why, report.status)
                excerpt = self._excerpt(connection, mail, now)
                connection.execute(mine.values(kind="ignored", said=why, excerpt=excerpt))
            else:
                connection.execute(mine.values(message_id=message["id"]))
                self._apply(connection, report, message, now)
        reach("bounce.recorded")
        return report

    def _message(self, connection: sa.Connection, report: Report) -> Row | None:
        """The message that a report is about, locked; None where nobody of ours has signed that."""
        token = report.token
        if token is None:
            return None
        mine = sa.select(outbox).where(outbox.c.id == token.message, outbox.c.channel == "email")
        found = connection.execute(mine).mappings().first()
        if found is None or not token.holds(self.secrets, dict(found)):
            return None
        lock_customers(connection, [found["customer_id"]])
        locked = connection.execute(mine.with_for_update()).mappings().first()
        # Whoever was erased meanwhile is nobody's by now.
        return dict(locked) if locked is not None and token.holds(self.secrets, dict(locked)) else None

    # --- What follows ------------------------------------------------------------------------------------------------

    def _apply(self, connection: sa.Connection, report: Report, row: Row, now: datetime) -> None:
        _was_taken(connection, row)
        if report.kind == "dead":
            self._suppress(connection, report, row, f"bounced: {report.said}", now)
        elif report.kind == "complained":
            self._suppress(connection, report, row, "its owner reported a mail as spam", now)
            self._withdraw(connection, row, "*", "complaint", now)
            self._happened(connection, COMPLAINED, row, now)
        elif report.kind == "left":
            self._withdraw(connection, row, row["topic"] or "*", "mail to the address for leaving", now)
        if report.kind in _BOUNCES and row["bounced_at"] is None:
            reason = f"bounced: {report.said}"
            connection.execute(sa.update(outbox).where(outbox.c.id == row["id"]).values(bounced_at=now, reason=reason))
            self._happened(connection, BOUNCED, row, now)
            follow(connection, [{"id": row["id"], "next_try": now}])
        if report.kind in (*_BOUNCES, "complained"):
            stop_where_needed(connection, self.shop, [row["playbook"]], now)

    def _suppress(self, connection: sa.Connection, report: Report, row: Row, reason: str, now: datetime) -> None:
        """Nothing more goes to the address that the mail went to, whatever the customer's is by now."""
        token = report.token
        for address in self._addresses(connection, row, now):
            if token is not None and token.is_of(self.secrets, address):
                put_suppressions(connection, [{"address": address, "reason": reason, "at": now}], now)
                return

    def _addresses(self, connection: sa.Connection, row: Row, now: datetime) -> Iterator[str]:
        """Addresses that the mail may have gone to."""
        if row["recipient"] is not None:
            yield row["recipient"]
        frozen = sa.select(contents.c.recipient).where(contents.c.message_id == row["id"])
        yield from connection.execute(frozen).scalars()
        field = self.shop.catalogue.fields.get("email")
        if field is not None:
            found = self.shop.facts.customers(connection, [row["customer_id"]], [field], now)
            written = str(found.get(row["customer_id"], {}).get("email") or "")
            yield written
            try:
                yield parse_address(written)
            except ValueError:
                return

    def _withdraw(self, connection: sa.Connection, row: Row, topic: str, how: str, now: datetime) -> None:
        """The customer's consent to mail is taken back; a notice to the shop's own people has none."""
        if row["recipient"] is None:
            evidence = Evidence(how, now, row["message"])
            answer_now(connection, row["customer_id"], {"email": [(topic, False)]}, evidence)

    def _happened(self, connection: sa.Connection, name: str, row: Row, now: datetime) -> None:
        """An event, for playbooks and for the shop's own figures. Whose customers live elsewhere has the report alone."""
        if row["recipient"] is None:
            told = {"message": row["message"]}
            record_event(connection, name, row["customer_id"], now, told, f"{REPORTED}{name}/{row['id']}", now)

    # --- What a person may look at ------------------------------------------------------------------------------------

    def _excerpt(self, connection: sa.Connection, mail: bytes, now: datetime) -> str | None:
        """The beginning of a mail; None where too many are kept already, since anybody can write to the address."""
        _forget(connection, now)
        kept = sa.select(sa.func.count()).select_from(reports).where(*KEPT)
        if connection.execute(kept).scalar_one() >= _MOST_KEPT:
            return None
        return mail[:_EXCERPT].decode("utf-8", "replace").replace("\0", "").replace("\r\n", "\n")


def forget(store: sa.Engine, now: datetime) -> None:
    """Forgets strangers' mails that were kept for long enough, also where no other comes."""
    with store.connect().execution_options(reading=True) as connection:
        if connection.execute(sa.select(reports.c.digest).where(*_over(now)).limit(1)).first() is None:
            return
    with store.begin() as connection:
        _forget(connection, now)


def _forget(connection: sa.Connection, now: datetime) -> None:
    connection.execute(sa.delete(reports).where(*_over(now)))


def _over(now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    return _IGNORED, reports.c.at < now - _KEPT_FOR


def _was_taken(connection: sa.Connection, row: Row) -> None:
    """An answer to a message is a sign that it was taken, whatever was thought of it; it does not go once more."""
    confirm(connection, [row["id"]])
    if row["state"] in _AGAIN and row["sent_at"] is not None:
        values = {"state": "sent", "reason": None, "lease_until": None}
        connection.execute(sa.update(outbox).where(outbox.c.id == row["id"]).values(values))
