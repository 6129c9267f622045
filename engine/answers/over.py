"""Whether a single moment is past: in which of the zones where customers live, for a launch from now on."""

from datetime import datetime

import sqlalchemy as sa

from engine.catalogue import Catalogue
from engine.progress import zones_of_customers
from engine.rhythm import effective
from engine.settings import Settings
from engine.triggers.once import Once


def over(
    connection: sa.Connection, settings: Settings, catalogue: Catalogue, trigger: Once, now: datetime
) -> str | None:
    """What a launch from now on misses; None where the moment lies ahead of everybody."""
    zones = effective(zones_of_customers(connection, catalogue), settings.timezone)
    past = sum(trigger.noticed_at(settings.zone_of(zone)) <= now for zone in zones)
    if past == len(zones):
        return "past everywhere, a launch from now on reaches nobody"
    return f"past in {past} of {len(zones)} zones, which a launch from now on does not reach" if past else None
