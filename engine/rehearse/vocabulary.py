"""What a playbook can do at all: an expectation of anything else could never be met, and is a slip."""

from collections.abc import Mapping
from dataclasses import dataclass

from engine.rehearse.script import OUTSIDE
from engine.workspace.playbook import Playbook

#: Why messages are not sent depends on more than the playbook; the words of the guards are not listed.
_KINDS = {
    "email": "message",
    "voucher": "voucher",
    "task": "task",
    "tag": "tag",
    "untag": "tag",
    "stopped": "reason",
    "not_entered": "reason",
    "held_out": "share",
}


@dataclass(frozen=True)
class Vocabulary:
    """The values that each word of an expectation can have."""

    values: Mapping[str, frozenset[str]]
    results: frozenset[str]

    @classmethod
    def of(cls, playbook: Playbook) -> "Vocabulary":
        """Gathered from the steps and the rules of the playbook."""
        values: dict[str, set[str]] = {word: set() for word in _KINDS}
        results = set()
        for step in playbook.steps.values():
            verb = step.action.verb
            word = "stopped" if verb == "stop" else verb
            if word in values:
                values[word].add(str(getattr(step.action, verb)))
            if name := getattr(step.action, "result", None):
                results.add(str(name))
        values["stopped"] |= {stop.text for stop in playbook.stop_when}
        if playbook.enter is not None:
            values["not_entered"].add(f"once per {playbook.enter.per}" if playbook.enter.per else "once")
        if playbook.if_running == "ignore":
            values["not_entered"].add("a run is under way")
        if playbook.holdout:
            values["held_out"].add(share(playbook))
        return cls({word: frozenset(known) for word, known in values.items()}, frozenset(results))

    def missing(self, word: str, value: str) -> str | None:
        """Why an expectation can never be met; None where it can."""
        if word not in self.values or value in self.values[word]:
            return None
        does = "does not do" if word not in OUTSIDE else {"email": "does not send"}.get(word, "does not give")
        return (
            f"this playbook {does} {_KINDS[word]} `{value}`" if word in OUTSIDE else f"`{word}` is never `{value}` here"
        )


def share(playbook: Playbook) -> str:
    """The holdout as people write it: `10%`."""
    return f"{float(playbook.holdout * 100):g}%"
