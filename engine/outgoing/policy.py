"""What becomes of a message that was handed over without an answer: as its playbook says, or the shop, or as is usual."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.clocks.times import Length
from engine.settings.delivery import USUAL_RESENDS, USUAL_WAIT, OnUncertain
from engine.shop import Shop

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Policy:
    """What becomes of a message without an answer."""

    way: OnUncertain
    wait: Length
    resends: int

    @classmethod
    def of(cls, shop: Shop, row: Row) -> "Policy":
        """As its playbook says today, else as the settings do, else as is usual for its kind."""
        found = shop.workspace.playbooks.get(row["playbook"])
        own = found.guarded.delivery if found is not None else shop.settings.delivery
        everywhere = shop.settings.delivery
        # A text message is never repeated unasked, whatever it says: providers do not know it again.
        repeats = row["purpose"] == "transactional" and row["channel"] != "sms"
        resends = own.max_uncertain_resends
        return cls(
            own.on_uncertain or everywhere.on_uncertain or ("resend" if repeats else "assume_sent"),
            own.evidence_wait or everywhere.evidence_wait or USUAL_WAIT,
            next((one for one in (resends, everywhere.max_uncertain_resends) if one is not None), USUAL_RESENDS),
        )


def is_keyed(row: Row) -> bool:
    """Whether the other side knows a repetition by its key, so that it can be handed over until there is an answer."""
    return bool(row["channel"] == "webhook")


def goes_again(shop: Shop, row: Row) -> bool:
    """Whether the same bytes may be asked for after a crash, so that they are kept before the first of them leaves.

    Where they are not, keeping them costs a write of each whole mail; they are kept once an answer has put it off.
    """
    return is_keyed(row) or Policy.of(shop, row).way != "assume_sent"
