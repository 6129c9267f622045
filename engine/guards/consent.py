"""Consent: marketing goes only to those who agreed to it, on that channel, for that topic, and did not take it back."""

from collections.abc import Sequence
from datetime import datetime

from engine.guards.verdict import Look, Verdict

#: What is said of every topic that nothing else was said of.
EVERY_TOPIC = "*"


def consent(at: Look) -> Verdict | None:
    """Suppressed without consent. What the topic says stands before what was said of the whole channel."""
    if at.purpose != "marketing":
        return None
    answers = dict(at.consents)
    given = answers.get(at.topic or EVERY_TOPIC, answers.get(EVERY_TOPIC))
    if given:
        return None
    subject = f"{at.topic} by {at.channel}" if at.topic else at.channel
    return Verdict(
        "suppressed", f"no consent to {subject}" if given is None else f"consent to {subject} was refused or withdrawn"
    )


def holding(answers: Sequence[tuple[str, bool, datetime]]) -> list[tuple[str, bool]]:
    """What holds of the answers for one channel, given by topic, whether and when.

    Whoever left everything left every topic, but for those that he asked for since.
    """
    left = max((at for topic, given, at in answers if topic == EVERY_TOPIC and not given), default=None)
    return [(topic, given and (left is None or topic == EVERY_TOPIC or at > left)) for topic, given, at in answers]
