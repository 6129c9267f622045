"""What began a run, and the words by which its playbook speaks of it: `event.*`, `line.*`, `wish.*`, `reservation.*`, `events`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.catalogue import Catalogue, Elements, Event, Field, PersonalList, Record

#: The list of collected events in texts.
EVENTS = "events"


@dataclass(frozen=True)
class Origin:
    """Of the names of the catalogue, those that a trigger speaks of."""

    event: str | None = None
    each: str | None = None  # a list inside the event
    meets: str | None = None  # a personal list that the event is met with
    record: str | None = None
    collects: bool = False

    @classmethod
    def of_texts(cls, texts: Mapping[str, Any]) -> "Origin":
        """As a file writes it below `when:`, before it is known to be right."""
        event, each, meets, dated = (_text(texts.get(word)) for word in ("event", "each", "meets", "date"))
        record = dated.partition(".")[0] if dated else None
        return cls(
            event,
            each.removeprefix("event.") if each else None,
            meets,
            None if record == "customer" else record,
            collects="collect" in texts,
        )

    def event_in(self, catalogue: Catalogue) -> Event | None:
        """The event."""
        return catalogue.events.get(self.event or "")

    def elements_in(self, catalogue: Catalogue) -> Elements | None:
        """The list inside the event."""
        event = self.event_in(catalogue)
        return event.lists.get(self.each or "") if event is not None else None

    def list_in(self, catalogue: Catalogue) -> PersonalList | None:
        """The personal list."""
        return catalogue.lists.get(self.meets or "")

    def record_in(self, catalogue: Catalogue) -> Record | None:
        """The kind of record."""
        return catalogue.records.get(self.record or "")

    def scopes(self, catalogue: Catalogue) -> dict[str, Mapping[str, Field]]:
        """The fields of what began the run, by the word before the dot."""
        event, elements = self.event_in(catalogue), self.elements_in(catalogue)
        met, record = self.list_in(catalogue), self.record_in(catalogue)
        return {
            **({"event": event.fields} if event is not None else {}),
            **({elements.word: elements.fields} if elements is not None else {}),
            **({met.word: met.fields} if met is not None else {}),
            **({record.name: record.fields} if record is not None else {}),
        }


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
