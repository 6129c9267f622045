"""What a step keeps under a name, and whether later steps may speak of it: also when branches made it."""

from inspect import cleandoc

from engine.actions.choose import Choose
from engine.workspace import Workspace, load_texts
from tests.workspace.test_gallery import HERE, files_of

BASE = files_of(HERE / "base")
HEAD = "playbook: p\nwhen: {event: order.paid}\ndo:\n"

GIVES = "{voucher: 30-off, as: coupon, expires: 30 days}"
SHORTER = "{voucher: cart-5-percent, as: coupon, expires: 3 days}"
FOR_EVER = "{voucher: 30-off, as: coupon}"
POINTS = "{points: grant, amount: 50, as: coupon}"
NOTHING = "{tag: x}"
STOPS = "{stop: enough}"
ASKS = "  - choose: [{if: coupon.state is redeemed, do: [{tag: used}]}]\n"
KEPT = "it is created on line"


def _loaded(steps: str) -> Workspace:
    return load_texts({**BASE, "p.yaml": HEAD + steps})


def _said(steps: str) -> list[tuple[int, str, tuple[str, ...]]]:
    return [(one.place.line, one.text, one.helps) for one in _loaded(steps).problems]


def _choose(*branches: str, otherwise: str | None = GIVES) -> str:
    found = "".join(
        f"      - {{if: customer.tier is {tier}, do: [{one}]}}\n" for tier, one in zip(_TIERS, branches, strict=False)
    )
    return "  - choose:\n" + found + (f"      - else: [{otherwise}]\n" if otherwise is not None else "")


_TIERS = ("gold", "silver", "platinum")


def test_what_all_branches_give_is_there_after_them() -> None:
    assert _said(_choose(GIVES) + ASKS + "  - wait_until: 7 days before coupon.expires_at\n") == []
    assert _said(_choose(GIVES, GIVES) + "  - {extend: coupon, by: 7 days}\n  - undo: coupon\n") == []
    assert _said(_choose(GIVES, STOPS) + ASKS) == []
    assert _said(_choose(STOPS) + ASKS) == []


def test_branches_within_branches_count() -> None:
    inner = f"{{choose: [{{if: event.total >= 10, do: [{GIVES}]}}, {{else: [{SHORTER}]}}]}}"
    assert _said(_choose(inner) + ASKS) == []
    ends = f"{{choose: [{{if: event.total >= 10, do: [{GIVES}]}}, {{else: [{STOPS}]}}]}}"
    assert _said(_choose(ends) + ASKS) == []


def test_the_ways_of_a_split_count() -> None:
    ways = "  - split:\n      - {share: 50%, name: a, do: [%s]}\n      - {share: 50%, name: b, do: [%s]}\n"
    assert _said(ways.replace("%,", "%%,") % (GIVES, SHORTER) + ASKS) == []
    ((line, text, helps),) = _said(ways.replace("%,", "%%,") % (GIVES, NOTHING) + ASKS)
    assert (line, text) == (7, "`coupon` may not exist at this step")
    assert helps == (f"{KEPT} 5, in a branch that need not run", "the branch on line 6 does not create it")


def test_both_ends_of_a_wait_count() -> None:
    both = f"  - {{wait_for: review.posted, within: 1 day, then: [{GIVES}], else: [{SHORTER}]}}\n"
    assert _said(both + ASKS) == []
    first = f"      - {{event: review.posted, do: [{GIVES}]}}\n      - {{after: 1 day, do: [{SHORTER}]}}\n"
    assert _said("  - wait_first:\n" + first + ASKS) == []
    one = f"  - wait_for: review.posted\n    within: 1 day\n    then: [{GIVES}]\n"
    ((_, _, helps),) = _said(one + ASKS)
    assert helps[1:] == ("the `wait_for` on line 4 has no `else` that creates it or ends the run",)


def test_the_event_that_two_branches_wait_for_is_there_after_both() -> None:
    first = "      - {event: review.posted, where: it.rating >= 4, as: said}\n"
    other = "      - {event: review.posted, as: said}\n"
    asks = "  - choose: [{if: said.rating >= 4, do: [{tag: happy}]}]\n"
    assert _said("  - wait_first:\n" + first + other + asks) == []
    ((_, _, helps),) = _said("  - wait_first:\n" + first + "      - {after: 1 day, do: [{tag: x}]}\n" + asks)
    assert helps[1:] == ("the branch on line 6 does not create it",)


