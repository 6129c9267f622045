"""The channels of settings/regulars.yaml: what the declaration of each key cannot say by itself."""

import re

from engine.addresses import parse_phone
from engine.channels.inside import Allowed, check_url
from engine.channels.sms import SLOTS
from engine.settings import Settings
from engine.settings.channels import Sms
from engine.source.marks import Path
from engine.source.near import suggest
from engine.workspace.reading import Draft
from engine.workspace.words import check_words

_AT: Path = ("channels", "sms")
# Which keys belong to one provider alone, and which of them it cannot do without.
_OWN = {
    "twilio": frozenset({"account", "token", "messaging_service", "api"}),
    "http": frozenset({"url", "method", "headers", "body", "fields", "taken_when"}),
}
_NEEDED = {
    "twilio": {"account": "SMS_ACCOUNT", "token": "SMS_TOKEN"},
    "http": {"url": "SMS_URL", "fields": "{to: '{to}', text: '{text}'}"},
}
_BRACES = re.compile(r"\{([^{}]*)\}")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._:-]*[A-Za-z0-9])?\.?|[0-9A-Fa-f:.]+")
_LEFT_TO_GUESS = "whoever reads {languages} is told how to leave in another language, or not at all"
_LONGEST_NAME = 11  # of a sender that is a word (GSM 03.38)


def check_channels(draft: Draft, settings: Settings) -> None:
    """Notes what does not fit together."""
    channels = settings.channels
    for n, host in enumerate(channels.allow_inside):
        if not _HOST.fullmatch(host):
            place = draft.source.place(("channels", "allow_inside", n))
            draft.add(
                place, "value", f"`{host}` is not the name of one host", "write for example  sms.lan  or  10.0.0.5"
            )
    if channels.sms is not None:
        _check_keys(draft, channels.sms)
        _check_sender(draft, channels.sms)
        _check_api(draft, channels.sms, channels.allow_inside)
        _check_fields(draft, channels.sms)
        check_words(draft, settings, (*_AT, "opt_out"), _LEFT_TO_GUESS)


def _check_keys(draft: Draft, sms: Sms) -> None:
    written = {str(path[-1]) for path in draft.source.marks if path[:-1] == _AT}
    for other, own in _OWN.items():
        for key in sorted(own & written) if other != sms.provider else ():
            place = draft.source.key_place((*_AT, key))
            draft.add(place, "unknown-key", f"`{key}` is for the provider `{other}`, not for `{sms.provider}`")
    place = draft.source.key_place(_AT)
    for key, example in _NEEDED[sms.provider].items():
        if key not in written:
            text = f"`sms` needs `{key}` for the provider `{sms.provider}`"
            draft.add(place, "missing-key", text, f"add a line:  {key}: {example}")
    if sms.provider == "twilio" and sms.sender is not None and sms.messaging_service is not None:
        place = draft.source.key_place((*_AT, "messaging_service"))
        draft.add(place, "two-words", "`from` and `messaging_service` cannot both be", "keep one of them")
    elif sms.provider == "twilio" and sms.sender is None and sms.messaging_service is None:
        draft.add(place, "missing-key", "`sms` needs `from`", "add a line:  from: '+15005550006'")


def _check_sender(draft: Draft, sms: Sms) -> None:
    if sms.sender is None or (len(sms.sender) <= _LONGEST_NAME and not sms.sender.startswith("+")):
        return
    try:
        parse_phone(sms.sender)
    except ValueError:
        place = draft.source.place((*_AT, "from"))
        text = f"`{sms.sender}` is neither a number nor a name of at most {_LONGEST_NAME} letters"
        draft.add(place, "value", text, "write for example  '+49301234567'  or  Fine Shop")


def _check_api(draft: Draft, sms: Sms, allow_inside: tuple[str, ...]) -> None:
    if sms.provider != "twilio":
        return
    try:
        check_url(sms.api, Allowed(allow_inside))
    except ValueError as fault:
        draft.add(draft.source.place((*_AT, "api")), "value", f"the address {fault}")


def _check_fields(draft: Draft, sms: Sms) -> None:
    at = (*_AT, "fields")
    if sms.fields and not any("{text}" in pattern for pattern in sms.fields.values()):
        draft.add(draft.source.key_place(at), "missing-key", "no field carries the text", "add a line:  text: '{text}'")
    for name, pattern in sms.fields.items():
        for unknown in (slot for slot in _BRACES.findall(pattern) if slot not in SLOTS):
            place = draft.source.place((*at, name))
            draft.add(
                place,
                "unknown-value",
                f"nothing is filled in for `{{{unknown}}}`",
                *suggest(unknown, SLOTS, "there are"),
            )
        around = next((one for one in sms.fields if name.startswith(f"{one}.")), None)
        if around is not None:
            place = draft.source.key_place((*at, name))
            draft.add(
                place, "two-words", f"`{name}` lies within `{around}`, which is a field itself", "keep one of them"
            )
