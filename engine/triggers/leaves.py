"""leaves: fires when a customer ceases to match conditions or a segment."""

from datetime import datetime
from typing import ClassVar

import sqlalchemy as sa
from pydantic import Field

from engine.blocks import Conditions
from engine.conditions import Tree
from engine.members import Following
from engine.trigger import Firing, Ground, Trigger


class Leaves(Trigger):
    """Fires when a customer who matched ceases to; the occasion is the count."""

    word: ClassVar[str] = "leaves"

    leaves: Conditions = Field(description="Conditions that held together until now, or the name of a segment.")

    @property
    def audience(self) -> Tree:
        return self.leaves

    def firings(self, ground: Ground) -> tuple[Firing, ...]:
        return Following(ground, self.leaves, "leaves").firings()

    def baseline(self, ground: Ground) -> Firing:
        return Following(ground, self.leaves, "leaves").baseline(fires=False)

    def next_at(
        self, connection: sa.Connection, ground: Ground, after: datetime, zones: tuple[str, ...]
    ) -> datetime | None:
        return Following(ground, self.leaves, "leaves").next_at(connection, after)
