"""Links that are to lead on to somebody else's site."""

from datetime import datetime
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa

from engine.render import unsubscribe_token
from engine.web.site import Site
from tests.shop import SECRETS, World, playbook
from tests.web.serving import served

FORMS = ("?url=https://evil.example", "?next=//evil.example", "?to=/%5Cevil.example", "?redirect=https:evil.example")


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_no_answer_leads_to_another_site(sqlite_store: sa.Engine, now: datetime, method: str) -> None:
    world = World(sqlite_store, now, playbook("hello", "when: {event: order.paid}\ndo:\n  - email: hello"))
    world.customers("mei")
    token = unsubscribe_token(SECRETS, "mei", "email", "offers", 1)
    with served(Site(sqlite_store, world.shop, SECRETS, lambda: now)) as url:
        place = urlsplit(url)
        for path in (f"/u/{token}", f"/p/{token}", "/", "//evil.example", "/\\evil.example", "/click", "/events"):
            for form in ("", *FORMS):
                connection = HTTPConnection(place.hostname or "", place.port, timeout=30)
                connection.request(method, path.replace("\\", "%5C") + form)
                answer = connection.getresponse()
                said = answer.read()
                connection.close()
                assert "evil" not in (answer.getheader("location") or "") + (answer.getheader("refresh") or "")
                assert b"evil.example" not in said
