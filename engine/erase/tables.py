"""Every table and what an erase does with a customer's rows in it: deleted, or kept for figures without the person."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

import sqlalchemy as sa

from engine.store.bounces import reports
from engine.store.contents import contents
from engine.store.customers import (
    consent_log,
    consents,
    customer_tags,
    customers,
    events,
    order_lines,
    orders,
    vouchers,
)
from engine.store.desk import questions, tasks
from engine.store.goods import reservations, subscriptions, supplies, wishes
from engine.store.ledger import attempts, enrolments, had, memberships, outbox
from engine.store.loyalty import points, voucher_changes
from engine.store.sources import receipts
from engine.store.types import Instant, Key

#: The reason that stands with what an erase ended.
ERASED: Final = "erased"

#: Stands in every statement for the customer's id, for what takes its place, and for the time.
WHO: Final = sa.bindparam("who", type_=Key)
NOBODY: Final = sa.bindparam("nobody", type_=Key)
NOW: Final = sa.bindparam("moment", type_=Instant())


@dataclass(frozen=True)
class Deleted:
    """The rows go."""

    where: sa.ColumnElement[bool]


@dataclass(frozen=True)
class Anonymised:
    """The rows stay for figures: `keeps` names the texts that say nothing of a person, all others are emptied."""

    where: sa.ColumnElement[bool]
    keeps: frozenset[str]
    values: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True)
class Sealed:
    """Addresses: a keyed hash takes their place."""


@dataclass(frozen=True)
class Nobodys:
    """The table speaks of no customer; what it speaks of is said."""

    of: str


Rule = Deleted | Anonymised | Sealed | Nobodys


def _own(table: sa.Table) -> sa.ColumnElement[bool]:
    own: sa.ColumnElement[bool] = table.c.customer_id == WHO
    return own


def _in(column: sa.ColumnElement[Any], table: sa.Table) -> sa.ColumnElement[bool]:
    return column.in_(sa.select(table.c.id).where(_own(table)))


def _no_one(table: sa.Table) -> sa.ColumnElement[str]:
    """A text in place of a key that must be unique, and would lead to the person."""
    return NOBODY + "/" + sa.cast(table.c.id, sa.Text)


def _where_open(open_: sa.ColumnElement[bool], then: Any, otherwise: Any = None) -> sa.ColumnElement[Any]:
    return sa.case((open_, then), else_=otherwise)


_LIVES: Final = enrolments.c.state.in_(("running", "waiting"))
#: A message whose fate is not known yet: what waits is cancelled, what may have gone is taken to have gone.
_WAITS: Final = outbox.c.state.in_(("planned", "deferred", "claimed"))
_GOES: Final = outbox.c.state.in_(("sending", "uncertain", "review"))
_UNREDEEMED: Final = vouchers.c.state == "issued"
_UNDONE: Final = tasks.c.done_at.is_(None)

#: In the order of work: rows that are found through others come before them.
TABLES: Final[Mapping[str, Rule]] = {
    "contents": Deleted(_in(contents.c.message_id, outbox)),
    "attempts": Anonymised(_in(attempts.c.message_id, outbox), frozenset({"id", "outcome"})),
    # What was ignored names nobody that is known, and its beginning is forgotten after a month.
    "reports": Anonymised(_in(reports.c.message_id, outbox), frozenset({"digest", "kind", "status"}), {"said": ERASED}),
    "questions": Anonymised(
        # Not LIKE: an id may hold its signs.
        sa.func.substr(questions.c.subject, 1, sa.func.length(WHO) + 1) == WHO + "/",
        frozenset({"playbook", "step", "question", "approver", "answer", "answered_by"}),
        {"subject": _no_one(questions), "until": sa.case((questions.c.answer.is_(None), NOW), else_=questions.c.until)},
    ),
    "outbox": Anonymised(
        _own(outbox),
        frozenset(
            {"step", "playbook", "revision", "channel", "unless_opened", "message", "purpose", "topic", "language"}
        ),
        {
            "customer_id": NOBODY,
            "state": sa.case((_WAITS, "cancelled"), (_GOES, "assumed_sent"), else_=outbox.c.state),
            "reason": _where_open(_WAITS | _GOES, ERASED),
            "lease_until": None,
        },
    ),
    "tasks": Anonymised(
        _own(tasks),
        frozenset({"task", "step", "assignee", "rotation", "escalate_to"}),
        {
            "customer_id": NOBODY,
            "done_at": sa.func.coalesce(tasks.c.done_at, NOW),
            "done_by": _where_open(_UNDONE, ERASED, tasks.c.done_by),
            "remind_at": None,
            "escalate_at": None,
        },
    ),
    "voucher_changes": Anonymised(
        _own(voucher_changes),
        frozenset({"change", "step"}),
        {"customer_id": NOBODY, "code": _no_one(voucher_changes)},
    ),
    "vouchers": Anonymised(
        _own(vouchers),
        frozenset({"kind", "step"}),
        {
            "customer_id": NOBODY,
            "code": _no_one(vouchers),
            "state": sa.case((_UNREDEEMED, "taken_back"), else_=vouchers.c.state),
        },
    ),
    "enrolments": Anonymised(
        _own(enrolments),
        frozenset({"playbook", "revision", "step", "rounds"}),
        {
            "customer_id": NOBODY,
            "occasion": _no_one(enrolments),
            "state": sa.case((_LIVES, "stopped"), else_=enrolments.c.state),
            "reason": _where_open(_LIVES, ERASED),
            "ended_at": _where_open(_LIVES, NOW, enrolments.c.ended_at),
            "listens": sa.false(),
            "suspended_at": None,
            "goal_until": None,
        },
    ),
    "receipts": Deleted(
        # Read as a whole: the key begins with the source, and nobody is erased often. Older ones do not say whose they are.
        _own(receipts)
        | (receipts.c.source + ":" + receipts.c.event_id).in_(
            sa.union_all(sa.select(events.c.id).where(_own(events)), sa.select(orders.c.id).where(_own(orders)))
        )
    ),
    "order_lines": Deleted(_in(order_lines.c.order_id, orders)),
    "orders": Deleted(_own(orders)),
    "events": Deleted(_own(events)),
    "wishes": Deleted(_own(wishes)),
    "reservations": Deleted(_own(reservations)),
    "subscriptions": Deleted(_own(subscriptions)),
    "supplies": Deleted(_own(supplies)),
    "points": Deleted(_own(points)),
    "had": Deleted(_own(had)),
    "memberships": Deleted(_own(memberships)),
    "customer_tags": Deleted(_own(customer_tags)),
    "consents": Deleted(_own(consents)),
    "consent_log": Deleted(_own(consent_log)),
    "customers": Deleted(customers.c.id == WHO),
    "suppressions": Sealed(),
    "variants": Nobodys("which way a run went"),
    "revisions": Nobodys("the texts of playbooks"),
    "progress": Nobodys("how far each playbook is evaluated"),
    "counters": Nobodys("how much playbooks gave"),
    "holds": Nobodys("what stands still"),
    "canaries": Nobodys("who goes ahead, as a share"),
    "products": Nobodys("what the shop sells"),
    "goods_events": Nobodys("what happened to products"),
    "pool_codes": Nobodys("codes of vouchers; whose they are stands with the vouchers"),
    "erasures": Nobodys("when somebody was erased, and in how many rows"),
}

#: What a statement needs to be run.
Statement = Callable[[Mapping[str, Any]], sa.Executable]
_TEXTS = (sa.Text, sa.String, sa.JSON)


def emptied(table: sa.Table, rule: Anonymised) -> dict[str, Any]:
    """The new values of a row that stays: every text that is not kept is gone."""
    texts = [column.name for column in table.columns if isinstance(column.type, _TEXTS)]
    gone: dict[str, Any] = {name: None for name in texts if name not in rule.keeps}
    if "state" in gone and "state" not in rule.values:
        del gone["state"]  # a word of the engine
    return {**gone, **rule.values}
