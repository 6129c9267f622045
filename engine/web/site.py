"""What every page stands on: the store, the shop as its files say it now, the secrets, the clock and the environment."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from engine.shop import Shop


@dataclass
class Site:
    """One shop on the net. `shop` is replaced when its files change; read it anew with each request.

    `secrets` sign the links, the present one last.
    """

    store: sa.Engine
    shop: Shop
    secrets: Sequence[str]
    now: Callable[[], datetime]
    environment: Mapping[str, str] = field(default_factory=dict)
