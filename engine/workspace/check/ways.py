"""Ways through a playbook: shares that make a whole, loops that wait, and branches that wait for one thing."""

from fractions import Fraction

from engine.actions.repeat import Repeat
from engine.actions.split import Split
from engine.source.marks import Path
from engine.workspace.flow import Block, Placed, is_complete
from engine.workspace.subject import Subject

_WAITS = ("wait", "wait_for", "wait_first", "approve")


def ways(subject: Subject) -> None:
    """Notes what is wrong with the branches, the shares and the rounds of steps."""
    for placed in subject.placed:
        action = placed.action
        if placed.verb == "wait_first":
            _first(subject, placed)
        if isinstance(action, Split):
            _shares(subject, placed, action)
        elif isinstance(action, Repeat):
            _loop(subject, placed)


def _shares(subject: Subject, placed: Placed, action: Split) -> None:
    source = subject.draft.source
    whole = sum((variant.share for variant in action.split), Fraction(0))
    if whole != 1:
        shares = " + ".join(source.raw((*placed.key, number, "share")) for number in range(len(action.split)))
        text = f"the shares make {shares} = {float(whole * 100):g}%, not 100%"
        rest = 1 - (whole - action.split[-1].share)
        helps = (f"the last one would be  {float(rest * 100):g}%",) if rest > 0 else ("make some of them smaller",)
        subject.draft.add(source.key_place(placed.key), "shares", text, *helps)
    first: dict[str, Path] = {}
    for number, variant in enumerate(action.split):
        path = (*placed.key, number)
        if variant.share == 0:
            text = f"nobody goes the way `{variant.name}`"
            subject.draft.add(source.place((*path, "share")), "shares", text, "leave it out, or give it a share")
        if variant.name in first:
            second = (source.place((*first[variant.name], "name")), "first written here")
            text = f"two ways have the name `{variant.name}`"
            subject.draft.add(source.place((*path, "name")), "duplicate-name", text, "choose another", second=second)
        first.setdefault(variant.name, path)


# --- Loops -----------------------------------------------------------------------------------------------------------


def _loop(subject: Subject, placed: Placed) -> None:
    """Every way through the steps of a round must wait, else all rounds would come at one moment."""
    if all(block.steps and not block.ends and not _waits(block) for block in placed.blocks):
        text = "these steps can be repeated without any wait in between"
        advice = "add a step to the round, as  - wait: 7 days"
        subject.draft.add(subject.draft.source.key_place(placed.key), "loop-without-wait", text, advice)


def _waits(block: Block) -> bool:
    """Whether every way through a block waits; a `wait_until` may lie in the past, so it does not count."""
    return any(_step_waits(placed) for placed in block.steps)


def _step_waits(placed: Placed) -> bool:
    if placed.verb in _WAITS or placed.action is None:
        return True
    return is_complete(placed) and all(_waits(block) or block.ends for block in placed.blocks)


# --- Branches --------------------------------------------------------------------------------------------------------

_KEYS = ({"event"}, {"event", "where"}, {"event", "as"}, {"event", "where", "as"}, {"when"}, {"after"})


def _first(subject: Subject, placed: Placed) -> None:
    source = subject.draft.source
    branches = source.at(placed.key)
    after: Path | None = None
    for number, branch in enumerate(branches if isinstance(branches, list) else []):
        path: Path = (*placed.key, number)
        if not isinstance(branch, dict) or subject.draft.is_broken(path, ("do",)):
            continue
        if set(branch) - {"do"} not in _KEYS:
            place = source.key_place((*path, next(iter(branch)))) if branch else source.place(path)
            text = "a branch waits for one thing: an `event` (with `where` and `as`), `when`, or `after`"
            subject.draft.add(place, "branch", text, "write one of them, with the steps under `do:`")
        elif "after" in branch and after is not None:
            second = (source.key_place((*after, "after")), "first written here")
            text = "only one branch can be `after` a time: the shorter one would always come first"
            subject.draft.add(source.key_place((*path, "after")), "two-words", text, "keep one of them", second=second)
        elif "after" in branch:
            after = path
