"""The workspaces that are measured: the tea house's settings and texts, with playbooks made for the purpose."""

from collections.abc import Callable, Mapping
from pathlib import Path

from engine.triggers import TRIGGERS
from engine.workspace import Workspace, load_texts

_TEA_HOUSE = Path(__file__).parent.parent / "playbooks"

WIN_BACK = """
playbook: win-back
title: Three months without an order
owner: crm@example.com
status: active
topic: offers
when:
  enters:
    - customer.orders_count >= 1
    - customer.last_order_at before 90 days ago
  existing: include
enter: once per 180 days
goal:
  event: order.paid
  within: 30 days
stop_when:
  - event: order.paid
do:
  - voucher: winback-10-percent
    as: offer
    expires: 30 days
  - email: winback-standard
  - wait: 5 days
  - tag: win-back-tried
"""

#: Everybody is enrolled; the texts are transactional, so that no hour of the day holds them back.
EVERYBODY = """
playbook: everybody
title: A letter to each customer
owner: crm@example.com
status: active
purpose: transactional
when:
  enters:
    - customer.orders_count >= 0
  existing: include
do:
  - voucher: winback-10-percent
    as: offer
    expires: 30 days
  - email: winback-standard
"""

#: A `when:` of each kind; the number varies it, so that a hundred playbooks ask a hundred different things.
PATTERNS: Mapping[str, Callable[[int], str]] = {
    "event": lambda n: _event(n),
    "enters": lambda n: _conditions("enters", n),
    "leaves": lambda n: _conditions("leaves", n),
    "date": lambda n: (
        f"  date: customer.{('member_until', 'first_order_at', 'last_order_at')[n % 3]}\n"
        f"  {'lead' if n % 3 == 0 else 'lag'}: {7 + n} days\n  at: {9 + n % 3:02}:30"
    ),
    "anniversary": lambda n: (
        f"  anniversary: customer.{('birthday', 'member_since')[n % 2]}\n  lead: {1 + n} days\n  at: {9 + n % 3:02}:15"
    ),
    "holiday": lambda n: f"  holiday: {('christmas', 'lunar-new-year', 'mid-autumn')[n % 3]}\n  lead: {1 + n} days",
    "once": lambda n: f"  once: 2040-{1 + n % 12:02}-{1 + n % 28:02} 10:00",
    "every": lambda n: f"  every: {('day', 'monday', 'saturday', 'month')[n % 4]}\n  at: {9 + n % 3:02}:45",
    "cron": lambda n: f'  cron: "{n % 60} {13 + n % 3} * * {1 + n % 5}"',
}


def workspace(*playbooks: str) -> Workspace:
    """The tea house with these playbooks instead of its own. Raises `ValueError` with the problems of a wrong one."""
    kept = ("settings/*.yaml", "segments/*.yaml", "messages/*/*.md")
    texts = {
        path.relative_to(_TEA_HOUSE).as_posix(): path.read_bytes() for place in kept for path in _TEA_HOUSE.glob(place)
    }
    for text in playbooks:
        name = text.split("playbook:", 1)[1].split()[0]
        texts[f"{name}.yaml"] = text.encode()
    found = load_texts(texts)
    if found.errors:
        raise ValueError("\n".join(str(one) for one in found.errors))
    return found


def mixed(count: int) -> list[str]:
    """So many active playbooks, of every kind of trigger in turn."""
    words = list(TRIGGERS)
    return [_playbook(words[number % len(words)], number // len(words)) for number in range(count)]


def _playbook(word: str, number: int) -> str:
    return (
        f"playbook: {word}-{number}\ntitle: {word}, number {number}\nowner: crm@example.com\nstatus: active\n"
        f"topic: offers\nwhen:\n{PATTERNS[word](number)}\n"
        "enter: once per 30 days\ndo:\n  - tag: seen\n"
    )


def _event(number: int) -> str:
    name, field, least = (
        ("order.paid", "total", 100), ("cart.updated", "items_count", 1), ("review.posted", "rating", 1),
    )[number % 3]  # fmt: skip
    return f"  event: {name}\n  where:\n    - event.{field} >= {least + number}"


def _conditions(word: str, number: int) -> str:
    """Few customers match, and all of these depend on time: each is asked at every tick whose line was crossed."""
    conditions = (
        f"customer.last_order_at before {60 + number} days ago",
        f"customer.first_order_at after {30 + number} days ago",
        f"customer.orders_3_months >= {15 + number}",
        f"customer.member_until before {10 + number} days from now",
    )
    narrow = f"customer.lifetime_spend >= {20_000 + 1000 * number}"
    return f"  {word}:\n    - {narrow}\n    - {conditions[number % len(conditions)]}"
