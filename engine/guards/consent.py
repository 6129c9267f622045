"""Consent: marketing goes only to those who agreed to it, on that channel, for that topic, and did not take it back."""

from engine.guards.verdict import Look, Verdict


def consent(at: Look) -> Verdict | None:
    """Suppressed without consent. What the topic says stands before what was said of the whole channel."""
    if at.purpose != "marketing":
        return None
    answers = dict(at.consents)
    given = answers.get(at.topic or "*", answers.get("*"))
    if answers.get("*") is False:
        given = False  # whoever left everything left every topic
    if given:
        return None
    subject = f"{at.topic} by {at.channel}" if at.topic else at.channel
    return Verdict(
        "suppressed", f"no consent to {subject}" if given is None else f"consent to {subject} was refused or withdrawn"
    )
