"""`python -m benchmarks.leaving [STORE]`: how long one click takes while fifty people click at once and a daemon writes."""

import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from threading import Event, Thread

import httpx2
import sqlalchemy as sa

from engine.render import unsubscribe_token
from engine.shop import Shop
from engine.store.connect import connect
from engine.store.ingest import put_customers
from engine.store.migrate import migrate
from engine.web.leaving import routes
from engine.web.site import Site
from engine.workspace import load_texts
from tests.shop import SECRETS, SETTINGS
from tests.web.serving import served

PEOPLE, AT_ONCE = 600, 50
_SETTINGS = {"settings/regulars.yaml": SETTINGS, "settings/vouchers.yaml": "{}"}


def clock() -> datetime:
    """Now."""
    return datetime.now(UTC)


def beside(store: sa.Engine, end: Event) -> None:
    """Another program that writes all the time, as a daemon that takes in customers does."""
    for number in count():
        if end.is_set():
            return
        rows = [{"id": f"other-{number}-{one}", "email": f"o{number}.{one}@example.com"} for one in range(20)]
        with store.begin() as connection:
            put_customers(connection, rows, clock())
        end.wait(0.01)


def main() -> None:
    """Prints the median, p99 and the longest, in milliseconds."""
    with tempfile.TemporaryDirectory() as folder:
        url = sys.argv[1] if len(sys.argv) > 1 else f"sqlite:///{Path(folder) / 'shop.db'}"
        store, other = connect(url), connect(url)
        migrate(store)
        who = [f"c{number}" for number in range(PEOPLE)]
        with store.begin() as connection:
            put_customers(
                connection, [{"id": c, "email": f"{c}@example.com", "email_consent": True} for c in who], clock()
            )
        end = Event()
        Thread(target=beside, args=[other, end], daemon=True).start()
        behind = {"proxy_headers": True, "forwarded_allow_ips": ["127.0.0.1"]}  # everybody has an address of his own
        with served(Site(store, Shop(store, load_texts(_SETTINGS)), SECRETS, clock), [routes], **behind) as site:
            links = [f"{site}/u/{unsubscribe_token(SECRETS, customer, 'email', 'offers')}" for customer in who]
            limits = httpx2.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE)
            with httpx2.Client(limits=limits, timeout=30) as client, ThreadPoolExecutor(AT_ONCE) as people:

                def click(link: str) -> tuple[int, float]:
                    began = time.perf_counter()
                    asker = {"X-Forwarded-For": f"10.0.{links.index(link) % 250}.1"}
                    status = client.post(link, data={"List-Unsubscribe": "One-Click"}, headers=asker).status_code
                    return status, (time.perf_counter() - began) * 1000

                began, spent = time.perf_counter(), time.process_time()
                found = list(people.map(click, links))
                took = time.perf_counter() - began
        end.set()
        spent = time.process_time() - spent
        times = sorted(taken for status, taken in found if status == 200)
        print(f"{store.dialect.name}: {len(times)} of {PEOPLE} in {took:.1f} s, {AT_ONCE} at once: median", end=" ")
        middle, late = times[len(times) // 2], times[int(len(times) * 0.99)]
        print(f"{middle:.0f} ms, p99 {late:.0f} ms, longest {times[-1]:.0f} ms;", end=" ")
        print(f"{spent / PEOPLE * 1000:.1f} ms of a core each, those who click included")


if __name__ == "__main__":
    main()
