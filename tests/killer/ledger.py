"""The ledger of a campaign: what the world outside took, and the figures that come of it."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

import sqlalchemy as sa

from engine.outgoing.letters import message_key
from engine.store.ledger import enrolments, outbox
from tests.killer.campaign import Campaign

Line = Mapping[str, Any]


@dataclass
class Ledger:
    """What the relay and the webhook's target wrote down."""

    taken: dict[str, list[Line]] = field(default_factory=lambda: defaultdict(list))  # message's key -> each time
    calls: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))  # key -> what was told each time
    cut: list[float] = field(default_factory=list)  # when connections were lost on which a content was under way
    unanswered: int = 0  # of them, those whose content had come whole
    figures: dict[str, object] = field(default_factory=dict)

    @staticmethod
    def key(row: Mapping[str, Any]) -> str:
        """A message's key for the world."""
        return message_key(row)

    @classmethod
    def of(cls, run: Campaign) -> "Ledger":
        """Reads what was written down, and counts."""
        ledger = cls()
        asked: dict[int, float] = {}  # line -> when its content was asked for
        stands: dict[int, str] = {}  # line -> how far the content under way has come
        for line in run.relay.lines():
            match line["what"]:
                case "go on":
                    asked[line["line"]] = line["at"]
                    stands[line["line"]] = "content"
                case "dot":
                    stands[line["line"]] = "dot"
                case "answered":
                    stands.pop(line["line"], None)
                case "lost" if line["line"] in stands:
                    ledger.cut.append(line["at"])
                    ledger.unanswered += stands.pop(line["line"]) == "dot"
                case "mail":
                    key = line["key"].strip("<>").partition("@")[0]
                    ledger.taken[key].append({**line, "asked": asked[line["line"]]})
                case "call":
                    ledger.calls[line["key"]].append(line["content"])
        ledger.figures = _figures(run, ledger)
        return ledger


def _figures(run: Campaign, ledger: Ledger) -> dict[str, object]:
    with run.store.connect().execution_options(reading=True) as connection:
        rows = [dict(row) for row in connection.execute(sa.select(outbox)).mappings()]
        runs = connection.scalar(sa.select(sa.func.count()).select_from(enrolments))
    mails = {ledger.key(row): row for row in rows if row["channel"] == "email"}
    times = {key: len(ledger.taken.get(key, ())) for key in mails}
    went = {"sent", "uncertain", "assumed_sent", "review"}
    doubted = [death.doubted for death in run.deaths]
    recoveries = sorted(death.recovered for death in run.deaths if death.recovered is not None)
    silent = sum(times[key] > 1 and not (row["dup_risk"] or row["duplicate_known"]) for key, row in mails.items())
    return {
        "kills": len(run.deaths),
        "… at a failpoint": sum("." in death.kind for death in run.deaths),
        "connections cut within DATA": len(ledger.cut),
        "… after the final dot, before the answer": ledger.unanswered,
        "restarts of the database": run.restarts,
        "connections of the database cut": run.hung_up,
        "workers stopped beyond their lease": run.zombies,
        "kills of the process that takes events": run.killed_doors,
        "events acknowledged": len(run.client.told),
        "batches of events told again": run.client.repeated,
        "enrolments": runs,
        "messages": len(rows),
        "mails accepted by the relay": sum(times.values()),
        "calls of the webhook": sum(map(len, ledger.calls.values())),
        "… of them repetitions, under the same key": sum(len(of) - 1 for of in ledger.calls.values()),
        "messages in doubt (handed over, no answer)": sum(doubted),
        "… at most by one kill": max(doubted, default=0),
        "mails lost in silence": sum(
            not times[key] and row["state"] in ("sent", "planned") for key, row in mails.items()
        ),
        "mails doubled in silence": silent,
        "mails that were lost, and said to be in doubt": sum(
            not times[key] and row["state"] in went - {"sent"} for key, row in mails.items()
        ),
        "mails that went twice, and are flagged": sum(count > 1 for count in times.values()) - silent,
        "states": ", ".join(f"{state} {count}" for state, count in Counter(row["state"] for row in rows).most_common()),
        "recovery p50 / p99 / max (s)": " / ".join(f"{_share(recoveries, share):.1f}" for share in (0.5, 0.99, 1)),
        "at rest after the last fault (s)": f"{run.at_rest:.1f}",
        "duration (s)": f"{run.over - run.began:.0f}",
    }


def _share(values: Sequence[float], share: float) -> float:
    if not values:
        return 0.0
    return median(values) if share == 0.5 else values[min(int(len(values) * share), len(values) - 1)]


def table(ledger: Ledger, run: Campaign, found: Sequence[str]) -> str:
    """The ledger in Markdown."""
    kinds = Counter(death.kind for death in run.deaths)
    lines = [f"| {run.plan.kind}, seed {run.plan.seed} | |", "| --- | ---: |"]
    lines += [f"| {name} | {value} |" for name, value in ledger.figures.items()]
    lines += [f"| **violations** | **{len(found)}** |", "", "Kills by place: "]
    lines[-1] += ", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items())) + "."
    if run.unreached:
        lines.append("Lives that were killed before they came to their failpoint: ")
        lines[-1] += ", ".join(f"{name} {count}" for name, count in sorted(run.unreached.items())) + "."
    return "\n".join(lines)
