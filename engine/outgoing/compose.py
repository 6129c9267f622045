"""From a row of the outbox to a letter: the facts of its run, the text in the customer's language, the bytes."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from engine.catalogue import Field, Recommendation, Type
from engine.catalogue.origin import EVENTS, Origin
from engine.channels import Sign, unsigned
from engine.outgoing.letters import Composed, Context, Failure, Later, Sheet, Writer, message_key
from engine.outgoing.recommend import recommended
from engine.outgoing.sight import address_of
from engine.outgoing.tries import in_order
from engine.render import Content, Money, Several, Template
from engine.runs.kept import kept
from engine.runs.started import COLUMNS, started
from engine.sends import ANY
from engine.shop import Shop
from engine.store.ledger import enrolments
from engine.workspace.playbook import Playbook

Row = Mapping[str, Any]

__all__ = ["Compose", "Composed", "Failure", "Later", "message_key"]


@dataclass(frozen=True)
class Compose:
    """Writes the letters of one shop. `secrets` sign the unsubscribe links, the last one is the present one."""

    shop: Shop
    secrets: Sequence[str]
    sign: Sign = unsigned

    def customers(self, connection: sa.Connection, rows: Sequence[Row], now: datetime) -> dict[str, dict[str, Any]]:
        """The customers of these messages, with every field that a text of theirs mentions."""
        catalogue = self.shop.catalogue
        names = {"email", "open_complaints", "phone", "chat", "preferred_channel"}
        for row in _of_each_message(rows):
            playbook = self.shop.pinned(connection, row["playbook"], row["revision"])
            for template in self._templates(playbook, row["message"]).values():
                names |= {name.split(".")[1] for name in template.names if name.startswith("customer.")}
        fields = [catalogue.fields[name] for name in sorted(names) if name in catalogue.fields]
        ids = sorted({row["customer_id"] for row in rows})
        found = self.shop.facts.customers(connection, ids, fields, now)
        for name in sorted(names & set(catalogue.recommendations)):
            self._recommend(connection, catalogue.recommendations[name], found)
        return found

    def complaints(
        self,
        connection: sa.Connection,
        rows: Sequence[Row],
        customers: Mapping[str, Mapping[str, Any]],
        now: datetime,
    ) -> Mapping[str, Mapping[str, Any]]:
        """The same customers with their complaints as they are now; the letters are written already."""
        known = self.shop.catalogue.fields.get("open_complaints")
        ids = {row["customer_id"] for row in rows if row["purpose"] == "marketing"}
        if known is None or not ids:
            return customers
        found = self.shop.facts.customers(connection, ids, [known], now)
        return {**customers, **{who: {**customers.get(who, {}), **fresh} for who, fresh in found.items()}}

    def _recommend(
        self, connection: sa.Connection, wanted: Recommendation, customers: Mapping[str, dict[str, Any]]
    ) -> None:
        for customer, products in recommended(connection, self.shop.catalogue, wanted, list(customers)).items():
            customers[customer][wanted.name] = tuple(self.shown(product, wanted.fields) for product in products)

    def letters(
        self,
        connection: sa.Connection,
        rows: Sequence[Row],
        customers: Mapping[str, Mapping[str, Any]],
    ) -> Iterator[Composed | Failure | Later]:
        """The letters of these messages, in their order. All are begun now; one that is asked for is waited for."""
        contexts = self._contexts(connection, rows, customers)
        return self.writer([self._sheet(connection, row, contexts[row["id"]]) for row in rows])

    def _sheet(self, connection: sa.Connection, row: Row, context: Context) -> Sheet:
        settings = self.shop.settings
        playbook = self.shop.pinned(connection, row["playbook"], row["revision"])
        customer = context["customer"]
        # The shop's own people read the shop's own language.
        speaks = customer.get("language") if row["recipient"] is None else None
        language, template = self.template(playbook, row["message"], speaks, row["channel"])
        address = address_of(settings, row, customer)
        zone = settings.zone_of(customer.get("timezone")) if row["recipient"] is None else settings.zone
        return Sheet(row, template, language, context, address, zone)

    @cached_property
    def writer(self) -> Writer:
        """The hand that writes."""
        return Writer(self.shop.settings, self.secrets, self.sign)

    def chosen(
        self, connection: sa.Connection, rows: Sequence[Row], customers: Mapping[str, Mapping[str, Any]]
    ) -> list[Row]:
        """The rows, those that left the channel to the customer with the first one, and with those that are left to try."""
        return [
            row if row["channel"] != ANY else {**row, **self._first(connection, row, customers.get(row["customer_id"]))}
            for row in rows
        ]

    def _first(self, connection: sa.Connection, row: Row, customer: Mapping[str, Any] | None) -> dict[str, Any]:
        playbook = self.shop.pinned(connection, row["playbook"], row["revision"])
        usable = [one for one in self.shop.settings.channels.personal if self.speaks(playbook, row["message"], one)]
        channel, *rest = in_order((customer or {}).get("preferred_channel"), usable) or [ANY]
        return {"channel": channel, "channels": rest or None}

    def speaks(self, playbook: Playbook | None, message: str, channel: str) -> bool:
        """Whether a message has words for a channel, in any language."""
        return any(one.message.speaks(channel) for one in self._templates(playbook, message).values())

    def look(
        self, playbook: Playbook, message: str, channel: str, context: Context, *, marketing: bool
    ) -> Content | str | Failure | None:
        """One message for one customer, without sending it: for a preview. None where no text of it can be read."""
        settings = self.shop.settings
        language, template = self.template(playbook, message, context["customer"].get("language"), channel)
        if template is None:
            return None
        url = settings.web.leaving("preview") if marketing and channel == "email" else None
        zone = settings.zone_of(context["customer"].get("timezone"))
        return self.writer.look(self.writer.job(template, channel, context, language, zone, url))

    def template(
        self, playbook: Playbook | None, message: str, language: Any, channel: str
    ) -> tuple[str, Template | None]:
        """The text in the first language of the customer's chain that there is one in, with words for the channel."""
        known = self._templates(playbook, message)
        templates = {one: found for one, found in known.items() if found.message.speaks(channel)} or known
        chain = self.shop.settings.language_chain(language)
        found = next((one for one in chain if one in templates), next(iter(templates), chain[0]))
        return found, templates.get(found)

    def _templates(self, playbook: Playbook | None, message: str) -> Mapping[str, Template]:
        return self.shop.templates(playbook, message) if playbook is not None else {}

    def _contexts(
        self, connection: sa.Connection, rows: Sequence[Row], customers: Mapping[str, Mapping[str, Any]]
    ) -> dict[int, dict[str, Mapping[str, Any]]]:
        runs = _runs(connection, rows)
        results = kept(
            connection,
            self.shop.facts,
            [{"id": row["enrolment_id"], "results": runs[row["enrolment_id"]]["results"]} for row in rows],
        )
        began = self._origins(connection, rows, runs)
        amounts = _amounts(self.shop.catalogue.fields)
        found: dict[int, dict[str, Mapping[str, Any]]] = {}
        for row, result in zip(rows, results, strict=True):
            playbook = self.shop.pinned(connection, row["playbook"], row["revision"])
            made = playbook.made if playbook is not None else {}
            shown = {name: self.shown(values, made.get(name, {})) for name, values in result.items()}
            customer = self._priced(customers.get(row["customer_id"], {}), amounts)
            origin = began.get((row["enrolment_id"], row["revision"]), {"event": {}})
            told = _told(row, playbook) if row["recipient"] is not None else {}
            found[row["id"]] = {"customer": customer, **origin, **shown, **told}
        return found

    def _origins(
        self, connection: sa.Connection, rows: Sequence[Row], runs: Mapping[int, Row]
    ) -> dict[tuple[int, str], dict[str, Mapping[str, Any]]]:
        """What began the runs of these messages, as their texts show it: by run, and by the revision that a run had then."""
        found: dict[tuple[int, str], dict[str, Mapping[str, Any]]] = {}
        groups: dict[tuple[str, str], list[Row]] = {}
        for row in rows:
            groups.setdefault((row["playbook"], row["revision"]), []).append(row)
        for (name, revision), same in groups.items():
            playbook = self.shop.pinned(connection, name, revision)
            origin = playbook.trigger.origin if playbook is not None else Origin()
            amounts = {word: _amounts(fields) for word, fields in origin.scopes(self.shop.catalogue).items()}
            ids = sorted({one["enrolment_id"] for one in same})
            mine, words = [runs[run] for run in ids if runs[run]["id"] is not None], self._words(playbook, same)
            for run, values in zip(mine, started(connection, self.shop.facts, origin, mine, words), strict=True):
                found[run["id"], revision] = {word: self._began(word, one, amounts) for word, one in values.items()}
        return found

    def _words(self, playbook: Playbook | None, rows: Sequence[Row]) -> set[str]:
        """What the texts of these messages speak of, in any language."""
        templates = (self._templates(playbook, row["message"]).values() for row in _of_each_message(rows))
        return {word for known in templates for template in known for word in template.reads}

    def _began(self, word: str, values: Any, amounts: Mapping[str, Collection[str]]) -> Mapping[str, Any]:
        if word == EVENTS:
            return Several([self._priced(one, amounts["event"]) for one in values["list"]], values["count"])
        return self._priced(values, amounts[word])

    def shown(self, values: Mapping[str, Any], fields: Mapping[str, Field]) -> dict[str, Any]:
        """Values as a text prints them: money knows its currency."""
        return self._priced(values, _amounts(fields))

    def _priced(self, values: Mapping[str, Any], amounts: Collection[str]) -> dict[str, Any]:
        found = dict(values)
        for name in amounts:
            if found.get(name) is not None:
                found[name] = Money(int(found[name]), self.shop.settings.currency)
        return found


