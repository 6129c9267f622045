"""What happens in a test: events with the fields that the catalogue gives them, and changes of a customer."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from engine.catalogue import Catalogue, Event
from engine.rehearse.goods import RECORDS, Goods
from engine.rehearse.moments import Misread, Moment
from engine.rehearse.people import People
from engine.rehearse.script import Happening, Person
from engine.rehearse.values import read_value
from engine.rehearse.vocabulary import Vocabulary
from engine.settings import Settings
from engine.source.near import near, suggest
from engine.source.yaml import Path
from engine.store.ingest.events import ORDER_EVENTS
from engine.workspace import Playbook
from engine.workspace.reading import Draft

_FRAME = ("at", "customer", "event")
_SAID = ("done", "approved", "refused")
_CHANGES = ("set", "tag", "untag", "wish", *RECORDS, *_SAID)
#: Of this event, a field may name a result: `voucher: gift` is the code of the customer's gift.
_REDEEMED = "voucher.redeemed"


class Reader(Protocol):
    """Reads the moments of a file."""

    def read(self, path: Path, person: Person | None) -> Moment | None:
        """The moment at `path`; None where it is missing or wrong, which is noted."""


@dataclass(frozen=True)
class Happenings:
    """Reads the `events:` of tests."""

    draft: Draft
    settings: Settings
    catalogue: Catalogue
    people: People
    times: Reader
    playbook: Playbook
    goods: Goods

    def read(
        self, path: Path, people: Mapping[str, Person], goods: Iterable[tuple[str, Mapping[str, Any]]] = ()
    ) -> Iterator[Happening]:
        """What happens, in order of time; what happens at one instant keeps its order. `goods` are what is given."""
        lines = self.draft.source.at(path) if path in self.draft.source.marks else []
        keys = {kept.kind: kept.key for kept in RECORDS.values()}
        owners = {(kind, str(row[keys[kind]])): row["customer_id"] for kind, row in goods if kind in keys}
        found = (self._one((*path, number), people, owners) for number in range(len(lines or ())))
        yield from sorted((one for one in found if one is not None), key=lambda one: one.at)

    def _one(self, path: Path, people: Mapping[str, Person], owners: dict[tuple[str, str], str]) -> Happening | None:
        if self.draft.is_broken(path):
            return None
        texts = self.draft.source.texts(path)
        if self._about_product(texts):
            return self._of_product(path, texts)
        person = self._whose(path, texts, people, owners)
        at = self.times.read((*path, "at"), person)
        words = [word for word in ("event", *_CHANGES) if word in texts]
        if not words:
            help_ = "add a line:  event: order.paid"
            self.draft.add(self.draft.source.place(path), "missing-key", "event needs `event`", help_)
        if person is None or at is None or not words:
            return None
        if words[0] == "event":
            return self._event(path, texts, at, person)
        if words[0] in RECORDS or words[0] == "wish":
            return self._record(path, texts, words[0], at, person)
        return self._change(path, texts, words, at, person)

    def _whose(
        self, path: Path, texts: Mapping[str, Any], people: Mapping[str, Person], owners: dict[tuple[str, str], str]
    ) -> Person | None:
        """To whom it happens: a reservation or the like that is known by now says so itself."""
        named = next(((RECORDS[word].kind, str(texts[word])) for word in RECORDS if word in texts), None)
        if "customer" not in texts and named in owners:
            return people.get(owners[named])
        if "customer" not in texts:
            self.draft.add(self.draft.source.place(path), "missing-key", "event needs `customer`", "add  customer: …")
        person = known_person(self.draft, (*path, "customer"), people)
        if person is not None and named is not None:
            owners[named] = person.id
        return person

    def _about_product(self, texts: Mapping[str, Any]) -> bool:
        known = self.catalogue.events.get(texts.get("event") or "")
        return known is not None and known.about == "product"

    def _of_product(self, path: Path, texts: Mapping[str, Any]) -> Happening | None:
        """An event that happens to a product and to no customer."""
        event, at = self.catalogue.events[texts["event"]], self.times.read((*path, "at"), None)
        payload = self.goods.fields(path, event.fields, ("at", "event"))
        place = self.draft.source.place(path)
        if "product" not in payload:
            self.draft.add(place, "missing-key", f"`{event.name}` needs `product`", "add  product: …")
        if at is None or "product" not in payload:
            return None
        product = str(payload.pop("product"))
        return Happening(int(path[-1]), at.instant, "", place, event.name, payload, about=product)

    def _record(self, path: Path, texts: Mapping[str, Any], word: str, at: Moment, person: Person) -> Happening:
        """A wish that is made; a reservation, subscription or voucher that is made or changed."""
        name, place = str(texts[word]), self.draft.source.place(path)
        record: tuple[str, Mapping[str, Any]] = ("wishes", {"customer_id": person.id, "product": name})
        if word in RECORDS:
            record = (RECORDS[word].kind, self.goods.record(path, word, name, person, ("at", word)))
        return Happening(int(path[-1]), at.instant, person.id, place, record=record)

    def _change(
        self, path: Path, texts: Mapping[str, Any], words: list[str], at: Moment, person: Person
    ) -> Happening | None:
        others = [key for key in texts if key not in ("at", "customer", words[0])]
        if others:
            place = self.draft.source.key_place((*path, others[0]))
            self.draft.add(place, "two-words", f"`{words[0]}` and `{others[0]}` are two events", "write two of them")
            return None
        if words[0] in _SAID:
            self._answered((*path, words[0]), words[0], str(texts[words[0]]))
        row: dict[str, Any] = {}
        if words[0] == "set":
            row, _ = self.people.columns((*path, "set"))
        elif words[0] == "tag":
            row = {"tags": (texts["tag"],)}
        untag = texts.get("untag")
        number = int(path[-1])
        said = (words[0], str(texts[words[0]])) if words[0] in _SAID else None
        place = self.draft.source.place(path)
        return Happening(number, at.instant, person.id, place, row=row, untag=untag, said=said)

    def _answered(self, path: Path, word: str, name: str) -> None:
        """Only what this playbook asks of people can be done or answered in its test."""
        verb = "task" if word == "done" else "approve"
        actions = (step.action for step in self.playbook.steps.values())
        known = {getattr(action, verb) for action in actions if action.verb == verb}
        if name not in known:
            text = f"this playbook gives no task `{name}`" if word == "done" else f"this playbook asks for no `{name}`"
            self.draft.add(self.draft.source.place(path), f"unknown-{verb}", text, *suggest(name, known, "it knows"))

    def _event(self, path: Path, texts: Mapping[str, Any], at: Moment, person: Person) -> Happening | None:
        name = texts["event"] or ""
        event = self.catalogue.events.get(name)
        if event is None:
            place = self.draft.source.place((*path, "event"))
            helps = suggest(name, self.catalogue.events, "events")
            self.draft.add(place, "unknown-event", f"unknown event `{name}`", *helps)
            return None
        if event.table != "events" and name not in ORDER_EVENTS:
            place = self.draft.source.place((*path, "event"))
            self.draft.add(place, "unknown-event", f"`{name}` is kept in a table of the shop's own, which tests lack")
            return None
        payload: dict[str, Any] = {}
        result = None
        for key in (one for one in texts if one not in _FRAME):
            if name == _REDEEMED and texts[key] in Vocabulary.of(self.playbook).results:
                result = (key, str(texts[key]))
            elif key == "lines" and name in ORDER_EVENTS:
                payload[key] = self.goods.lines((*path, key), name)
            else:
                self._field((*path, key), key, event, person, payload)
        self._required(path, texts, event)
        place = self.draft.source.place(path)
        return Happening(int(path[-1]), at.instant, person.id, place, name, payload, result)

    def _field(self, path: Path, key: str, event: Event, person: Person, payload: dict[str, Any]) -> None:
        field = event.fields.get(key)
        source = self.draft.source
        if field is None:
            text = f"`{event.name}` has no field `{key}`"
            self.draft.add(source.key_place(path), "unknown-field", text, *suggest(key, event.fields, "fields"))
            return
        value = source.at(path)
        if isinstance(value, dict | list):
            self.draft.add(source.key_place(path), "value", f"`{key}` takes one value")
        elif value is not None:
            try:
                payload[key] = read_value(field, source.raw(path), self.settings.currency, person.zone)
            except Misread as misread:
                self.draft.add(source.place(path), misread.rule, str(misread), *misread.helps)

    def _required(self, path: Path, texts: Mapping[str, Any], event: Event) -> None:
        needed = (
            ("total",) if event.name in ORDER_EVENTS else [one.name for one in event.fields.values() if one.required]
        )
        for name in needed:
            if texts.get(name) is None and not any(near(key, [name]) for key in texts if key not in event.fields):
                place = self.draft.source.place((*path, "event"))
                self.draft.add(place, "missing-key", f"`{event.name}` needs `{name}`", f"add  {name}: …")


def known_person(draft: Draft, path: Path, people: Mapping[str, Person]) -> Person | None:
    """The customer named there; None where there is no such one, which is noted."""
    if path not in draft.source.marks or draft.is_broken(path):
        return None
    name = draft.source.raw(path)
    if name not in people:
        helps = suggest(name, people, "given are")
        draft.add(draft.source.place(path), "unknown-customer", f"no customer `{name}` is given", *helps)
    return people.get(name)
