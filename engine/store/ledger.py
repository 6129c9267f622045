"""The engine's own tables: what it knows of playbooks, who is enrolled, what it said and what came of it."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from engine.store.customers import metadata
from engine.store.types import Document, Instant, Key, RowId

revisions = sa.Table(
    "revisions",
    metadata,
    sa.Column("playbook", Key, nullable=False),
    sa.Column("revision", Key, nullable=False),
    sa.Column("files", Document, nullable=False),  # path -> text: the playbook and its messages as they were
    sa.Column("at", Instant, nullable=False),
    sa.PrimaryKeyConstraint("playbook", "revision"),
)

progress = sa.Table(
    "progress",
    metadata,
    sa.Column("playbook", Key, primary_key=True),
    sa.Column("revision", Key, nullable=False),
    sa.Column("status", Key, nullable=False),  # active | paused | retired | draft | deleted
    sa.Column("audience", Key),  # hash of the conditions behind the memberships
    sa.Column("launched_at", Instant, nullable=False),
    sa.Column("since", Instant, nullable=False),  # evaluated up to here, in time
    sa.Column("position", sa.BigInteger, nullable=False),  # and up to here, in transactions
    sa.Column("salt", Key),  # under which customers are hashed, where the playbook had another id before
)

counters = sa.Table(
    "counters",
    metadata,
    sa.Column("playbook", Key, nullable=False),
    sa.Column("what", Key, nullable=False),  # vouchers | entries | messages
    sa.Column("count", sa.BigInteger, nullable=False),  # of all runs there ever were
    sa.PrimaryKeyConstraint("playbook", "what"),
    sqlite_with_rowid=False,
)

memberships = sa.Table(
    "memberships",
    metadata,
    sa.Column("playbook", Key, nullable=False),
    sa.Column("customer_id", Key, nullable=False),
    sa.Column("inside", sa.Boolean, nullable=False),
    sa.Column("entries", sa.Integer, nullable=False),  # how often the customer began to match
    sa.Column("exits", sa.Integer, nullable=False),
    sa.Column("changed_at", Instant, nullable=False),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.PrimaryKeyConstraint("playbook", "customer_id"),
    sqlite_with_rowid=False,
)


#: The words of the partial indexes; a query must use the very same to be led to them.
RUNNING = "state = 'running'"
HELD_BACK = "state = 'waiting'"
WAITING = "state IN ('planned', 'deferred')"
URGENT = f"{WAITING} AND purpose = 'transactional'"
LEASED = "state IN ('claimed', 'sending')"
UNCERTAIN = "state IN ('uncertain', 'review')"
UNDECIDED = f"{UNCERTAIN} AND state = 'uncertain'"
#: The reason of a message that waits for a complaint to be closed.
COMPLAINT = "a complaint of the customer is open"
COMING = "state IN ('planned', 'deferred', 'claimed')"


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


enrolments = sa.Table(
    "enrolments",
    metadata,
    sa.Column("id", RowId, sa.Identity(), primary_key=True),
    sa.Column("playbook", Key, nullable=False),
    sa.Column("customer_id", Key, nullable=False),
    sa.Column("occasion", Key, nullable=False),
    sa.Column("revision", Key, nullable=False),
    sa.Column(
        "state", Key, nullable=False
    ),  # waiting | running | done | stopped | replaced | held_out | refused | failed | collected
    sa.Column("reason", sa.Text),
    sa.Column("step", Key),  # the step to run next; empty: the first
    sa.Column("iteration", sa.Integer, nullable=False, server_default="0"),
    sa.Column("fired_at", Instant, nullable=False),  # when the occasion was: of the event, the nominal time, the change
    sa.Column("entered_at", Instant, nullable=False),  # when a pass saw it
    sa.Column("due_at", Instant, nullable=False),  # when to look again
    sa.Column("step_since", Instant),  # events after this count for the present step
    sa.Column("resume_at", Instant),  # when that wait is over
    sa.Column("rounds", Document),  # step that repeats others -> how many rounds have begun
    sa.Column("suspended_at", Instant),  # since when the run stands still
    sa.Column("ended_at", Instant),
    sa.Column("event_id", Key),  # the event that started the run, or the key of the record whose date it was
    sa.Column("key", Key),  # what the run speaks of, where it is not the customer as a whole: an order, a record
    sa.Column("collect_until", Instant),  # until when further events join the run before its first step
    sa.Column("joins", Key),  # of an event that was collected: the occasion of the run that it joined
    sa.Column("results", Document),  # name -> {kind: where it is found}, see engine/runs/kept
    sa.Column("listens", sa.Boolean, nullable=False),  # an event of this customer wakes the run
    sa.Column("goal_until", Instant),
    sa.Column("converted_at", Instant),
    sa.Column("overdue", sa.Boolean, nullable=False, server_default=sa.false()),  # seen long after it was due
    sa.Column("admitted_at", Instant),  # when a brake let it begin; empty where none is declared
    sa.UniqueConstraint("playbook", "customer_id", "occasion"),
    sa.Index("ix_enrolments_due", "due_at", **_where(RUNNING)),
    sa.Index("ix_enrolments_listening", "customer_id", **_where(f"{RUNNING} AND listens")),
    sa.Index("ix_enrolments_waiting", "playbook", "due_at", **_where(HELD_BACK)),
    sa.Index("ix_enrolments_admitted", "admitted_at", "playbook", **_where("admitted_at IS NOT NULL")),
    sa.Index("ix_enrolments_goal", "customer_id", **_where("goal_until IS NOT NULL AND converted_at IS NULL")),
)

outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("id", RowId, sa.Identity(), primary_key=True),
    sa.Column("enrolment_id", sa.BigInteger, nullable=False),
    sa.Column("step", Key, nullable=False),
    sa.Column("iteration", sa.Integer, nullable=False),
    sa.Column("playbook", Key, nullable=False),
    sa.Column("revision", Key, nullable=False),
    sa.Column("customer_id", Key, nullable=False),
    sa.Column("rank", sa.Integer, nullable=False, server_default="0"),  # of one step: the first try, the next channel …
    sa.Column("channel", Key, nullable=False),  # `any` until the customer's preferred one is looked up
    sa.Column("channels", Document),  # those to try after this one, in order
    sa.Column("unless_opened", Key),  # how long to wait for a sign of reading before the next channel: `2 hours`
    sa.Column("opened_since", Instant),  # of a next try: not sent where the customer has opened the message since then
    sa.Column("message", Key, nullable=False),  # of a webhook, its name
    sa.Column("recipient", Key),  # a fixed address, of a notice to staff
    sa.Column("fields", Document),  # what a webhook says, as it was when it was planned
    sa.Column("purpose", Key, nullable=False),  # marketing | transactional
    sa.Column("topic", Key),
    sa.Column("state", Key, nullable=False),  # see engine/outgoing/states
    sa.Column("reason", sa.Text),
    sa.Column("planned_at", Instant, nullable=False),
    sa.Column("due_at", Instant, nullable=False),  # of an uncertain one, when it is decided what becomes of it
    sa.Column("expires_at", Instant),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("attempt_id", Key),
    sa.Column("lease_until", Instant),
    sa.Column("language", Key),
    sa.Column("sent_at", Instant),
    sa.Column("bounced_at", Instant),
    sa.Column("priority", sa.Integer, nullable=False, server_default="50"),  # who goes first, where not all may
    sa.Column("dup_risk", sa.Integer, nullable=False, server_default="0"),  # how often it was sent again after a doubt
    sa.Column(
        "crash_count", sa.Integer, nullable=False, server_default="0"
    ),  # workers that died with it in their hands
    sa.Column("duplicate_known", sa.Boolean, nullable=False, server_default=sa.false()),  # two attempts were both taken
    sa.UniqueConstraint("enrolment_id", "step", "iteration", "rank"),
    sa.Index("ix_outbox_due", "due_at", **_where(WAITING)),
    sa.Index("ix_outbox_urgent", "due_at", **_where(URGENT)),
    sa.Index("ix_outbox_leased", "lease_until", **_where(LEASED)),
    sa.Index("ix_outbox_uncertain", "due_at", **_where(UNCERTAIN)),
    sa.Index("ix_outbox_customer_id_sent_at", "customer_id", "sent_at", **_where("sent_at IS NOT NULL")),
    sa.Index("ix_outbox_playbook_sent_at", "playbook", "sent_at", **_where("sent_at IS NOT NULL")),
    sa.Index("ix_outbox_playbook_bounced_at", "playbook", "bounced_at", **_where("bounced_at IS NOT NULL")),
    sa.Index("ix_outbox_coming", "customer_id", **_where(COMING)),
)

variants = sa.Table(
    "variants",
    metadata,
    sa.Column("enrolment_id", sa.BigInteger, nullable=False),
    sa.Column("step", Key, nullable=False),  # the split
    sa.Column("variant", Key, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.PrimaryKeyConstraint("enrolment_id", "step"),
    sqlite_with_rowid=False,
)

had = sa.Table(
    "had",
    metadata,
    sa.Column("customer_id", Key, nullable=False),
    sa.Column("series", Key, nullable=False),
    sa.Column("message", Key, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.PrimaryKeyConstraint("customer_id", "series", "message"),
    sqlite_with_rowid=False,
)

attempts = sa.Table(
    "attempts",
    metadata,
    sa.Column("id", Key, primary_key=True),
    sa.Column("message_id", sa.BigInteger, sa.ForeignKey("outbox.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("at", Instant, nullable=False),
    sa.Column("outcome", Key, nullable=False),  # sent | deferred | failed | uncertain | accepted_late
    sa.Column("code", sa.Integer),
    sa.Column("reply", sa.Text),
)


def of_playbooks(table: sa.Table, playbooks: Sequence[str]) -> sa.ColumnElement[bool]:
    """Rows of these playbooks. An expression, so that no index by playbook is searched: it would lead through all rows
    that ever were, and not through those that are due.
    """
    return (table.c.playbook + "").in_(playbooks)
