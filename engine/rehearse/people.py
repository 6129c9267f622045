"""The customers of a test: what is given of each, by the catalogue's types; what is not given is missing."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine.catalogue import Catalogue, Field, Type
from engine.rehearse.moments import Misread, unknown_zone
from engine.rehearse.purse import EXPIRE, POINTS
from engine.rehearse.script import Person
from engine.rehearse.values import read_value, yes_no
from engine.settings import Settings, is_zone
from engine.source.near import suggest
from engine.source.yaml import Path, Source
from engine.store.customers import customers

#: Columns that follow from orders and events, so that a test gives those instead.
_FOLLOWS = {
    "orders_count": "order.paid",
    "lifetime_spend": "order.paid",
    "first_order_at": "order.paid",
    "last_order_at": "order.paid",
}
_CONSENTS = {
    "consent": "email_consent",
    "email_consent": "email_consent",
    "sms_consent": "sms_consent",
    "chat_consent": "chat_consent",
}
#: Keys that are no fields of the catalogue.
SPECIAL = (*_CONSENTS, "holdout", "timezone", "tags")

#: Notes a mistake: its place, its rule, what is wrong, and the helps.
Complain = Callable[..., None]


@dataclass(frozen=True)
class People:
    """Reads customers out of one file."""

    source: Source
    settings: Settings
    catalogue: Catalogue
    complain: Complain

    def read(self, path: Path) -> Iterator[Person]:
        """The customers below a `customers:`."""
        for name in self._mapping(path):
            row, held_out = self.columns((*path, name))
            row.setdefault("email", f"{name.strip('.').replace('..', '.')}@example.com")
            # Whoever gives an address agrees to it, if the test does not say otherwise.
            row.setdefault("email_consent", True)
            for address, consent in (("phone", "sms_consent"), ("chat", "chat_consent")):
                if row.get(address):
                    row.setdefault(consent, True)
            zone = self.settings.zone_of(row.get("timezone"))
            yield Person(name, {"id": name, **row}, zone, held_out)

    def columns(self, path: Path) -> tuple[dict[str, Any], bool]:
        """What one mapping says of a customer as columns of the store, and whether the holdout takes him."""
        row: dict[str, Any] = {}
        held_out = False
        for key in self._mapping(path):
            try:
                if key == "holdout":
                    held_out = _side(self.source.raw((*path, key)))
                else:
                    column, value = self._column((*path, key), key)
                    row[column] = value
            except Misread as misread:
                of_key = misread.rule in ("unknown-field", "follows")
                place = self.source.key_place((*path, key)) if of_key else self.source.place((*path, key))
                self.complain(place, misread.rule, str(misread), *misread.helps)
        if row.get(EXPIRE) is not None and POINTS not in self._mapping(path):
            place = self.source.key_place((*path, EXPIRE))
            self.complain(place, "missing-key", f"`{EXPIRE}` is the day on which `{POINTS}` lapse", "add  points: …")
        return row, held_out

    def _mapping(self, path: Path) -> Mapping[str, Any]:
        value = self.source.at(path) if path in self.source.marks else None
        return value if isinstance(value, dict) else {}

    def _column(self, path: Path, key: str) -> tuple[str, Any]:
        if key == "tags":
            return key, _texts(self.source, path)
        raw = self._raw(path)
        if key in _CONSENTS:
            return _CONSENTS[key], yes_no(raw or "")
        if key == "timezone":
            if not is_zone(raw):
                raise unknown_zone(raw or "")
            return key, raw
        field = self._field(key)
        zone = self.settings.zone
        value = None if raw is None else read_value(field, raw, self.settings.currency, zone)
        if key == POINTS and (type(value) is not int or value < 0):
            raise Misread("value", f"`{POINTS}` is a whole number from 0 on")
        return (field.column.name if field.column else key), value

    def _raw(self, path: Path) -> str | None:
        value = self.source.at(path)
        if isinstance(value, dict | list):
            raise Misread("value", f"`{path[-1]}` takes one value")
        return None if value is None else self.source.raw(path)

    def _field(self, key: str) -> Field:
        if key in _FOLLOWS:
            raise Misread("follows", f"`{key}` follows from what the customer does", f"give an event:  {_FOLLOWS[key]}")
        field = self.catalogue.fields.get(key)
        if field is not None and field.metric is not None:
            raise Misread("follows", f"`{key}` is counted from what the customer does", "give the events instead")
        stored = field.column if field is not None else None
        if field is None or key == "id":
            known = [name for name, one in self.catalogue.fields.items() if one.column is not None and name != "id"]
            known = [name for name in known if name not in _FOLLOWS]
            raise Misread(
                "unknown-field", f"customers have no field `{key}`", *suggest(key, {*known, *SPECIAL}, "fields")
            )
        if field.type is Type.TAGS or stored is None or stored.table != "customers" or stored.name not in customers.c:
            raise Misread("unknown-field", f"`{key}` is kept in a table of the shop's own, which tests do not have")
        return field


def _side(raw: str) -> bool:
    if raw not in ("in", "out"):
        raise Misread("value", f"`{raw}` is not a side of the holdout", "write `in` or `out`")
    return raw == "in"


def _texts(source: Source, path: Path) -> tuple[str, ...]:
    value = source.texts(path)
    found = value if isinstance(value, list) else [value]
    if not all(isinstance(one, str) for one in found):
        raise Misread("value", f"`{path[-1]}` takes a list of words", "write for example  tags: [newcomer]")
    return tuple(found)


def texts_at(source: Source, path: Path) -> tuple[str, ...]:
    """One text or a list of texts; none where nothing stands there."""
    return _texts(source, path) if path in source.marks else ()
