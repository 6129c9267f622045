"""From a row of the outbox to a letter: the facts of its run, the text in the customer's language, the bytes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

import sqlalchemy as sa

from engine.catalogue import Field, Type
from engine.channel_settings import Email
from engine.channels import Letter
from engine.kept import kept
from engine.render import (
    Content,
    MailHeaders,
    Money,
    Template,
    Unrenderable,
    build_mail,
    render,
    unsubscribe_token,
)
from engine.shop import Shop
from engine.sight import mail_address
from engine.store.ledger import enrolments
from engine.workspace.playbook import Playbook

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Failure:
    """A message that cannot be written for its customer, and why."""

    reason: str


@dataclass(frozen=True)
class Composed:
    """A letter ready to go, and the language it is in."""

    letter: Letter
    language: str


@dataclass(frozen=True)
class Compose:
    """Writes the letters of one shop. `secrets` sign the unsubscribe links, the last one is the present one."""

    shop: Shop
    secrets: Sequence[str]

    def customers(self, connection: sa.Connection, rows: Sequence[Row], now: datetime) -> dict[str, dict[str, Any]]:
        """The customers of these messages, with every field that a text of theirs mentions."""
        catalogue = self.shop.catalogue
        names = {"email"}
        for row in _of_each_message(rows):
            playbook = self.shop.pinned(connection, row["playbook"], row["revision"])
            for template in self._templates(playbook, row["message"]).values():
                names |= {name.split(".")[1] for name in template.names if name.startswith("customer.")}
        fields = [catalogue.fields[name] for name in sorted(names) if name in catalogue.fields]
        return self.shop.facts.customers(connection, sorted({row["customer_id"] for row in rows}), fields, now)

    def letters(
        self,
        connection: sa.Connection,
        rows: Sequence[Row],
        customers: Mapping[str, Mapping[str, Any]],
    ) -> list[Composed | Failure]:
        """The letters of these messages, in their order."""
        contexts = self._contexts(connection, rows, customers)
        return [self._letter(connection, row, contexts[row["id"]]) for row in rows]

    def _letter(
        self, connection: sa.Connection, row: Row, context: Mapping[str, Mapping[str, Any]]
    ) -> Composed | Failure:
        settings = self.shop.settings
        email = settings.channels.email
        playbook = self.shop.pinned(connection, row["playbook"], row["revision"])
        customer = context["customer"]
        language, template = self.template(playbook, row["message"], customer.get("language"))
        recipient = mail_address(customer)
        if template is None or email is None or recipient is None:
            return Failure(
                f"the text of `{row['message']}` cannot be read" if template is None else "no way to send mail"
            )
        url = self._unsubscribe_url(row)
        zone = settings.zone_of(customer.get("timezone"))
        try:
            content = render(template, context, language, zone, settings.currency, unsubscribe_url=url)
            mail = build_mail(content, self._headers(email, row, recipient, url, row["planned_at"]))
        except Unrenderable as fault:
            return Failure(str(fault))
        except ValueError as fault:
            return Failure(f"{row['message']}/{language}: {fault}")
        return Composed(Letter(message_key(row), email.address, recipient, mail), language)

    def content(
        self, playbook: Playbook, message: str, context: Mapping[str, Mapping[str, Any]], *, marketing: bool
    ) -> Content | None:
        """One message for one customer, without sending it: for a preview. None where no text of it can be read."""
        settings = self.shop.settings
        language, template = self.template(playbook, message, context["customer"].get("language"))
        if template is None:
            return None
        url = f"{settings.unsubscribe_url}/preview" if marketing else None
        zone = settings.zone_of(context["customer"].get("timezone"))
        return render(template, context, language, zone, settings.currency, unsubscribe_url=url)

    def template(self, playbook: Playbook | None, message: str, language: Any) -> tuple[str, Template | None]:
        """The text in the first language of the customer's chain that there is one in."""
        templates = self._templates(playbook, message)
        chain = self.shop.settings.language_chain(language)
        found = next((one for one in chain if one in templates), next(iter(templates), chain[0]))
        return found, templates.get(found)

    def _templates(self, playbook: Playbook | None, message: str) -> Mapping[str, Template]:
        return self.shop.templates(playbook, message) if playbook is not None else {}

    def _unsubscribe_url(self, row: Row) -> str | None:
        if row["purpose"] != "marketing":
            return None
        token = unsubscribe_token(self.secrets, row["customer_id"], row["channel"], row["topic"])
        return f"{self.shop.settings.unsubscribe_url}/{token}"

    def _headers(self, email: Email, row: Row, recipient: str, url: str | None, date: datetime) -> MailHeaders:
        domain = email.address.rpartition("@")[2]
        return MailHeaders(
            sender=email.sender,
            to=recipient,
            message_id=f"<{message_key(row)}@{domain}>",
            date=date,
            reply_to=email.reply_to,
            unsubscribe_url=url,
        )

    def _contexts(
        self, connection: sa.Connection, rows: Sequence[Row], customers: Mapping[str, Mapping[str, Any]]
    ) -> dict[int, dict[str, Mapping[str, Any]]]:
        runs = _runs(connection, rows)
        results = kept(
            connection,
            self.shop.facts,
            [{"id": row["enrolment_id"], "results": runs[row["enrolment_id"]][1]} for row in rows],
        )
        events = self._events(connection, rows, runs)
        brand = {
            "name": self.shop.settings.brand.name,
            "address": self.shop.settings.brand.address,
            "website": self.shop.settings.brand.website,
        }
        found: dict[int, dict[str, Mapping[str, Any]]] = {}
        for row, result in zip(rows, results, strict=True):
            playbook = self.shop.pinned(connection, row["playbook"], row["revision"])
            made = playbook.made if playbook is not None else {}
            shown = {name: self.shown(values, made.get(name, {})) for name, values in result.items()}
            customer = self.shown(customers.get(row["customer_id"], {}), self.shop.catalogue.fields)
            event = events.get((row["playbook"], row["revision"], runs[row["enrolment_id"]][0] or ""), {})
            found[row["id"]] = {"customer": customer, "event": event, "brand": brand, **shown}
        return found

    def _events(
        self, connection: sa.Connection, rows: Sequence[Row], runs: Mapping[int, tuple[str | None, Any]]
    ) -> dict[tuple[str, str, str], Mapping[str, Any]]:
        found: dict[tuple[str, str, str], Mapping[str, Any]] = {}
        for row in _of_each_message(rows):
            playbook = self.shop.pinned(connection, row["playbook"], row["revision"])
            name = playbook.trigger.event_name if playbook is not None else None
            ids = {
                event
                for one in rows
                if one["playbook"] == row["playbook"] and (event := runs[one["enrolment_id"]][0]) is not None
            }
            if name is None or not ids:
                continue
            fields = self.shop.catalogue.events[name].fields
            for key, values in self.shop.facts.events(connection, name, ids).items():
                found[row["playbook"], row["revision"], key] = self.shown(values, fields)
        return found

    def shown(self, values: Mapping[str, Any], fields: Mapping[str, Field]) -> dict[str, Any]:
        """Values as a text prints them: money knows its currency."""
        currency = self.shop.settings.currency
        return {
            name: Money(int(value), currency)
            if value is not None and name in fields and fields[name].type is Type.MONEY
            else value
            for name, value in values.items()
        }


def message_key(row: Row) -> str:
    """The message's key for the world, the same over all attempts: made of the run, the step and the iteration."""
    text = f"{row['enrolment_id']}/{row['playbook']}/{row['customer_id']}/{row['step']}/{row['iteration']}"
    return sha256(text.encode()).hexdigest()[:32]


def _of_each_message(rows: Sequence[Row]) -> list[Row]:
    """One row for each message of each revision."""
    return list({(row["playbook"], row["revision"], row["message"]): row for row in rows}.values())


def _runs(connection: sa.Connection, rows: Sequence[Row]) -> dict[int, tuple[str | None, Any]]:
    ids = [row["enrolment_id"] for row in rows]
    columns = (enrolments.c.id, enrolments.c.event_id, enrolments.c.results)
    found = connection.execute(sa.select(*columns).where(enrolments.c.id.in_(ids)))
    known = {run: (event, results) for run, event, results in found}
    return {run: known.get(run, (None, None)) for run in ids}
