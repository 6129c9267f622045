"""All guards together: what is final comes before what only delays."""

from datetime import timedelta

from engine.clocks.times import Length
from engine.clocks.windows import WeekWindow
from engine.guards import GUARDS, Cap, Rival, Said, look
from engine.settings.literals import Limit
from tests.guards.looks import NOW, look_at

ONE_A_DAY, TWO_A_DAY = (Limit(count, Length(1, "day")) for count in (1, 2))
SAID = [Said(NOW - timedelta(hours=1), "other", "email", 50)]

AGAINST = {
    "run_state": {"run_state": "stopped"},
    "opened": {"opened": True},
    "suspension": {"run_state": "suspended"},
    "expiry": {"expires_at": NOW - timedelta(hours=1)},
    "consent": {"consents": []},
    "suppression": {"suppressed": "bounced"},
    "hold": {"held": "by hand"},
    "complaint": {"open_complaints": 1},
    "send_window": {"send_window": WeekWindow.parse("20:00-21:00")},
    "cap": {"caps": [Cap(ONE_A_DAY, SAID)]},
    "priority": {"caps": [Cap(TWO_A_DAY, SAID)], "rivals": [Rival(NOW, "birthday", "email", 80)]},
}


def test_a_message_that_nothing_is_against_may_go() -> None:
    assert look(look_at()) is None


def test_every_guard_alone_holds_a_message_back() -> None:
    assert AGAINST.keys() == GUARDS.keys()
    assert all(look(look_at(**against)) == GUARDS[name](look_at(**against)) for name, against in AGAINST.items())
    assert all(look(look_at(**against)) is not None for against in AGAINST.values())


def test_of_several_the_first_in_order_speaks() -> None:
    names = list(GUARDS)
    for number, name in enumerate(names):
        together = look_at(**{key: value for one in reversed(names[number:]) for key, value in AGAINST[one].items()})
        assert look(together) == GUARDS[name](together)
