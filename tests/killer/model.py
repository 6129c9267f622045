"""What should have happened, worked out from what the client was told is in the store, and from nothing of the engine."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.killer.shop import Event
from tests.killer.workspace import MILESTONE

#: The playbooks that an event begins, and what their occasions are about.
_BEGINS = {"order.paid": "receipt", "parcel.received": "thanks", "basket.left": "reminder"}


@dataclass
class Expected:
    """By playbook and customer, since an occasion's key is the engine's own affair; effects by the event they follow from."""

    runs: Counter[tuple[str, str, str]] = field(default_factory=Counter)  # playbook, customer, event
    praised: set[str] = field(default_factory=set)  # events `parcel.received` whose parcels were praised
    milestones: set[str] = field(default_factory=set)  # customers
    left: set[str] = field(default_factory=set)  # customers who took back their consent


def expected(events: Iterable[Event]) -> Expected:
    """The runs that these events should have begun, and how they should have gone on."""
    found = Expected()
    spent: dict[str, int] = defaultdict(int)
    for event in events:
        name, customer, payload = event["name"], event["customer_id"], event["payload"]
        if name in _BEGINS:
            found.runs[_BEGINS[name], customer, event["id"]] += 1
        if name == "order.paid":
            spent[customer] += payload["total"]
        elif name == "parcel.praised":
            found.praised.add(payload["order_id"].removeprefix("p-"))
        elif name == "consent.withdrawn":
            found.left.add(customer)
    found.milestones = {customer for customer, total in spent.items() if total >= MILESTONE * 100}
    return found
