"""The wall around every page."""

from datetime import datetime

import httpx2
import sqlalchemy as sa

from engine.shop import Shop
from engine.web.site import Site
from tests.shop import SECRETS, workspace_of
from tests.web.serving import served


def test_what_is_not_there_is_not_found(sqlite_store: sa.Engine, now: datetime) -> None:
    site = Site(sqlite_store, Shop(sqlite_store, workspace_of({})), SECRETS, lambda: now)
    with served(site) as url:
        assert httpx2.get(f"{url}/nothing").status_code == 404
