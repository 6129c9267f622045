"""Channels: each that a step uses is declared, and its message has words for it; staff and other systems exist."""

from collections.abc import Iterator

from engine.actions.message import Message
from engine.actions.notify import Notify
from engine.actions.series import Series
from engine.actions.webhook import Webhook
from engine.sends import Saying
from engine.settings.staff import is_address
from engine.source.marks import Path
from engine.source.near import suggest
from engine.workspace.flow import Placed
from engine.workspace.subject import Subject

_DECLARE = {
    "email": ("mail", "channels: {email: {from: Shop <hello@shop.example>}}"),
    "sms": ("a text message", "channels: {sms: {provider: twilio, …}}"),
    "chat": ("a chat message", "channels: {chat: {url: CHAT_URL}}"),
}


def channels(subject: Subject) -> None:
    """Notes messages that cannot leave, and names that lead to nobody."""
    noted: set[str] = set()
    for placed in subject.placed:
        action = placed.action
        if isinstance(action, Saying | Series):
            _doors(subject, placed, action, noted)
            for message in subject.series_of(action) if isinstance(action, Series) else (action.said(),):
                _words(subject, placed, action, message)
        if isinstance(action, Message):
            _order(subject, placed, action)
        elif isinstance(action, Notify):
            _whom(subject, placed, action)
        elif isinstance(action, Webhook):
            _system(subject, placed, action)


def _doors(subject: Subject, placed: Placed, action: Saying | Series, noted: set[str]) -> None:
    settings = subject.known.settings.channels
    place = subject.draft.source.key_place(placed.key)
    if not action.ways() and not settings.personal:
        text = "no message can leave: settings/regulars.yaml declares no channel"
        subject.draft.add(place, "no-channel", text, f"add there:  {_DECLARE['email'][1]}")
    for channel in action.ways():
        if channel not in settings.personal and channel not in noted:
            noted.add(channel)
            what, write = _DECLARE[channel]
            lacks = "names no sender" if channel == "email" else f"declares no `{channel}`"
            text = f"{what} cannot leave: settings/regulars.yaml {lacks}"
            subject.draft.add(place, "no-channel", text, f"add there:  {write}")


def _words(subject: Subject, placed: Placed, action: Saying | Series, message: str) -> None:
    versions = subject.known.messages.get(message, {})
    if not versions or message in subject.known.broken_messages:
        return
    ways = action.ways()
    silent = [one for one in ways if not any(text.speaks(one) for text in versions.values())]
    if not ways and not subject.ways_of(action, message):
        silent = ["any channel of the settings"]
    for channel in silent:
        file = f"messages/{message}/{min(versions)}.md"
        more = "s" if len(versions) > 1 else ""
        text = f"`{message}` has no words for {channel}"
        key = channel if channel in ("sms", "chat") else "subject"
        advice = f"add a line  {key}: …  to the front matter of {file}" + (" and its other languages" if more else "")
        subject.draft.add(subject.draft.source.place(placed.key), "no-words", text, advice)


def _order(subject: Subject, placed: Placed, action: Message) -> None:
    by = action.by or ()
    for number, channel in enumerate(by):
        if channel in by[:number]:
            place = subject.draft.source.place((*placed.path, "by", number))
            subject.draft.add(place, "twice", f"`{channel}` stands twice in this list", "take one of them out")
    if action.unless_opened is not None and len(by) == 1:
        place = subject.draft.source.key_place((*placed.path, "unless_opened"))
        subject.draft.add(place, "no-next", "there is no next channel to try", "add one to `by`")


def _whom(subject: Subject, placed: Placed, action: Notify) -> None:
    staff, to = subject.known.settings.staff, action.to
    place = subject.draft.source.place((*placed.path, "to"))
    if to.startswith("customer."):
        fields = subject.known.catalogue.fields
        if to.partition(".")[2] not in fields:
            helps = suggest(to, [f"customer.{one}" for one in fields], "there are")
            subject.draft.add(place, "unknown-field", f"unknown field `{to}`", *helps)
    elif to not in staff.teams and to not in staff.people and not is_address(to):
        names = [*staff.teams, *staff.people]
        helps = suggest(to, names, "there are") or ("declare it in settings/regulars.yaml, or write an address",)
        subject.draft.add(place, "unknown-staff", f"`{to}` is no team or person of `staff`, and no address", *helps)
    elif to in staff.people and staff.people[to].email is None:
        subject.draft.add(place, "no-address", f"`{to}` has no address", "add  email:  to it in settings/regulars.yaml")


def _system(subject: Subject, placed: Placed, action: Webhook) -> None:
    known = subject.known.settings.channels.webhooks
    if action.webhook not in known:
        text = f"there is no webhook `{action.webhook}` in settings/regulars.yaml"
        helps = suggest(action.webhook, known, "there are") or ("declare it there, under  channels: webhooks:",)
        subject.draft.add(subject.draft.source.place(placed.key), "unknown-webhook", text, *helps)
    for path, name in _sent(placed, action):
        scope, _, field = name.partition(".")
        shown = {**subject.room.scope, **{one: result.fields() for one, result in placed.results.items()}}
        unclear = scope in subject.room.unclear or (scope in placed.results and not placed.results[scope].clear)
        if field in shown.get(scope, ()) or name == "customer.id" or unclear:
            continue
        right = [f"{one}.{field}" for one, fields in shown.items() for field in fields]
        text = f"unknown field `{name}`"
        subject.draft.add(subject.draft.source.place(path), "unknown-field", text, *suggest(name, right, "there are"))


def _sent(placed: Placed, action: Webhook) -> Iterator[tuple[Path, str]]:
    return (((*placed.path, "sends", number), name) for number, name in enumerate(action.sends))
