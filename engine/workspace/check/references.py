"""References: every message, voucher, event and topic that a playbook names must exist."""

from collections.abc import Collection, Iterator

from engine.actions.series import Series
from engine.actions.voucher import IssueVoucher
from engine.source.marks import Path
from engine.source.near import suggest
from engine.workspace.subject import Subject

#: The messages to staff that come with a key of a step.
_NOTICES = {"remind": "task-reminder", "escalate": "task-escalated"}


def references(subject: Subject) -> None:
    """Notes every name that leads nowhere."""
    _events(subject)
    _messages(subject)
    _vouchers(subject)
    _series(subject)
    _topic(subject)


def _unknown(subject: Subject, path: Path, rule: str, text: str, names: Collection[str], otherwise: str) -> None:
    """One name that leads nowhere: the near one, or what there is, or how to make it."""
    if subject.draft.is_broken(path):
        return  # it is no name at all
    name = subject.draft.source.raw(path)
    helps = suggest(name, names, "there are") or (otherwise,)
    subject.draft.add(subject.draft.source.place(path), rule, text, *helps)


def _events(subject: Subject) -> None:
    events = subject.known.catalogue.events
    for path in _event_paths(subject):
        name = subject.draft.source.raw(path)
        if name not in events:
            text = f"there is no event `{name}` in the catalogue"
            _unknown(subject, path, "unknown-event", text, events, "declare it in settings/catalogue.yaml")
        elif events[name].about == "product" and path != ("when", "event"):
            place, text = subject.draft.source.place(path), f"`{name}` happens to a product and to no customer"
            help_ = "it can begin a playbook:  when: {event: …, meets: wishes}"
            subject.draft.add(place, "no-customer", text, help_)


def _event_paths(subject: Subject) -> Iterator[Path]:
    stops = subject.draft.source.data.get("stop_when")
    candidates: list[Path] = [("when", "event"), ("goal", "event")]
    candidates += [("stop_when", number, "event") for number in range(len(stops) if isinstance(stops, list) else 0)]
    candidates += [placed.key for placed in subject.placed if placed.verb == "wait_for"]
    for placed in subject.placed:
        branches = subject.draft.source.at(placed.key) if placed.verb == "wait_first" else ()
        candidates += [
            (*placed.key, number, "event") for number in range(len(branches) if isinstance(branches, list) else 0)
        ]
    return (path for path in candidates if subject.written(*path))


def _messages(subject: Subject) -> None:
    names = {*subject.known.messages, *subject.known.broken_messages}
    for placed, name in subject.mails:
        if name not in names and name in getattr(placed.action, "notices", tuple)():
            at = next((one for one, word in _NOTICES.items() if word == name), placed.verb)
            place = subject.draft.source.key_place((*placed.path, at))
            text = f"this sends staff the message `{name}`, which is not in messages/"
            subject.draft.add(place, "unknown-message", text, f"write it into messages/{name}/en.md")
        elif name not in names:
            text = f"there is no message `{name}` in messages/"
            _unknown(subject, placed.key, "unknown-message", text, names, f"write it into messages/{name}/en.md")


def _vouchers(subject: Subject) -> None:
    names = {*subject.known.vouchers, *subject.known.broken_vouchers}
    for placed in subject.placed:
        if isinstance(placed.action, IssueVoucher) and placed.action.voucher not in names:
            text = f"there is no voucher `{placed.action.voucher}` in settings/vouchers.yaml"
            _unknown(subject, placed.key, "unknown-voucher", text, names, "declare it there, with its title and value")


def _series(subject: Subject) -> None:
    names = subject.known.series
    for placed in subject.placed:
        if isinstance(placed.action, Series) and placed.action.series not in names:
            text = f"there is no series `{placed.action.series}` in settings/series.yaml"
            _unknown(
                subject, placed.key, "unknown-series", text, names, "declare it there, as  care-tips: [care-1, care-2]"
            )


def _topic(subject: Subject) -> None:
    path, topics = subject.written("topic"), subject.known.settings.topics
    if path and subject.draft.source.raw(path) not in topics:
        text = f"there is no topic `{subject.draft.source.raw(path)}` in settings/regulars.yaml"
        _unknown(subject, path, "unknown-topic", text, topics, "declare it there:  topics: {offers: {title: Offers}}")
