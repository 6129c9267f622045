"""The room of a playbook: the words that exist in all of it, to which each step adds its own."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.catalogue import Catalogue, Field
from engine.catalogue.origin import Origin
from engine.conditions import Tree
from engine.source.problem import Flaw
from engine.workspace.conditions import Reading

NO_EVENT = Flaw(
    0,
    0,
    "no-event",
    "`event` does not exist here: this playbook does not begin with an event",
    ("begin it with `event:`, or speak of `customer.*`",),
)

NO_AWAITED = Flaw(
    0,
    0,
    "no-event",
    "`it` does not exist here: it is the event that a `wait_for` or a `stop_when` speaks of",
    ("the event that began the run, and that of `goal`, is `event`",),
)


@dataclass(frozen=True)
class Room:
    """`customer.*` and what began the run, `event.*` for an event. `unclear` names a scope that a mistake hides."""

    catalogue: Catalogue
    segments: Mapping[str, Tree]
    currency: str
    origin: Origin = field(default_factory=Origin)
    unclear: frozenset[str] = frozenset()
    segment_names: frozenset[str] = frozenset()  # those with mistakes too

    @property
    def scope(self) -> dict[str, Mapping[str, Field]]:
        """The words before any step has run."""
        return {"customer": self.catalogue.fields, **self.origin.scopes(self.catalogue)}

    def reading(
        self,
        more: Mapping[str, Mapping[str, Field]] | None = None,
        later: Mapping[str, Flaw] | None = None,
        unclear: frozenset[str] = frozenset(),
        awaited: str | None = None,
        *,
        by_name: bool = False,
    ) -> Reading:
        """How conditions are read here; `awaited` is an event whose fields are `it.*`."""
        scope = {**self.scope, **(more or {})}
        later = {"it": NO_AWAITED, **({} if "event" in scope else {"event": NO_EVENT}), **(later or {})}
        hidden = self.unclear | unclear
        if awaited is not None:
            known = self.catalogue.events.get(awaited)
            scope["it"] = known.fields if known else {}
            hidden = hidden if known else hidden | {"it"}
        return Reading(
            scope,
            self.segments,
            self.segment_names,
            self.currency,
            later,
            hidden,
            by_name,
            events=self.catalogue.events,
        )
