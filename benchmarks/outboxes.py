"""An outbox full of mails that are due: the shop behind it, and its rows."""

import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from engine.store.connect import connect
from engine.store.customers import consents, customers, events, vouchers
from engine.store.ledger import enrolments, outbox
from engine.store.migrate import migrate
from engine.workspace import Workspace, load_texts

#: A weekday, at an hour at which mails may go.
NOW = datetime(2026, 5, 20, 4, tzinfo=UTC)
SECRETS = ["a secret of the benchmark"]
SENDER = "hello@tea.example.com"
_SEEN = 4

SETTINGS = """
brand:
  name: Pine & Jasmine Tea House
  address: 18 Wukang Road, Shanghai 200031, China
  website: https://tea.example.com
timezone: Asia/Shanghai
country: CN
currency: CNY
languages: [en]
web:
  url: https://tea.example.com/letters
topics:
  offers:
    title: {en: Vouchers and offers}
channels:
  email:
    from: Pine & Jasmine Tea House <hello@tea.example.com>
    reply_to: tea-table@tea.example.com
    host: 127.0.0.1
    port: PORT
    connections: CONNECTIONS
    feedback_id: true
    bounces:
      address: bounces@mail.tea.example.com
delivery:
  render_processes: PROCESSES
limits:
  cap: 3 per 7 days
  send_window: 09:00-21:00
brakes:
  bounces: 5%
  complaints: 0.3%
"""

PLAYBOOK = """
playbook: seen
title: What was looked at
owner: crm@example.com
status: active
topic: offers
when:
  event: page.viewed
  collect:
    for: 30 minutes
    at_most: 4 hours
enter: once per 14 days
stop_when:
  - event: order.paid
do:
  - voucher: ten-percent
    as: offer
    expires: 30 days
  - email: seen
"""

MAIL = """---
subject: {{ customer.first_name | default('Friend') }}, 10% for you until {{ offer.expires_at | date }}
preheader: Your code {{ offer.code }} waits for you
---
Hello {{ customer.first_name }} {{ customer.last_name }},

a while ago you looked at these in our shop:

{% for event in events %}
- [{{ event.title }}](https://tea.example.com/p/{{ event.product }})
{% endfor %}

With **{{ offer.code }}** your next order costs 10% less, until {{ offer.expires_at | date }}.

{% if customer.tier == 'gold' %}
As a gold customer you pay no postage, and your parcel leaves on the day of your order.
{% endif %}

You are with us since {{ customer.member_since | date }}, {{ customer.first_name }}:
{{ customer.orders_count }} orders for {{ customer.lifetime_spend | money }}, the last on {{ customer.last_order_at | date }}.
Your {{ customer.points }} points are yours until {{ customer.points_expire_on | date }}.
Questions? {{ customer.account_manager }} looks after {{ customer.company }} and you.

[To the shop]({{ brand.website }}?code={{ offer.code }}&c={{ customer.id }})

Yours,
{{ brand.name }}, {{ brand.address }}
"""


def shop_of(port: int, processes: int, connections: int) -> Workspace:
    """The workspace. Raises `ValueError` with the problems of a wrong one."""
    settings = SETTINGS.replace("PORT", str(port)).replace("PROCESSES", str(processes))
    texts = {
        "settings/regulars.yaml": settings.replace("CONNECTIONS", str(connections)),
        "settings/vouchers.yaml": "ten-percent:\n  title: 10% off the next order\n  share: 10%\n  code: TEN-{random}\n",
        "seen.yaml": PLAYBOOK,
        "messages/seen/en.md": MAIL,
    }
    found = load_texts({name: text.encode() for name, text in texts.items()})
    if found.errors:
        raise ValueError("\n".join(str(one) for one in found.errors))
    return found


def kept(folder: Path, mails: int) -> Path:
    """A SQLite file with so many mails of the present text that are due, made where it is not kept yet."""
    path = folder / f"outbox-{mails}-{shop_of(25, 1, 1).playbooks['seen'].revision[:8]}.db"
    if not path.exists():
        part = path.with_suffix(".part")
        part.unlink(missing_ok=True)
        store = connect(f"sqlite:///{part}")
        migrate(store)
        fill(store, mails)
        store.dispose()  # the last connection folds the log into the file
        part.rename(path)
    return path


def copied(kept_file: Path) -> Path:
    """The same outbox for one round."""
    path = kept_file.with_name("outbox-round.db")
    for end in ("", "-wal", "-shm"):
        path.with_name(path.name + end).unlink(missing_ok=True)
    shutil.copyfile(kept_file, path)
    return path


