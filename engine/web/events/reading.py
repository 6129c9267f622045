"""From the JSON of a source to an event for the store: what the shop's catalogue and settings allow, and nothing else."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from engine.settings.sources import Source
from engine.shop import Shop
from engine.source.strict_json import NotJson, read_json
from engine.store.importing import ObjectError, Reading, read_object
from engine.store.importing.values import key
from engine.store.ingest import Received, Told
from engine.store.ingest.events import ORDER_EVENTS
from engine.web.events.refusal import Refusal

#: Tables whose events are told; those of others are read where the shop itself writes them.
_TABLES = {"events", "goods_events"}
#: The columns of the store, by the words of a source.
_WORDS = {"occurred_at": "at", "customer_id": "customer", "name": "event"}


def read(body: bytes) -> Any:
    """The value that a body holds. Raises `Refusal` with the place where it is not JSON."""
    try:
        return read_json(body)
    except NotJson as fault:
        place = {"line": fault.line, "column": fault.column, **({"field": fault.path} if fault.path else {})}
        raise Refusal(400, fault.reason, fault.advice, place) from None


@dataclass(frozen=True)
class Desk:
    """Reads the events of one shop as its files say it now."""

    shop: Shop
    reading: Reading
    late_before: datetime

    @classmethod
    def of(cls, shop: Shop, now: datetime) -> "Desk":
        """A desk for a moment; what happened before `limits.catch_up` is late: most triggers leave it alone."""
        return cls(shop, shop.reading(now), shop.settings.limits.catch_up.before(now, shop.settings.zone))

    def event(self, source: str, written: Any) -> Told:
        """An event as a source wrote it. Raises `Refusal`."""
        if not isinstance(written, dict):
            raise Refusal(400, "an event is an object", 'send  {"id": "…", "event": "…", "customer": "…", "at": "…"}')
        id_ = _id(written)
        settings = self.shop.settings.sources[source]
        try:
            kind, row = read_object(written, self.reading)
        except ObjectError as fault:
            raise Refusal(422, str(fault), fault.advice, {"field": fault.column}) from None
        self._check_allowed(source, settings, row["name"])
        said = {name: value for name, value in written.items() if value not in (None, "")}  # as they are left out below
        digest = sha256(json.dumps(said, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
        del row["id"]
        return Told(source, id_, digest, row, kind.about_goods, settings.unknown_customer == "create")

    def _check_allowed(self, source: str, settings: Source, name: str) -> None:
        if settings.events and name not in settings.events:
            advice = f"add it to  sources: {source}: events  of settings/regulars.yaml"
            raise Refusal(422, f"the source `{source}` may not tell `{name}`", advice, {"field": "event"})
        declared = self.shop.catalogue.events.get(name)
        table = "orders" if name in ORDER_EVENTS else None
        if declared is not None and declared.table not in {*_TABLES, table}:
            advice = "write it there; it is seen without being told"
            raise Refusal(422, f"`{name}` is read from the table `{declared.table}`", advice, {"field": "event"})

    def is_late(self, event: Told) -> bool:
        """Whether it happened longer ago than triggers look back."""
        at: datetime = event.row["occurred_at"]
        return at < self.late_before


def _id(written: Mapping[str, Any]) -> str:
    given = written.get("id")
    if given in (None, ""):
        raise Refusal(
            400, "`id` is missing", "give each event an id of its own; a repeat has the same", {"field": "id"}
        )
    if type(given) is not str or not given.strip():
        raise Refusal(422, "`id` is no text", "write it in double quotes", {"field": "id"})
    try:
        return key(given)
    except ValueError as fault:
        raise Refusal(422, f"`id` {fault}", "send one short line", {"field": "id"}) from None


def told(event: Told, result: Received | Refusal, *, late: bool) -> tuple[int, dict[str, Any]]:
    """The status and the answer for an event that went to the store."""
    if isinstance(result, Refusal):
        return result.status, {"id": event.id, **result.body}
    if result.state in ("stored", "duplicate"):
        marks = {"duplicate": True} if result.state == "duplicate" else {"late": True} if late else {}
        return 201 if result.state == "stored" else 200, {"id": event.id, **marks}
    field = {"field": _WORDS.get(result.column, result.column)} if result.column else {}
    status, advice = 422, "mend it and send it again; nothing of it was stored"
    if result.state == "conflict":
        status, advice = 409, "give another event another id; to correct one, tell a new event"
    elif result.column == "customer":
        advice = "tell the engine of the customer first, or set  unknown_customer: create  for this source"
    elif result.column == "occurred_at":
        advice = "look at the clock that made it; at most 24 hours ahead are allowed"
    return status, {"id": event.id, "error": result.reason, **field, "help": advice}
