"""The states of a message, and from which each can be reached: every statement that moves one names them.

planned -> claimed -> sending -> sent, with deferred, failed, suppressed, skipped, expired and cancelled beside. `claimed` is
certainly not sent; `sending` is committed before the first byte of content leaves, so that a crash can leave doubt only
about messages in it. Such a doubt is `uncertain`, until a sign or the policy makes it `sent`, `assumed_sent`, `planned` or
`review`. That a mail came back or was complained of stands beside the state: `outbox.bounced_at`, and the events.
"""

from collections.abc import Mapping

#: For each state, those that it can follow.
ALLOWED: Mapping[str, frozenset[str]] = {
    "claimed": frozenset({"planned", "deferred"}),
    "sending": frozenset({"claimed"}),
    # Put back: never offered, or given back before a byte of it had left, or to go again after a doubt.
    "planned": frozenset({"claimed", "sending", "uncertain", "review"}),
    "deferred": frozenset({"claimed", "sending", "uncertain"}),
    # Also when an answer comes late: after the doubt was settled otherwise, or another attempt was about to begin.
    "sent": frozenset({"sending", "uncertain", "assumed_sent", "review", "planned", "deferred", "claimed"}),
    "failed": frozenset({"claimed", "sending", "uncertain"}),
    "uncertain": frozenset({"sending"}),
    "assumed_sent": frozenset({"uncertain", "claimed"}),  # from `claimed`: it was to go again, and may not any more
    "review": frozenset({"uncertain", "claimed", "sending"}),  # not from `uncertain` alone: three workers died of it
    "suppressed": frozenset({"claimed"}),
    "skipped": frozenset({"claimed"}),  # this channel cannot reach the customer, and another is tried
    "expired": frozenset({"claimed", "planned", "deferred"}),  # unclaimed: its door was shut until it was too late
    "cancelled": frozenset({"claimed", "planned", "deferred"}),  # unclaimed: the run that said it came to nothing
}

#: It went, or nobody knows; a message in another state went only if it is to go again after a doubt.
WENT = ("sending", "sent", "uncertain", "assumed_sent", "review")
#: Nothing moves a message out of these but a late answer.
FINAL = ("sent", "assumed_sent", "failed", "suppressed", "skipped", "expired", "cancelled")
