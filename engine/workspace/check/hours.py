"""Hours and brakes that cannot do what their author means: a window that the rhythm never meets, a moot ceiling."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from engine.clocks.windows import WeekWindow
from engine.settings.braking import Brakes
from engine.workspace.flow import Placed
from engine.workspace.subject import Subject

_UTC = ZoneInfo("UTC")
#: Beats that are looked at: more than a year of days.
_BEATS, _SINCE = 400, datetime.combine(date(2025, 12, 31), time())
#: A rate is one of at least so many messages (see `stops`).
_FEWEST = 50


def hours(subject: Subject) -> None:
    """Notes windows and brakes that never come into play."""
    _rhythm(subject)
    _unused(subject)
    _brakes(subject)


# --- Windows ---------------------------------------------------------------------------------------------------------


def _rhythm(subject: Subject) -> None:
    """A playbook whose nominal times all lie outside its send window would always wait for it."""
    window, next_local = _window(subject), getattr(subject.trigger, "next_local", None)
    if window is None or next_local is None or not _says_at_once(subject.steps):
        return
    beats = list(islice(_beats(next_local), _BEATS))
    if beats and not any(window.holds(beat.replace(tzinfo=UTC), _UTC) for beat in beats):
        source = subject.draft.source
        written = [path for path in (("when", "at"), ("when", subject.trigger.word)) if path in source.marks]  # type: ignore[union-attr]
        opens = window.opening(beats[0].replace(tzinfo=UTC), _UTC)
        subject.draft.warn(
            source.place(written[0]) if written else source.key_place(("when",)),
            "never-meets",
            f"the send window {window} is never open then: the message would wait until {opens:%A %H:%M}",
            "choose a time inside it, or another  send_window:",
        )


def _beats(next_local: Any) -> Iterator[datetime]:
    beat = _SINCE
    while True:
        try:
            beat = next_local(beat)
        except ValueError:
            return
        yield beat
        beat += timedelta(seconds=1)


def _window(subject: Subject) -> WeekWindow | None:
    texts = subject.draft.source.texts()
    if any(subject.draft.is_broken((key,)) for key in ("send_window", "purpose", "when")):
        return None
    try:
        own = texts.get("send_window")
        if own is not None:
            return WeekWindow.parse(own)
    except ValueError:
        return None
    return None if texts.get("purpose") == "transactional" else subject.known.settings.limits.send_window


def _says_at_once(steps: tuple[Placed, ...]) -> bool:
    """Whether a message goes before the first step that waits."""
    for placed in steps:
        if hasattr(placed.action, "ways"):
            return True
        if placed.verb.startswith("wait") or placed.blocks:
            return False
    return False


# --- Keys that say nothing -------------------------------------------------------------------------------------------


def _unused(subject: Subject) -> None:
    source = subject.draft.source
    _says_nothing(subject)
    if source.texts().get("purpose") != "transactional":
        return
    for key in ("cap", "if_complaint"):
        if (key,) in source.marks:
            text = f"`{key}` says nothing here: what is transactional goes all the same"
            subject.draft.warn(source.key_place((key,)), "unused", text, "leave it out, or write  purpose: marketing")


def _says_nothing(subject: Subject) -> None:
    """Keys about messages in a playbook that sends none."""
    actions = [placed.action for placed in subject.placed]
    if not subject.draft.sound or not actions or any(hasattr(action, "ways") for action in actions):
        return
    for key in ("cap", "if_complaint", "late", "max_lateness", "send_window"):
        if (key,) in subject.draft.source.marks:
            text = f"`{key}` says nothing here: this playbook sends no message"
            subject.draft.warn(subject.draft.source.key_place((key,)), "unused", text, "leave it out")


# --- Brakes ----------------------------------------------------------------------------------------------------------


def _brakes(subject: Subject) -> None:
    source = subject.draft.source
    texts = source.texts().get("brakes")
    if not isinstance(texts, dict) or subject.draft.is_broken(("brakes",)):
        return
    try:
        brakes = Brakes.model_validate(texts)
    except ValueError:
        return
    _below_the_canary(subject, brakes)
    _above_the_shop(subject, brakes)


def _below_the_canary(subject: Subject, brakes: Brakes) -> None:
    entries = brakes.entries or subject.known.settings.brakes.entries
    if brakes.canary is None or entries is None:
        return
    length = brakes.canary.length.approximate
    most = min(int(max(length / rate.per.approximate, 1) * rate.count) for rate in entries.rates)
    if most < _FEWEST:
        subject.draft.warn(
            subject.draft.source.place(("brakes", "canary")),
            "small-canary",
            f"the ceiling {entries} lets only {most} people begin in the {brakes.canary.length} of the canary; "
            f"a rate is one of at least {_FEWEST} messages",
            "give the canary more time, or the ceiling more room",
        )


def _above_the_shop(subject: Subject, brakes: Brakes) -> None:
    everywhere = subject.known.settings.brakes
    for key in ("entries", "sends"):
        own, shop = getattr(brakes, key), getattr(everywhere, key)
        if own is None or shop is None:
            continue
        largest = {rate.per: rate.count for rate in shop.rates}
        moot = [rate for rate in own.rates if largest.get(rate.per, rate.count + 1) <= rate.count]
        if moot:
            subject.draft.warn(
                subject.draft.source.place(("brakes", key)),
                "never-reached",
                f"{moot[0]} is never reached: settings/regulars.yaml lets {shop} go for all playbooks together",
                "make it smaller, or leave it out",
            )
