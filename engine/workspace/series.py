"""settings/series.yaml: ordered lists of messages, of which each customer gets each once."""

from engine.source.near import suggest
from engine.workspace.reading import Draft
from engine.workspace.surroundings import Messages


def read_series(draft: Draft, messages: Messages) -> dict[str, tuple[str, ...]]:
    """The series by name, each with those of its messages that there are; the draft notes what is wrong."""
    names = {*messages.by_id, *messages.broken}
    found: dict[str, tuple[str, ...]] = {}
    for name, listed in draft.source.texts().items():
        sound = isinstance(listed, list) and not draft.is_broken((name,))
        ids = [str(one) for one in listed] if sound else []
        for number, id_ in enumerate(ids):
            place = draft.source.place((name, number))
            if id_ not in names:
                helps = suggest(id_, names, "there are") or (f"write it into messages/{id_}/en.md",)
                draft.add(place, "unknown-message", f"there is no message `{id_}` in messages/", *helps)
            elif id_ in ids[:number]:
                second = (draft.source.place((name, ids.index(id_))), "first written here")
                text = f"the message `{id_}` stands twice in this series"
                draft.add(place, "duplicate-name", text, "nobody gets it twice: keep one of them", second=second)
        found[name] = tuple(dict.fromkeys(one for one in ids if one in messages.by_id))
    return found