def _amounts(fields: Mapping[str, Field]) -> set[str]:
    return {name for name, one in fields.items() if one.type is Type.MONEY}


def _of_each_message(rows: Sequence[Row]) -> list[Row]:
    """One row for each message of each revision."""
    return list({(row["playbook"], row["revision"], row["message"]): row for row in rows}.values())


def _runs(connection: sa.Connection, rows: Sequence[Row]) -> dict[int, Row]:
    """The runs behind these messages; one that is gone has nothing."""
    ids = [row["enrolment_id"] for row in rows]
    found = connection.execute(sa.select(*COLUMNS, enrolments.c.results).where(enrolments.c.id.in_(ids)))
    names = tuple(found.keys())
    read = (dict(zip(names, row, strict=True)) for row in found)
    known = {row["id"]: row for row in read}
    return {run: known.get(run, {"id": None, "results": None}) for run in ids}


def _told(row: Row, playbook: Playbook | None) -> dict[str, dict[str, Any]]:
    """What a mail to staff says of a task or a question, as it was when the mail was planned."""
    step = playbook.steps.get(row["step"]) if playbook is not None else None
    words = step.action.notice_words() if step is not None else {}
    told: dict[str, dict[str, Any]] = {}
    for scope, values in (row["fields"] or {}).items():
        kinds = words.get(scope, {})
        times = {name for name, value in values.items() if value and name in kinds and kinds[name].type is Type.TIME}
        told[scope] = {name: datetime.fromisoformat(one) if name in times else one for name, one in values.items()}
    return told