def test_each_branch_that_lacks_it_is_named() -> None:
    ((_, text, helps),) = _said(_choose(GIVES, NOTHING, otherwise=NOTHING) + ASKS)
    assert text == "`coupon` may not exist at this step"
    assert helps == (
        f"{KEPT} 5, in a branch that need not run",
        "the branch on line 6 does not create it",
        "the branch on line 7 does not create it",
    )


def test_a_choose_without_else_is_named() -> None:
    ((_, _, helps),) = _said(_choose(GIVES, otherwise=None) + ASKS)
    assert helps[1:] == ("the `choose` on line 4 has no `else` that creates it or ends the run",)


def test_the_inner_branch_that_lacks_it_is_named() -> None:
    inner = f"          - choose:\n              - if: event.total >= 10\n                do: [{GIVES}]\n"
    steps = f"  - choose:\n      - if: customer.tier is gold\n        do:\n{inner}      - else: [{GIVES}]\n"
    ((_, _, helps),) = _said(steps + ASKS)
    assert helps[1:] == ("the `choose` on line 7 has no `else` that creates it or ends the run",)


def test_branches_that_give_different_things_give_nothing_to_speak_of() -> None:
    ((_, _, helps),) = _said(_choose(GIVES, otherwise=POINTS) + ASKS)
    assert helps[1:] == ("lines 5 and 6 keep different things under this name; give them two names",)


def test_a_round_that_need_not_run_is_named() -> None:
    rounds = f"  - repeat: 3 times\n    until: event.total >= 10\n    do: [{GIVES}, {{wait: 1 day}}]\n"
    ((_, _, helps),) = _said(rounds + ASKS)
    assert helps[1:] == ("the `repeat` on line 4 may go through no round",)


def test_what_a_first_round_gives_is_there_after_the_rounds() -> None:
    assert _said(f"  - repeat: 3 times\n    do: [{GIVES}, {{wait: 1 day}}]\n" + ASKS) == []


def test_what_one_branch_gives_for_ever_has_no_end_after_them() -> None:
    steps = _choose(GIVES, otherwise=FOR_EVER)
    ((line, text, _),) = _said(steps + "  - wait_until: 7 days before coupon.expires_at\n")
    assert (line, text) == (7, "this moment never comes: `coupon` does not expire")
    ((line, text, _),) = _said(steps + "  - {extend: coupon, by: 7 days}\n")
    assert (line, text) == (7, "`coupon` does not expire, so it cannot be extended")


def test_a_moment_is_always_past_only_where_it_is_so_for_the_longest() -> None:
    steps = _choose(GIVES, otherwise=SHORTER)
    assert _said(steps + "  - wait_until: 7 days before coupon.expires_at\n") == []
    ((_, text, _),) = _said(steps + "  - wait_until: 40 days before coupon.expires_at\n")
    assert text == "this moment is always in the past: `coupon` lives only 30 days"


def test_a_branch_of_its_own_choose_does_not_see_what_another_gives() -> None:
    ((line, text, _),) = _said(_choose(GIVES, "{undo: coupon}", otherwise=None))
    assert (line, text) == (6, "`coupon` may not exist at this step")


def test_after_the_branches_the_name_is_taken() -> None:
    ((line, text, _),) = _said(_choose(GIVES) + f"  - {GIVES}\n")
    assert (line, text) == (7, "the name `coupon` is taken")


def test_a_text_may_speak_of_it() -> None:
    mail = {"messages/gift/en.md": "---\nsubject: S\n---\n{{ coupon.code }} until {{ coupon.expires_at | date }}\n"}
    for otherwise, sound in ((SHORTER, True), (NOTHING, False)):
        text = HEAD + _choose(GIVES, otherwise=otherwise) + "  - email: gift\n"
        assert bool(load_texts({**BASE, **mail, "p.yaml": text}).playbooks) is sound


def test_the_example_of_the_reference_is_sound() -> None:
    example = cleandoc(Choose.__doc__ or "").partition("```yaml\n")[2].partition("```")[0]
    vouchers = "".join(f"gift-{value}: {{title: A gift, value: {value}}}\n" for value in (10, 20))
    mail = "---\nsubject: S\n---\n{{ coupon.code }}\n"
    files = {"settings/vouchers.yaml": vouchers, "messages/your-coupon/en.md": mail}
    found = load_texts({**files, "settings/regulars.yaml": BASE["settings/regulars.yaml"], "p.yaml": HEAD + example})
    assert not found.problems
