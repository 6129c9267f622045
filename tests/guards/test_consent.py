"""Consent: every combination of what a customer can have said."""

from datetime import UTC, datetime

import pytest

from engine.guards.consent import consent, holding
from engine.guards.verdict import Verdict
from tests.guards.looks import look_at

NONE = "no consent to"


@pytest.mark.parametrize(
    ("topic", "said", "allowed"),
    [
        (None, [], False),
        (None, [("*", True)], True),
        (None, [("*", False)], False),
        (None, [("offers", True)], False),  # one topic is not every topic
        ("offers", [], False),
        ("offers", [("*", True)], True),
        ("offers", [("offers", True)], True),
        ("offers", [("*", True), ("offers", False)], False),
        ("offers", [("*", False), ("offers", True)], True),  # he came back to it, see `holding`
        ("offers", [("*", False), ("offers", False)], False),
        ("offers", [("*", True), ("news", False)], True),
        ("offers", [("news", True)], False),
    ],
)
def test_marketing_needs_consent(topic: str | None, said: list[tuple[str, bool]], allowed: bool) -> None:
    verdict = consent(look_at(topic=topic, consents=said))
    assert (verdict is None) is allowed
    assert verdict is None or verdict.state == "suppressed"


EARLY, LATE = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("answers", "holds"),
    [
        ([("*", False, EARLY), ("offers", True, LATE)], {"*": False, "offers": True}),
        ([("*", False, LATE), ("offers", True, EARLY)], {"*": False, "offers": False}),
        ([("*", False, LATE), ("offers", True, LATE)], {"*": False, "offers": False}),  # in doubt nothing is said
        ([("*", True, LATE), ("offers", False, EARLY)], {"*": True, "offers": False}),
        ([("*", True, LATE), ("offers", True, EARLY)], {"*": True, "offers": True}),
        ([], {}),
    ],
)
def test_whoever_left_everything_left_every_topic_but_those_he_came_back_to(
    answers: list[tuple[str, bool, datetime]], holds: dict[str, bool]
) -> None:
    assert dict(holding(answers)) == holds


def test_what_is_transactional_needs_none() -> None:
    assert consent(look_at(purpose="transactional", consents=[("*", False)])) is None


def test_the_record_tells_never_given_from_withdrawn() -> None:
    assert consent(look_at(topic="offers", consents=[])) == Verdict("suppressed", "no consent to offers by email")
    withdrawn = consent(look_at(consents=[("*", False)]))
    assert withdrawn == Verdict("suppressed", "consent to email was refused or withdrawn")
