"""Changes: where people in flight go must exist, and what is counted must be given at all."""

from engine.source.near import suggest
from engine.workspace.link import step_ids
from engine.workspace.subject import Subject


def changes(subject: Subject) -> None:
    """Notes what is wrong with the words for lateness, counters and changes."""
    _moves(subject)
    _counted(subject)
    _lateness(subject)
    _nobody(subject)


def _nobody(subject: Subject) -> None:
    """A holdout that leaves nobody."""
    path = subject.written("holdout")
    if path is not None and not subject.draft.is_broken(path) and subject.draft.source.raw(path).startswith("100"):
        place = subject.draft.source.place(path)
        subject.draft.add(place, "value", "a holdout of 100% leaves nobody", "write for example  10%")


def _moves(subject: Subject) -> None:
    source = subject.draft.source
    moves = source.data.get("moves")
    if not isinstance(moves, dict) or subject.draft.is_broken(("moves",)):
        return
    in_flight = source.data.get("in_flight")
    if in_flight != "move":
        place = source.key_place(("moves",))
        subject.draft.add(
            place, "moves", "`moves` says nothing without `in_flight: move`", "add it, or leave `moves` out"
        )
    known = set(step_ids(subject.steps).values())
    for old in moves:
        path = ("moves", old)
        new = source.raw(path)
        if new == old:
            text = f"`{old}` would move to itself"
            subject.draft.add(source.place(path), "moves", text, "leave it out: who stands at it goes on there")
        elif new not in known:
            text = f"there is no step `{new}` in this playbook"
            subject.draft.add(source.place(path), "unknown-step", text, *suggest(new, known, "there are"))


def _counted(subject: Subject) -> None:
    path = subject.written("at_most")
    if path is None or subject.draft.is_broken(path):
        return
    word = subject.draft.source.raw(path).split(" ")[-1]
    actions = [placed.action for placed in subject.placed]
    if None in actions or word.startswith("entr"):
        return
    if word.startswith("voucher"):
        found = any(action is not None and action.counts == "vouchers" for action in actions)
    else:
        found = any(True for _ in subject.mails)
    if not found:
        plural = "vouchers" if word.startswith("voucher") else "messages"
        text = f"no step of this playbook gives {plural}"
        subject.draft.add(
            subject.draft.source.place(path), "nothing-counted", text, "count entries:  at_most: 100 entries"
        )


def _lateness(subject: Subject) -> None:
    """A limit that nothing asks for."""
    source = subject.draft.source
    mappings = [((), source.data), *((placed.path, source.at(placed.path)) for placed in subject.placed)]
    for path, written in mappings:
        if isinstance(written, dict) and written.get("late") == "send" and "max_lateness" in written:
            place = source.key_place((*path, "max_lateness"))
            text = "`max_lateness` says nothing with `late: send`"
            subject.draft.warn(place, "max-lateness", text, "leave one of them out")
