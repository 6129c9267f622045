"""Lifetimes: what is said of a voucher, or waited for, must lie within its life; the waits in between are added up."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from engine.actions.extend import Extend
from engine.actions.voucher import IssueVoucher
from engine.actions.wait import Wait
from engine.actions.wait_first import WaitFirst
from engine.actions.wait_for import WaitFor
from engine.actions.wait_until import WaitUntil
from engine.clocks.times import Length
from engine.render import variables
from engine.sends import Saying
from engine.workspace.flow import Block, Placed, is_complete
from engine.workspace.subject import Subject

_NOTHING = timedelta(0)


@dataclass(frozen=True)
class Life:
    """A voucher on one way through the steps: how long it lives at most, and how much of it is over at least."""

    lasts: Length
    left_by: timedelta  # its end, counted from when it was issued
    over: timedelta = _NOTHING


#: The vouchers that have an end, by name.
Lives = Mapping[str, Life]


def lifetimes(subject: Subject) -> None:
    """Notes waits and messages that come when a voucher has expired."""
    _through(subject, subject.steps, {})


def _through(subject: Subject, steps: Iterable[Placed], lives: Lives) -> Lives | None:
    """What is left after these steps; None where no run comes that far."""
    for placed in steps:
        if placed.verb == "stop":
            return None
        _look(subject, placed, lives)
        lives = _after(placed, lives)
        if placed.blocks:
            ways = [_through(subject, block.steps, _waited(lives, _within(placed, block))) for block in placed.blocks]
            passing = [] if is_complete(placed) else [lives]
            left = [way for way in (*ways, *passing) if way is not None]
            if not left:
                return None
            lives = _shortest(left)
    return lives


def _after(placed: Placed, lives: Lives) -> Lives:
    action = placed.action
    if isinstance(action, IssueVoucher) and action.result is not None and action.expires is not None:
        return {**lives, action.result: Life(action.expires, action.expires.approximate)}
    if isinstance(action, Extend) and action.extend in lives:
        life = lives[action.extend]
        return {**lives, action.extend: replace(life, left_by=max(life.left_by, life.over) + action.by.approximate)}
    if isinstance(action, Wait):
        return _waited(lives, action.wait.approximate)
    if isinstance(action, WaitUntil) and action.wait_until.field == "expires_at" and action.wait_until.scope in lives:
        life = lives[action.wait_until.scope]
        return _waited(lives, max(_NOTHING, life.left_by + _shift(action) - life.over))
    return lives


def _shift(action: WaitUntil) -> timedelta:
    """How far the moment lies behind the end of the voucher; before it, the time is negative."""
    length = action.wait_until.length
    if length is None:
        return _NOTHING
    return -length.approximate if action.wait_until.side == "before" else length.approximate


def _within(placed: Placed, block: Block) -> timedelta:
    """How long is waited at least before the steps of a block run."""
    action = placed.action
    if isinstance(action, WaitFor) and block.path[-1] == "else":
        return action.within.approximate
    if isinstance(action, WaitFirst):
        number = block.path[-2]
        after = action.wait_first[number].after if isinstance(number, int) else None
        return after.approximate if after is not None else _NOTHING
    return _NOTHING


def _waited(lives: Lives, time: timedelta) -> Lives:
    return {name: replace(life, over=life.over + time) for name, life in lives.items()} if time else lives


def _shortest(ways: list[Lives]) -> Lives:
    """What holds on every way: the least that is over, the most that is left."""
    names = set.intersection(*(set(way) for way in ways))
    return {
        name: replace(
            ways[0][name],
            over=min(way[name].over for way in ways),
            left_by=max(way[name].left_by for way in ways),
        )
        for name in names
    }


def _look(subject: Subject, placed: Placed, lives: Lives) -> None:
    if isinstance(placed.action, WaitUntil):
        life = lives.get(placed.action.wait_until.scope)
        # One that is past also without any wait is told of where moments are looked at.
        if life is not None and placed.action.wait_until.field == "expires_at" and life.over:
            _moment(subject, placed, placed.action, life)
    elif isinstance(placed.action, Saying):
        for name in sorted(_mentioned(subject, placed.action) & {*lives}):
            _message(subject, placed, name, lives[name])


def _moment(subject: Subject, placed: Placed, action: WaitUntil, life: Life) -> None:
    moment, source = action.wait_until, subject.draft.source
    comes = life.left_by + _shift(action)
    if not _NOTHING < comes < life.over:
        return
    written = source.within(placed.key, 0, source.raw(placed.key).find(f" {moment.side} "))
    text = f"this moment is always in the past: {_days(life.over)} of the {_days(life.left_by)} of `{moment.scope}` are over"
    made = source.place((*placed.results[moment.scope].path, "expires"))
    helps = ("wait shorter before this step, or choose a longer `expires`",)
    subject.draft.add(written, "always-past", text, *helps, second=(made, "expires set here"))


def _message(subject: Subject, placed: Placed, name: str, life: Life) -> None:
    if life.over <= life.left_by or name not in placed.results:
        return
    source = subject.draft.source
    text = f"`{name}` has expired when this is sent: it lives {_days(life.left_by)}, {_days(life.over)} are over"
    made = source.place((*placed.results[name].path, "expires"))
    helps = ("wait shorter before this step, choose a longer `expires`, or `extend` it first",)
    subject.draft.add(source.place(placed.key), "after-expiry", text, *helps, second=(made, "expires set here"))


def _mentioned(subject: Subject, action: Saying) -> set[str]:
    """What the texts of a message speak of, by the word before the dot."""
    texts = subject.known.messages.get(action.said(), {}).values()
    return {str(one.name).split(".")[0] for text in texts for one in variables(text)}


def _days(time: timedelta) -> str:
    if time.days and not time.seconds:
        return f"{time.days} day{'' if time.days == 1 else 's'}"
    hours = time.total_seconds() / 3600
    return f"{hours:g} hour{'' if hours == 1 else 's'}"
