"""Renamed playbooks: an id that is taken over must be free, and only one playbook may take it."""

from collections.abc import Iterable

from engine.source.marks import Path
from engine.workspace.reading import Draft

_OLD: Path = ("renamed_from",)
_ID: Path = ("playbook",)


def renamed(drafts: Iterable[Draft]) -> set[str]:
    """Notes what is wrong between the files; gives the ids of the playbooks that cannot be used."""
    sound = [draft for draft in drafts if _ID in draft.source.marks]
    here = {draft.source.raw(_ID): draft for draft in sound}
    taken: dict[str, Draft] = {}
    wrong = set()
    for draft in sound:
        if _OLD not in draft.source.marks or draft.is_broken(_OLD):
            continue
        old, id_ = draft.source.raw(_OLD), draft.source.raw(_ID)
        place = draft.source.place(_OLD)
        if old == id_:
            draft.add(place, "renamed-from", f"`{old}` is the playbook's own id", "write the id that it had before")
        elif old in here:
            text = f"`{old}` is still a playbook of its own"
            second = (here[old].source.place(_ID), "written here")
            draft.add(place, "renamed-from", text, "take its file away, or leave `renamed_from` out", second=second)
        elif old in taken:
            text = f"two playbooks were `{old}`"
            second = (taken[old].source.place(_OLD), "first written here")
            draft.add(
                place, "renamed-from", text, "only one can take over its people; leave it out here", second=second
            )
        else:
            taken[old] = draft
            continue
        wrong.add(id_)
    return wrong
