"""enters: fires when a customer begins to match conditions or a segment."""

from datetime import datetime
from typing import ClassVar, Literal

import sqlalchemy as sa
from pydantic import Field

from engine.blocks import Conditions
from engine.conditions import Tree
from engine.members import Following
from engine.trigger import Firing, Ground, Trigger


class Enters(Trigger):
    """Fires when a customer begins to match, and again only after the customer has ceased to; the occasion is the count."""

    word: ClassVar[str] = "enters"

    enters: Conditions = Field(description="Conditions that must all hold, or the name of a segment.")
    existing: Literal["skip", "include"] = Field(
        default="skip", description="Whether those who match on the day of launch are enrolled too."
    )

    @property
    def audience(self) -> Tree:
        return self.enters

    def firings(self, ground: Ground) -> tuple[Firing, ...]:
        return Following(ground, self.enters, "enters").firings()

    def baseline(self, ground: Ground) -> Firing:
        return Following(ground, self.enters, "enters").baseline(fires=self.existing == "include")

    def next_at(
        self, connection: sa.Connection, ground: Ground, after: datetime, zones: tuple[str, ...]
    ) -> datetime | None:
        return Following(ground, self.enters, "enters").next_at(connection, after)
