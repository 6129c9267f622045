"""Products, wishes, reservations, subscriptions and vouchers of a test, and the lines of its orders, by the catalogue."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from engine.catalogue import Catalogue, Field, Type
from engine.rehearse.moments import Misread
from engine.rehearse.script import Person
from engine.rehearse.values import read_value
from engine.settings import Settings, Voucher
from engine.source.near import suggest
from engine.source.yaml import Path
from engine.workspace.reading import Draft

#: What a product has in the built-in store.
_PRODUCT: Final = {
    **{name: Field(name, Type.TEXT) for name in ("title", "category", "link")},
    **{"price": Field("price", Type.MONEY), "lasts_days": Field("lasts_days", Type.NUMBER)},
}


@dataclass(frozen=True)
class Kept:
    """How one kind of what customers have is kept: its table, which is the key below `given` too."""

    kind: str
    key: str  # the column that names one of them
    first: str  # the state of one of which none is said


#: What customers have, by the word of an event that changes it.
RECORDS: Final = {
    "reservation": Kept("reservations", "id", "booked"),
    "subscription": Kept("subscriptions", "id", "active"),
    "voucher": Kept("vouchers", "code", "issued"),
}


@dataclass(frozen=True)
class Goods:
    """Reads them out of one file."""

    draft: Draft
    settings: Settings
    catalogue: Catalogue
    vouchers: Mapping[str, Voucher]  # the kinds of the settings

    def given(self, path: Path, people: Mapping[str, Person]) -> Iterator[tuple[str, dict[str, Any]]]:
        """The rows below a `given:`, each with the kind that it is."""
        for name in self._mapping((*path, "products")):
            yield "products", {"id": name, **self.fields((*path, "products", name), _PRODUCT)}
        for number in range(len(self._list((*path, "wishes")))):
            yield from self._wish((*path, "wishes", number), people)
        for word, kept in RECORDS.items():
            for name in self._mapping((*path, kept.kind)):
                at = (*path, kept.kind, name)
                person = self._owner(at, people)
                if person is None:
                    continue
                row = self.record(at, word, name, person)
                if word == "voucher" and "kind" not in self._mapping(at):
                    self._say(at, "missing-key", "a voucher needs `kind`", "add  kind: …")
                yield kept.kind, row

    def record(self, path: Path, word: str, name: str, person: Person, but: tuple[str, ...] = ()) -> dict[str, Any]:
        """A reservation, a subscription or a voucher; what is not said of it is missing."""
        key = RECORDS[word].key
        known = self.catalogue.records[word].fields if word in self.catalogue.records else {}
        wanted = {field: one for field, one in known.items() if field != key}
        row = {key: name, "customer_id": person.id, **self.fields(path, wanted, ("customer", *but), person)}
        return {**row, **self._worth((*path, "kind"), str(row["kind"]))} if word == "voucher" and "kind" in row else row

    def _worth(self, path: Path, kind: str) -> dict[str, int | None]:
        """What a voucher is worth, as its kind says."""
        if kind not in self.vouchers:
            text = f"there is no voucher `{kind}` in settings/vouchers.yaml"
            self._say(path, "unknown-voucher", text, *suggest(kind, self.vouchers, "there are"))
            return {}
        said, currency = self.vouchers[kind], self.settings.currency
        return {"worth": Voucher.minor(said.value, currency), "minimum": Voucher.minor(said.minimum, currency)}

    def lines(self, path: Path, event: str) -> list[dict[str, Any]]:
        """The lines of an order."""
        known = self.catalogue.events[event].lists["lines"].fields
        found = [self.fields((*path, number), known) for number in range(len(self._list(path)))]
        for number, line in enumerate(found):
            if "product" not in line:
                self._say((*path, number), "missing-key", "a line needs `product`", "add  product: …")
        return found

    def fields(
        self, path: Path, known: Mapping[str, Field], but: tuple[str, ...] = (), person: Person | None = None
    ) -> dict[str, Any]:
        """The values of one mapping."""
        zone = person.zone if person is not None else self.settings.zone
        row: dict[str, Any] = {}
        for key in self._mapping(path):
            at = (*path, key)
            if key in but:
                continue
            if key not in known:
                place = self.draft.source.key_place(at)
                self.draft.add(
                    place, "unknown-field", f"there is no field `{key}` here", *suggest(key, known, "fields")
                )
            elif not isinstance(self.draft.source.at(at), dict | list | None):
                try:
                    row[key] = read_value(known[key], self.draft.source.raw(at), self.settings.currency, zone)
                except Misread as misread:
                    self._say(at, misread.rule, str(misread), *misread.helps)
        return row

    def _wish(self, path: Path, people: Mapping[str, Person]) -> Iterator[tuple[str, dict[str, Any]]]:
        person = self._owner(path, people)
        row = self.fields(path, {"product": Field("product", Type.TEXT)}, ("customer",))
        if person is not None and "product" in row:
            yield "wishes", {"customer_id": person.id, **row}
        elif person is not None:
            self._say(path, "missing-key", "a wish needs `product`", "add  product: …")

    def _owner(self, path: Path, people: Mapping[str, Person]) -> Person | None:
        at = (*path, "customer")
        if self.draft.is_broken(path):
            return None
        if at not in self.draft.source.marks:
            self._say(path, "missing-key", "it is not said whose this is", "add  customer: …")
            return None
        name = self.draft.source.raw(at)
        if name not in people:
            self._say(at, "unknown-customer", f"no customer `{name}` is given", *suggest(name, people, "given are"))
        return people.get(name)

    def _mapping(self, path: Path) -> Mapping[str, Any]:
        value = self.draft.source.at(path) if path in self.draft.source.marks else None
        return value if isinstance(value, dict) else {}

    def _list(self, path: Path) -> list[Any]:
        value = self.draft.source.at(path) if path in self.draft.source.marks else None
        return value if isinstance(value, list) else []

    def _say(self, path: Path, rule: str, text: str, *helps: str) -> None:
        self.draft.add(self.draft.source.place(path), rule, text, *helps)
