"""What the playbooks and the settings promise, read from their files once more, and by nothing of the engine."""

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_HOURS = re.compile(r"(\d\d):(\d\d)-(\d\d):(\d\d)")
_LIMIT = re.compile(r"(\d+) per (\d+ )?(minute|hour|day|week|month|year)s?")

Hours = dict[int, tuple[time, time] | None]


@dataclass(frozen=True)
class Often:
    """So many within a stretch of days (months are taken as 28 days: never stricter than what was promised)."""

    count: int
    days: int


@dataclass(frozen=True)
class Promise:
    """One playbook."""

    id: str
    raw: dict[str, Any]
    marketing: bool
    topic: str | None
    hours: Hours | None
    cap: Often | None
    sends_despite_complaint: bool
    delivery: dict[str, str]

    @property
    def stopped_by(self) -> list[str]:
        """The events that end every run of it, whatever they hold."""
        stops = self.raw.get("stop_when", [])
        named = [stop["event"] for stop in stops if isinstance(stop, dict) and "event" in stop and "where" not in stop]
        return [] if "key" in self.raw else named

    def resends(self, channel: str, *, to_staff: bool) -> int:
        """How often a message goes again of which nobody knows whether it was taken."""
        repeats = channel != "sms" and (to_staff or not self.marketing)
        way = self.delivery.get("on_uncertain", "resend" if repeats else "assume_sent")
        return int(self.delivery.get("max_uncertain_resends", 1)) if way == "resend" else 0


@dataclass(frozen=True)
class Rules:
    """The shop and its playbooks."""

    zone: ZoneInfo
    hours: Hours
    cap: Often | None
    caps: dict[str, Often]
    playbooks: dict[str, Promise]


@cache
def zone_of(name: str) -> ZoneInfo:
    """A zone by its name."""
    return ZoneInfo(name)


def read_rules(folder: Path) -> Rules:
    """Reads the folder of the playbooks; every value is a text."""
    shop = _yaml(folder / "settings" / "regulars.yaml")
    limits = shop["limits"]
    shops_hours = hours(limits.get("send_window", "09:00-21:00"))
    playbooks = {}
    for file in sorted(folder.glob("*.yaml")):
        raw = _yaml(file)
        marketing = raw.get("purpose", "marketing") == "marketing"
        own = hours(raw["send_window"]) if "send_window" in raw else shops_hours if marketing else None
        playbooks[raw["playbook"]] = Promise(
            id=raw["playbook"],
            raw=raw,
            marketing=marketing,
            topic=raw.get("topic"),
            hours=own,
            cap=often(raw.get("cap")),
            sends_despite_complaint=raw.get("if_complaint") == "send",
            delivery={**shop.get("delivery", {}), **raw.get("delivery", {})},
        )
    caps = {channel: one for channel, text in limits.get("caps", {}).items() if (one := often(text))}
    return Rules(ZoneInfo(shop["timezone"]), shops_hours, often(limits.get("cap")), caps, playbooks)


def _yaml(file: Path) -> dict[str, Any]:
    return yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)


def often(text: str | None) -> Often | None:
    """Reads `3 per 7 days`."""
    if text is None:
        return None
    found = _LIMIT.fullmatch(text)
    assert found, text
    unit = {"day": 1, "week": 7, "month": 28, "year": 365}[found[3]]
    return Often(int(found[1]), int(found[2] or 1) * unit)


def hours(written: str | dict[str, str]) -> Hours:
    """Reads hours by the day of the week, Monday is 0; a day that is not named is closed."""
    if isinstance(written, str):
        return dict.fromkeys(range(7), _from_until(written))
    found: Hours = dict.fromkeys(range(7), None)
    for group, days in (("weekdays", range(5)), ("weekends", range(5, 7))):
        if group in written:
            found |= dict.fromkeys(days, _from_until(written[group]))
    return found | {_DAYS.index(day): _from_until(text) for day, text in written.items() if day in _DAYS}


def _from_until(text: str) -> tuple[time, time] | None:
    found = _HOURS.fullmatch(text)
    if found is None:
        assert text == "closed", text
        return None
    begin, end = time(int(found[1]), int(found[2])), time(int(found[3]), int(found[4]))
    assert begin < end, text
    return begin, end


def is_open(hours_: Hours, at: datetime, zone: ZoneInfo) -> bool:
    """Whether it is a time to write, where somebody lives."""
    local = at.astimezone(zone)
    span = hours_[local.weekday()]
    return span is not None and span[0] <= local.time() < span[1]


def too_often(times: list[datetime], limit: Often, zone: ZoneInfo) -> list[tuple[datetime, datetime]]:
    """Pairs of times, sorted, that lie too near: between them more than `count` within the stretch, on the wall clock."""
    walls = [(at, at.astimezone(zone).replace(tzinfo=None)) for at in times]
    stretch = timedelta(days=limit.days)
    pairs = zip(walls, walls[limit.count :], strict=False)
    return [(first, last) for (first, begun), (last, wall) in pairs if wall < begun + stretch]