def fill(store: sa.Engine, mails: int) -> None:
    """So many customers who consented, each with a run that has planned its mail, a voucher and what was looked at."""
    revision = shop_of(25, 1, 1).playbooks["seen"].revision
    people = [person(number) for number in range(mails)]
    with store.begin() as connection:
        connection.execute(sa.insert(customers), [{**one, "created_at": NOW, "position": 1} for one in people])
        connection.execute(sa.insert(consents), [_consent(one["id"]) for one in people])
        connection.execute(sa.insert(events), [seen for number in range(mails) for seen in _events(number)])
        connection.execute(sa.insert(enrolments), [run for number in range(mails) for run in _runs(number, revision)])
        connection.execute(sa.insert(vouchers), [_voucher(number) for number in range(mails)])
        connection.execute(sa.insert(outbox), [_planned(number, revision) for number in range(mails)])
    with store.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")


def person(number: int) -> dict[str, Any]:
    """A customer."""
    return {
        "id": f"c{number:07}", "email": f"c{number:07}@customers-{number % 7}.example",
        "first_name": ("Mei", "Anna", "Tom")[number % 3], "last_name": ("Liang", "Kowalska", "Ansel")[number % 3],
        "language": "en", "country": ("CN", "PL", "US")[number % 3], "timezone": "", "tier": ("gold", "silver")[number % 2],
        "birthday": date(1980, 1 + number % 12, 1 + number % 28), "member_since": date(2024, 1, 1 + number % 28),
        "member_until": date(2027, 1, 1 + number % 28), "company": f"Company {number % 90}", "open_complaints": 0,
        "account_manager": "Lin Yue", "orders_count": 1 + number % 9, "lifetime_spend": 10_000 + number % 90_000,
        "first_order_at": NOW - timedelta(days=400 + number % 90), "last_order_at": NOW - timedelta(days=30 + number % 90),
        "points": number % 900, "points_expire_on": date(2026, 12, 31),
    }  # fmt: skip


def _consent(customer: str) -> dict[str, Any]:
    answer = {"channel": "email", "topic": "*", "given": True, "at": NOW - timedelta(days=300), "how": "the benchmark"}
    return {"customer_id": customer, **answer}


def code(number: int) -> str:
    return f"TEN-{number:08}"


def seen(number: int) -> list[dict[str, str]]:
    """The products that a customer looked at."""
    return [
        {"product": f"oolong-{(number + one) % 50}", "title": f"Oolong no. {(number + one) % 50}, spring picking"}
        for one in range(_SEEN)
    ]


def _events(number: int) -> Iterator[dict[str, Any]]:
    for one, payload in enumerate(seen(number)):
        yield {
            "id": f"e{number:07}-{one}", "name": "page.viewed", "customer_id": f"c{number:07}",
            "occurred_at": NOW - timedelta(hours=2, minutes=-one), "payload": payload, "position": 1,
        }  # fmt: skip


def _runs(number: int, revision: str) -> Iterator[dict[str, Any]]:
    """The run of the first look, numbered as the customer is, and those of the others that joined it."""
    for one in range(_SEEN):
        at = NOW - timedelta(hours=2, minutes=-one)
        yield {
            "id": 1 + number * _SEEN + one, "playbook": "seen", "customer_id": f"c{number:07}",
            "occasion": f"e{number:07}-{one}", "event_id": f"e{number:07}-{one}", "revision": revision,
            "state": "collected" if one else "done", "joins": f"e{number:07}-0" if one else None, "fired_at": at,
            "entered_at": at, "due_at": NOW, "ended_at": NOW, "listens": False,
            "collect_until": NOW - timedelta(hours=1), "results": None if one else {"offer": {"voucher": code(number)}},
        }  # fmt: skip


def _voucher(number: int) -> dict[str, Any]:
    return {
        "kind": "ten-percent", "code": code(number), "customer_id": f"c{number:07}", "enrolment_id": 1 + number * _SEEN,
        "step": "0", "iteration": 0, "state": "issued", "issued_at": NOW, "expires_at": NOW + timedelta(days=30),
    }  # fmt: skip


def _planned(number: int, revision: str) -> dict[str, Any]:
    return {
        "enrolment_id": 1 + number * _SEEN, "step": "1", "iteration": 0, "playbook": "seen", "revision": revision,
        "customer_id": f"c{number:07}", "channel": "email", "message": "seen", "purpose": "marketing", "topic": "offers",
        "state": "planned", "planned_at": NOW, "due_at": NOW, "expires_at": NOW + timedelta(days=3),
    }  # fmt: skip
