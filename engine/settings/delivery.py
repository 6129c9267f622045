"""What becomes of messages of which nobody knows whether they were taken, and how messages are written."""

from typing import Annotated, Literal

from pydantic import Field, WithJsonSchema

from engine.clocks.times import Length
from engine.settings.declared import Count, Declared
from engine.settings.literals import Duration

OnUncertain = Literal["assume_sent", "resend", "review"]

_Resends = Annotated[Count, Field(ge=0, le=10), WithJsonSchema({"type": "integer", "minimum": 0, "maximum": 10})]
_Processes = Annotated[Count, Field(ge=1, le=16), WithJsonSchema({"type": "integer", "minimum": 1, "maximum": 16})]

#: How long a sign is waited for, and how often a message goes again, where nothing is said.
USUAL_WAIT, USUAL_RESENDS = Length(24, "hour"), 1


class Delivery(Declared):
    """What becomes of a message that was handed over and never answered: taken or not, nobody knows."""

    on_uncertain: OnUncertain | None = Field(
        default=None,
        description="`assume_sent` never sends it twice; `resend` sends it once more, the same to the letter; `review` asks "
        "the shop (`regulars uncertain`). Without it, what is transactional is sent again, but for text messages, and all "
        "else is not.",
    )
    evidence_wait: Duration | None = Field(
        default=None,
        description="How long a sign that it was taken is waited for (a bounce, a click) before that; without it 24 hours.",
    )
    max_uncertain_resends: _Resends | None = Field(
        default=None, description="How often `resend` sends one message again at most; without it once."
    )


class ShopDelivery(Delivery):
    """What holds for every playbook that says nothing else of its messages without an answer, and how messages are written."""

    render_processes: _Processes = Field(
        default=1,
        description="How many processes write messages, each within limits of memory and time. A second one helps where a "
        "machine has more cores than the database and the mail server keep busy.",
    )
