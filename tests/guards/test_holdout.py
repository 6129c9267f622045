"""Holdout: a stable share, drawn for each playbook on its own."""

from fractions import Fraction

from engine.guards.holdout import held_out, place

IDS = [f"c{number}" for number in range(20_000)]


def _share(playbook: str, share: str) -> set[str]:
    return {one for one in IDS if held_out(playbook, one, Fraction(share))}


def test_it_is_the_same_on_every_machine() -> None:
    assert float(place("win-back", "mei")) == PLACE_OF_MEI


def test_the_share_is_kept_and_grows_by_adding_only() -> None:
    tenth, fifth = _share("win-back", "1/10"), _share("win-back", "1/5")
    assert abs(len(tenth) / len(IDS) - 0.1) < 0.01
    assert tenth < fifth
    assert _share("win-back", "0") == set()
    assert _share("win-back", "1") == set(IDS)


def test_playbooks_draw_independently() -> None:
    both = _share("win-back", "1/2") & _share("birthday", "1/2")
    assert abs(len(both) / len(IDS) - 0.25) < 0.02


#: Written down, so that no change of the code draws the groups of running playbooks anew.
PLACE_OF_MEI = 0.685292116
