"""What a playbook can do at all: an expectation of anything else could never be met, and is a slip."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from engine.happened import MESSAGES, OUTSIDE, UNSENT, WORDS
from engine.workspace.playbook import Playbook

_DOES = {"set": "set", "extended": "extend", "undone": "take back"}


@dataclass(frozen=True)
class Vocabulary:
    """The values that each word of an expectation can have."""

    values: Mapping[str, frozenset[str]]
    results: frozenset[str]

    @classmethod
    def of(cls, playbook: Playbook) -> "Vocabulary":
        """Gathered from the steps and the rules of the playbook."""
        # Why messages are not sent depends on more than the playbook; the words of the guards are not listed.
        values: dict[str, set[str]] = {word: set() for word in WORDS if word not in UNSENT}
        for word, value in _shown(playbook):
            values[word].add(value)
        for word in MESSAGES:
            values[word] |= {message for messages in playbook.series.values() for message in messages}
        values["stopped"] |= {stop.text for stop in playbook.stop_when}
        if playbook.trigger.origin.record is not None:
            values["stopped"] |= {"moved", "gone"}
        if playbook.enter is not None:
            values["not_entered"].add(playbook.enter.as_entry)
        if playbook.if_running == "ignore":
            values["not_entered"].add("a run is under way")
        if playbook.change.at_most is not None:
            values["stopped"].add(playbook.change.at_most.reached)
            values["not_entered"].add(playbook.change.at_most.reached)
        if playbook.holdout:
            values["held_out"].add(share(playbook))
        return cls({word: frozenset(known) for word, known in values.items()}, frozenset(playbook.made))

    def missing(self, word: str, value: str) -> str | None:
        """Why an expectation can never be met; None where it can."""
        if word not in self.values or value in self.values[word]:
            return None
        if WORDS[word].number and self.values[word] and value.removeprefix("-").isdecimal():
            return None
        if word not in OUTSIDE:
            return f"`{word}` is never `{value}` here"
        does = "send" if word in MESSAGES else _DOES.get(word, "give")
        return f"this playbook does not {does} {WORDS[word].noun} `{value}`"


def _shown(playbook: Playbook) -> Iterator[tuple[str, str]]:
    """What people outside may see of the steps. Raises `LookupError` for an action with a word that is not declared."""
    for step in playbook.steps.values():
        for word, value in step.action.shows():
            if word not in WORDS:
                raise LookupError(f"`{step.action.verb}` shows `{word}`, which is not in WORDS (engine/happened.py)")
            yield word, value


def share(playbook: Playbook) -> str:
    """The holdout as people write it: `10%`."""
    return f"{float(playbook.holdout * 100):g}%"
